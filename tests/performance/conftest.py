"""Measurements with exact numbers, for tests of what is made of them."""

from collections.abc import Callable

import pytest

from pytest_nixspec.performance import Measurement, Sample


def sample(tokens_per_second: float, peak: int = 100_000_000) -> Sample:
    times = tuple(1.0 + number / tokens_per_second for number in range(11))
    return Sample(1.0, times, peak, "digest")


@pytest.fixture
def measured() -> Callable[..., Measurement]:
    """Make a measurement of samples with these rates, in tokens per second."""

    def make(*rates: float, peak: int = 100_000_000, **fingerprint: object) -> Measurement:
        samples = tuple(sample(rate, peak) for rate in rates)
        known = {"chip": "Apple M2 Max", "model": "abc", **fingerprint}
        return Measurement("plan", known, 32, samples, 0.5, 4)

    return make
