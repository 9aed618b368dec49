"""The directory of one run: in use while somebody holds it, cleared by the next one otherwise."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_nixspec.errors import NixspecError
from pytest_nixspec.files import held_alone, hold
from pytest_nixspec.left_behind import end_those_told

ALIVE = "alive"
"""Held by the processes of a run, in its directory."""
ROOM_BYTES = 1 << 16
"""A disk with less left may have had none for what was written before."""


def make_own_directory() -> tuple[Path, int]:
    """Return a new directory, and the open file by which it is known to be in use.

    Those of dead processes, which somebody has killed, are cleared.

    Raises:
        NixspecError: There is no place for temporary files, or it is full or another user's.
    """
    try:
        place = _place_of_this_user()
        for left in place.iterdir():
            _clear_if_dead(left / ALIVE)
        directory = Path(tempfile.mkdtemp(prefix="", dir=place)).resolve()
        # Held before it has the name by which others look for it.
        held = hold(directory / "new")
        (directory / "new").rename(directory / ALIVE)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        message = f"no temporary directory can be made ({reason}). Set TMPDIR to a usable place."
        raise NixspecError(message) from error
    return directory, held


@contextmanager
def own_directory() -> Iterator[Path]:
    """Give a directory that is gone afterwards, or with the next one where somebody kills us.

    Raises:
        NixspecError: As for `make_own_directory`.
    """
    directory, held = make_own_directory()
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(held)


def clear(directory: Path) -> None:
    """Remove what somebody who was killed has left, and end what runs in it still."""
    if directory.exists():
        # With the slash: the directory of another may begin with the name of this one.
        end_those_told(f"{directory}/")
        shutil.rmtree(directory, ignore_errors=True)


def must_have_room(directory: Path) -> None:
    """Make sure that what others have just written in a directory need not be cut off.

    Raises:
        OSError: Its disk is full.
    """
    probe = directory / "room"
    try:
        probe.write_bytes(bytes(ROOM_BYTES))
    except OSError as error:
        # A write that fails does not say where.
        raise OSError(error.errno, error.strerror, str(directory)) from error
    finally:
        probe.unlink(missing_ok=True)


def _place_of_this_user() -> Path:
    """Return where our directories are: looking through it is quick, however full the rest is."""
    place = Path(tempfile.gettempdir()) / f"nixspec-{os.getuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    status = place.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "is not this user's own directory", str(place))
    return place


def _clear_if_dead(alive: Path) -> None:
    if not alive.exists():
        return
    try:
        with held_alone(alive) as is_dead:
            if is_dead:
                clear(alive.parent)
    except OSError:
        # Another user's, or gone as we looked.
        return
