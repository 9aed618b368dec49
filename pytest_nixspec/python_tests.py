"""Tests in Python that enter a shell, as results beside the statements of the specification."""

import pytest

from pytest_nixspec.errors import (
    CommandNotStartedError,
    NixspecError,
    ShellNotFoundError,
    ToolNotFoundError,
)
from pytest_nixspec.report import Result

# What is not there is a fact about the shell; other errors of ours keep us from knowing.
_FACTS = (ToolNotFoundError, ShellNotFoundError, CommandNotStartedError)


def result_of_test(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> Result | None:
    """Return what became of a test; a skipped one says nothing."""
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, NixspecError):
        # Its message is the fact, the cause and the remedy; our own frames say nothing more.
        report.longrepr = str(error)
    if report.skipped:
        return None
    is_unknown = isinstance(error, NixspecError) and not isinstance(error, _FACTS)
    path, line, _ = item.reportinfo()
    return Result(
        id=f"tests::{item.nodeid}",
        area="tests",
        subject="Python",
        location=f"{item.path.name}:{(line or 0) + 1}" if path else item.nodeid,
        outcome="unknown" if is_unknown else report.outcome,
        reason=str(error).partition("\n")[0] if error else "the test passed",
        evidence=tuple(str(error).splitlines()[1:]) if error else (),
        seconds=report.duration,
    )
