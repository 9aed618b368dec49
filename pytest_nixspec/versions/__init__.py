"""Versions and requirements, each dialect by its own rules; pure, no I/O."""

from pytest_nixspec.versions.requirement import Requirement
from pytest_nixspec.versions.version import DIALECTS, Version

__all__ = ["DIALECTS", "Requirement", "Version"]
