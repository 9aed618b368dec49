"""The real Elixir."""

from collections.abc import Iterator

import pytest

from pytest_nixspec.shells import Shell
from tests.versions.oracles import RealElixir


@pytest.fixture(scope="session")
def elixir(own_shell: Shell) -> Iterator[RealElixir]:
    """The Elixir of this repository's own shell."""
    real = RealElixir(own_shell)
    yield real
    real.close()
