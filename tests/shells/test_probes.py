"""Every probe against the real program, in the shells of this repository."""

import os
import re
from pathlib import Path

import pytest

from pytest_nixspec.nix import Flake, locate
from pytest_nixspec.settings import Substitutions
from pytest_nixspec.shells import PROBES, Shell, ShellPool
from pytest_nixspec.versions import Version
from tests.conftest import REPOSITORY

BROUGHT = ("elixir", "mix", "iex", "erl", "node", "npm", "psql", "postgres", "git")


@pytest.fixture(scope="module")
def real_shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    substitutions = Substitutions.read(REPOSITORY)
    nix = locate(os.environ, substitutions.nix)
    flake = Flake(REPOSITORY, nix.system, substitutions.inputs)
    directory = tmp_path_factory.mktemp("run").resolve()
    return ShellPool(nix, flake, directory).shell("default")


@pytest.mark.parametrize("name", BROUGHT)
def test_a_tool_of_the_shell_tells_its_version(real_shell, name):
    tool = real_shell.tool(name)

    assert tool.comes_from_shell, tool.explain()
    assert Version.parse(tool.version, PROBES[name].dialect)


@pytest.mark.parametrize("name", [name for name in BROUGHT if PROBES[name].files])
def test_the_file_beside_a_program_says_what_the_program_says(real_shell, name):
    tool, probe = real_shell.tool(name), PROBES[name]

    in_output = probe.version_in_output(tool, real_shell.run([name, *probe.arguments]).text)

    assert probe.version_in_files(tool) == in_output


def test_otp_tells_more_than_its_major_number(real_shell):
    assert re.fullmatch(r"\d+\.\d+(\.\d+)*", real_shell.tool("erl").version)


@pytest.mark.parametrize(
    ("name", "output", "version"),
    [
        ("git", "git version 2.39.5 (Apple Git-154)", "2.39.5"),
        ("python3", "Python 3.13.0rc1", "3.13.0rc1"),
        ("direnv", "2.35.0", "2.35.0"),
        ("asdf", "v0.15.0-31e8c93", "0.15.0"),
        ("asdf", "asdf version v0.18.0 (revision unknown)", "0.18.0"),
        ("nix", "nix (Nix) 2.26.3", "2.26.3"),
        ("nix", "nix (Determinate Nix 3.6.2) 2.29.0", "2.29.0"),
        ("psql", "psql (PostgreSQL) 17beta1", "17beta1"),
        ("node", "v22.9.0", "22.9.0"),
        ("elixir", "Erlang/OTP 27 [erts-15.2.7]\n\nElixir 1.18.3 (compiled with OTP 27)", "1.18.3"),
    ],
)
def test_what_programs_print_elsewhere_is_understood(real_shell, name, output, version):
    tool = real_shell.tool("git")

    assert PROBES[name].version_in_output(tool, output) == version


def test_two_releases_beside_a_program_are_no_answer(real_shell, tmp_path: Path):
    for release in ("26", "27"):
        (tmp_path / "releases" / release).mkdir(parents=True)
        (tmp_path / "releases" / release / "OTP_VERSION").write_text(release)
    tool = real_shell.tool("erl")
    moved = type(tool)(
        name="erl",
        path=tmp_path / "bin/erl",
        real_path=tmp_path / "bin/erl",
        store_path=None,
        origin=tool.origin,
        race=(),
    )

    assert PROBES["erl"].version_in_files(moved) is None
