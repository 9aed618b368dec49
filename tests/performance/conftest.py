"""A real server that runs a model, and the model that it runs."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.errors import EndpointError
from pytest_nixspec.performance.servers.endpoint import Endpoint, models
from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY
from tests.performance.servers.fake_servers import free_port

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
