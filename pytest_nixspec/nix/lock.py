"""Whether every input is locked: what Nix resolves, against the lock files as trees of inputs."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pytest_nixspec import process
from pytest_nixspec.git import tracked_in
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake

LOCK = "flake.lock"
METADATA_SECONDS = 120

Inputs: TypeAlias = dict[str, Any]
"""By name: what an input is locked to with its own `inputs`, or the path of the one it follows."""


def is_locked(nix: Nix, flake: Flake) -> bool:
    """Tell whether every input is locked; otherwise an evaluation is not the same again."""
    return ask_whether_locked(nix, flake)()


def ask_whether_locked(nix: Nix, flake: Flake) -> Callable[[], bool]:
    """Begin to ask what `is_locked` tells; what is returned waits for the answer."""
    asked = nix.begin(
        *("flake", "metadata", "--json", *flake.arguments, "."),
        deadline=process.after(METADATA_SECONDS),
        cwd=flake.directory,
    )
    return lambda: _is_locked(flake, asked.completed())


def _is_locked(flake: Flake, done: process.Completed) -> bool:
    """Tell whether the inputs that Nix finds are those of the lock files, of substitutes too."""
    if not done.ok:
        return False
    needed = inputs_of(json.loads(done.text)["locks"])
    locked = inputs_in(flake.directory) if _is_seen(flake.directory / LOCK) else {}
    if locked is None:
        return False
    for override in flake.overrides:
        path = override.input.split("/")
        is_read = override.directory is not None and is_flake(needed, path)
        own = inputs_in(override.directory, path) if override.directory and is_read else {}
        # What it is itself is content; only what it needs in turn can float.
        replace_input(needed, path, inputs_below(needed, path))
        replace_input(locked, path, own)
    return needed == locked


def _is_seen(file: Path) -> bool:
    """Tell whether Nix sees a file: where git tracks anything, what it does not is not there."""
    tracked = tracked_in(file.parent)
    return tracked is None or file.resolve() in {path.resolve() for path in tracked.files}


def inputs_in(directory: Path, at: Sequence[str] = ()) -> Inputs | None:
    """Return the inputs that the lock file of a directory has; none where there is no such file.

    Args:
        directory: Where the flake is.
        at: The path of this flake among the inputs of another, which then is the root.

    Returns:
        None where the file is called as a lock file is, and is none.
    """
    file = directory / LOCK
    if not file.is_file():
        return {}
    try:
        return inputs_of(json.loads(file.read_bytes()), at)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def inputs_of(lock: Mapping[str, Any], at: Sequence[str] = ()) -> Inputs:
    """Return the inputs of what a lock file says, or `nix flake metadata` of one."""

    def inputs(node: Mapping[str, Any]) -> Inputs:
        return {name: child(to) for name, to in node.get("inputs", {}).items()}

    def child(to: str | list[str]) -> object:
        if isinstance(to, list):
            return [*at, *to]
        return {**lock["nodes"][to], "inputs": inputs(lock["nodes"][to])}

    return inputs(lock["nodes"][lock["root"]])


def inputs_below(inputs: Inputs, path: Sequence[str]) -> Inputs:
    """Return the inputs of the input at a path; none where it has none, or is none."""
    for name in path:
        inputs = _locked(inputs, name)["inputs"]
    return inputs


def is_flake(inputs: Inputs, path: Sequence[str]) -> bool:
    """Tell whether the input at a path is read as a flake, and not as files alone."""
    return _locked(inputs_below(inputs, path[:-1]), path[-1]).get("flake", True) is True


def replace_input(inputs: Inputs, path: Sequence[str], own: Inputs | None) -> None:
    """Put what is locked to nothing, and has inputs of its own, in the place of an input."""
    for name in path[:-1]:
        if not isinstance(inputs.get(name), dict):
            inputs[name] = {"inputs": {}}
        inputs = inputs[name]["inputs"]
    inputs[path[-1]] = {"inputs": own}


def _locked(inputs: Inputs, name: str) -> dict[str, Any]:
    found = inputs.get(name)
    return found if isinstance(found, dict) else {"inputs": {}}
