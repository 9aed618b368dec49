"""Find Nix on a machine, and run it."""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pytest_nixspec import process
from pytest_nixspec.errors import NixCommandError, NixError, NixNotFoundError, NixTooOldError
from pytest_nixspec.nix.causes import cause_of

MINIMUM_VERSION = (2, 8)
VARIABLE = "NIXSPEC_NIX"

USUAL_PLACES = (
    "/nix/var/nix/profiles/default/bin/nix",
    "~/.nix-profile/bin/nix",
    "/run/current-system/sw/bin/nix",
)

# Nothing is written into the tree, and a flake cannot bring settings of its own.
HARMLESS = (
    "--extra-experimental-features",
    "nix-command flakes",
    "--option",
    "accept-flake-config",
    "false",
)
QUESTION_SECONDS = 60
# What Nix says beside the matter: progress, and that nixpkgs has no newer bash for it.
_SMALL_TALK = ("error (ignored)", "building '", "warning: not writing", "• ", "    '", "  → '")
_FACTS = "[ builtins.nixVersion builtins.currentSystem builtins.storeDir ]"


class Nix(NamedTuple):
    """A Nix that was found and answers.

    Attributes:
        path: Its `nix` program.
        version: As it says itself, `2.26.3`.
        system: The system it builds for, `x86_64-linux`.
        store: Its store directory, which need not be /nix/store.
        environment: The variables it is run with.
        launcher: A command that starts it, if it is not started by itself.
    """

    path: Path
    version: str
    system: str
    store: Path
    environment: Mapping[str, str]
    launcher: tuple[str, ...] = ()

    def to_json(self) -> dict[str, str]:
        """Return what was found out, for another process of this machine."""
        return {
            "path": str(self.path),
            "version": self.version,
            "system": self.system,
            "store": str(self.store),
        }

    @classmethod
    def from_json(cls, read: Mapping[str, str], environ: Mapping[str, str]) -> "Nix":
        """Read what `to_json` returned."""
        store = Path(read["store"])
        return cls(Path(read["path"]), read["version"], read["system"], store, environ)

    def run(
        self,
        *arguments: str,
        deadline: process.Deadline,
        cwd: Path | None = None,
        extra: Mapping[str, str] | None = None,
        looks: bool = False,
    ) -> process.Completed:
        """Run `nix VERB …` with the flags that keep it harmless.

        Args:
            arguments: The verb and what follows it.
            deadline: When to end it.
            cwd: The directory to run it in.
            extra: Variables beside its own environment.
            looks: Whether to look for what it leaves running.
        """
        environment = {**self.environment, **(extra or {})}
        run = process.run_and_look if looks else process.run
        return run(self._command(arguments), env=environment, cwd=cwd, deadline=deadline)

    def begin(self, *arguments: str, deadline: process.Deadline, cwd: Path) -> process.Begun:
        """Begin what `run` would run, and go on meanwhile."""
        command = self._command(arguments)
        return process.begin(command, env=self.environment, cwd=cwd, deadline=deadline)

    def _command(self, arguments: Sequence[str]) -> list[str | Path]:
        verb, *rest = arguments
        return [*self.launcher, self.path, verb, *HARMLESS, *rest]

    def started_by(self, environment: Mapping[str, str], umask: int) -> "Nix":
        """Return the same Nix, as a parent with these variables and this umask starts it."""
        launcher = ("/bin/sh", "-c", 'umask "$0"; exec "$@"', f"{umask:03o}")
        return self._replace(environment=environment, launcher=launcher)

    def must(self, *arguments: str, deadline: process.Deadline) -> str:
        """Run `nix VERB …` and return what it printed.

        Raises:
            NixCommandError: It failed.
        """
        done = self.run(*arguments, deadline=deadline)
        if not done.ok:
            raise NixCommandError(failure(arguments, done))
        return done.text


def locate(environ: Mapping[str, str], preferred: Path | None = None) -> Nix:
    """Find Nix: `NIXSPEC_NIX`, the preferred one, the PATH, then where installers put it.

    Raises:
        NixNotFoundError: There is none.
        NixTooOldError: It is older than 2.8.
        NixCommandError: It cannot evaluate anything.
    """
    path = _find(environ, preferred)
    return _located(path, environ, _ask(path, environ))


