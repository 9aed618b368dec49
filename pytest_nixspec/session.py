"""A pytest run with --nixspec: what is asked for, what is found, and what is said of it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_nixspec.errors import NixspecError
from pytest_nixspec.files import hold
from pytest_nixspec.fixtures import FIXTURES
from pytest_nixspec.nix import Nix, start_locating
from pytest_nixspec.python_tests import result_of_test
from pytest_nixspec.report import Header, Record, Result, terminal, write_reports
from pytest_nixspec.settings import Settings, Substitutions, with_overrides
from pytest_nixspec.temporary import ALIVE, make_own_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from pytest_nixspec.checks import Run
    from pytest_nixspec.spec import Spec

NAME = "nixspec-session"
NOTHING_RECORDED = "nothing: no `runs` of a profile and no snapshot was part of this run"
SHARED = "nixspec_directory"
NIX = "nixspec_nix"
SPEC_FILES = ("nixspec.toml", "pyproject.toml")
"""Where a specification may be; told without what reads it, which is slow to import."""


def register(config: pytest.Config) -> None:
    """Read what this run is about, and take part in it.

    Raises:
        pytest.UsageError: The specification has a mistake, or there is no usable Nix.
    """
    with _mistakes_of_usage():
        settings = _settings(config)
        # Nix answers while we import the rest, and while pytest collects.
        nix = _nix(config, settings)
        from pytest_nixspec.checks.run import Run  # noqa: PLC0415 - as above

        spec = _spec(settings)
        _choose_arguments(config, settings)
        if settings.record and settings.is_quick:
            message = "--nixspec-quick measures too little for a baseline: record without it."
            raise pytest.UsageError(message)
        session = Session(config, settings)
        # Registered before anything else can fail: it clears away what it has begun.
        config.pluginmanager.register(session, NAME)
        session.run = Run(settings, spec, session.directory, session.announce, nix)


@contextmanager
def _mistakes_of_usage() -> Iterator[None]:
    """Let pytest say our errors as it says its own: one sentence, and no traceback."""
    try:
        yield
    except NixspecError as error:
        raise pytest.UsageError(*str(error).splitlines()) from error


def _nix(config: pytest.Config, settings: Settings) -> Callable[[], Nix]:
    """Return what gives the Nix of this run; a worker is told it by its controller."""
    told = getattr(config, "workerinput", {}).get(NIX)
    if told is None:
        return start_locating(os.environ, settings.substitutions.nix)
    return lambda: Nix.from_json(told, os.environ)


def _spec(settings: Settings) -> Spec | None:
    if settings.spec_path is None:
        return None
    from pytest_nixspec.spec import load  # noqa: PLC0415 - pydantic is slow to import

    return load(settings.spec_path)


def _settings(config: pytest.Config) -> Settings:
    spec_path = _spec_path(config)
    root = spec_path.parent if spec_path else config.invocation_params.dir
    substitutions = Substitutions.read(root)
    return Settings(
        spec_path=spec_path,
        root=root,
        reports=config.invocation_params.dir / config.getoption("nixspec_reports"),
        record=config.getoption("nixspec_record"),
        substitutions=with_overrides(substitutions, config.getoption("nixspec_override_input")),
        is_quick=config.getoption("nixspec_quick"),
    )


def _spec_path(config: pytest.Config) -> Path | None:
    here = config.invocation_params.dir
    named = [here / argument.split("::")[0] for argument in config.args]
    given = [path for path in named if path.name == SPEC_FILES[0] and path.is_file()]
    return given[0] if given else _found(here) or _found(config.rootpath)


def _found(directory: Path) -> Path | None:
    places = [path for path in (directory / name for name in SPEC_FILES) if path.is_file()]
    if not any(path.name == SPEC_FILES[0] or b"nixspec" in path.read_bytes() for path in places):
        return None
    from pytest_nixspec.spec import find  # noqa: PLC0415 - pydantic is slow to import

    return find(directory)


def _choose_arguments(config: pytest.Config, settings: Settings) -> None:
    """Without arguments, run the specification and what `nixspec_paths` names beside it."""
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return
    more = [str(path) for path in config.getini("nixspec_paths")]
    spec = [str(settings.spec_path)] if settings.spec_path else []
    if not spec and not more:
        message = (
            f"there is no {SPEC_FILES[0]} in {settings.root}, and no [tool.nixspec] beside it.",
            "Write one with `nixspec init`, or name the tests to run.",
        )
        raise pytest.UsageError(*message)
    config.args[:] = [*spec, *more]


def _listed(paths: list[Path]) -> str:
    return ", ".join(os.path.relpath(path) for path in paths)


class Session:
    """Our part in one pytest process; under xdist the controller has one and so has each worker."""

    run: Run

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        """Take part in a run."""
        self._config = config
        self._settings = settings
        self._results: list[Result] = []
        self._record: Record | None = None
        self._notes: list[str] = []
        self._held: list[int] = []

    @property
    def _is_worker(self) -> bool:
        return hasattr(self._config, "workerinput")

    @cached_property
    def directory(self) -> Path:
        """Shared by all workers: the controller's, gone at its end."""
        given = getattr(self._config, "workerinput", {}).get(SHARED)
        if given is None:
            directory, held = make_own_directory()
        else:
            directory = Path(given)
            held = hold(directory / ALIVE)
        self._held.append(held)
        return directory

    @cached_property
    def _header(self) -> Header:
        from pytest_nixspec.checks.run import header  # noqa: PLC0415 - imported while Nix answers

        return header(self.run)

    def announce(self, text: str) -> None:
        """Say on the terminal what is being waited for; a worker has none."""
        plugins = self._config.pluginmanager
        reporter = plugins.get_plugin("terminalreporter")
        capture = plugins.get_plugin("capturemanager")
        if reporter is None or capture is None or self._is_worker:
            return
        # While a test runs, what is written is captured as the test's own output.
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(f"nixspec: {text}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist where the run's directory is, and which Nix it uses."""
        node.workerinput[SHARED] = str(self.directory)
        with _mistakes_of_usage():
            node.workerinput[NIX] = self.run.nix.to_json()

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        """Collect the specification."""
        if self.run.spec is None:
            return None
        from pytest_nixspec import collector  # noqa: PLC0415 - needs pydantic

        return collector.collect(file_path, parent, self.run)

    def pytest_report_header(self) -> list[str]:
        """Say first what was substituted, and then where the run takes place."""
        with _mistakes_of_usage():
            return [f"nixspec: {line}" for line in self._header.lines()]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Make sure that there is a Nix: without one we say so once, and not for each item."""
        with _mistakes_of_usage():
            _ = self.run.flake

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the result travel with the report, from a worker to its controller too."""
        report = yield
        result = getattr(item, "result", None)
        if FIXTURES & set(getattr(item, "fixturenames", ())):
            result = result_of_test(item, call, report)
        if isinstance(result, Result) and report.when == "call":
            report.nixspec = result._asdict()  # type: ignore[attr-defined]
        return report

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Count an unknown as what it is, neither passed nor failed."""
        if getattr(report, "nixspec", {}).get("outcome") == "unknown":
            return "unknown", "?", ("UNKNOWN", {"yellow": True})
        return None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the results for the record."""
        if hasattr(report, "nixspec"):
            self._results.append(Result.from_json(report.nixspec))
            if not self._is_worker and "measurement" in report.nixspec["facts"]:
                from pytest_nixspec.benchmark_entries import (  # noqa: PLC0415 - seldom needed
                    add_entries,
                )

                add_entries(self._config, self._results[-1])

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the reports; store baselines, unless anything failed."""
        if self._is_worker or not self._results:
            return
        self._record = Record(self._header, self._in_order())
        try:
            written = write_reports(self._record, self._settings.reports)
            self._notes.append(f"reports: {_listed(written)}")
        except OSError as error:
            self._notes.append(f"reports: NOT WRITTEN: {error}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._settings.record and exitstatus == 0:
            self._store(session)
        elif self._settings.record:
            self._notes.append("recorded: nothing, since the run failed")

    def _store(self, session: pytest.Session) -> None:
        """Store what was measured, and say what was stored, or why it was not."""
        from pytest_nixspec.checks import (  # noqa: PLC0415 - heavy, and seldom needed
            record_baselines,
            record_snapshots,
        )

        results = self._record.results if self._record else ()
        try:
            recorded = [*record_baselines(results, self.run), *record_snapshots(results, self.run)]
            self._notes.append(f"recorded: {_listed(recorded) or NOTHING_RECORDED}")
        except (NixspecError, OSError) as error:
            self._notes.append(f"recorded: NOT WRITTEN: {error}")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the summary."""
        if self._record is not None:
            terminalreporter.section("nixspec")
            for line in [*terminal.lines(self._record), "", *self._notes]:
                terminalreporter.write_line(line)

    def _in_order(self) -> tuple[Result, ...]:
        """Return the results by place in the specification, whichever worker was first."""
        ids: list[str] = []
        if self.run.spec is not None:
            from pytest_nixspec import collector  # noqa: PLC0415 - needs pydantic

            ids = collector.ids(self.run.spec)
        order = {name: n for n, name in enumerate(ids)}
        return tuple(sorted(self._results, key=lambda result: order.get(result.id, len(order))))

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind; a worker's directory is its controller's."""
        if hasattr(self, "run"):
            self.run.close()
        if not self._is_worker and "directory" in vars(self):
            shutil.rmtree(self.directory, ignore_errors=True)
        for held in self._held:
            os.close(held)
