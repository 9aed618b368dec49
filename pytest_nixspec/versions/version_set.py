"""Sets of versions, exact: unions of intervals between cuts in the order of a dialect.

A cut lies right before or right after a version. Where a version has a very next one, as in Elixir
1.17.1-0 follows 1.17.0, "after" is written as "before the next"; where it has none, between any two
versions is another. Either way an interval is empty only if its cuts do not ascend.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pytest_nixspec.versions.dialect import Dialect
from pytest_nixspec.versions.ordering import Key, Parts

Cut: TypeAlias = tuple[Any, ...]
Interval: TypeAlias = tuple[Cut, Cut]

TOP: Cut = (1,)
_BOTTOM: Cut = (-1,)
_BEFORE, _AT, _AFTER = range(3)


def before(key: Key) -> Cut:
    """Return the cut right before a version."""
    return (0, key, _BEFORE)


def after(key: Key, rules: Dialect) -> Cut:
    """Return the cut right after a version."""
    following = rules.successor(key)
    return (0, key, _AFTER) if following is None else before(following)


def bottom(rules: Dialect) -> Cut:
    """Return the cut below all versions."""
    return _BOTTOM if rules.least is None else before(rules.least)


@dataclass(frozen=True, slots=True)
class VersionSet:
    """A set of versions of one order; equal sets are equal objects.

    Attributes:
        rules: The dialect.
        intervals: Disjoint, ascending, none empty and no two that touch.
    """

    rules: Dialect = field(repr=False)
    intervals: tuple[Interval, ...]

    @classmethod
    def of(cls, rules: Dialect, intervals: Iterable[Interval]) -> "VersionSet":
        """Return the union of intervals, some of which may be empty, overlap or touch."""
        merged: list[Interval] = []
        for low, high in sorted(i for i in intervals if i[0] < i[1]):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return cls(rules, tuple(merged))

    @property
    def is_empty(self) -> bool:
        """Whether no version is in it, pre-releases included."""
        return not self.intervals

    def holds(self, key: Key) -> bool:
        """Tell whether the version of this key is in it."""
        at = (0, key, _AT)
        return any(low < at < high for low, high in self.intervals)

    def __and__(self, other: "VersionSet") -> "VersionSet":
        self._must_share_an_order(other)
        common = (
            (max(low, other_low), min(high, other_high))
            for low, high in self.intervals
            for other_low, other_high in other.intervals
        )
        return VersionSet.of(self.rules, common)

    def __or__(self, other: "VersionSet") -> "VersionSet":
        self._must_share_an_order(other)
        return VersionSet.of(self.rules, (*self.intervals, *other.intervals))

    def __invert__(self) -> "VersionSet":
        edges = [
            bottom(self.rules),
            *(cut for interval in self.intervals for cut in interval),
            TOP,
        ]
        return VersionSet.of(self.rules, zip(edges[::2], edges[1::2], strict=True))

    def __sub__(self, other: "VersionSet") -> "VersionSet":
        return self & ~other

    def __le__(self, other: "VersionSet") -> bool:
        """Tell whether every version of this set is in the other."""
        return (self - other).is_empty

    def __ge__(self, other: "VersionSet") -> bool:
        return other <= self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VersionSet):
            return NotImplemented
        return (self.rules.order, self.intervals) == (other.rules.order, other.intervals)

    def __hash__(self) -> int:
        return hash((self.rules.order, self.intervals))

    def __str__(self) -> str:
        """Return a requirement that means this set, or `nothing`."""
        return " or ".join(self._terms()) or "nothing"

    def _terms(self) -> Iterator[str]:
        text = self.rules.text_of
        for low, high in self.intervals:
            if low not in {bottom(self.rules), TOP} and high == after(low[1], self.rules):
                yield f"== {text(low[1])}"
                continue
            if self._tilde(low, high) is not None:
                yield f"~> {self._tilde(low, high)}"
                continue
            ends = []
            if low != bottom(self.rules) or high == TOP:
                ends.append(self._low(low))
            if high != TOP:
                ends.append(f"{'<=' if high[2] == _AFTER else '<'} {text(high[1])}")
            yield " and ".join(ends)

    def _tilde(self, low: Cut, high: Cut) -> str | None:
        """Return the shortest operand of a `~>` that means an interval; None where none does."""
        rules = self.rules
        if "~>" not in rules.operators or bottom(rules) == low or high == TOP or low[2] == _AFTER:
            return None
        full = rules.text_of(low[1])
        for text in (full.removesuffix(".0"), full):
            parts = rules.parse(text, patch_optional=True)
            if isinstance(parts, Parts) and _range_of(parts, rules) == (low, high):
                return text
        return None

    def _low(self, low: Cut) -> str:
        if low == _BOTTOM:
            return "any version"
        return f"{'>' if low[2] == _AFTER else '>='} {self.rules.text_of(low[1])}"

    def _must_share_an_order(self, other: "VersionSet") -> None:
        if self.rules.order != other.rules.order:
            message = (
                f"versions of {self.rules.name!r} and {other.rules.name!r} cannot be compared."
            )
            raise ValueError(message)


def _range_of(parts: Parts, rules: Dialect) -> Interval:
    return before(rules.key(parts)), before(rules.upper_bound(parts))
