"""The stand-in for nixpkgs: trees of programs in the Nix store, and a flake that names them."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from embedded.debian import Machine
from embedded.toolchains import TOOLCHAINS, Fill
from embedded.tools import must

NIX_FILES = Path(__file__).parent.parent / "nix" / "stand-in"


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree in the store: its version, store path, hash (base 32) and where it came from."""

    version: str
    path: str
    hash: str
    origin: str


def build(nix: Path, cache: Path, say: Callable[[str], None]) -> tuple[Path, dict[str, Tree]]:
    """Return the stand-in flake's folder and its trees; fetch only what the store lacks.

    Raises:
        EmbeddedError: A registry cannot be reached, or the store refuses a tree.
    """
    trees = {name: _kept(nix, cache, name, fill, say) for name, fill in TOOLCHAINS.items()}
    folder = cache / "stand-in"
    _write_flake(folder, trees)
    return folder, trees


def describe(trees: dict[str, Tree]) -> str:
    """Return one line on what stands in, and where an attribute holds another version."""
    programs = ", ".join(f"{name} {tree.version}" for name, tree in trees.items() if name != "seed")
    elixir, erlang = trees["elixir-1.14"].version, trees["erlang-25"].version
    return (
        f"Debian and PyPI packages ({programs}); "
        f"elixir_1_16 is Elixir {elixir}, erlang_26 is OTP {erlang}"
    )


def _kept(nix: Path, cache: Path, name: str, fill: Fill, say: Callable[[str], None]) -> Tree:
    memory = cache / "trees" / f"{name}.json"
    if memory.exists():
        tree = Tree(**json.loads(memory.read_text()))
        if Path(tree.path).exists():
            return tree
    say(f"fetching {name}")
    tree = _added(nix, cache, name, fill)
    memory.parent.mkdir(parents=True, exist_ok=True)
    memory.write_text(json.dumps(asdict(tree)))
    return tree


def _added(nix: Path, cache: Path, name: str, fill: Fill) -> Tree:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        folder = Path(work) / f"{name}-tree"
        filled = fill(folder, cache)
        store = nix.with_name("nix-store")
        path = must(store, "--add-fixed", "--recursive", "sha256", folder)
        root = cache / "roots" / name
        root.parent.mkdir(parents=True, exist_ok=True)
        must(store, "--realise", path, "--add-root", root, "--indirect")
        digest = must(store, "--query", "--hash", path).removeprefix("sha256:")
        return Tree(filled.version, path, digest, filled.origin)


def _write_flake(folder: Path, trees: dict[str, Tree]) -> None:
    sources = {
        "system": f"{os.uname().machine}-linux",
        "triplet": Machine.here().triplet,
        "loader": Machine.here().loader,
        "trees": {name: {"version": t.version, "hash": t.hash} for name, t in trees.items()},
    }
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        building = Path(work) / "stand-in"
        shutil.copytree(NIX_FILES, building)
        (building / "sources.json").write_text(json.dumps(sources, indent=1, sort_keys=True) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        building.rename(folder)
