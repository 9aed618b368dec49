"""Packages of a Debian suite, unpacked into a folder; the machine's own dpkg is not touched."""

import fnmatch
import platform
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.tools import must

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

TRIPLETS = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where Debian puts libraries and the loader on this processor."""

    triplet: str
    loader: str

    @classmethod
    def here(cls) -> "Machine":
        """Return this machine's paths.

        Raises:
            EmbeddedError: The processor is not one of those that the stand-in knows.
        """
        name = platform.machine()
        if name not in TRIPLETS:
            known = ", ".join(TRIPLETS)
            message = f"no Debian toolchains for processor {name!r}: known are {known}."
            raise EmbeddedError(message)
        return cls(TRIPLETS[name], LOADERS[name])


@dataclass(frozen=True, slots=True)
class Suite:
    """One Debian suite, read with a private apt configuration.

    The archive's address is taken from the machine's own apt, so no host is named here.

    Attributes:
        name: `bookworm`, `trixie` or `sid`.
        directory: Where the lists are kept.
    """

    name: str
    directory: Path

    @classmethod
    def open(cls, name: str, cache: Path) -> "Suite":
        """Fetch the suite's package lists.

        Raises:
            EmbeddedError: This is no Debian machine, or its archive cannot be reached.
        """
        suite = cls(name, cache / "apt" / name)
        for part in ("lists/partial", "cache/archives/partial"):
            (suite.directory / part).mkdir(parents=True, exist_ok=True)
        line = f"deb [signed-by={KEYRING}] {_archive()} {name} main\n"
        (suite.directory / "sources.list").write_text(line)
        suite._apt("-qq", "update")
        return suite

    def closure(self, packages: Sequence[str]) -> list[str]:
        """Return the packages and everything they depend on."""
        lines = self._apt("-s", "install", *packages).splitlines()
        return [line.split()[1] for line in lines if line.startswith("Inst ")]

    def version(self, package: str) -> str:
        """Return the Debian version of a package, `1.18.3.dfsg-1`."""
        shown = self._apt("--no-all-versions", "show", package, program="apt-cache")
        versions = [line for line in shown.splitlines() if line.startswith("Version: ")]
        return versions[0].removeprefix("Version: ")

    def unpack(self, packages: Sequence[str], into: Path) -> None:
        """Download the packages and unpack them, `/bin` and `/lib` merged into `/usr`."""
        with tempfile.TemporaryDirectory(dir=self.directory) as name:
            downloads = Path(name)
            self._apt("-qq", "download", *packages, cwd=downloads)
            for archive in sorted(downloads.glob("*.deb")):
                must("dpkg", "-x", archive, into)
        _merge_usr(into)

    def _apt(self, *arguments: str, program: str = "apt-get", cwd: Path | None = None) -> str:
        options = {
            "Dir::Etc::sourcelist": self.directory / "sources.list",
            "Dir::Etc::sourceparts": "/nonexistent",
            "Dir::State::Lists": self.directory / "lists",
            "Dir::Cache": self.directory / "cache",
            # An empty status makes apt list the whole closure, not what this machine lacks.
            "Dir::State::status": "/dev/null",
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Debug::NoLocking": "true",
        }
        settings = [f"-o{key}={value}" for key, value in options.items()]
        return must(program, *settings, *arguments, cwd=cwd)


def without(packages: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the packages that match none of the shell patterns."""
    return [p for p in packages if not any(fnmatch.fnmatch(p, pattern) for pattern in patterns)]


def _archive() -> str:
    if shutil.which("apt-get") is None:
        message = (
            "no Nix with a network was found, and no apt-get to build the embedded default from. "
            "Install Nix (https://nixos.org/download), then run `make spec` again."
        )
        raise EmbeddedError(message)
    listed = must("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)").splitlines()
    sites = Counter(line.split()[0] for line in listed if line.split()[1:2] == [_codename()])
    if not sites:
        message = (
            f"apt on this machine names no archive of {_codename()!r}. "
            "Run `apt-get update`, then `make spec` again."
        )
        raise EmbeddedError(message)
    return sites.most_common(1)[0][0]


def _codename() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def _merge_usr(tree: Path) -> None:
    for name in ("bin", "sbin", "lib"):
        if (tree / name).is_dir() and not (tree / name).is_symlink():
            shutil.copytree(tree / name, tree / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(tree / name)
    shutil.rmtree(tree / "lib64", ignore_errors=True)
