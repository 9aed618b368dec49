"""What a capture holds and what it cannot, beside what `print-dev-env` says; on every Nix."""

import json

import pytest

from pytest_nixspec import process
from pytest_nixspec.nix import Flake
from tests.conftest import pool_over


@pytest.fixture(scope="module")
def pool(every_nix, gallery, tmp_path_factory):
    return pool_over(every_nix, gallery, tmp_path_factory.mktemp("run").resolve())


@pytest.fixture(scope="module")
def printed(every_nix, gallery):
    """What `nix print-dev-env --json` says of the same shell."""
    flake = Flake(gallery, every_nix.system)
    arguments = ("print-dev-env", "--json", *flake.arguments, flake.shell("holds-everything"))
    done = every_nix.run(*arguments, deadline=process.after(60), cwd=gallery)
    assert done.ok, done.error_text
    return json.loads(done.text)["variables"]


@pytest.fixture(scope="module")
def shell(pool):
    return pool.shell("holds-everything")


def test_an_exported_function_is_a_variable_of_bash(shell):
    said = shell.run(["/bin/bash", "-c", "greeting"])

    assert shell.variable("BASH_FUNC_greeting%%").startswith("() {")
    assert said.text == "hello from a function"


def test_an_array_is_no_part_of_an_environment(shell, printed):
    """Bash exports none; print-dev-env shows those that the derivation set, and not the hook's."""
    assert shell.variable("FROM_HOOK_ARRAY") is None
    assert "FROM_HOOK_ARRAY" not in printed


def test_what_a_hook_does_is_in_the_capture_alone(shell, printed):
    assert shell.variable("FROM_HOOK") == "yes"
    assert "FROM_HOOK" not in printed
    assert "FROM_HOOK=yes" in printed["shellHook"]["value"]


def test_attributes_are_in_both(shell, printed):
    assert shell.variable("FROM_ATTRIBUTE") == printed["FROM_ATTRIBUTE"]["value"] == "set"


def test_an_empty_value_is_there_and_empty(shell):
    assert shell.variable("EMPTY") == ""
    assert b"EMPTY" in shell.environment


def test_a_very_large_value_is_whole(shell):
    assert len(shell.variable("LARGE")) == 100_000
    assert shell.run(["/bin/sh", "-c", "echo ${#LARGE}"]).text == "100000"


def test_a_newline_at_the_end_is_kept(shell):
    assert shell.variable("TRAILING") == "x\n\n"


def test_what_is_captured_is_what_a_command_gets(shell):
    said = shell.run(["/usr/bin/env", "-0"]).stdout
    pairs = dict(pair.partition(b"=")[::2] for pair in said.split(b"\0")[:-1])

    assert pairs.items() >= {**shell.environment}.items()
