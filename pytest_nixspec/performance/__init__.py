"""Profiles: a model is run in a worker process, measured, and compared with its baseline."""

from pytest_nixspec.performance.baselines import Baseline, Provenance, baseline_path, read, write
from pytest_nixspec.performance.device import Device
from pytest_nixspec.performance.gate import compare, differing_field
from pytest_nixspec.performance.measurement import Measurement, Sample
from pytest_nixspec.performance.measurements import Measurements
from pytest_nixspec.performance.profile import Profile

__all__ = [
    "Baseline",
    "Device",
    "Measurement",
    "Measurements",
    "Profile",
    "Provenance",
    "Sample",
    "baseline_path",
    "compare",
    "differing_field",
    "read",
    "write",
]
