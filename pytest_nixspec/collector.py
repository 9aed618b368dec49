"""Statements of a specification as pytest items."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from pytest_nixspec.checks import Check, perform
from pytest_nixspec.checks.statements import statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_nixspec.checks import Run
    from pytest_nixspec.report import Result
    from pytest_nixspec.spec import Spec

PROPERTIES = ("shell", "tool", "version", "store_path", "origin")


class StatementError(Exception):
    """A statement failed or is unknown."""

    def __init__(self, result: Result) -> None:
        """Keep the result, for the report."""
        # The reason comes first: it is what pytest's own summary shows.
        remedy = [f"→ {result.remedy}"] if result.remedy else []
        evidence = [f"  {line}" for line in result.evidence]
        super().__init__("\n".join([result.reason, *evidence, *remedy, result.location]))


class SpecFile(pytest.File):
    """A specification; it is read already, so collecting starts nothing."""

    run: Run
    spec: Spec

    def collect(self) -> Iterator[Subject]:
        """Return one collector for each shell, profile and policy."""
        for group, checks in groupby(statements(self.spec), key=lambda check: check.group):
            yield Subject.from_parent(self, name=group, checks=list(checks), run=self.run)


class Subject(pytest.Collector):
    """A shell, a profile or a policy of a specification.

    A node of its own, since pytest splits an id at `::` and takes a bracket for a parameter's.
    """

    def __init__(self, *, checks: list[Check], run: Run, **arguments: Any) -> None:
        """Keep what is said of the subject."""
        super().__init__(**arguments)
        self.checks = checks
        self.run = run

    def collect(self) -> Iterator[SpecItem]:
        """Return one item for each statement."""
        for check in self.checks:
            yield SpecItem.from_parent(self, name=check.name, check=check, run=self.run)


class SpecItem(pytest.Item):
    """One statement."""

    def __init__(self, *, check: Check, run: Run, **arguments: Any) -> None:
        """Take the marker of its area."""
        super().__init__(**arguments)
        self.check = check
        self.run = run
        self.result: Result | None = None
        self.add_marker(check.area.value)

    def runtest(self) -> None:
        """Perform the check; only a pass returns."""
        location = f"{self.path.name}:{self.check.line}"
        self.result = perform(self.check, self.run, location)
        facts = {"verdict": self.result.outcome, **self.result.facts}
        self.user_properties += [
            (name, str(facts[name])) for name in ("verdict", *PROPERTIES) if facts.get(name)
        ]
        if self.result.skipped:
            pytest.skip(self.result.reason)
        if self.result.outcome != "passed":
            raise StatementError(self.result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *arguments: Any) -> str:
        """Return the reason without a traceback, unless the fault is our own."""
        if isinstance(excinfo.value, StatementError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo, *arguments))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the statement stands."""
        return self.path, self.check.line - 1, self.check.id


def collect(path: Path, parent: pytest.Collector, run: Run) -> SpecFile | None:
    """Return the collector of a file that is the specification of this run."""
    if run.spec is None or path.resolve() != run.spec.path.resolve():
        return None
    file: SpecFile = SpecFile.from_parent(parent, path=path)
    file.run, file.spec = run, run.spec
    return file


def ids(spec: Spec) -> list[str]:
    """Return the ids of all statements, in the order of the specification."""
    return [check.id for check in statements(spec)]
