"""The gate of a profile as one object, for tests in Python and for the console."""

import difflib
from dataclasses import dataclass

from pytest_nixspec.checks.profiles import ProfileUnderTest, gated
from pytest_nixspec.checks.run import Run
from pytest_nixspec.errors import SpecError
from pytest_nixspec.performance import Metric
from pytest_nixspec.verdict import Outcome, Verdict, unknown

_WORST_FIRST = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED)


def profile_named(run: Run, name: str) -> ProfileUnderTest:
    """Return a profile of the specification.

    Raises:
        SpecError: It has no profile of that name.
    """
    tables = run.spec.model.profile if run.spec else {}
    if name not in tables:
        near = difflib.get_close_matches(name, tables, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(tables) or "none"
        message = f"the specification has no profile {name!r}; it has: {known}.{hint}"
        raise SpecError(message)
    return ProfileUnderTest(name, tables[name], run)


@dataclass(frozen=True, slots=True)
class Gate:
    """A measurement against its baseline, by every tolerance that the specification states."""

    tested: ProfileUnderTest

    @property
    def verdicts(self) -> dict[Metric, Verdict]:
        """The verdict on each gated metric."""
        return {
            metric: gated(metric, self.tested) for metric in self.tested.table.gate.tolerances()
        }

    @property
    def verdict(self) -> Verdict:
        """The worst of them: failed before unknown before passed; with no gate, unknown."""
        verdicts = list(self.verdicts.values())
        if not verdicts:
            remedy = f'State one: [profile.{self.tested.name}.gate] generation_tps = "-5%"'
            return unknown("nothing is gated: the specification states no tolerance", remedy=remedy)
        return min(verdicts, key=lambda verdict: _WORST_FIRST.index(verdict.outcome))

    def explain(self) -> str:
        """Return every verdict with its reason, evidence and remedy."""
        said = [f"{m} {v.outcome}: {v.explain()}" for m, v in self.verdicts.items()]
        return "\n".join(said) or self.verdict.explain()
