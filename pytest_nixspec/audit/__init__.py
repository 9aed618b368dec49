"""Rules over a flake: a finding breaks one, a waiver accepts it until a day."""

from pytest_nixspec.audit.policy import POLICIES, Policy
from pytest_nixspec.audit.rule import Evidence, Finding, Rule, Waiver, judge

__all__ = ["POLICIES", "Evidence", "Finding", "Policy", "Rule", "Waiver", "judge"]
