"""Services of a shell, started for a test: PostgreSQL on a directory of its own, and others."""

import os
import pwd
import shutil
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.errors import ServiceError
from pytest_nixspec.shells.shell import Shell

READY_SECONDS = 60.0
ASK_AGAIN_SECONDS = 0.1
KNOWN = ("postgres",)


@dataclass(frozen=True, slots=True)
class Service:
    """A service that answers.

    Attributes:
        name: What it is.
        host: Where it listens, on the loopback interface only.
        port: Its port.
        environment: The variables by which its clients find it.
        directory: Its files, gone when it is stopped.
        running: Its process.
    """

    name: str
    host: str
    port: int
    environment: Mapping[str, str]
    directory: Path
    running: process.Running

    def stop(self) -> None:
        """End it and remove its files."""
        self.running.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def start_service(shell: Shell, name: str, *, timeout: float = READY_SECONDS) -> Service:
    """Start a known service with the shell's own programs, and wait until it answers.

    Args:
        shell: The shell that brings it.
        name: `postgres`.
        timeout: Seconds until it must answer.

    Raises:
        ServiceError: It is not known, does not start or does not answer; the message ends with what
            it said.
        ToolNotFoundError: The shell has no such program.
    """
    if name not in KNOWN:
        message = f"{name!r} is no service that we know. Known are {', '.join(KNOWN)}."
        raise ServiceError(message)
    directory = Path(tempfile.mkdtemp(prefix="nixspec-"))
    try:
        return _postgres(shell, directory, timeout)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _postgres(shell: Shell, directory: Path, timeout: float) -> Service:
    user = _other_user()
    if user is not None:
        os.chown(directory, user, -1)
    port = _free_port()
    data = directory / "data"
    own = {
        "PGHOST": str(directory),
        "PGPORT": str(port),
        "PGUSER": "postgres",
        "HOME": str(directory),
    }
    made = _run(
        shell,
        ["initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8",
         "--locale=C"],
        directory, own, user,
    )  # fmt: skip
    if not _waited(made, timeout):
        made.stop()
        message = f"`initdb` did not make a database:\n{made.said()}"
        raise ServiceError(message)
    running = _run(
        shell,
        ["postgres", "-D", str(data), "-k", str(directory), "-p", str(port),
         "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
        directory, own, user,
    )  # fmt: skip
    question = ["psql", "-d", "postgres", "-Atc", "select 1"]
    try:
        _must_answer(shell, question, own, running, timeout)
    except BaseException:
        running.stop()
        raise
    client = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "postgres"}
    return Service("postgres", "127.0.0.1", port, client, directory, running)


def _run(
    shell: Shell, argv: Sequence[str], directory: Path, own: Mapping[str, str], user: int | None
) -> process.Running:
    more = {os.fsencode(k): os.fsencode(v) for k, v in own.items()}
    return process.start(
        [shell.program(argv[0]), *argv[1:]],
        env={**shell.environment, **more},
        cwd=directory,
        output=directory / f"{argv[0]}.log",
        user=user,
    )


def _must_answer(
    shell: Shell,
    question: Sequence[str],
    environment: Mapping[str, str],
    running: process.Running,
    timeout: float,
) -> None:
    deadline = time.monotonic() + timeout
    while not shell.run(question, env=environment, timeout=timeout).ok:
        if running.has_ended or time.monotonic() > deadline:
            how = "ended" if running.has_ended else f"did not answer within {timeout:g} s"
            message = f"the service {how}:\n{running.said()}"
            raise ServiceError(message)
        time.sleep(ASK_AGAIN_SECONDS)


def _waited(running: process.Running, timeout: float) -> bool:
    """Tell whether a command has ended well in time."""
    deadline = time.monotonic() + timeout
    while not running.has_ended:
        if time.monotonic() > deadline:
            return False
        time.sleep(ASK_AGAIN_SECONDS)
    return running.returncode == 0


def _other_user() -> int | None:
    """Return the user for programs that refuse to run as root, or None where we are not root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
