"""Named sets of rules."""

from dataclasses import dataclass
from types import MappingProxyType

from pytest_nixspec.audit import lock
from pytest_nixspec.audit.rule import Rule


@dataclass(frozen=True, slots=True)
class Policy:
    """A named set of rules, in the order of their ids."""

    name: str
    rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule | None:
        """Return one of its rules, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


NIX_SPECIALIST = Policy("nix-specialist", (lock.NEVER_COMMITTED,))

POLICIES = MappingProxyType({NIX_SPECIALIST.name: NIX_SPECIALIST})
"""The policies by name."""
