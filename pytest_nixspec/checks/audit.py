"""The statements of an audit: one for each rule of the policy."""

import datetime
from collections.abc import Iterator
from functools import partial

from pytest_nixspec.audit import POLICIES, Evidence, Rule, Waiver, judge
from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.git import git
from pytest_nixspec.spec import Spec
from pytest_nixspec.verdict import unknown


def audit_checks(spec: Spec) -> Iterator[Check]:
    """Return the rules of the policy that the specification names."""
    audit = spec.model.audit
    if audit is None:
        return
    waivers = {
        w.rule: (i, Waiver(w.rule, w.reason, w.owner, w.until)) for i, w in enumerate(audit.waiver)
    }
    for rule in POLICIES[audit.policy].rules:
        index, waiver = waivers.get(rule.id, (None, None))
        line = (
            spec.line("audit", "policy") if index is None else spec.line("audit", "waiver", index)
        )
        ask = partial(_holds, rule, waiver)
        yield Check(Area.AUDIT, audit.policy, f"{rule.id} {rule.statement}", line, ask)


def _holds(rule: Rule, waiver: Waiver | None, run: Run) -> Checked:
    facts = {"rule": rule.id, "waived": waiver is not None}
    listed = git(run.flake.directory, "ls-files", "-z")
    if listed is None:
        return Checked(unknown("git is not installed, so what it tracks cannot be told"), facts)
    if not listed.ok:
        return Checked(unknown("what git tracks cannot be told", listed.error_text), facts)
    tracked = frozenset(listed.stdout.decode(errors="surrogateescape").split("\0")) - {""}
    evidence = Evidence(run.flake.directory, tracked)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return Checked(judge(rule, evidence, waiver, today), facts)
