"""A warm-up is told from the steady state by the samples themselves."""

import random

from hypothesis import given
from hypothesis import strategies as st

from pytest_nixspec.performance.steady import steady_from


def noisy(count: int, level: float, seed: int = 0) -> list[float]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [level * (1 + chance.gauss(0, 0.01)) for _ in range(count)]


def test_a_slow_beginning_is_the_warm_up():
    assert steady_from([*noisy(6, 3.0), *noisy(60, 1.0)]) == 6


def test_what_is_steady_from_the_start_has_next_to_no_warm_up():
    starts = [steady_from(noisy(60, 1.0, seed)) for seed in range(20)]

    assert None not in starts
    assert sorted(starts)[10] <= 6


def test_a_single_spike_late_is_no_warm_up():
    series = noisy(60, 1.0)
    series[25] = 50.0

    assert (steady_from(series) or 0) < 20


def test_a_series_that_keeps_getting_slower_has_no_steady_state():
    assert steady_from([1.0 + n / 20 for n in range(60)]) is None


def test_a_change_in_the_middle_is_no_steady_state():
    assert steady_from([*noisy(35, 1.0), *noisy(25, 2.0)]) is None


def test_a_few_steps_are_taken_as_they_are():
    assert steady_from([3.0, 1.0, 1.0]) == 0


@given(st.lists(st.floats(0.001, 10), max_size=80))
def test_the_steady_state_begins_within_the_first_half_or_nowhere(seconds):
    start = steady_from(seconds)

    assert start is None or 0 <= start <= max(len(seconds) // 2, 0)
