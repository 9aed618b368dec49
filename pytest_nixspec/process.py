"""Start processes: an argv, an explicit environment, a deadline, and nothing left behind."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

from pytest_nixspec.left_behind import others_in_group

Environment: TypeAlias = Mapping[str, str] | Mapping[bytes, bytes]
Deadline: TypeAlias = Callable[[float], bool]

PAGE_BYTES = 4096
POLL_SECONDS = 0.2
"""How often a deadline is asked whether it has passed."""


class Completed(NamedTuple):
    """What a process left.

    Attributes:
        argv: The command, as it was started.
        returncode: Its exit code; negative for a signal, as in `subprocess`.
        stdout: Everything it wrote on standard output.
        stderr: Everything it wrote on standard error.
        elapsed_seconds: Wall time from start to end.
        timed_out: Whether it was ended because its deadline passed.
        left_behind: The commands of what it left running in its process group, and what was ended
            with it; None where this system does not tell, or it was not asked for.
    """

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    elapsed_seconds: float
    timed_out: bool = False
    left_behind: tuple[str, ...] | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.returncode == 0 and not self.timed_out

    @property
    def text(self) -> str:
        """Standard output as text, without the newlines at its end."""
        return self.stdout.decode(errors="replace").rstrip("\r\n")

    @property
    def error_text(self) -> str:
        """Standard error as text, without the newlines at its end."""
        return self.stderr.decode(errors="replace").rstrip("\r\n")


def after(seconds: float) -> Deadline:
    """Return the deadline that passes after so many seconds."""
    return lambda elapsed: elapsed >= seconds


def run(
    argv: Sequence[str | Path],
    *,
    env: Environment,
    cwd: Path | None = None,
    deadline: Deadline,
    stdin: bytes = b"",
) -> Completed:
    """Run a command to its end, or end it and its whole process group at the deadline.

    The command is the leader of a new session. Whatever it leaves running in its group is ended
    with it, so a hook's background process cannot outlive the call.

    Raises:
        OSError: The command could not be started, or the disk has no room for what it says.
    """
    with _nameless_file() as given:
        given.write(stdin)
        given.seek(0)
        source = given if stdin else subprocess.DEVNULL
        return Begun(argv, {"env": env, "cwd": cwd, "stdin": source}, deadline).completed()


def run_and_look(
    argv: Sequence[str | Path],
    *,
    env: Environment,
    cwd: Path | None = None,
    deadline: Deadline,
    program: Path | None = None,
) -> Completed:
    """Run a command as `run` does, and tell what it left running.

    Args:
        argv: The command.
        env: Its variables.
        cwd: Where it runs.
        deadline: When to end it.
        program: What is started, where that is not the command's first word.

    Raises:
        OSError: The command could not be started.
    """
    options = {"env": env, "cwd": cwd, "stdin": subprocess.DEVNULL, "executable": program}
    return Begun(argv, options, deadline).completed(looks=True)


class Begun:
    """A command that runs beside us until its end is asked for; it is ended where nobody asks."""

    def __init__(
        self, argv: Sequence[str | Path], options: Mapping[str, Any], deadline: Deadline
    ) -> None:
        """Start a command."""
        self._argv = tuple(os.fspath(part) for part in argv)
        self._deadline = deadline
        self._started = time.monotonic()
        with ExitStack() as undo:
            # Files, not pipes: a daemon that inherits a pipe keeps its reader waiting for ever.
            self._out, self._err = (undo.enter_context(_nameless_file()) for _ in range(2))
            self._child = subprocess.Popen(
                self._argv, **options, stdout=self._out, stderr=self._err, start_new_session=True
            )
            undo.pop_all()
        self._end_unasked = weakref.finalize(self, _end_unasked, self._child, self._out, self._err)

    def completed(self, *, looks: bool = False) -> Completed:
        """Wait for the end, once, and return what there is then.

        Raises:
            OSError: The disk has no room for what the command says.
        """
        self._end_unasked.detach()
        child = self._child
        with self._out as out, self._err as err:
            try:
                timed_out = not _wait(child, self._deadline, self._started)
                # Looking goes through all of /proc, dear on a machine with many processes.
                left_behind = others_in_group(child.pid) if looks else None
            finally:
                _end_group(child)
                returncode = child.wait()
            return Completed(
                argv=self._argv,
                returncode=returncode,
                stdout=_whole(out),
                stderr=_whole(err),
                elapsed_seconds=time.monotonic() - self._started,
                timed_out=timed_out,
                left_behind=left_behind,
            )


def begin(
    argv: Sequence[str | Path], *, env: Environment, cwd: Path | None = None, deadline: Deadline
) -> Begun:
    """Start a command that `run` would run to its end, and go on meanwhile.

    Raises:
        OSError: The command could not be started.
    """
    return Begun(argv, {"env": env, "cwd": cwd, "stdin": subprocess.DEVNULL}, deadline)


def _end_unasked(child: "subprocess.Popen[bytes]", *files: IO[bytes]) -> None:
    _end_group(child)
    child.wait()
    for file in files:
        file.close()


class Running:
    """A process that runs beside us until it is stopped."""

    def __init__(self, child: "subprocess.Popen[bytes]", output: Path) -> None:
        """Take what was started, and the file in which it writes what it says."""
        self._child = child
        self._output = output

    @property
    def has_ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._child.poll() is not None

    @property
    def returncode(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._child.poll()

    def said(self) -> str:
        """Return what it has said so far, on both of its outputs."""
        return self._output.read_text(errors="replace").rstrip()

    def stop(self, seconds: float = 10.0) -> None:
        """Ask it to end, and end it and its whole group if it has not within some seconds."""
        if not self.has_ended:
            self._child.send_signal(signal.SIGINT)
            _wait_by_asking(self._child, after(seconds), time.monotonic())
        _end_group(self._child)
        self._child.wait()


def start(
    argv: Sequence[str | Path],
    *,
    env: Environment,
    cwd: Path,
    output: Path,
    user: int | None = None,
) -> Running:
    """Start a process and leave it running, as the leader of a new session.

    Args:
        argv: The command.
        env: Its variables.
        cwd: Where it runs.
        output: A file for what it says.
        user: The user it runs as; only root may choose another.

    Raises:
        OSError: It could not be started.
    """
    with output.open("wb") as said:
        child = subprocess.Popen(
            [os.fspath(part) for part in argv],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
        )
    return Running(child, output)


def _wait(child: "subprocess.Popen[bytes]", deadline: Deadline, started: float) -> bool:
    """Wait until the child has ended; False once the deadline has passed."""
    if sys.platform != "linux":
        return _wait_by_asking(child, deadline, started)
    # Without a delay, and without reaping: its group cannot be anybody else's yet.
    descriptor = os.pidfd_open(child.pid)
    try:
        while not select.select([descriptor], [], [], POLL_SECONDS)[0]:
            if deadline(time.monotonic() - started):
                return False
    finally:
        os.close(descriptor)
    return True


def _wait_by_asking(child: "subprocess.Popen[bytes]", deadline: Deadline, started: float) -> bool:
    while True:
        try:
            child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if deadline(time.monotonic() - started):
                return False
        else:
            return True


def _end_group(child: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nobody is left in the group; macOS says EPERM when only zombies are.
        return


def _nameless_file() -> IO[bytes]:
    """Return a file in memory where the system has such: no full disk cuts off what it takes."""
    if sys.platform != "linux":
        return tempfile.TemporaryFile()
    return os.fdopen(os.memfd_create("nixspec"), "w+b")


def _whole(file: IO[bytes]) -> bytes:
    """Return all that was written; an OSError says that its disk is full, and some may be lost."""
    file.seek(0)
    written = file.read()
    file.write(bytes(PAGE_BYTES))
    file.flush()
    return written
