"""One statement that can be checked, and what performing it gives."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pytest_nixspec.checks.run import Run
from pytest_nixspec.errors import (
    CommandNotStartedError,
    NixspecError,
    OverMemoryLimitError,
    ShellNotFoundError,
    ToolNotFoundError,
)
from pytest_nixspec.report.record import Result
from pytest_nixspec.verdict import Outcome, Verdict, failed, unknown


class Area(StrEnum):
    """The parts of a specification, by their pytest markers."""

    SHELL = "nix_shell"
    AGREEMENT = "nix_agreement"
    AUDIT = "nix_audit"
    PROFILE = "mlx_profile"


@dataclass(frozen=True, slots=True)
class Checked:
    """A verdict with the values behind it.

    Attributes:
        verdict: The answer.
        facts: Named values, plain enough for JSON.
        may_skip: Whether the specification lets an unknown pass by.
    """

    verdict: Verdict
    facts: dict[str, Any] = field(default_factory=dict)
    may_skip: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One statement.

    Attributes:
        area: The part of the specification.
        subject: The shell, profile or policy it is about.
        statement: What is claimed: `elixir ~> 1.17`.
        line: Where the specification says so.
        ask: Gives the verdict.
    """

    area: Area
    subject: str
    statement: str
    line: int
    ask: Callable[[Run], Checked]

    @property
    def group(self) -> str:
        """The kind and name of the subject, as the table has them: `shell.default`."""
        return _printable(f"{self.area.value.partition('_')[2]}.{self.subject}")

    @property
    def name(self) -> str:
        """The statement, fit for a terminal: `elixir ~> 1.17`."""
        return _printable(self.statement)

    @property
    def id(self) -> str:
        """The statement with its subject: `shell.default::elixir ~> 1.17`."""
        return f"{self.group}::{self.name}"


def _printable(text: str) -> str:
    """Return a text without control characters, which would speak to the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def perform(check: Check, run: Run, location: str) -> Result:
    """Return what became of a statement; what keeps us from checking it is an unknown."""
    started = time.monotonic()
    checked = _checked(check, run)
    verdict = checked.verdict
    is_unknown = verdict.outcome is Outcome.UNKNOWN
    return Result(
        id=check.id,
        area=check.area.value,
        subject=check.subject,
        location=location,
        outcome=verdict.outcome.value,
        skipped=is_unknown and checked.may_skip,
        reason=verdict.reason,
        evidence=verdict.evidence,
        remedy=verdict.remedy,
        facts=checked.facts,
        seconds=time.monotonic() - started,
    )


# What is not there, or does not fit, is a fact; other errors of ours keep us from knowing.
_FACTS = (ToolNotFoundError, ShellNotFoundError, CommandNotStartedError, OverMemoryLimitError)


def _checked(check: Check, run: Run) -> Checked:
    try:
        return check.ask(run)
    except _FACTS as error:
        return Checked(_worded(failed, error))
    except NixspecError as error:
        return Checked(_worded(unknown, error))
    except OSError as error:
        # A full disk, a place that may not be read: this machine's matter, and no verdict.
        where = f": {error.filename}" if error.filename else ""
        return Checked(unknown(f"this machine cannot check it: {error.strerror or error}{where}"))


def _worded(verdict: Callable[..., Verdict], error: NixspecError) -> Verdict:
    reason, *evidence = str(error).splitlines()
    return verdict(reason, *evidence)
