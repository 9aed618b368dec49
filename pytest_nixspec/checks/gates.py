"""The gate of a profile: each of its claims against the baseline, to one verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pytest_nixspec.checks.tested import ProfileUnderTest
from pytest_nixspec.performance import (
    Measurement,
    Metric,
    compare,
    same_structure,
    same_tokens,
)
from pytest_nixspec.performance.gate import NOT_COMPARABLE, unsound_for
from pytest_nixspec.spec.model import GateTable
from pytest_nixspec.verdict import Outcome, Verdict, failed, passed, unknown

_WORST_FIRST = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED)


def gate_claims(table: GateTable) -> dict[str, str]:
    """Return the claims of a gate by their key, each as a statement: `generation_tps -5%`."""
    claims: dict[str, str] = {m: f"{m} {text}" for m, text in table.tolerances().items()}
    if table.greedy_tokens:
        claims["greedy_tokens"] = "greedy tokens are the same"
    if table.structure:
        claims["structure"] = "structure is the same"
    if table.min_bandwidth_utilisation is not None:
        floor = f"{table.min_bandwidth_utilisation:g}"
        claims["min_bandwidth_utilisation"] = f"bandwidth utilisation >= {floor}"
    return claims


@dataclass(frozen=True, slots=True)
class Gate:
    """A measurement against its baseline, by every claim that the specification makes."""

    tested: ProfileUnderTest

    def of(self, key: str) -> Verdict:
        """Return the verdict on one claim."""
        measured, table = self.tested.measurement, self.tested.table.gate
        if key == "min_bandwidth_utilisation":
            return _uses_bandwidth(measured, table.min_bandwidth_utilisation or 0.0)
        baseline = self.tested.baseline()
        return baseline if isinstance(baseline, Verdict) else self._judge(key)(measured, baseline)

    def _judge(self, key: str) -> Callable[[Measurement, Measurement], Verdict]:
        if key == "greedy_tokens":
            return same_tokens
        if key == "structure":
            return same_structure
        tolerances: dict[Metric, str] = self.tested.table.gate.tolerances()
        metric = next(metric for metric in tolerances if metric == key)
        return partial(compare, metric, tolerances[metric])

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """The verdict on each claim, by key of the gate."""
        return {key: self.of(key) for key in gate_claims(self.tested.table.gate)}

    @property
    def verdict(self) -> Verdict:
        """The worst of them: failed before unknown before passed; with no claim, unknown."""
        verdicts = list(self.verdicts.values())
        if not verdicts:
            remedy = f'State one: [profile.{self.tested.name}.gate] generation_tps = "-5%"'
            return unknown("nothing is gated: the specification states no tolerance", remedy=remedy)
        return min(verdicts, key=lambda verdict: _WORST_FIRST.index(verdict.outcome))

    def explain(self) -> str:
        """Return every verdict with its reason, evidence and remedy."""
        said = [f"{m} {v.outcome}: {v.explain()}" for m, v in self.verdicts.items()]
        return "\n".join(said) or self.verdict.explain()


def _uses_bandwidth(measured: Measurement, floor: float) -> Verdict:
    used, rate = measured.bandwidth_utilisation(), measured.read_bytes_per_second
    if used is None or rate is None:
        why = "not comparable: the bytes that a step reads are not known, as always of a server"
        return unknown(why, excuse=NOT_COMPARABLE)
    reason = f"{used:.2f} of the {rate / 1e9:.1f} GB/s measured on the spot, at least {floor:g}"
    if measured.faults:
        return unsound_for("; ".join(measured.faults), reason)
    return passed(reason) if used >= floor else failed(reason, remedy="Find what holds it up.")
