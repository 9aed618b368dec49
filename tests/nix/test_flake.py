"""How Nix is told of a flake."""

from pathlib import Path

from pytest_nixspec.nix import Flake, Override


def test_every_attribute_is_quoted():
    flake = Flake(Path("/project"), "x86_64-linux")

    assert flake.shell("elixir=1_16") == '.#"devShells"."x86_64-linux"."elixir=1_16"'


def test_no_lock_is_ever_written():
    assert "--no-write-lock-file" in Flake(Path("/project"), "x86_64-linux").arguments


def test_inputs_are_overridden():
    flake = Flake(Path("/p"), "x86_64-linux", (Override("nixpkgs", "path:/s", "a stand-in"),))

    assert flake.arguments[-3:] == ("--override-input", "nixpkgs", "path:/s")
