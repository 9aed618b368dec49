"""Measurements as entries of pytest-benchmark, where that plugin takes part in the run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pytest_nixspec.performance import Measurement, measured_entries

if TYPE_CHECKING:
    import pytest

    from pytest_nixspec.report import Result


def add_entries(config: pytest.Config, result: Result) -> None:
    """Let `--benchmark-json`, `-save` and `-compare` see what was measured, if anything was."""
    session = getattr(config, "_benchmarksession", None)
    if session is not None and "measurement" in result.facts:
        measurement = Measurement.from_json(result.facts["measurement"])
        entries = measured_entries(measurement, {"fingerprint": measurement.fingerprint})
        session.benchmarks.extend(map(_entry, entries))


def _entry(entry: dict[str, Any]) -> Any:
    """Return an entry as that plugin keeps one; each process is a round of one iteration."""
    from pytest_benchmark.stats import Metadata  # noqa: PLC0415 - it need not be installed

    said = {
        key: entry[key] for key in ("name", "fullname", "group", "param", "params", "extra_info")
    }
    fixture = SimpleNamespace(**said, cprofile_stats=None, has_error=False)
    kept = Metadata(fixture, iterations=1, options={})
    for seconds in entry["stats"]["data"]:
        kept.update(seconds)
    return kept
