"""Files that several processes share: written whole or not at all, and locked."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
