"""A baseline survives being written, and a broken one is an error and never a pass."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.errors import BaselineError
from pytest_nixspec.performance import (
    Baseline,
    Device,
    Figure,
    Provenance,
    baseline_path,
    read,
    read_all,
    write,
)
from tests.conftest import REPOSITORY

NOW = "2026-11-01T00:00:00+00:00"


def test_what_is_written_is_read(measured, tmp_path):
    path = tmp_path / "device" / "plan.json"
    baseline = Baseline("plan", Provenance.MEASURED, NOW, measured(10, 11, 12))

    write(path, [baseline], {})

    assert read(path) == baseline
    assert [file.name for file in path.parent.glob("[!.]*")] == ["plan.json"]


def test_a_missing_baseline_is_none_and_no_error(tmp_path):
    assert read(tmp_path / "plan.json") is None


@pytest.mark.parametrize(
    "text", ["", "{}", '{"benchmarks": [1]}', '{"benchmarks": [{"extra_info": {"schema": 2}}]}']
)
def test_a_broken_baseline_is_an_error_with_its_path(tmp_path, text):
    path = tmp_path / "plan.json"
    path.write_text(text)

    with pytest.raises(BaselineError, match=f"the baseline {path} cannot be read"):
        read(path)


def test_a_file_without_a_baseline_is_an_error(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text('{"benchmarks": []}')

    with pytest.raises(BaselineError, match="holds nothing"):
        read(path)


def test_a_baseline_of_another_schema_is_an_error(measured, tmp_path):
    path = tmp_path / "plan.json"
    write(path, [Baseline("plan", Provenance.MEASURED, NOW, measured(10))], {})
    data = json.loads(path.read_text())
    data["benchmarks"][0]["extra_info"]["schema"] = 99
    path.write_text(json.dumps(data))

    with pytest.raises(BaselineError, match="is of schema 99, not 2"):
        read(path)


def test_pytest_benchmarks_own_compare_reads_it(measured, tmp_path):
    path = tmp_path / "plan.json"
    write(path, [Baseline("plan", Provenance.MEASURED, NOW, measured(10, 20))], {})

    compare = Path(sys.executable).with_name("pytest-benchmark")
    done = process.run(
        [compare, "compare", path], env={"PATH": "/usr/bin:/bin"}, deadline=process.after(60)
    )

    assert done.ok, done.error_text
    assert "plan[decode]" in done.text


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "baselines").rglob("*.json")), ids=lambda path: path.parent.name
)
def test_every_committed_baseline_is_read(path):
    assert read(path) is not None


@pytest.mark.parametrize(
    ("device", "slug"),
    [
        (Device("Apple M2 Max", 38, 12, 64 << 30, "darwin-arm64"), "apple-m2-max-38c"),
        (Device("AMD EPYC", None, 2, 24 << 30, "linux-x86_64"), "linux-x86_64-cpu"),
    ],
)
def test_each_device_has_a_folder(device, slug):
    assert baseline_path(Path("baselines"), device, "plan") == Path(f"baselines/{slug}/plan.json")


def test_this_machine_is_a_device():
    device = Device.here()

    assert device.chip
    assert device.cpus >= 1
    assert device.memory_bytes > 1 << 28


def test_a_published_figure_keeps_its_source_and_what_it_is_not(tmp_path):
    path = tmp_path / "published.json"
    figure = Figure(24.16, 24.16, {"source": "a page", "quotation": "24.16"}, "a 70B model")
    entries = [
        Baseline(name, Provenance.PUBLISHED, NOW, figures={"generation_tps": figure})
        for name in ("llama-2-7b", "llama-3.1-8b")
    ]

    write(path, entries, {})

    assert list(read_all(path)) == entries


def test_a_full_disk_leaves_what_was_there(measured, tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    write(path, [Baseline("plan", Provenance.MEASURED, NOW, measured(10))], {})
    before = path.read_text()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BaselineError, match=r"cannot be written: .*No space left on device"):
        write(path, [Baseline("plan", Provenance.MEASURED, NOW, measured(20))], {})

    assert path.read_text() == before
    assert [file.name for file in tmp_path.glob(".*.new")] == []


def test_two_recorders_at_once_leave_one_whole_baseline(measured, tmp_path):
    path = tmp_path / "plan.json"
    rates = range(10, 30)

    def record(rate: int) -> None:
        write(path, [Baseline("plan", Provenance.MEASURED, NOW, measured(rate))], {})

    with ThreadPoolExecutor(8) as recorders:
        list(recorders.map(record, rates))

    assert read(path).measurement.typical("generation_tps") in [pytest.approx(r) for r in rates]


@pytest.mark.parametrize("path", sorted((REPOSITORY / "baselines").rglob("*.json")), ids=str)
def test_no_committed_rate_is_beyond_what_its_memory_allows(path):
    """A baseline above the roofline is an error in the data."""
    for baseline in read_all(path):
        if baseline.measurement is not None:
            assert baseline.measurement.bandwidth_utilisation() < 1
        for figure in baseline.figures.values():
            assert figure.low <= figure.high <= figure.workload.get("roofline_tps", float("inf"))


@pytest.mark.parametrize("path", sorted((REPOSITORY / "baselines").rglob("*.json")), ids=str)
def test_no_committed_figure_is_without_its_basis(path):
    for baseline in read_all(path):
        for figure in baseline.figures.values():
            assert figure.is_not
            needed = {
                Provenance.PUBLISHED: {"source", "url", "date", "quotation"},
                Provenance.DERIVED: {"formula"},
            }[baseline.provenance]
            assert needed <= {key for key, value in figure.basis.items() if value}
