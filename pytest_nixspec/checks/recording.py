"""What a run has measured, kept as the baselines of this device."""

import datetime
from collections.abc import Iterable
from pathlib import Path

from pytest_nixspec.checks.run import Run
from pytest_nixspec.errors import BaselineError
from pytest_nixspec.performance import (
    Baseline,
    Measurement,
    Provenance,
    baseline_path,
    machine_info,
    read,
    write,
)
from pytest_nixspec.performance.machine.device import Device
from pytest_nixspec.report import Result


def record_baselines(results: Iterable[Result], run: Run) -> list[Path]:
    """Store what was measured as the baselines of this device, and return the files.

    Raises:
        BaselineError: One cannot be written.
    """
    measurements = [r.facts["measurement"] for r in results if "measurement" in r.facts]
    return [store(Measurement.from_json(data), run.baselines) for data in measurements]


def store(measurement: Measurement, directory: Path) -> Path:
    """Store one measurement as a baseline of this device, and return its file.

    Raises:
        BaselineError: It cannot be written, or is not sound where a sound one is stored; what was
            there is as it was.
    """
    now = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
    device = Device.here()
    path = baseline_path(directory, device, measurement.profile)
    if measurement.faults and _is_sound(path):
        message = (
            f"the baseline {path} is kept as it was: what was measured now is not sound: "
            f"{'; '.join(measurement.faults)}. Record it on a quiet machine, on mains power."
        )
        raise BaselineError(message)
    baseline = Baseline(measurement.profile, Provenance.MEASURED, now, measurement)
    write(path, [baseline], machine_info(device))
    return path


def _is_sound(path: Path) -> bool:
    try:
        baseline = read(path)
    except BaselineError:
        # What cannot be read is to be recorded anew: its own error says so.
        return False
    measured = baseline.measurement if baseline else None
    return measured is not None and not measured.faults
