"""The statements on agreement: what files and shells say of a tool can all be true."""

from collections.abc import Iterator
from functools import partial

from pytest_nixspec.agreement import (
    Agreement,
    Claim,
    Precision,
    agree,
    brought,
    environment_claims,
    project_claims,
)
from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.errors import InvalidTextError
from pytest_nixspec.shells import ShellOutcome
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import AgreementTable
from pytest_nixspec.verdict import Verdict


def agreement_checks(spec: Spec) -> Iterator[Check]:
    """Return one statement for each tool that the specification names."""
    table = spec.model.agreement
    if table is None:
        return
    line = spec.line("agreement", "tools")
    for tool in table.tools:
        ask = partial(_agrees, tool, table)
        yield Check(Area.AGREEMENT, tool, "is the same everywhere", line, ask)


def compare(run: Run, table: AgreementTable, tool: str) -> Agreement:
    """Compare what the project's files and its shells say of a tool."""
    claims = project_claims(run.settings.root, table.precision)
    for shell in table.shells:
        claims += _shell_claims(run, shell, tool, table.precision)
    return agree(tool, claims)


def _agrees(tool: str, table: AgreementTable, run: Run) -> Checked:
    agreement = compare(run, table, tool)
    verdict = agreement.verdict
    shown = Verdict(verdict.outcome, verdict.reason, tuple(agreement.table()), verdict.remedy)
    says = [{"place": c.place, "says": c.said, "remark": c.remark} for c in agreement.claims]
    return Checked(shown, {"agreed": tool, "says": says})


def _shell_claims(run: Run, shell: str, tool: str, precision: Precision) -> Iterator[Claim]:
    found = run.version_matrix.versions(shell, [tool])
    where = f"shell {shell}"
    why = found.unknown.get(tool, found.unknown.get(""))
    if why is not None:
        yield Claim(tool, "nothing", where, 0, (), why)
    elif tool in found.versions:
        try:
            yield brought(tool, found.versions[tool], shell, precision)
        except InvalidTextError as error:
            yield Claim(tool, found.versions[tool], where, 0, (), str(error))
    else:
        yield Claim(tool, "nothing", where, 0, (), f"it brings no {tool}")
    if run.shells.capture(shell).outcome is ShellOutcome.RAN:
        names = (name.decode(errors="replace") for name in run.shells.capture(shell).environment)
        entered = run.shells.shell(shell)
        variables = {n: entered.variable(n) or "" for n in names if n.startswith("ASDF_")}
        yield from environment_claims(variables, f"variable of {where}", precision)