def start_locating(environ: Mapping[str, str], preferred: Path | None = None) -> Callable[[], Nix]:
    """Begin to find Nix; what is returned waits for its answer, and raises what `locate` does."""
    try:
        path = _find(environ, preferred)
        return partial(_located, path, environ, _ask(path, environ))
    except NixNotFoundError:
        # Said where it is needed: there may be a mistake nearer to hand.
        return partial(locate, environ, preferred)


def _ask(path: Path, environ: Mapping[str, str]) -> process.Begun:
    argv: list[str | Path] = [path, "eval", *HARMLESS, "--impure", "--json", "--expr", _FACTS]
    try:
        return process.begin(argv, env=environ, deadline=process.after(QUESTION_SECONDS))
    except OSError as error:
        # A script whose interpreter is missing is told as if it were missing itself.
        message = f"{path} cannot be started as a program, or its interpreter: {error.strerror}."
        raise NixNotFoundError(message) from error


def _located(path: Path, environ: Mapping[str, str], asked: process.Begun) -> Nix:
    done = asked.completed()
    if not done.ok:
        raise _explained(path, environ, done)
    try:
        version, system, store = map(str, json.loads(done.text))
    except (ValueError, TypeError) as error:
        message = f"{path} is no Nix: asked for its version, it says {done.text[:200]!r}."
        raise NixNotFoundError(message) from error
    if _is_too_old(version):
        raise _too_old(path, version)
    return Nix(path, version, system, Path(store), environ)


def failure(arguments: Sequence[str], done: process.Completed) -> str:
    """Return what a failed command was, and Nix's own last lines."""
    how = "ran out of time" if done.timed_out else f"failed (exit code {done.returncode})"
    said = last_lines(done.error_text)
    errors = [line for line in said if line.lstrip().startswith("error:")]
    # A single line is no evidence beside itself.
    evidence = said if said != errors else []
    return "\n".join([f"`nix {arguments[0]}` {how}: {' '.join(errors[-1:]).strip()}", *evidence])


def last_lines(text: str, count: int = 12) -> list[str]:
    """Return the last lines of what Nix said, without colours and empty lines."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    lines = (line.rstrip() for line in plain.splitlines() if line.strip())
    return [line for line in lines if not line.startswith(_SMALL_TALK)][-count:]


def _explained(path: Path, environ: Mapping[str, str], done: process.Completed) -> NixError:
    """Return why a program does not evaluate: it is no Nix, too old, or says so itself."""
    if done.timed_out:
        return NixCommandError(f"{path} did not answer within {QUESTION_SECONDS} s.")
    deadline = process.after(QUESTION_SECONDS)
    asked = process.run([path, "--version"], env=environ, deadline=deadline)
    found = re.search(r"\(.*\) (\d+(?:\.\d+)+)", asked.text)
    if found is None:
        said = asked.text or asked.error_text
        return NixNotFoundError(f"{path} --version says {said!r}, which is no version.")
    if _is_too_old(found[1]):
        return _too_old(path, found[1])
    cause = cause_of(done.error_text, directory="", system="")
    why = f": {cause}" if cause else ""
    return NixCommandError(f"{path} cannot evaluate anything{why}.\n{failure(('eval',), done)}")


def _is_too_old(version: str) -> bool:
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    return numbers < MINIMUM_VERSION


def _too_old(path: Path, version: str) -> NixTooOldError:
    return NixTooOldError(
        f"Nix {version} at {path} is too old: pytest-nixspec needs 2.8 or newer. "
        "Install a current one from https://nixos.org/download."
    )


def _find(environ: Mapping[str, str], preferred: Path | None) -> Path:
    named = environ.get(VARIABLE) or (os.fspath(preferred) if preferred else None)
    if named is not None:
        if not (Path(named).is_file() and os.access(named, os.X_OK)):
            message = f"{named} is named as the Nix to use, and is no program."
            raise NixNotFoundError(message)
        return Path(named)
    places = [Path(place).expanduser() for place in USUAL_PLACES]
    on_path = shutil.which("nix", path=environ.get("PATH", ""))
    found = [Path(on_path)] if on_path else [p for p in places if os.access(p, os.X_OK)]
    if not found:
        message = (
            "no Nix was found: not on PATH, not in "
            + ", ".join(USUAL_PLACES)
            + f". Install it (https://nixos.org/download), or name it in {VARIABLE}."
        )
        raise NixNotFoundError(message)
    return found[0]
