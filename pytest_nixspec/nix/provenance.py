"""Which derivation and which input of the flake the packages of a shell come from."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pytest_nixspec import process
from pytest_nixspec.errors import NixCommandError
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.nix.verbs import EVALUATION_SECONDS, translated

# The file that names a package lies in the source of the input that it is of.
_PACKAGES = """
shell: builtins.concatMap (package:
  if package ? outPath && package ? drvPath then [{
    path = "${package.outPath}";
    derivation = builtins.unsafeDiscardStringContext package.drvPath;
    file = package.meta.position or (builtins.unsafeGetAttrPos "name" package).file or null;
  }] else [ ]
) ((shell.nativeBuildInputs or [ ]) ++ (shell.buildInputs or [ ])
   ++ (shell.propagatedBuildInputs or [ ]))
"""


class Provenance(NamedTuple):
    """Where a package comes from.

    Attributes:
        derivation: What it was built by.
        source: The input and its revision, in words; None where Nix does not tell.
    """

    derivation: str
    source: str | None


def provenances(nix: Nix, flake: Flake, shell: str) -> dict[str, Provenance]:
    """Return the provenance of a shell's packages, by store path.

    Raises:
        NixCommandError: The shell or its inputs cannot be evaluated.
    """
    packages = _asked(nix, flake, "eval", flake.shell(shell), "--apply", _PACKAGES)
    sources = dict(_sources(_asked(nix, flake, "flake", "archive", "--dry-run", "."), ()))
    locked = _locked(flake)
    return {
        package["path"]: Provenance(
            package["derivation"], _source(package["file"], sources, locked)
        )
        for package in packages
    }


def _asked(nix: Nix, flake: Flake, verb: str, *arguments: str) -> Any:
    subcommand = arguments[:1] if verb == "flake" else ()
    rest = arguments[len(subcommand) :]
    done = nix.run(
        *(verb, *subcommand, "--json", *flake.arguments, *rest),
        deadline=process.after(EVALUATION_SECONDS),
        cwd=flake.directory,
    )
    if not done.ok:
        raise NixCommandError(translated(flake, done))
    return json.loads(done.text)


def _sources(node: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the store path of each input's source with the input's name, `home/nixpkgs`."""
    for name, child in node.get("inputs", {}).items():
        yield from _sources(child, (*names, name))
    if names:
        yield node["path"], "/".join(names)
    else:
        yield node["path"], "the flake itself"


def _source(file: str | None, sources: Mapping[str, str], locked: Mapping[str, str]) -> str | None:
    name = next((n for path, n in sources.items() if file and file.startswith(f"{path}/")), None)
    return f"{name} {locked.get(name, '')}".strip() if name else None


def _locked(flake: Flake) -> dict[str, str]:
    """Return what each input of the flake is locked to, or what stands in for it."""
    said = {
        override.input: f"(substituted by {override.reference})" for override in flake.overrides
    }
    lock = flake.directory / "flake.lock"
    if not lock.is_file():
        return said
    read = json.loads(lock.read_text())
    for name, node in read["nodes"][read["root"]].get("inputs", {}).items():
        # A list is a path of inputs to follow, whose end has a name of its own.
        if isinstance(node, str):
            said.setdefault(name, _revision(read["nodes"][node]))
    return said


def _revision(node: Mapping[str, Any]) -> str:
    locked, original = node.get("locked", {}), node.get("original", {})
    revision = locked.get("rev") or locked.get("narHash", "")
    reference = original.get("ref")
    return f"{revision} ({reference})" if reference else str(revision)
