"""What became of entering a shell, told from a trace and never from an exit code alone.

`nix develop -c CMD` evaluates the hook and then replaces the shell by CMD. So a hook that says
`exit 0`, or that replaces the shell itself, makes it succeed without running anything.
"""

import re
import signal
from enum import StrEnum
from typing import NamedTuple

from pytest_nixspec.process import Completed


class ShellOutcome(StrEnum):
    """One of the ways in which entering a shell can end."""

    RAN = "ran"
    HOOK_EXITED = "hook_exited"
    HOOK_FAILED = "hook_failed"
    HOOK_REPLACED_SHELL = "hook_replaced_shell"
    KILLED = "killed"
    TIMED_OUT = "timed_out"
    NEVER_STARTED = "never_started"
    BUILD_FAILED = "build_failed"
    EVALUATION_FAILED = "evaluation_failed"

    @property
    def is_before_the_hook(self) -> bool:
        """Whether it ended before any hook, so that of the hook nothing is known."""
        return self in {
            ShellOutcome.NEVER_STARTED,
            ShellOutcome.BUILD_FAILED,
            ShellOutcome.EVALUATION_FAILED,
        }


BUILD_FAILURE = 100
EVALUATION_FAILURE = 1
SIGNAL_BASE = 128
LONGEST_COMMAND = 100
# At an error of expansion bash discards what is left of the line, with neither a trap nor a status
# that would tell: only its own words do, here those of bash 5.
_GIVEN_UP = (
    r"/nix-shell\.\w+: (?:eval: )?line \d+: (.*(?:division by 0|bad substitution|readonly variable"
    r"|no match: |invalid indirect expansion|invalid variable name|bad array subscript).*)"
)
# Bash's own: found but not executable (or too large an environment), and not found.
NOT_STARTED = (126, 127)


class Event(NamedTuple):
    """One thing that the shell wrote down on its way.

    Attributes:
        name: `entered` before the hook; `hookless` where there is none; `failed` for a command of
            the hook with a status other than 0; `returned` where the hook reached its end; `exit`
            where it called exit; `end` as the shell ends; `started` and `captured` around the
            capture.
        status: The exit status it goes with; 0 where there is none.
        command: The command it goes with; empty where there is none.
    """

    name: str
    status: int = 0
    command: str = ""

    @classmethod
    def read_all(cls, trace: bytes) -> "tuple[Event, ...]":
        """Read a trace: fields end in a tab, events in NUL; a cut-off event is left out."""
        lines = trace.split(b"\0")[:-1]
        fields = (line.decode(errors="replace").split("\t", 2) for line in lines)
        return tuple(cls(name, int(status), command) for name, status, command in fields)


class Entry(NamedTuple):
    """The outcome of entering a shell, and one sentence on it."""

    outcome: ShellOutcome
    reason: str


def judge(done: Completed, events: tuple[Event, ...], hook_seconds: float) -> Entry:
    """Tell the outcome from how the process ended and from what it wrote down."""
    names = {event.name for event in events}
    if {"entered", "started", "captured"} <= names:
        return _judge_hook_that_ended(done, names)
    if "entered" not in names:
        return _judge_before_the_hook(done)
    if done.timed_out:
        reason = f"the hook did not return within {hook_seconds:g} s"
        return Entry(ShellOutcome.TIMED_OUT, reason)
    return _judge_hook_that_did_not_return(done, events)


def failed_commands(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the commands of the hook that failed; Nix's own lines around the hook are none."""
    own = ('eval "$', "command rm -f")
    return tuple(e for e in events if e.name == "failed" and not e.command.startswith(own))


def _judge_hook_that_ended(done: Completed, names: set[str]) -> Entry:
    given_up = re.search(_GIVEN_UP, done.error_text) if done.stderr else None
    if given_up is not None:
        reason = f"bash gave up a line of the hook: {given_up[1]}; nix develop says 0 all the same"
        return Entry(ShellOutcome.HOOK_FAILED, reason)
    if "returned" in names:
        return Entry(ShellOutcome.RAN, "the hook returned and a command ran after it")
    return Entry(
        ShellOutcome.HOOK_FAILED,
        "bash gave up the hook before its end, at an error of syntax or expansion; "
        "nix develop says 0 all the same",
    )


def _judge_before_the_hook(done: Completed) -> Entry:
    if done.timed_out:
        seconds = f"{done.elapsed_seconds:.0f} s"
        reason = f"evaluating and building the shell did not end within {seconds}"
        return Entry(ShellOutcome.TIMED_OUT, reason)
    if done.returncode == BUILD_FAILURE:
        return Entry(ShellOutcome.BUILD_FAILED, "something the shell is made of does not build")
    if done.returncode == EVALUATION_FAILURE:
        return Entry(ShellOutcome.EVALUATION_FAILED, "the shell cannot be evaluated")
    reason = f"nix develop ended with exit code {done.returncode} before any hook"
    return Entry(ShellOutcome.NEVER_STARTED, reason)


def _judge_hook_that_did_not_return(done: Completed, events: tuple[Event, ...]) -> Entry:
    names = {event.name for event in events}
    if "started" in names:
        return Entry(ShellOutcome.KILLED, "the capture was cut off before it was whole")
    if done.returncode < 0 or ("end" not in names and done.returncode > SIGNAL_BASE):
        number = -done.returncode if done.returncode < 0 else done.returncode - SIGNAL_BASE
        return Entry(ShellOutcome.KILLED, f"the shell was killed by {_signal(number)}")
    silent = "; nix develop says 0 all the same" if done.returncode == 0 else ""
    if "exit" in names:
        reason = f"the hook called exit {done.returncode}, so no command ran{silent}"
        return Entry(ShellOutcome.HOOK_EXITED, reason)
    if done.returncode in NOT_STARTED and "end" not in names:
        reason = f"what came after the hook could not be started (exit code {done.returncode})"
        return Entry(ShellOutcome.NEVER_STARTED, reason)
    last = next(reversed(failed_commands(events)), None)
    # A hook with an EXIT trap of its own takes ours away, and its last failure is what ended it.
    ended_by_failure = last is not None and last.status == done.returncode != 0
    if "end" in names or ended_by_failure:
        which = f": `{short(last.command)}` failed with status {last.status}" if last else ""
        return Entry(ShellOutcome.HOOK_FAILED, f"the hook ended the shell{which}{silent}")
    return Entry(
        ShellOutcome.HOOK_REPLACED_SHELL,
        "the hook replaced the shell by another program (exec), so no command ran; "
        f"nix develop says {done.returncode} all the same",
    )


def short(command: str) -> str:
    """Return the beginning of a command, for a message."""
    return command.partition("\n")[0][:LONGEST_COMMAND]


def _signal(number: int) -> str:
    known = {s.value for s in signal.Signals}
    return signal.Signals(number).name if number in known else f"signal {number}"
