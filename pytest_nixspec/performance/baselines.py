"""Stored figures: what they are, where they come from, and that they are whole."""

import datetime
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pytest_nixspec.errors import BaselineError
from pytest_nixspec.files import write_whole
from pytest_nixspec.performance.layout import benchmark, document
from pytest_nixspec.performance.machine.device import Device
from pytest_nixspec.performance.measurement import Measurement
from pytest_nixspec.performance.soundness import fault_of

SCHEMA = 2
"""2: samples by process, identity, published and derived figures."""


_UNREADABLE = (
    OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError,
    OverflowError,
)  # fmt: skip


class Provenance(StrEnum):
    """Where the figures of a baseline come from."""

    MEASURED = "measured"
    PUBLISHED = "published"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate that somebody else measured, or that follows from what they did.

    Attributes:
        low: Tokens per second of all sequences together; the least that is expected.
        high: The most; the same as `low` where one number was published.
        basis: A publication's `source`, `url`, `date`, `quotation`, or a derivation's `formula`.
        is_not: What it must not be taken for.
        workload: Model, quantisation, batch and token counts, as far as they are known.
    """

    low: float
    high: float
    basis: Mapping[str, str]
    is_not: str
    workload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Baseline:
    """Stored figures of one profile on one device.

    Attributes:
        name: The profile, or what was published.
        provenance: Where the figures come from.
        recorded: When they were stored (ISO 8601).
        measurement: What was measured, with all samples; None where nothing was.
        figures: What was published or derived, by metric.
    """

    name: str
    provenance: Provenance
    recorded: str
    measurement: Measurement | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)


def baseline_path(directory: Path, device: Device, profile: str) -> Path:
    """Return where the baseline of a profile on a device is kept."""
    return directory / device.slug / f"{profile}.json"


def read(path: Path) -> Baseline | None:
    """Return the first baseline of a file, or None where there is no file.

    Raises:
        BaselineError: It is there, and cannot be read.
    """
    if not os.path.lexists(path) and _is_reached(path):
        return None
    baseline = next(read_all(path), None)
    if baseline is not None and baseline.measurement and baseline.name != path.stem:
        message = f"the baseline {path} is of {baseline.name!r}. Record it anew or restore it."
        raise BaselineError(message)
    return baseline


def read_all(path: Path) -> Iterator[Baseline]:
    """Yield every baseline of a file.

    Raises:
        BaselineError: It cannot be read.
    """
    try:
        entries = [entry["extra_info"] for entry in json.loads(path.read_text())["benchmarks"]]
        ours = [extra for extra in entries if extra]
        if not ours:
            message = f"the baseline {path} holds nothing. Record it anew or restore it."
            raise BaselineError(message)
        for extra in ours:
            if extra["schema"] != SCHEMA:
                message = (
                    f"the baseline {path} is of schema {extra['schema']!r}, not {SCHEMA}. "
                    "Record it anew: pytest --nixspec-record"
                )
                raise BaselineError(message)
            yield _baseline(extra)
    except _UNREADABLE as error:
        message = f"the baseline {path} cannot be read: {error!r}. Record it anew or restore it."
        raise BaselineError(message) from error


def _is_reached(path: Path) -> bool:
    """Tell whether what is above a missing file is directories, or nothing at all."""
    above = next(place for place in path.parents if os.path.lexists(place))
    return above.is_dir()


def _baseline(extra: dict[str, Any]) -> Baseline:
    measured = extra["measurement"]
    baseline = Baseline(
        name=extra["name"],
        provenance=Provenance(extra["provenance"]),
        recorded=datetime.datetime.fromisoformat(extra["recorded"]).isoformat(),
        measurement=Measurement.from_json(measured) if measured else None,
        figures={metric: Figure(**figure) for metric, figure in extra["figures"].items()},
    )
    if (baseline.provenance is Provenance.MEASURED) != (baseline.measurement is not None):
        message = f"it is {baseline.provenance}, and its measurement is {bool(measured)}"
        raise ValueError(message)
    fault = fault_of(baseline.measurement) if baseline.measurement else None
    if fault is not None:
        raise ValueError(fault)
    return baseline


def write(path: Path, baselines: list[Baseline], machine: Mapping[str, Any]) -> None:
    """Write baselines of one device, whole or not at all; of two writers the last one is heard.

    Raises:
        BaselineError: They cannot be written; what was there is as it was.
    """
    entries = [entry for baseline in baselines for entry in _entries(baseline)]
    text = json.dumps(document(entries, machine, baselines[0].recorded), indent=1, sort_keys=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text + "\n")
    except OSError as error:
        message = f"the baseline {path} cannot be written: {error}. What was there is unchanged."
        raise BaselineError(message) from error


def _entries(baseline: Baseline) -> list[dict[str, Any]]:
    ours = {
        "schema": SCHEMA,
        "name": baseline.name,
        "provenance": baseline.provenance.value,
        "recorded": baseline.recorded,
        "measurement": baseline.measurement.to_json() if baseline.measurement else None,
        "figures": {metric: asdict(figure) for metric, figure in baseline.figures.items()},
    }
    if baseline.measurement is not None:
        return measured_entries(baseline.measurement, ours)
    metric, figure = next(iter(baseline.figures.items()))
    return [benchmark(f"{baseline.name}[{metric}]", [1 / figure.high, 1 / figure.low], ours)]


def measured_entries(measurement: Measurement, extra: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a measurement as two benchmarks; each of their rounds is one process."""
    decode = [1 / rate for rate in measurement.values("generation_tps")]
    prefill = [1 / rate for rate in measurement.values("prompt_tps")]
    return [
        benchmark(f"{measurement.profile}[decode]", decode, extra),
        benchmark(f"{measurement.profile}[prefill]", prefill, {}),
    ]


def machine_info(device: Device) -> dict[str, Any]:
    """Return a device as that layout names machines; no name of a host is in it."""
    return {"cpu": {"brand_raw": device.chip}, **asdict(device)}
