"""Shells: entered once each, with proof that something ran inside, then asked about their tools."""

from pytest_nixspec.shells.capture import Capture
from pytest_nixspec.shells.outcome import ShellOutcome
from pytest_nixspec.shells.pool import ShellPool
from pytest_nixspec.shells.probes import PROBES, Probe
from pytest_nixspec.shells.shell import Shell
from pytest_nixspec.shells.tools import Origin, Tool

__all__ = [
    "PROBES",
    "Capture",
    "Origin",
    "Probe",
    "Shell",
    "ShellOutcome",
    "ShellPool",
    "Tool",
]
