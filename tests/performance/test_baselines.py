"""A baseline survives being written, and a broken one is an error and never a pass."""

import json
import sys
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.errors import BaselineError
from pytest_nixspec.performance import Baseline, Device, Provenance, baseline_path, read, write
from tests.conftest import REPOSITORY


def test_what_is_written_is_read(measured, tmp_path):
    path = tmp_path / "device" / "plan.json"
    baseline = Baseline(measured(10, 11, 12), Provenance.MEASURED, "2026-11-01T00:00:00+00:00")

    write(path, baseline)

    assert read(path) == baseline
    assert [file.name for file in path.parent.iterdir()] == ["plan.json"]


def test_a_missing_baseline_is_none_and_no_error(tmp_path):
    assert read(tmp_path / "plan.json") is None


@pytest.mark.parametrize(
    "text", ["", "{}", '{"benchmarks": []}', '{"benchmarks": [{"extra_info": {"schema": 1}}]}']
)
def test_a_broken_baseline_is_an_error_with_its_path(tmp_path, text):
    path = tmp_path / "plan.json"
    path.write_text(text)

    with pytest.raises(BaselineError, match=f"the baseline {path} cannot be read"):
        read(path)


def test_a_baseline_of_another_schema_is_an_error(measured, tmp_path):
    path = tmp_path / "plan.json"
    write(path, Baseline(measured(10), Provenance.MEASURED, "2026-11-01T00:00:00+00:00"))
    data = json.loads(path.read_text())
    data["benchmarks"][0]["extra_info"]["schema"] = 99
    path.write_text(json.dumps(data))

    with pytest.raises(BaselineError, match="is of schema 99, not 1"):
        read(path)


def test_pytest_benchmarks_own_compare_reads_it(measured, tmp_path):
    path = tmp_path / "plan.json"
    write(path, Baseline(measured(10, 20), Provenance.MEASURED, "2026-11-01T00:00:00+00:00"))

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
