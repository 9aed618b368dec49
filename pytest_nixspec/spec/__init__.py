"""nixspec.toml as a validated model; every mistake names its file, line and what is allowed."""

from pytest_nixspec.spec.loading import SPEC_NAME, Spec, find, load
from pytest_nixspec.spec.model import SpecModel

__all__ = ["SPEC_NAME", "Spec", "SpecModel", "find", "load"]
