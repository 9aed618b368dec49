"""A baseline survives being written, and a broken one is an error and never a pass."""

import json
import sys
from collections.abc import Callable
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


def edited(measured, tmp_path: Path, edit: Callable[[dict], None]) -> Path:
    path = tmp_path / "plan.json"
    write(path, [Baseline("plan", Provenance.MEASURED, NOW, measured(10, 11))], {})
    data = json.loads(path.read_text())
    edit(data["benchmarks"][0]["extra_info"])
    path.write_text(json.dumps(data))
    return path


def sample_of(extra: dict) -> dict:
    return extra["measurement"]["processes"][0]["samples"][0]


EDITS = {
    "an infinite peak": lambda e: sample_of(e).update(peak_memory_bytes=float("inf")),
    "no peak at all": lambda e: sample_of(e).update(peak_memory_bytes=0),
    "a huge peak": lambda e: sample_of(e).update(peak_memory_bytes=10**400),
    "a peak in words": lambda e: sample_of(e).update(peak_memory_bytes="12"),
    "no time to the first token": lambda e: sample_of(e).update(prompt_seconds=0),
    "a time before the start": lambda e: sample_of(e).update(prompt_seconds=-1),
    "a time that is no number": lambda e: sample_of(e).update(prompt_seconds=float("nan")),
    "one token": lambda e: sample_of(e).update(token_seconds=[1.0]),
    "no token": lambda e: sample_of(e).update(token_seconds=[]),
    "tokens that stand still": lambda e: sample_of(e).update(token_seconds=[1.0, 1.0]),
    "tokens that run backwards": lambda e: sample_of(e).update(token_seconds=[2.0, 1.0]),
    "tokens that never end": lambda e: sample_of(e).update(token_seconds=[1.0, float("inf")]),
    "times in words": lambda e: sample_of(e).update(token_seconds=["1", "2"]),
    "no samples": lambda e: e["measurement"]["processes"][0].update(samples=[]),
    "more warm-up than samples": lambda e: e["measurement"]["processes"][0].update(warm_up=9),
    "no processes": lambda e: e["measurement"].update(processes=[]),
    "no batch": lambda e: e["measurement"].update(batch_size=0),
    "a batch that is no whole number": lambda e: e["measurement"].update(batch_size=0.001),
    "other tokens than its fingerprint": lambda e: e["measurement"]["fingerprint"].update(
        prompt_tokens=1
    ),
    "no fingerprint": lambda e: e["measurement"].update(fingerprint={}),
    "a fingerprint that is none": lambda e: e["measurement"].update(fingerprint=[]),
    "no digest": lambda e: e["measurement"]["identity"].update(greedy_digest=None),
    "a structure in words": lambda e: e["measurement"]["identity"].update(structure="a"),
    "a date that is none": lambda e: e.update(recorded="yesterday"),
    "another profile": lambda e: e.update(name="review"),
    "a measurement that nobody made": lambda e: e.update(provenance="published"),
    "nothing measured": lambda e: e.update(measurement=None),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_baseline_edited_by_hand_is_an_error_and_no_comparison(measured, tmp_path, edit):
    path = edited(measured, tmp_path, edit)

    with pytest.raises(BaselineError, match=str(path)):
        read(path)


def test_a_nest_too_deep_is_an_error(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text("[" * 200_000)

    with pytest.raises(BaselineError, match="cannot be read"):
        read(path)


def test_a_link_that_leads_nowhere_is_no_missing_baseline(tmp_path):
    (tmp_path / "plan.json").symlink_to(tmp_path / "gone.json")
    (tmp_path / "file").touch()

    for path in (tmp_path / "plan.json", tmp_path / "file" / "plan.json"):
        with pytest.raises(BaselineError, match="cannot be read"):
            read(path)
