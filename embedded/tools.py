"""Run one of the machine's own tools, or say what is wrong with it."""

import os
from pathlib import Path

from embedded.errors import EmbeddedError
from pytest_nixspec import process

DEADLINE_SECONDS = 900


def must(*argv: str | Path, cwd: Path | None = None) -> str:
    """Run a command with this process's environment and return what it printed.

    Raises:
        EmbeddedError: It could not be started, failed, or took longer than 15 minutes.
    """
    try:
        done = process.run(
            argv, env=dict(os.environ), cwd=cwd, deadline=process.after(DEADLINE_SECONDS)
        )
    except OSError as error:
        message = f"`{argv[0]}` cannot be started: {error.strerror}."
        raise EmbeddedError(message) from error
    if not done.ok:
        message = (
            f"`{argv[0]} … {argv[-1]}` failed (exit code {done.returncode}): {done.error_text}"
        )
        raise EmbeddedError(message)
    return done.text
