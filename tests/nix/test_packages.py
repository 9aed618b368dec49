"""The versions that a package set has, asked of every Nix."""

import pytest

from pytest_nixspec.errors import NixCommandError
from pytest_nixspec.nix import Flake, Override
from pytest_nixspec.nix.packages import package_versions

FAKE_NIXPKGS = """{
  outputs = { self }: {
    legacyPackages.SYSTEM = rec {
      nodejs_22 = { version = "22.1.0"; };
      nodejs_18 = throw "nodejs_18 was removed";
      nodejs = nodejs_22;
      postgresql_16 = { version = "16.4"; };
      python312 = { version = "3.12.1"; };
      git = { version = "2.40"; };
      beam.interpreters = { erlang_27 = { version = "27.1"; }; erlang_24 = throw "removed"; };
      beam.packages.erlang_27 = {
        erlang = beam.interpreters.erlang_27;
        elixir_1_18 = { version = "1.18.4"; };
        elixir_1_15 = assert false; { version = "1.15.8"; };
        rebar3 = { version = "3.24"; };
      };
    };
  };
}
"""
PROJECT = '{ inputs.nixpkgs.url = "path:/no/such"; outputs = { self, nixpkgs }: { }; }\n'


@pytest.fixture
def project(tmp_path):
    project = tmp_path.resolve() / "project"
    project.mkdir()
    (project / "flake.nix").write_text(PROJECT)
    return project


def test_what_throws_is_left_out_and_an_elixir_brings_its_otp(every_nix, project, tmp_path):
    fake = tmp_path.resolve() / "fake-nixpkgs"
    fake.mkdir()
    (fake / "flake.nix").write_text(FAKE_NIXPKGS.replace("SYSTEM", every_nix.system))
    override = Override("nixpkgs", f"path:{fake}", "a fake")

    found = package_versions(every_nix, Flake(project, every_nix.system, (override,)))

    assert found == {
        "beam.interpreters.erlang_27": {"erl": "27.1"},
        "beam.packages.erlang_27.elixir_1_18": {"elixir": "1.18.4", "erl": "27.1"},
        "nodejs_22": {"node": "22.1.0"},
        "postgresql_16": {"psql": "16.4"},
        "python312": {"python3": "3.12.1"},
    }


def test_a_package_set_that_cannot_be_had_is_an_error(nix, project):
    with pytest.raises(NixCommandError, match="`nix eval` failed"):
        package_versions(nix, Flake(project, nix.system))
