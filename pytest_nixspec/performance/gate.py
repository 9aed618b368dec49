"""A measurement against its baseline: not worse than a margin, worse, or not to be told."""

import statistics

from pytest_nixspec.performance.baselines import Baseline
from pytest_nixspec.performance.measurement import Measurement, Metric
from pytest_nixspec.verdict import Verdict, failed, passed, unknown

_UNITS = {"generation_tps": "tokens/s", "prompt_tps": "tokens/s", "peak_memory": "MB"}
_SCALE = {"generation_tps": 1.0, "prompt_tps": 1.0, "peak_memory": 1e6}
_LABELS = {
    "generation_tps": "generation",
    "prompt_tps": "prompt",
    "peak_memory": "peak memory",
}


def differing_field(measured: Measurement, baseline: Measurement) -> str | None:
    """Return the first field that keeps two measurements from being compared, or None."""
    ours, theirs = measured.fingerprint, baseline.fingerprint
    for field in [*ours, *(name for name in theirs if name not in ours)]:
        if ours.get(field) != theirs.get(field):
            return f"{field}: {ours.get(field)!r} here, {theirs.get(field)!r} in the baseline"
    return None


def compare(metric: Metric, tolerance: str, measured: Measurement, baseline: Baseline) -> Verdict:
    """Tell whether a metric is no worse than its baseline by more than the tolerance.

    The middle half of the samples decides: all of it beyond the limit is worse, all of it within
    is not worse, and astride the limit cannot be told. Memory is judged by its maximum.

    Args:
        metric: What is compared.
        tolerance: The worst change that may pass, `-5%`.
        measured: What was measured now.
        baseline: What it is compared with, once `differing_field` has found nothing.
    """
    before = baseline.measurement.typical(metric)
    limit = before * (1 + float(tolerance.removesuffix("%")) / 100)
    worst, best = _middle_half(metric, measured)
    line = _line(metric, tolerance, measured, baseline)
    if _is_within(metric, worst, limit):
        return passed(line)
    spread = f"the middle half of the samples is {_shown(metric, worst)} to {_shown(metric, best)}"
    if _is_within(metric, best, limit):
        remedy = "Measure again on a quieter machine, or take more repetitions."
        return unknown(f"too noisy to tell: {line}", spread, remedy=remedy)
    remedy = "Find what made it worse, or accept it: pytest --nixspec-record"
    return failed(line, spread, remedy=remedy)


def _middle_half(metric: Metric, measured: Measurement) -> tuple[float, float]:
    """Return the worse and the better end of the middle half of the samples."""
    values = measured.values(metric)
    if metric == "peak_memory" or len(values) == 1:
        return measured.typical(metric), measured.typical(metric)
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def _is_within(metric: Metric, value: float, limit: float) -> bool:
    return value <= limit if metric == "peak_memory" else value >= limit


def _line(metric: Metric, tolerance: str, measured: Measurement, baseline: Baseline) -> str:
    now, before = measured.typical(metric), baseline.measurement.typical(metric)
    change = (now / before - 1) * 100
    return (
        f"{_LABELS[metric]} {_shown(metric, now)} against {_shown(metric, before)} "
        f"({baseline.provenance}, {baseline.recorded[:10]}): {change:+.1f} %, "
        f"allowed {tolerance}"
    )


def _shown(metric: Metric, value: float) -> str:
    return f"{value / _SCALE[metric]:.4g} {_UNITS[metric]}"
