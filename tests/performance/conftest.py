"""Measurements with exact numbers, for tests of what is made of them."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.errors import EndpointError
from pytest_nixspec.performance import Measurement, Process, Sample
from pytest_nixspec.performance.measurement import Identity
from pytest_nixspec.performance.servers.endpoint import Endpoint, models
from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY
from tests.performance.servers.fake_servers import free_port


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
        processes = tuple(
            Process((sample(r, peak),), 0.5, faults=faults, read_bytes_per_second=7e9)
            for r in rates
        )
        known = {"chip": "Apple M2 Max", "model": "abc", **fingerprint}
        identity = Identity(greedy, {"Matmul": 60}, {"bits": 4}, 84_000_000, 80_000_000)
        return Measurement("plan", known, 32, 1, processes, identity)

    return make


READY_SECONDS = 120


@pytest.fixture(scope="session")
def model() -> str:
    return str(Substitutions.read(REPOSITORY).models[0].path)


@pytest.fixture(scope="session")
def real(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A real mlx_lm.server with the embedded model."""
    directory: Path = tmp_path_factory.mktemp("server")
    # Without a hub cache the server cannot list its models.
    (directory / "hub").mkdir()
    endpoint = Endpoint.named(f"http://127.0.0.1:{free_port()}", {})
    port = endpoint.url.removesuffix("/v1").rpartition(":")[2]
    running = process.start(
        [sys.executable, "-P", "-m", "mlx_lm", "server", "--model", model, "--port", port],
        env={**os.environ, "HF_HOME": str(directory), "HF_HUB_OFFLINE": "1"},
        cwd=directory,
        output=directory / "said",
    )
    try:
        must_answer(endpoint, running)
        yield endpoint
    finally:
        running.stop()


def must_answer(endpoint: Endpoint, running: process.Running) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            models(endpoint, 5)
        except EndpointError:
            assert not running.has_ended, running.said()
            assert time.monotonic() < deadline, running.said()
            time.sleep(0.1)
        else:
            return
