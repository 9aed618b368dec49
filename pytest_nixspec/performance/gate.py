"""A measurement against its baseline: not worse than a margin, worse, or not to be told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from pytest_nixspec.performance.baselines import Baseline
from pytest_nixspec.performance.interval import Ratio, ratio
from pytest_nixspec.performance.measurement import Measurement, Metric
from pytest_nixspec.verdict import Verdict, failed, passed, unknown

Decide: TypeAlias = Callable[[Sequence[float], Sequence[float]], Ratio | None]
"""From the processes now and those of the baseline to the ratio of their rates."""

NOT_COMPARABLE = "not_comparable"
UNSOUND = "unsound"
"""The keys of a gate that may let an unknown pass by: nothing to compare with, and a machine that
cannot tell now. Nothing else is let pass by."""

RECORD = "Record one for this machine: pytest --nixspec-record"
MORE = "Take more processes: [profile.X] processes"
_WHAT = ("model", "quantization")
_SHOWN: dict[Metric, tuple[str, float, str]] = {
    "generation_tps": ("generation", 1.0, "tokens/s"),
    "prompt_tps": ("prompt", 1.0, "tokens/s"),
    "peak_memory": ("peak memory", 1e6, "MB"),
}


def differing_field(measured: Measurement, baseline: Measurement) -> str | None:
    """Return the first field that keeps two measurements from being compared, or None."""
    ours, theirs = measured.fingerprint, baseline.fingerprint
    for field in [*ours, *(name for name in theirs if name not in ours)]:
        if ours.get(field) != theirs.get(field):
            return f"{field}: {ours.get(field)!r} here, {theirs.get(field)!r} in the baseline"
    return None


def incomparable(
    measured: Measurement, baseline: Baseline | None, where: str
) -> "Verdict | Measurement":
    """Return the baseline's measurement, or why there is nothing to compare with.

    Args:
        measured: What was measured now.
        baseline: What is stored, if anything is.
        where: Where it is stored, or would be.
    """
    if baseline is None:
        return incomparable_for(f"there is no baseline {where}")
    if baseline.measurement is None:
        return _against_others(measured, baseline)
    difference = differing_field(measured, baseline.measurement)
    if difference is not None:
        return incomparable_for(difference)
    return baseline.measurement


def incomparable_for(why: str, *evidence: str) -> Verdict:
    """Return the verdict where there is nothing to compare with."""
    reason = f"not comparable: {why}"
    return unknown(reason, *evidence, remedy=RECORD, excuse=NOT_COMPARABLE)


def unsound_for(why: str, *evidence: str) -> Verdict:
    """Return the verdict where the machine was in no state to tell."""
    remedy = "Measure again on a quiet machine, on mains power."
    return unknown(f"not sound: {why}", *evidence, remedy=remedy, excuse=UNSOUND)


def compare(
    metric: Metric,
    tolerance: str,
    measured: Measurement,
    baseline: Measurement,
    decide: Decide = ratio,
) -> Verdict:
    """Tell whether a metric is no worse than its baseline by more than the tolerance.

    Memory is exact and judged by its maximum. A rate is judged by the confidence interval of its
    change: all of it within the tolerance passes, all of it beyond fails, and astride the limit it
    cannot be told. Nor can it where the machine was unfit on either side, or other tokens came.

    Args:
        metric: What is compared.
        tolerance: The worst change that may pass, `-5%`.
        measured: What was measured now.
        baseline: What it is compared with; `differing_field` has found nothing.
        decide: From the values of the processes to an interval.
    """
    limit = 1 + float(tolerance.removesuffix("%")) / 100
    now, before = measured.typical(metric), baseline.typical(metric)
    label, scale, unit = _SHOWN[metric]
    figures = f"{now / scale:.4g} {unit} against {before / scale:.4g}"
    line = f"{label} {figures}: {_percent(now / before)}"
    if metric == "peak_memory":
        return _exact(f"{line}, allowed {tolerance}", is_within=now <= before * limit)
    void = _void(measured, baseline, line)
    if void is not None:
        return void
    change = decide(measured.values(metric), baseline.values(metric))
    if change is None:
        few = f"{len(measured.processes)} here and {len(baseline.processes)} in the baseline"
        return unknown(f"not to be told from so few processes: {few}", line, remedy=MORE)
    return _judged(f"{line}, allowed {tolerance}", change, limit)


def _judged(line: str, change: Ratio, limit: float) -> Verdict:
    spread = f"95 % interval of the change: {_percent(change.low)} to {_percent(change.high)}"
    if change.low >= limit:
        return passed(line, spread)
    if change.high < limit:
        remedy = "Find what made it worse, or accept it: pytest --nixspec-record"
        return failed(line, spread, remedy=remedy)
    return replace(
        unsound_for(f"too noisy to tell: {line}", spread), remedy=f"Use a quieter machine. {MORE}"
    )


def _exact(line: str, *, is_within: bool) -> Verdict:
    if is_within:
        return passed(line)
    return failed(line, remedy="Find what made it worse, or accept it: pytest --nixspec-record")


def _void(measured: Measurement, baseline: Measurement, line: str) -> Verdict | None:
    """Return why times say nothing about speed, or None."""
    if measured.identity.greedy_digest != baseline.identity.greedy_digest:
        other = "not to be told: greedy decoding gives other tokens than in the baseline"
        remedy = "Find what changed the tokens, or accept them: pytest --nixspec-record"
        return unknown(other, line, remedy=remedy)
    if baseline.faults:
        unfit = f"not to be told: the baseline is not sound: {'; '.join(baseline.faults)}"
        return unknown(unfit, line, remedy="Record it again on a quiet machine, on mains power.")
    if measured.faults:
        return unsound_for("; ".join(measured.faults), line)
    return None


def same_tokens(measured: Measurement, baseline: Measurement) -> Verdict:
    """Tell whether greedy decoding gives the tokens of the baseline."""
    now, before = measured.identity.greedy_digest, baseline.identity.greedy_digest
    if now == before:
        return passed(f"greedy decoding gives the tokens of the baseline ({now[:12]})")
    said = f"greedy decoding gives other tokens: {now[:12]}, {before[:12]} in the baseline"
    return failed(said, remedy="Find what changed them, or accept them: pytest --nixspec-record")


def same_structure(measured: Measurement, baseline: Measurement) -> Verdict:
    """Tell whether one decode step consists of the operations of the baseline."""
    now, before = measured.identity.structure, baseline.identity.structure
    if not now or not before:
        why = "the graph of a decode step is not taken of several ranks, nor of a server"
        return unknown(f"not comparable: {why}", excuse=NOT_COMPARABLE)
    changed = [
        f"{name}: {before.get(name, 0)} → {now.get(name, 0)}"
        for name in sorted({*now, *before})
        if now.get(name, 0) != before.get(name, 0)
    ]
    if not changed:
        count = sum(now.values())
        return passed(f"a decode step has the operations of the baseline: {count} nodes")
    remedy = "Find what changed the graph, or accept it: pytest --nixspec-record"
    return failed(f"a decode step has other operations: {'; '.join(changed)}", remedy=remedy)


def _against_others(measured: Measurement, baseline: Baseline) -> Verdict:
    """Return what a figure that was not measured here has to say: an expectation, no verdict."""
    said = []
    for metric, figure in baseline.figures.items():
        now = measured.typical("prompt_tps" if metric == "prompt_tps" else "generation_tps")
        place = "below" if now < figure.low else "above" if now > figure.high else "within"
        basis = figure.basis.get("formula") or figure.basis.get("source", "")
        what = ", ".join(str(figure.workload[k]) for k in _WHAT if k in figure.workload)
        of_what = f" of {what}" if what else ""
        reach = f"{figure.low:g} to {figure.high:g}"
        said.append(f"{metric} {now:.4g} is {place} {reach}{of_what}: {basis}")
        said.append(f"it is not: {figure.is_not}")
    return incomparable_for(
        f"the baseline is {baseline.provenance}, nobody measured it here", *said
    )


def _percent(change: float) -> str:
    return f"{(change - 1) * 100:+.1f} %"
