"""One version, of one dialect."""

from dataclasses import dataclass, field
from functools import total_ordering
from types import MappingProxyType
from typing import Protocol

from pytest_nixspec.errors import InvalidVersionError
from pytest_nixspec.versions import dotted, elixir
from pytest_nixspec.versions.ordering import Key, Parts

LONGEST = 1000
"""The longest text that is read as a version; Python's own limit for a number is 4300 digits."""


class Dialect(Protocol):
    """What a dialect knows: a module with these three functions."""

    def parse(self, text: str, *, patch_optional: bool = False) -> Parts:
        """Read a version, or raise `InvalidVersionError`."""

    def key(self, parts: Parts) -> Key:
        """Return what versions are ordered by."""

    def upper_bound(self, parts: Parts) -> Parts:
        """Return the first version that `~>` no longer allows."""


DIALECTS: MappingProxyType[str, Dialect] = MappingProxyType({"elixir": elixir, "otp": dotted})
"""The dialects by name: `elixir` is also Hex, `otp` is any dotted integers."""


def dialect_named(name: str) -> Dialect:
    """Return a dialect.

    Raises:
        InvalidVersionError: There is none of that name.
    """
    if name not in DIALECTS:
        message = f"{name!r} is no version dialect. Known are {', '.join(DIALECTS)}."
        raise InvalidVersionError(message)
    return DIALECTS[name]


def read_parts(text: str, dialect: str, *, patch_optional: bool = False) -> Parts:
    """Read a version by the rules of its dialect.

    Raises:
        InvalidVersionError: The text is none, or longer than 1000 characters.
    """
    rules = dialect_named(dialect)
    if len(text) > LONGEST:
        message = f"a text of {len(text)} characters is no version: {text[:20]!r}…"
        raise InvalidVersionError(message)
    return rules.parse(text, patch_optional=patch_optional)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version; versions of one dialect are ordered, of two dialects never.

    Attributes:
        text: As it was written.
        dialect: The name of its dialect.
        parts: Its numbers and pre-release.
    """

    text: str
    dialect: str
    parts: Parts
    key: Key = field(repr=False)

    @classmethod
    def parse(cls, text: str, dialect: str = "elixir") -> "Version":
        """Read a version.

        Raises:
            InvalidVersionError: The text is not a version of the dialect.
        """
        rules = dialect_named(dialect)
        parts = read_parts(text, dialect)
        return cls(text, dialect, parts, rules.key(parts))

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before the release of the same numbers."""
        return bool(self.parts.pre)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return (self.dialect, self.key) == (other.dialect, other.key)

    def __lt__(self, other: "Version") -> bool:
        if self.dialect != other.dialect:
            return NotImplemented
        return self.key < other.key

    def __hash__(self) -> int:
        return hash((self.dialect, self.key))

    def __str__(self) -> str:
        return self.text
