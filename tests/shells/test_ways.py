"""Other ways in: shell.nix, a real direnv, and the host, through the same interface."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from embedded.__main__ import cache_directory
from embedded.machine_nix import install_direnv
from pytest_nixspec.checks.matrix import VersionMatrix
from pytest_nixspec.shells import Origin, ShellOutcome
from pytest_nixspec.shells.ways import Way
from tests.conftest import GALLERY, pool_over

SHELL_NIX = """
let flake = import ./flake.nix;
    shells = (flake.outputs { self = flake; }).devShells.${builtins.currentSystem};
in shells.SHELL
"""


@pytest.fixture(scope="session")
def direnv():
    found = install_direnv(cache_directory(), print)
    assert found, "direnv is neither on PATH nor to be had from Debian"
    return found


@pytest.fixture
def enter(every_nix, tmp_path, direnv):
    """Return a function that enters a project's environment in some way."""

    def enter(way, **files: str):
        project = tmp_path.resolve() / "project"
        project.mkdir()
        (project / "stdenv").mkdir()
        (project / "stdenv" / "setup").write_text((GALLERY / "stdenv" / "setup").read_text())
        (project / "flake.nix").write_text((GALLERY / "flake.nix").read_text())
        for name, text in files.items():
            (project / name.replace("_", ".")).write_text(text)
        path = os.pathsep.join([str(direnv.parent), "/usr/bin:/bin"])
        nix = every_nix._replace(environment={**every_nix.environment, "PATH": path})
        pool = pool_over(nix, project, tmp_path.resolve() / "run")
        return replace(pool, ways={"it": way})

    return enter


def test_a_shell_nix_is_entered_by_real_nix_with_the_same_proof(enter):
    shell = enter(Way.SHELL_NIX, shell_nix=SHELL_NIX.replace("SHELL", "default")).shell("it")

    assert shell.variable("FROM_HOOK") == "yes"
    assert shell.tool("git").version == "99.1"
    assert shell.tool("git").comes_from_shell


def test_a_shell_nix_whose_hook_exits_did_not_run(enter):
    capture = enter(Way.SHELL_NIX, shell_nix=SHELL_NIX.replace("SHELL", "exits-0")).capture("it")

    assert capture.outcome is ShellOutcome.HOOK_EXITED


def test_a_shell_nix_that_is_not_there_is_said(enter):
    capture = enter(Way.SHELL_NIX).capture("it")

    assert capture.outcome is ShellOutcome.EVALUATION_FAILED
    assert any("shell.nix" in line for line in capture.evidence)


def test_an_envrc_is_loaded_by_real_direnv(enter):
    pool = enter(Way.DIRENV, _envrc="use flake\nexport FROM_ENVRC=yes\n")

    shell = pool.shell("it")

    assert (shell.variable("FROM_HOOK"), shell.variable("FROM_ENVRC")) == ("yes", "yes")
    assert shell.tool("git").version == "99.1"
    assert not (pool.flake.directory / ".direnv").exists()


@pytest.mark.parametrize("envrc", ["use flake .#no-such-shell\n", "exit 3\n"])
def test_an_envrc_that_fails_is_no_environment(enter, envrc):
    capture = enter(Way.DIRENV, _envrc=envrc).capture("it")

    assert capture.outcome is ShellOutcome.HOOK_FAILED
    assert "direnv could not load .envrc" in capture.reason


def test_a_project_without_envrc_and_a_host_without_direnv_are_said(enter, every_nix):
    pool = enter(Way.DIRENV)
    without = every_nix._replace(environment={**every_nix.environment, "PATH": "/nowhere"})

    assert "has no .envrc; one that says `use flake`" in pool.capture("it").reason
    again = replace(pool, nix=without, directory=pool.directory / "again")
    assert "direnv is not installed" in again.capture("it").reason


def test_the_host_is_what_there_would_be_without_nix(enter, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    shell = enter(Way.HOST).shell("it")
    git = shell.tool("git")

    assert git.origin is Origin.HOST
    assert git.path == Path("/usr/bin/git")
    assert shell.run(["git", "--version"]).ok
    assert shell.variable("PATH") == "/usr/bin:/bin"


def test_ways_are_compared_in_one_table(enter):
    pool = enter(Way.HOST)

    found = VersionMatrix(pool).resolve({"git": "~> 99"}, ["default", "it"])

    assert found.chosen.name == "default"
    assert [one.candidate.name for one in found.judged] == ["default", "it"]
    assert "git" in found.judged[1].candidate.versions
