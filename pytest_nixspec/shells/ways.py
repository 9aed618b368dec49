"""Other ways into an environment: direnv, and the host as it is; beside the flake and shell.nix."""

import os
import shutil
import time
from enum import StrEnum
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.nix.binary import Nix, last_lines
from pytest_nixspec.shells.capture import Capture
from pytest_nixspec.shells.deadline import Limits
from pytest_nixspec.shells.entering import environment_in, events_in
from pytest_nixspec.shells.outcome import ShellOutcome
from pytest_nixspec.shells.preamble import CAPTURE


class Way(StrEnum):
    """How an environment is entered."""

    FLAKE = "flake"
    SHELL_NIX = "shell.nix"
    DIRENV = "direnv"
    HOST = "host"


SHELL_NIX = "shell.nix"
ENVRC = ".envrc"
_PASSED_ON = ("NIX_", "XDG_CACHE_HOME", "SSL_CERT_FILE", "CURL_CA_BUNDLE")


def enter_host(name: str) -> Capture:
    """Return the environment of this very process: what there would be without Nix."""
    environment = {os.fsencode(k): os.fsencode(v) for k, v in os.environ.items()}
    reason = "the host was taken as it is; no hook is evaluated"
    return Capture(name, ShellOutcome.RAN, reason, (), environment, 0.0)


def enter_direnv(nix: Nix, directory: Path, name: str, scratch: Path, limits: Limits) -> Capture:
    """Load the .envrc of a directory by direnv, and keep what a command gets then.

    The .envrc is allowed for this once, in a place of our own, and what direnv keeps is put there.
    """
    (scratch / "home").mkdir(parents=True)
    direnv = shutil.which("direnv", path=nix.environment.get("PATH", ""))
    missing = _missing(direnv, directory)
    if direnv is None or missing:
        return Capture(name, ShellOutcome.NEVER_STARTED, missing, (), {}, 0.0)
    path = os.pathsep.join([str(nix.path.parent), nix.environment.get("PATH", "")])
    environment = {
        **{n: v for n, v in nix.environment.items() if n.startswith(_PASSED_ON)},
        "PATH": path,
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch),
        "XDG_DATA_HOME": str(scratch / "data"),
        "DIRENV_CONFIG": str(scratch / "config"),
        "direnv_layout_dir": str(scratch / "layout"),
    }
    features = "extra-experimental-features = nix-command flakes"
    environment["NIX_CONFIG"] = f"{nix.environment.get('NIX_CONFIG', '')}\n{features}"
    started = time.monotonic()
    deadline = process.after(limits.build_seconds)
    allowed = [direnv, "allow", str(directory)]
    process.run(allowed, env=environment, cwd=directory, deadline=deadline)
    done = process.run(
        [direnv, "exec", str(directory), "/bin/bash", "--noprofile", "--norc", "-p", "-c", CAPTURE,
         str(scratch)],
        env=environment, cwd=directory, deadline=deadline,
    )  # fmt: skip
    elapsed = time.monotonic() - started
    said = tuple(last_lines(done.error_text))
    if done.timed_out:
        reason = f"direnv did not end within {limits.build_seconds:g} s"
        return Capture(name, ShellOutcome.TIMED_OUT, reason, said, {}, elapsed)
    # Direnv goes on with what it has, and says 0, where the .envrc fails on its way.
    failed = [line for line in said if line.lower().lstrip().startswith(("error", "direnv: error"))]
    captured = "captured" in {event.name for event in events_in(scratch)}
    if not captured or failed:
        reason = f"direnv could not load {ENVRC}: {(failed or said or ('it said nothing',))[-1]}"
        return Capture(name, ShellOutcome.HOOK_FAILED, reason, said, {}, elapsed)
    reason = f"direnv loaded {ENVRC} and a command ran after it"
    return Capture(
        name, ShellOutcome.RAN, reason, said, environment_in(scratch / "environ"), elapsed
    )


def _missing(direnv: str | None, directory: Path) -> str:
    if direnv is None:
        return "direnv is not installed: it is not on PATH (https://direnv.net)"
    if not (directory / ENVRC).is_file():
        return f"{directory} has no {ENVRC}; one that says `use flake` would do"
    return ""
