"""How far a figure may have changed, from a few processes on each side."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Two-sided 95 % quantiles of Student's t, for 1, 2, 3 … degrees of freedom (Fisher & Yates).
_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of new to old, with its 95 % confidence interval."""

    estimate: float
    low: float
    high: float


def ratio(new: Sequence[float], old: Sequence[float]) -> Ratio | None:
    """Return the ratio of geometric means, or None where a side has fewer than two values.

    The interval is Welch's, on logarithms: the sides may vary differently. One value is one
    process, since the repetitions within a process vary together (Kalibera & Jones 2013).
    """
    if min(len(new), len(old)) < 2:  # noqa: PLR2004 - what a variance needs
        return None
    logs = [[math.log(value) for value in side] for side in (new, old)]
    difference = statistics.fmean(logs[0]) - statistics.fmean(logs[1])
    errors = [statistics.variance(side) / len(side) for side in logs]
    reach = _t_95(_degrees_of_freedom(errors, logs)) * math.sqrt(sum(errors))
    return Ratio(*(math.exp(difference + sign * reach) for sign in (0, -1, 1)))


def _degrees_of_freedom(errors: Sequence[float], sides: Sequence[Sequence[float]]) -> float:
    """Return Welch's and Satterthwaite's degrees of freedom."""
    if not sum(errors):
        return float(min(map(len, sides)) - 1)
    parts = [error**2 / (len(side) - 1) for error, side in zip(errors, sides, strict=True)]
    return sum(errors) ** 2 / sum(parts)


def _t_95(freedom: float) -> float:
    """Return the quantile for the whole degrees of freedom below, which is the wider one."""
    return _T_95[min(max(int(freedom), 1), len(_T_95)) - 1]
