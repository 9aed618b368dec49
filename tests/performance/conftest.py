"""Measurements with exact numbers, for tests of what is made of them."""

from collections.abc import Callable

import pytest

from pytest_nixspec.performance import Measurement, Process, Sample
from pytest_nixspec.performance.measurement import Identity


def sample(tokens_per_second: float, peak: int = 100_000_000) -> Sample:
    times = tuple(1.0 + number / tokens_per_second for number in range(11))
    return Sample(1.0, times, peak, 0, 0, 1.0, "digest")


@pytest.fixture
def measured() -> Callable[..., Measurement]:
    """Make a measurement of processes with these rates, in tokens per second."""

    def make(
        *rates: float,
        peak: int = 100_000_000,
        faults: tuple[str, ...] = (),
        greedy: str = "tokens",
        **fingerprint: object,
    ) -> Measurement:
        processes = tuple(Process((sample(r, peak),), 0.5, faults=faults) for r in rates)
        known = {"chip": "Apple M2 Max", "model": "abc", **fingerprint}
        identity = Identity(greedy, {"Matmul": 60}, {"bits": 4}, 84_000_000, 80_000_000, 7e9)
        return Measurement("plan", known, 32, 1, processes, identity)

    return make
