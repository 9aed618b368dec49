"""The interval of a ratio covers what it says it covers."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_nixspec.performance.interval import ratio

rates = st.lists(st.floats(1, 1000), min_size=2, max_size=8)


@given(rates, rates)
def test_the_estimate_lies_within_its_interval(new, old):
    found = ratio(new, old)

    assert found is not None
    assert found.low <= found.estimate * (1 + 1e-12)
    assert found.estimate <= found.high * (1 + 1e-12)


@given(rates, rates, st.floats(0.01, 100))
def test_the_unit_does_not_matter(new, old, unit):
    plain, scaled = ratio(new, old), ratio([v * unit for v in new], [v * unit for v in old])

    assert scaled.estimate == pytest.approx(plain.estimate)


def test_the_unit_does_not_matter_to_the_interval():
    tokens, kilotokens = ratio([9, 10, 12], [8, 9]), ratio([0.009, 0.01, 0.012], [0.008, 0.009])

    assert kilotokens.low == pytest.approx(tokens.low)
    assert kilotokens.high == pytest.approx(tokens.high)


def test_a_side_of_one_has_no_interval():
    assert ratio([1.0], [1.0, 2.0]) is None
    assert ratio([1.0, 2.0], [1.0]) is None


def test_welchs_interval_is_that_of_the_textbook():
    """Logarithms 1, 2, 3 against 0, 0, 3: difference 1, standard error √(1/3 + 1), 3.2 degrees."""
    found = ratio([math.exp(v) for v in (1, 2, 3)], [math.exp(v) for v in (0, 0, 3)])

    reach = 3.182 * math.sqrt(1 / 3 + 3 / 3)
    assert math.log(found.estimate) == pytest.approx(1)
    assert math.log(found.high) == pytest.approx(1 + reach)


@pytest.mark.parametrize("count", [3, 5])
def test_nineteen_of_twenty_intervals_hold_the_truth(count):
    """Seeded: 2,000 comparisons of a side that is 10 % slower, with a spread of 5 %."""
    chance = random.Random(1)  # noqa: S311 - no secret
    held = 0
    for _ in range(2000):
        new = [90 * math.exp(chance.gauss(0, 0.05)) for _ in range(count)]
        old = [100 * math.exp(chance.gauss(0, 0.05)) for _ in range(count)]
        found = ratio(new, old)
        held += found.low <= 0.9 <= found.high
    assert held / 2000 >= 0.945
