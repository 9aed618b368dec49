"""Three OTPs, of real Elixirs in real shells."""

import os
import re
import shutil

import pytest

from pytest_nixspec.nix import Flake, locate
from pytest_nixspec.settings import Substitutions
from pytest_nixspec.shells import ShellPool
from pytest_nixspec.shells.beam import otps_of_elixir
from pytest_nixspec.versions.compatibility import one_otp
from tests.conftest import REPOSITORY

FLAKE = """{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  outputs = { self, nixpkgs }: {
    devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" "aarch64-darwin" ] (system:
      let inherit (nixpkgs.legacyPackages.${system}) beam mkShell; in {
        mixed = mkShell {
          packages = [ beam.interpreters.erlang_26 beam.packages.erlang_27.elixir_1_18 ];
          LANG = "C.UTF-8";
        };
      });
  };
}
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("mixed").resolve()
    (directory / "flake.nix").write_text(FLAKE)
    shutil.copy(REPOSITORY / "flake.lock", directory)
    substitutions = Substitutions.read(REPOSITORY)
    own = locate(os.environ, substitutions.nix)
    flake = Flake(directory, own.system, substitutions.inputs)
    return ShellPool(own, flake, tmp_path_factory.mktemp("run").resolve()).shell("mixed")


def test_a_shell_of_one_set_has_one_otp(own_shell):
    compiled, running = otps_of_elixir(own_shell)

    found = one_otp("1.18.3", compiled, running, own_shell.tool("erl").version)

    assert running.startswith(f"{compiled}.")
    assert found.passed, found.explain()


def test_a_shell_that_mixes_two_sets_is_found_out(mixed):
    compiled, running = otps_of_elixir(mixed)
    on_path = mixed.tool("erl").version

    found = one_otp(mixed.tool("elixir").version, compiled, running, on_path)

    assert not found.passed
    assert f"`erl` on PATH is OTP {on_path.partition('.')[0]}" in found.reason


def test_the_failure_that_is_foretold_is_the_one_that_happens(own_shell, mixed, tmp_path):
    (tmp_path / "sample.erl").write_text("-module(sample).\n-export([f/0]).\nf() -> #{a => 1}.\n")
    newer, older = own_shell, mixed

    made = newer.run(["erlc", "sample.erl"], cwd=tmp_path)
    loaded = older.run(
        ["erl", "-noshell", "-eval", 'io:format("~p~n", [code:load_file(sample)]), halt().'],
        cwd=tmp_path,
    )

    assert made.ok, made.error_text
    found = one_otp("1.18.3", "27", newer.tool("erl").version, older.tool("erl").version)
    assert re.search(r"`(\w+)`$", found.reason)[1] in loaded.text
