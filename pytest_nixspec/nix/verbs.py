"""The verbs of Nix that we use, one function each."""

import json
from collections.abc import Sequence
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.errors import NixCommandError, ShellNotEvaluatedError
from pytest_nixspec.nix.binary import Nix, failure
from pytest_nixspec.nix.causes import blames_machine, cause_of
from pytest_nixspec.nix.flake import Flake

EVALUATION_SECONDS = 900


def shell_names(nix: Nix, flake: Flake) -> list[str]:
    """Return the names of the flake's devShells for its system, sorted; none is evaluated.

    Raises:
        NixCommandError: The flake cannot be evaluated.
    """
    arguments = (
        "eval", "--json", *flake.arguments, flake.installable("devShells", flake.system),
        "--apply", "builtins.attrNames",
    )  # fmt: skip
    deadline = process.after(EVALUATION_SECONDS)
    done = nix.run(*arguments, deadline=deadline, cwd=flake.directory)
    if not done.ok:
        raise NixCommandError(translated(flake, done))
    return sorted(json.loads(done.text))


def drv_path(nix: Nix, flake: Flake, system: str, shell: str) -> str:
    """Return the derivation of a shell for any system; evaluated, and neither built nor entered.

    Raises:
        ShellNotEvaluatedError: It cannot be evaluated for that system.
        NixCommandError: This machine cannot tell, for want of a network or a store.
    """
    attribute = f"{flake.installable('devShells', system, shell)}.drvPath"
    done = nix.run(
        *("eval", "--raw", *flake.arguments, "--option", "eval-cache", "false", attribute),
        deadline=process.after(EVALUATION_SECONDS),
        cwd=flake.directory,
    )
    if done.ok:
        return done.text
    is_machines = done.timed_out or blames_machine(done.error_text)
    message = translated(flake._replace(system=system), done)
    raise (NixCommandError if is_machines else ShellNotEvaluatedError)(message)


def closure_bytes(nix: Nix, paths: Sequence[str]) -> int:
    """Return the size of store paths with all that they need, in bytes.

    Raises:
        NixCommandError: One of them is not in the store.
    """
    if not paths:
        return 0
    asked = ("path-info", "--recursive", "--json", *dict.fromkeys(paths))
    said = json.loads(nix.must(*asked, deadline=process.after(EVALUATION_SECONDS)))
    # A list up to Nix 2.18, then a table, and in the second format of 2.33 a table in a table.
    table = said.get("info", said) if isinstance(said, dict) else {one["path"]: one for one in said}
    return sum(int(one["narSize"]) for one in table.values())


def flake_directory(nix: Nix, reference: str) -> Path:
    """Return where Nix keeps the source of a flake that is no directory of this machine.

    Raises:
        NixCommandError: It cannot be had.
    """
    asked = ("flake", "metadata", "--json", "--no-write-lock-file", reference)
    done = nix.run(*asked, deadline=process.after(EVALUATION_SECONDS))
    if not done.ok:
        flake = Flake(Path(reference), nix.system)
        raise NixCommandError(translated(flake, done))
    return Path(json.loads(done.text)["path"])


def why_not_evaluated(nix: Nix, flake: Flake, shell: str) -> str | None:
    """Return why a shell cannot be evaluated, in words that no cache has shortened.

    None where it can be.
    """
    # An older Nix remembers that an evaluation failed, and not why.
    uncached = ("--option", "eval-cache", "false")
    attribute = f"{flake.shell(shell)}.drvPath"
    done = nix.run(
        *("eval", "--raw", *flake.arguments, *uncached, attribute),
        deadline=process.after(EVALUATION_SECONDS),
        cwd=flake.directory,
    )
    return None if done.ok else translated(flake, done)


def translated(flake: Flake, done: process.Completed) -> str:
    """Return a failure to evaluate, with its cause and remedy where we know them."""
    cause = cause_of(done.error_text, flake.directory, flake.system)
    said = failure(("eval",), done)
    return f"{cause}.\n{said}" if cause else said
