"""Files that several processes share: written whole or not at all, and locked."""

import errno
import fcntl
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_nixspec.errors import NixspecError

ALIVE = "alive"
"""Held by the processes of a run, in its directory."""
ROOM_BYTES = 1 << 16
"""A disk with less left may have had none for what was written before."""


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file beside its place and then put it there, and return its path.

    Whoever reads it finds what was there before or all of this, whenever the writer is killed.

    Raises:
        OSError: It cannot be written; what was there before is left.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.new")
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    try:
        new.write_bytes(data)
        return new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that dies with its holder, as soon as nobody else holds it.

    Raises:
        OSError: The file cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold(path: Path) -> int:
    """Return an open file that is held beside others; whoever wants it alone must wait.

    Closing it lets go of it, as the end of the process does.

    Raises:
        OSError: The file cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


@contextmanager
def held_alone(path: Path) -> Iterator[bool]:
    """Tell whether nobody holds a file, and keep it so meanwhile.

    Raises:
        OSError: The file cannot be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def make_own_directory() -> tuple[Path, int]:
    """Return a new directory, and the open file by which it is known to be in use.

    Those of dead processes, which somebody has killed, are removed.

    Raises:
        NixspecError: There is no place for temporary files, or it is full or another user's.
    """
    try:
        place = _place_of_this_user()
        for left in place.glob(f"*/{ALIVE}"):
            _remove_if_dead(left)
        directory = Path(tempfile.mkdtemp(prefix="", dir=place)).resolve()
        # Held before it has the name by which others look for it.
        held = hold(directory / "new")
        (directory / "new").rename(directory / ALIVE)
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        message = f"no temporary directory can be made ({reason}). Set TMPDIR to a usable place."
        raise NixspecError(message) from error
    return directory, held


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


def _place_of_this_user() -> Path:
    """Return where our directories are: looking through it is quick, however full the rest is."""
    place = Path(tempfile.gettempdir()) / f"nixspec-{os.getuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    status = place.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(errno.EPERM, "is not this user's own directory", str(place))
    return place


def _remove_if_dead(alive: Path) -> None:
    try:
        with held_alone(alive) as is_dead:
            if is_dead:
                shutil.rmtree(alive.parent, ignore_errors=True)
    except OSError:
        # Another user's, or gone as we looked.
        return
