"""One rule of a policy, what breaks it, and what is accepted nevertheless."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec.verdict import Verdict, failed, passed


@dataclass(frozen=True, slots=True)
class Evidence:
    """What rules look at.

    Attributes:
        directory: The directory of the flake.
        tracked: The files that git tracks there, relative to it.
    """

    directory: Path
    tracked: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that breaks a rule: the place (a file, a lock node, a variable) and the fact."""

    place: str
    fact: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement of a policy.

    Attributes:
        id: `NS108`; it never changes its meaning.
        statement: The rule as the policy's text has it.
        reason: Why one would want it.
        remedy: What to do about a finding.
        find: Return what breaks it.
    """

    id: str
    statement: str
    reason: str
    remedy: str
    find: Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Waiver:
    """The findings of a rule, accepted by somebody for a reason until a day (included)."""

    rule: str
    reason: str
    owner: str
    until: datetime.date


RENEW = "Renew its `until`, or mend what it waives."


def judge(rule: Rule, evidence: Evidence, waiver: Waiver | None, today: datetime.date) -> Verdict:
    """Return the verdict of a rule: its findings, less a waiver that still holds.

    A waiver with nothing to waive fails, so that none outlives its reason unseen.
    """
    findings = list(rule.find(evidence))
    lines = [f"{finding.place}: {finding.fact}" for finding in findings]
    if not findings and waiver is None:
        return passed(f"{rule.id}: nothing breaks it")
    if not findings and waiver is not None:
        remedy = f"Remove the waiver of {rule.id}."
        return failed(f"{rule.id} is waived, but nothing breaks it", remedy=remedy)
    if waiver is None:
        return failed(f"{rule.id}: {rule.statement}", *lines, remedy=rule.remedy)
    accepted = f"waived by {waiver.owner} until {waiver.until}: {waiver.reason}"
    if today > waiver.until:
        days = (today - waiver.until).days
        return failed(
            f"{rule.id}: its waiver ended {days} day(s) ago",
            *lines,
            accepted,
            remedy=RENEW,
        )
    return passed(f"{rule.id}: {len(findings)} finding(s), waived", *lines, accepted)
