"""Profiles: a model is run in a worker process, measured, and compared with its baseline."""

from pytest_nixspec.performance.baselines import (
    Baseline,
    Figure,
    Provenance,
    baseline_path,
    machine_info,
    measured_entries,
    read,
    read_all,
    write,
)
from pytest_nixspec.performance.gate import (
    compare,
    differing_field,
    incomparable,
    same_structure,
    same_tokens,
)
from pytest_nixspec.performance.machine.device import Device
from pytest_nixspec.performance.measurement import Measurement, Metric, Process, Sample
from pytest_nixspec.performance.measurements import Measurements
from pytest_nixspec.performance.planning.peak import Workload
from pytest_nixspec.performance.planning.planner import Plan, plan
from pytest_nixspec.performance.planning.sizings import Asked, Sizings
from pytest_nixspec.performance.profile import Profile

__all__ = [
    "Asked",
    "Baseline",
    "Device",
    "Figure",
    "Measurement",
    "Measurements",
    "Metric",
    "Plan",
    "Process",
    "Profile",
    "Provenance",
    "Sample",
    "Sizings",
    "Workload",
    "baseline_path",
    "compare",
    "differing_field",
    "incomparable",
    "machine_info",
    "measured_entries",
    "plan",
    "read",
    "read_all",
    "same_structure",
    "same_tokens",
    "write",
]
