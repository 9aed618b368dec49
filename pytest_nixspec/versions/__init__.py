"""Versions and requirements, each dialect by its own rules; pure, no I/O."""

from pytest_nixspec.versions.requirement import Requirement
from pytest_nixspec.versions.resolution import (
    Candidate,
    Resolution,
    Wanted,
    resolve,
    resolve_apart,
)
from pytest_nixspec.versions.version import DIALECTS, Version
from pytest_nixspec.versions.version_set import VersionSet

__all__ = [
    "DIALECTS",
    "Candidate",
    "Requirement",
    "Resolution",
    "Version",
    "VersionSet",
    "Wanted",
    "resolve",
    "resolve_apart",
]
