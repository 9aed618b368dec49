"""One comparison of a requirement: what it means, and why a version does not meet it."""

import re
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType

from pytest_nixspec.versions.dialect import Dialect
from pytest_nixspec.versions.ordering import RELEASE, TOP, Key, Parts
from pytest_nixspec.versions.version_set import Interval

_COMPARE = MappingProxyType({"==": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le})
_RAISING = frozenset({"~>", ">", ">="})
_OTP_SUFFIX = re.compile(r"-otp-[0-9]+$")


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison.

    Attributes:
        operator: One of `== != > >= < <= ~>`.
        operand: The version as it was written.
        parts: The operand, read.
        lower: What the operand is ordered by.
        upper: Where `~>` ends; None for every other operator.
        rules: The dialect.
    """

    operator: str
    operand: str
    parts: Parts
    lower: Key
    upper: Key | None
    rules: Dialect = field(repr=False)

    @classmethod
    def of(cls, operator: str, operand: str, parts: Parts, rules: Dialect) -> "Term":
        """Return a comparison with an operand that was read."""
        upper = rules.upper_bound(parts) if operator == "~>" else None
        return cls(operator, operand, parts, rules.key(parts), upper, rules)

    def holds(self, key: Key, *, refuses_pre: bool) -> bool:
        """Tell whether a version meets it; `refuses_pre` where it is an unwanted pre-release."""
        if refuses_pre and self.operator in _RAISING and not self.rules.is_prerelease(self.parts):
            return False
        if self.upper is not None:
            return self.lower <= key < self.upper
        return bool(_COMPARE[self.operator](key, self.lower))

    def intervals(self) -> tuple[Interval, ...]:
        """Return the versions that meet it, pre-releases included."""
        bottom, low, high = self.rules.bottom, self.lower, self.rules.after(self.lower)
        if self.upper is not None:
            return ((low, self.upper),)
        ranges: dict[str, tuple[Interval, ...]] = {
            "==": ((low, high),),
            "!=": ((bottom, low), (high, TOP)),
            ">": ((high, TOP),),
            ">=": ((low, TOP),),
            "<": ((bottom, low),),
            "<=": ((bottom, high),),
        }
        return ranges[self.operator]

    def fault(self, version: str, key: Key, *, refuses_pre: bool) -> str | None:
        """Return in words why a version does not meet it, or None where it does."""
        if self.holds(key, refuses_pre=refuses_pre):
            return None
        if self.holds(key, refuses_pre=False):
            return f"{version} is a pre-release, and {self} is not about one"
        return f"{version} {self._distance(version, key)}"

    def _distance(self, version: str, key: Key) -> str:
        """Return on which side of the term a version lies that does not meet it."""
        if self.operator == "!=":
            return f"is the one that {self} leaves out"
        if key < self.lower:
            return f"is less than {self._begin}{self._why_less(version, key)}"
        if self.upper is not None:
            return f"is not before {self._end}, where {self} ends{self._why_end(key)}"
        return f"is {'equal to' if key == self.lower else 'greater than'} {self.operand}"

    @property
    def meaning(self) -> str | None:
        """What `~>` spells out: `1.17.0 or later, before 2.0.0`; None for other operators."""
        return None if self.upper is None else f"{self._begin} or later, before {self._end}"

    @property
    def _begin(self) -> str:
        """Where `~>` begins, and any other operand as it was written."""
        spelt_out = self.upper is not None and self.rules.order == "elixir"
        return self.rules.text_of(self.lower) if spelt_out else self.operand

    @property
    def _end(self) -> str:
        """The release at which `~>` ends; its pre-releases are past the end already."""
        return "" if self.upper is None else self.rules.text_of((self.upper[0], RELEASE))

    def _why_end(self, key: Key) -> str:
        if self.upper is None or key[0] != self.upper[0] or key[1][0]:
            return ""
        return ", and the pre-releases of that are past the end too"

    def _why_less(self, version: str, key: Key) -> str:
        """Return what surprises: a pre-release comes before the release of the same numbers."""
        if self.rules.order == "nix" or key[0] != self.lower[0] or not self.lower[1][0]:
            return ""
        if self.rules.order == "elixir" and _OTP_SUFFIX.search(version):
            return ": to Elixir the suffix -otp- is a pre-release (the dialect 'asdf' takes it off)"
        return ": it is a pre-release of that"

    def __str__(self) -> str:
        return f"{self.operator} {self.operand}"
