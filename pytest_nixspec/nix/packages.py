"""The versions of the languages and services that a package set has, by attribute."""

import json

from pytest_nixspec import process
from pytest_nixspec.errors import NixCommandError
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.nix.verbs import EVALUATION_SECONDS, translated

INPUT = "nixpkgs"

# What was removed throws, and what does not fit together asserts: both are left out.
_VERSIONS = """
pkgs: let
  inherit (builtins) attrNames concatMap filter listToAttrs match tryEval;
  version = package: let got = tryEval package.version; in if got.success then got.value else null;
  pair = name: value: { inherit name value; };
  found = filter (one: !(builtins.elem null (builtins.attrValues one.value)));
  named = pattern: set: filter (name: match pattern name != null) (attrNames set);
  single = tool: pattern:
    found (map (n: pair n { ${tool} = version pkgs.${n}; }) (named pattern pkgs));
  interpreters = pkgs.beam.interpreters or { };
  erlangs = found (map (n: pair "beam.interpreters.${n}" { erl = version interpreters.${n}; })
    (named "erlang_[0-9]+" interpreters));
  sets = pkgs.beam.packages or { };
  elixirs = concatMap (otp: found (map (n: pair "beam.packages.${otp}.${n}" {
    elixir = version sets.${otp}.${n};
    erl = version (sets.${otp}.erlang or interpreters.${otp});
  }) (named "elixir_[0-9]+_[0-9]+" sets.${otp}))) (named "erlang_[0-9]+" sets);
in listToAttrs (erlangs ++ elixirs ++ single "node" "nodejs_[0-9]+"
  ++ single "psql" "postgresql_[0-9]+" ++ single "python3" "python3[0-9]+")
"""


def package_versions(nix: Nix, flake: Flake) -> dict[str, dict[str, str]]:
    """Return the tools and versions of each attribute of the flake's `nixpkgs`.

    Raises:
        NixCommandError: The flake has no such input, or it cannot be evaluated.
    """
    override = next((o for o in flake.overrides if o.input == INPUT), None)
    # An input that something stands in for is asked under its own reference.
    reference = override.reference if override else INPUT
    inputs = () if override else ("--inputs-from", ".")
    attribute = f"{reference}#legacyPackages.{flake.system}"
    done = nix.run(
        *("eval", "--json", "--no-write-lock-file", *inputs, attribute, "--apply", _VERSIONS),
        deadline=process.after(EVALUATION_SECONDS),
        cwd=flake.directory,
    )
    if not done.ok:
        raise NixCommandError(translated(flake, done))
    versions: dict[str, dict[str, str]] = json.loads(done.text)
    return versions
