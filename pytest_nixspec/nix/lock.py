"""A lock file as the tree of inputs that it stands for, and what stands in for one of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

LOCK = "flake.lock"


class UnreadableLockError(ValueError):
    """A file is called as a lock file is, and is none."""


Inputs: TypeAlias = dict[str, Any]
"""By name: what an input is locked to with its own `inputs`, or the path of the one it follows."""


def inputs_in(directory: Path, at: Sequence[str] = ()) -> Inputs:
    """Return the inputs that the lock file of a directory has; none where there is no such file.

    Args:
        directory: Where the flake is.
        at: The path of this flake among the inputs of another, which then is the root.

    Raises:
        UnreadableLockError: The file is no lock file.
    """
    file = directory / LOCK
    if not file.is_file():
        return {}
    try:
        return inputs_of(json.loads(file.read_bytes()), at)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{file} is no lock file: {error!r}"
        raise UnreadableLockError(message) from error


def inputs_of(lock: Mapping[str, Any], at: Sequence[str] = ()) -> Inputs:
    """Return the inputs of what a lock file says, or `nix flake metadata` of one."""

    def own(node: Mapping[str, Any]) -> Inputs:
        return {name: child(to) for name, to in node.get("inputs", {}).items()}

    def child(to: str | list[str]) -> object:
        if isinstance(to, list):
            return [*at, *to]
        return {**lock["nodes"][to], "inputs": own(lock["nodes"][to])}

    return own(lock["nodes"][lock["root"]])


def below(inputs: Inputs, path: Sequence[str]) -> Inputs:
    """Return the inputs of the input at a path; none where it has none, or is none."""
    for name in path:
        inputs = _locked(inputs, name)["inputs"]
    return inputs


def is_flake(inputs: Inputs, path: Sequence[str]) -> bool:
    """Tell whether the input at a path is read as a flake, and not as files alone."""
    return _locked(below(inputs, path[:-1]), path[-1]).get("flake", True) is True


def _locked(inputs: Inputs, name: str) -> dict[str, Any]:
    found = inputs.get(name)
    return found if isinstance(found, dict) else {"inputs": {}}


def put(inputs: Inputs, path: Sequence[str], own: Inputs) -> None:
    """Put what has inputs of its own, and is locked to nothing, in the place of an input."""
    for name in path[:-1]:
        if not isinstance(inputs.get(name), dict):
            inputs[name] = {"inputs": {}}
        inputs = inputs[name]["inputs"]
    inputs[path[-1]] = {"inputs": own}
