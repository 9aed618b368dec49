"""The statements on commands: how one that runs inside a shell ends."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from pytest_nixspec.checks.check import Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.process import Completed
from pytest_nixspec.spec.model import CommandTable
from pytest_nixspec.verdict import failed, passed
from pytest_nixspec.versions.pins import legacy_command

LAST_LINES = 6
_SHELLS = frozenset({"bash", "dash", "ksh", "sh", "zsh"})


def command_ends(shell: str, command: CommandTable, run: Run) -> Checked:
    """Run a command, again if it may be retried, and compare how it ended."""
    if is_login_shell(command.argv):
        return Checked(failed(_LOGIN, remedy=_NO_LOGIN), {"argv": list(command.argv)})
    entered = run.shells.shell(shell)
    attempts = 0
    while True:
        attempts += 1
        done = entered.run(list(command.argv), timeout=command.timeout)
        fault = _fault(command, done)
        if fault is None or attempts > command.retries:
            break
    facts = {
        "shell": shell,
        "argv": list(command.argv),
        "returncode": done.returncode,
        "seconds": done.elapsed_seconds,
        "attempts": attempts,
    }
    again = f" (attempt {attempts})" if attempts > 1 else ""
    if fault is None:
        return Checked(passed(f"it ended with exit code {done.returncode}{again}"), facts)
    remedy = legacy_command(command.argv) or ""
    return Checked(failed(f"{fault}{again}", *_output(done), remedy=remedy), facts)


def is_login_shell(argv: Sequence[str]) -> bool:
    """Tell whether a command is a login shell, as `bash -lc …`; `env` before it changes nothing."""
    words = list(argv)
    if PurePath(words[0]).name == "env":
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0]):
            words.pop(0)
    if not words or PurePath(words[0]).name not in _SHELLS:
        return False
    options = iter(words[1:])
    for word in options:
        if not word.startswith(("-", "+")):
            return False
        if word == "--login" or re.fullmatch(r"-[a-zA-Z]*l[a-zA-Z]*", word):
            return True
        if re.fullmatch(r"[-+][a-zA-Z]*[oO]", word):
            # Its name is a word of its own.
            next(options, None)
    return False


_LOGIN = (
    "it is a login shell, which reads /etc/profile; that resets PATH, and what it finds then is "
    "the host's"
)
_NO_LOGIN = "Write `bash -c …`, without -l."


def _output(done: Completed) -> list[str]:
    lines = [f"stdout: {line}" for line in done.text.splitlines()[-LAST_LINES:]]
    return lines + [f"stderr: {line}" for line in done.error_text.splitlines()[-LAST_LINES:]]


def _fault(command: CommandTable, done: Completed) -> str | None:
    if done.timed_out:
        return f"it did not end within {command.timeout:g} s"
    if done.returncode != command.exit:
        return f"it ended with exit code {done.returncode}, not {command.exit}"
    for stream, pattern, text in (
        ("stdout", command.stdout, done.text),
        ("stderr", command.stderr, done.error_text),
    ):
        if pattern is not None and re.search(pattern, text, re.MULTILINE) is None:
            return f"/{pattern}/ is not in its {stream}"
    if command.max_seconds is not None and done.elapsed_seconds > command.max_seconds:
        return f"it took {done.elapsed_seconds:.2f} s, more than {command.max_seconds:g} s"
    return None
