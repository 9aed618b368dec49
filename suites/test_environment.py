"""What the specification cannot say: how the tools of the shells work together."""

import pytest

from pytest_nixspec import Requirement

pytestmark = pytest.mark.nix_shell


def test_the_shell_brings_its_own_elixir(nix_shell):
    elixir = nix_shell("default").tool("elixir")

    assert elixir.comes_from_shell, elixir.explain()
    assert elixir.version in Requirement.parse("~> 1.17")


def test_the_older_elixir_is_the_same_shell_under_both_spellings(nix_shell):
    alias, plain = nix_shell("elixir=1_16"), nix_shell("elixir_1_16")

    assert alias.tool("elixir").real_path == plain.tool("elixir").real_path


def test_the_flake_offers_the_spelling_of_the_role_document(nix_flake):
    assert {"default", "elixir=1_16"} <= set(nix_flake.shells)


def test_elixir_runs_on_the_otp_of_its_shell(nix_shell):
    shell = nix_shell("default")
    major = shell.tool("erl").version.partition(".")[0]

    said = shell.run(["elixir", "-e", "IO.puts(System.otp_release())"])

    assert said.text == major, said.error_text


def test_a_database_of_the_shell_answers(nix_shell, nix_service):
    database = nix_service("postgres")

    said = nix_shell("default").run(
        ["psql", "-d", "postgres", "-Atc", "select 6 * 7"], env=database.environment
    )

    assert said.text == "42", said.error_text
