"""Where in a series of times the steady state begins: told by the data, not by habit."""

import statistics
from collections.abc import Sequence

LATEST = 0.5
"""A series whose steady state begins later than here has none that can be relied on."""
FEWEST = 8
WIDEST = 5.0
DRIFT = 0.1
"""So far may the medians of the two halves lie apart; a growing cache alone moves them by less."""


def steady_from(seconds: Sequence[float]) -> int | None:
    """Return where the steady state begins, or None where there is none.

    There is none where it would begin in the second half, nor where the two halves of what is left
    differ: a machine that was throttled, or that somebody else began to use.

    The place is that of the least standard error of what is left, the marginal standard error rule
    (White 1997, "An effective truncation heuristic for bias reduction in simulation output").
    Single spikes are not the end of a warm-up, so they are drawn in first: what is further from the
    median than five times the median absolute deviation counts as being just so far.

    Args:
        seconds: Times of single steps, in order. Fewer than eight are taken as steady.
    """
    if len(seconds) < FEWEST:
        return 0
    drawn_in = _drawn_in(seconds)
    last = int(len(seconds) * LATEST)
    best = min(range(last + 1), key=lambda start: _standard_error(drawn_in[start:]))
    return best if best < last and not _drifts(seconds[best:]) else None


def _drifts(seconds: Sequence[float]) -> bool:
    half = len(seconds) // 2
    before, after = statistics.median(seconds[:half]), statistics.median(seconds[half:])
    return abs(after - before) > DRIFT * min(before, after)


def _drawn_in(seconds: Sequence[float]) -> list[float]:
    middle = statistics.median(seconds)
    reach = WIDEST * statistics.median(abs(value - middle) for value in seconds)
    return [min(max(value, middle - reach), middle + reach) for value in seconds]


def _standard_error(values: Sequence[float]) -> float:
    return statistics.pvariance(values) / len(values)
