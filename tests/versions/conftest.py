"""The real Elixir."""

import os
from collections.abc import Iterator

import pytest

from pytest_nixspec.nix import Flake, locate
from pytest_nixspec.settings import Substitutions
from pytest_nixspec.shells import ShellPool
from tests.conftest import REPOSITORY
from tests.versions.oracles import RealElixir


@pytest.fixture(scope="session")
def elixir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealElixir]:
    """The Elixir of this repository's own shell."""
    substitutions = Substitutions.read(REPOSITORY)
    nix = locate(os.environ, substitutions.nix)
    flake = Flake(REPOSITORY, nix.system, substitutions.inputs)
    pool = ShellPool(nix, flake, tmp_path_factory.mktemp("run").resolve())
    real = RealElixir(pool.shell("default"))
    yield real
    real.close()
