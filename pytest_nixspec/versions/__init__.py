"""Versions and requirements, each dialect by its own rules; pure, no I/O."""

from pytest_nixspec.versions.requirement import Requirement
from pytest_nixspec.versions.version import DIALECTS, Version
from pytest_nixspec.versions.version_set import VersionSet

__all__ = ["DIALECTS", "Requirement", "Version", "VersionSet"]
