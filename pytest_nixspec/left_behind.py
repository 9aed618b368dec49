"""What a process leaves running when it has ended: in its group, or as a daemon beside it."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def others_in_group(leader: int) -> tuple[str, ...] | None:
    """Return the commands of the group's processes beside its leader that have not ended.

    None where this system does not tell.
    """
    found = _running(lambda pid: pid != leader and os.getpgid(pid) == leader)
    return found if found is None else tuple(filter(None, found.values()))


def end_those_told(word: str) -> tuple[str, ...] | None:
    """End the processes that have a word in their environment, and return their commands.

    A daemon leaves its session and its group, and keeps what it was told. None where this system
    does not tell.
    """
    told = word.encode()
    found = _running(lambda pid: pid != os.getpid() and told in _environment(pid))
    for pid in found or ():
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return found if found is None else tuple(filter(None, found.values()))


def _environment(pid: int) -> bytes:
    # Without a group it is a part of the kernel, which most of them are.
    return Path(f"/proc/{pid}/environ").read_bytes() if os.getpgid(pid) else b""


def _running(is_meant: Callable[[int], bool]) -> dict[int, str] | None:
    """Return commands by process number, a zombie's empty; None where this system tells not."""
    if sys.platform != "linux":
        return None
    found = {}
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and is_meant(int(entry.name)):
                found[int(entry.name)] = _command(Path(entry.path))
        except OSError:
            # It is another user's, or has ended as we looked.
            continue
    return {pid: command.decode(errors="replace") for pid, command in found.items()}


def _command(process: Path) -> bytes:
    said = (process / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
    if said:
        return said
    # It has ended, or is just becoming another program: then it has a name all the same.
    name, _, rest = (process / "stat").read_bytes().partition(b"(")[2].rpartition(b") ")
    return b"" if rest.startswith((b"Z", b"X")) else name
