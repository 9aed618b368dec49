"""Stored measurements, in pytest-benchmark's layout so that its own `compare` reads them."""

import json
import os
import statistics
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pytest_nixspec.errors import BaselineError
from pytest_nixspec.performance.device import Device
from pytest_nixspec.performance.measurement import Measurement

SCHEMA = 1
"""1: the first layout; everything of ours is in `extra_info` of the first benchmark."""
LAYOUT_VERSION = "5.1.0"


class Provenance(StrEnum):
    """Where the figures of a baseline come from."""

    MEASURED = "measured"
    PUBLISHED = "published"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A stored measurement: what it is, where its figures come from, and when (ISO 8601, UTC)."""

    measurement: Measurement
    provenance: Provenance
    recorded: str


def baseline_path(directory: Path, device: Device, profile: str) -> Path:
    """Return where the baseline of a profile on a device is kept."""
    return directory / device.slug / f"{profile}.json"


def read(path: Path) -> Baseline | None:
    """Return a baseline, or None where there is none.

    Raises:
        BaselineError: It is there, and cannot be read.
    """
    if not path.exists():
        return None
    try:
        extra = json.loads(path.read_text())["benchmarks"][0]["extra_info"]
        if extra["schema"] != SCHEMA:
            message = f"the baseline {path} is of schema {extra['schema']!r}, not {SCHEMA}."
            raise BaselineError(message)
        measurement = Measurement.from_json(extra["measurement"])
        return Baseline(measurement, Provenance(extra["provenance"]), extra["recorded"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        message = f"the baseline {path} cannot be read: {error!r}. Record it anew or restore it."
        raise BaselineError(message) from error


def write(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.write_text(json.dumps(_layout(baseline), indent=1, sort_keys=True) + "\n")
    new.replace(path)


def _layout(baseline: Baseline) -> dict[str, Any]:
    measurement = baseline.measurement
    decode = [sample.seconds_per_token for sample in measurement.samples]
    prefill = [s.prompt_seconds / measurement.prompt_tokens for s in measurement.samples]
    ours = {
        "schema": SCHEMA,
        "provenance": baseline.provenance.value,
        "recorded": baseline.recorded,
        "measurement": measurement.to_json(),
    }
    device = asdict(Device.here())
    return {
        "benchmarks": [
            _benchmark(f"{measurement.profile}[decode]", decode, ours),
            _benchmark(f"{measurement.profile}[prefill]", prefill, {}),
        ],
        "commit_info": {},
        "datetime": baseline.recorded,
        "machine_info": {"cpu": {"brand_raw": device["chip"]}, **device},
        "version": LAYOUT_VERSION,
    }


def _benchmark(name: str, seconds: list[float], extra: dict[str, Any]) -> dict[str, Any]:
    """Return one benchmark of that layout; its figures are seconds per token."""
    return {
        "extra_info": extra,
        "fullname": f"nixspec.toml::{name}",
        "group": None,
        "name": name,
        "options": {},
        "param": None,
        "params": None,
        "stats": _stats(seconds),
    }


def _stats(seconds: list[float]) -> dict[str, Any]:
    first, median, third = _quartiles(seconds)
    mean = statistics.fmean(seconds)
    return {
        "data": seconds,
        "hd15iqr": max(seconds),
        "iqr": third - first,
        "iqr_outliers": 0,
        "iterations": 1,
        "ld15iqr": min(seconds),
        "max": max(seconds),
        "mean": mean,
        "median": median,
        "min": min(seconds),
        "ops": 1 / mean,
        "outliers": "0;0",
        "q1": first,
        "q3": third,
        "rounds": len(seconds),
        "stddev": statistics.stdev(seconds) if len(seconds) > 1 else 0.0,
        "stddev_outliers": 0,
        "total": sum(seconds),
    }


def _quartiles(values: list[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return values[0], values[0], values[0]
    first, median, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, median, third
