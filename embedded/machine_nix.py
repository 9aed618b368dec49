"""The Nix of this machine: the one that is there, or one from Debian in a private prefix."""

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

from embedded.debian import Suite
from embedded.errors import EmbeddedError
from embedded.nix_prefix import install
from pytest_nixspec import process
from pytest_nixspec.errors import NixNotFoundError
from pytest_nixspec.nix import Flake, Nix, locate

PREFERRED_SUITE = "trixie"
SUITES = ("bookworm", "trixie", "sid")
REACH_SECONDS = 900

INSTALL = (
    "Install Nix and run this again:\n"
    "  macOS or Linux: https://nixos.org/download\n"
    "  Debian as root: nothing to do but to run this as root\n"
)


def find_or_install(cache: Path, say: Callable[[str], None]) -> Nix:
    """Return the machine's Nix, or one that is put into a private prefix.

    Raises:
        EmbeddedError: There is none, and none can be put here; the message says what to do.
    """
    try:
        nix = locate(os.environ)
    except NixNotFoundError:
        nix = locate(os.environ, _from_debian(PREFERRED_SUITE, cache, say))
    say(f"Nix {nix.version} at {nix.path}")
    return nix


def install_every(cache: Path, say: Callable[[str], None]) -> None:
    """Put the Nix of every suite beside it, for the tests; no Debian machine needs none."""
    if shutil.which("apt-get") is None:
        say("the tests run on this machine's Nix alone: others come from Debian")
        return
    for suite in SUITES:
        say(f"Nix of Debian {suite}: {_from_debian(suite, cache, say)}")


def install_direnv(cache: Path, say: Callable[[str], None]) -> Path | None:
    """Put direnv beside it, for the tests, where the machine has none and Debian does."""
    there = shutil.which("direnv")
    if there is not None or shutil.which("apt-get") is None:
        return Path(there) if there else None
    prefix = cache / "direnv"
    if not prefix.exists():
        say("getting direnv from Debian")
        building = cache / "direnv.new"
        shutil.rmtree(building, ignore_errors=True)
        Suite.open(SUITES[0], cache).unpack(["direnv"], building)
        building.rename(prefix)
    return prefix / "usr" / "bin" / "direnv"


def reaches_inputs(nix: Nix, directory: Path) -> bool:
    """Tell whether the flake's own inputs can be had, by evaluating its default shell."""
    flake = Flake(directory, nix.system)
    done = nix.run(
        "eval", "--raw", *flake.arguments,
        "--option", "download-attempts", "1", "--option", "connect-timeout", "10",
        f"{flake.shell('default')}.drvPath",
        deadline=process.after(REACH_SECONDS),
        cwd=directory,
    )  # fmt: skip
    return done.ok


def _from_debian(suite_name: str, cache: Path, say: Callable[[str], None]) -> Path:
    prefix = cache / f"nix-{suite_name}"
    if (prefix / "bin/nix").exists():
        return prefix / "bin/nix"
    if platform.system() != "Linux" or shutil.which("apt-get") is None:
        message = f"no Nix was found, and it cannot be put here by itself.\n{INSTALL}"
        raise EmbeddedError(message)
    if not os.access("/nix/store" if Path("/nix/store").exists() else "/", os.W_OK):
        message = f"no Nix was found, and only root can make /nix.\n{INSTALL}"
        raise EmbeddedError(message)
    say(f"getting Nix from Debian {suite_name} into {prefix}")
    return install(Suite.open(suite_name, cache), prefix)
