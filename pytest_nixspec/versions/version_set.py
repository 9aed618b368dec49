"""Sets of versions, exact: unions of intervals between bounds in the order of a dialect.

A bound is a key. Right after a version lies the key of the very next one, as Elixir's 1.17.1-0
follows 1.17.0; where between any two versions there is another, a key that no version has. Either
way an interval is empty only if its bounds do not ascend.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_nixspec.versions.dialect import Dialect
from pytest_nixspec.versions.ordering import TOP, Key, Parts

Interval: TypeAlias = tuple[Key, Key]


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
        for low, high in self.intervals:  # noqa: SIM110 - a generator takes twice as long
            if low <= key < high:
                return True
        return False

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
            self.rules.bottom,
            *(bound for interval in self.intervals for bound in interval),
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
        for low, high in self.intervals:
            tilde = self._tilde(low, high)
            if tilde is not None:
                yield f"~> {tilde}"
            elif self._is_one(low, high):
                yield f"== {self.rules.text_of(low)}"
            else:
                yield " and ".join([*self._low(low, high), *self._high(high)])

    def _is_one(self, low: Key, high: Key) -> bool:
        is_version = low != () and self.rules.ended(low) is None
        return is_version and high == self.rules.after(low)

    def _tilde(self, low: Key, high: Key) -> str | None:
        """Return the shortest operand of a `~>` that means an interval; None where none does."""
        rules = self.rules
        if "~>" not in rules.operators or rules.ended(low) is not None or high == TOP:
            return None
        full = rules.text_of(low)
        for text in (full.removesuffix(".0"), full):
            parts = rules.parse(text, patch_optional=True)
            if not isinstance(parts, Parts):
                continue
            if (rules.key(parts), rules.upper_bound(parts)) == (low, high):
                return text
        return None

    def _low(self, low: Key, high: Key) -> list[str]:
        if low == self.rules.bottom:
            everything = f">= {self.rules.text_of(low)}" if low else "any version"
            return [everything] if high == TOP else []
        ended = self.rules.ended(low)
        return [
            f">= {self.rules.text_of(low)}" if ended is None else f"> {self.rules.text_of(ended)}"
        ]

    def _high(self, high: Key) -> list[str]:
        if high == TOP:
            return []
        ended = self.rules.ended(high)
        text = self.rules.text_of(high if ended is None else ended)
        return [f"{'<' if ended is None else '<='} {text}"]

    def _must_share_an_order(self, other: "VersionSet") -> None:
        if self.rules.order != other.rules.order:
            message = (
                f"versions of {self.rules.name!r} and {other.rules.name!r} cannot be compared."
            )
            raise ValueError(message)
