"""Packages of PyPI as files, through pip as this machine has it configured."""

import sys
import sysconfig
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.tools import must


def download(requirement: str, folder: Path) -> Path:
    """Download the wheel of one requirement, without what it depends on.

    Raises:
        EmbeddedError: pip cannot get it.
    """
    target = folder / "wheels"
    must(
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
        "--dest", target, requirement,
    )  # fmt: skip
    return next(target.glob("*.whl"))


def script(name: str) -> Path:
    """Return a program that a package of our own environment brought.

    Raises:
        EmbeddedError: The package is not installed here.
    """
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        message = f"{name} is not installed beside {sys.executable}. Run `make spec`, which does."
        raise EmbeddedError(message)
    return path
