"""Each statement of a specification as one check: a name, a line, and a verdict on demand."""

from pytest_nixspec.checks.check import Area, Check, Checked, perform
from pytest_nixspec.checks.recording import record_baselines
from pytest_nixspec.checks.run import FlakeUnderTest, Run, header
from pytest_nixspec.checks.snapshots import record_snapshots
from pytest_nixspec.checks.statements import statements

__all__ = [
    "Area",
    "Check",
    "Checked",
    "FlakeUnderTest",
    "Run",
    "header",
    "perform",
    "record_baselines",
    "record_snapshots",
    "statements",
]
