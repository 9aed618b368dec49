"""One version, of one dialect."""

from dataclasses import dataclass
from functools import total_ordering
from types import MappingProxyType

from pytest_nixspec.errors import InvalidVersionError
from pytest_nixspec.versions.asdf import ASDF
from pytest_nixspec.versions.dialect import Dialect
from pytest_nixspec.versions.elixir import ELIXIR
from pytest_nixspec.versions.hex import HEX
from pytest_nixspec.versions.nix import NIX
from pytest_nixspec.versions.ordering import Fault, Key, Parts
from pytest_nixspec.versions.otp import OTP

LONGEST = 1000
"""The longest text that is read as a version; Python's own limit for a number is 4300 digits."""

DIALECTS = MappingProxyType({d.name: d for d in (ELIXIR, HEX, OTP, NIX, ASDF)})
"""The dialects by name: `otp` is any dotted integers, `hex` is Elixir read strictly."""


def dialect_named(name: str) -> Dialect:
    """Return a dialect.

    Raises:
        InvalidVersionError: There is none of that name.
    """
    if name not in DIALECTS:
        message = f"{name!r} is no version dialect. Known are {', '.join(DIALECTS)}."
        raise InvalidVersionError(message)
    return DIALECTS[name]


def read_parts(text: str, rules: Dialect, *, patch_optional: bool = False) -> Parts:
    """Read a version by the rules of its dialect.

    Raises:
        InvalidVersionError: The text is none, or longer than 1000 characters.
    """
    if len(text) > LONGEST:
        message = f"a text of {len(text)} characters is no version: {text[:20]!r}…"
        raise InvalidVersionError(message)
    parts = rules.parse(text, patch_optional=patch_optional)
    if isinstance(parts, Fault):
        found = f"{text[parts.at]!r}" if parts.at < len(text) else "the end"
        message = (
            f"{text!r} is not {rules.title}: column {parts.at + 1}: "
            f"expected {parts.expected}, found {found}. {parts.hint}"
        )
        raise InvalidVersionError(
            message.rstrip(), column=parts.at + 1, expected=parts.expected, hint=parts.hint
        )
    return parts


def read_key(text: str, rules: Dialect) -> Key:
    """Read what a version is ordered by, and no more of it.

    Raises:
        InvalidVersionError: The text is no version.
    """
    key = rules.key_of(text) if len(text) <= LONGEST else Fault(0, "")
    # A fault is a tuple as well as a key is one.
    return rules.key(read_parts(text, rules)) if key.__class__ is Fault else key


@total_ordering
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Version:
    """A version; versions of one order can be compared, of two never.

    Attributes:
        text: As it was written.
        dialect: The name of its dialect.
        parts: Its numbers and pre-release.
        key: What it is ordered by.
        order: The name of its order: Hex's versions are ordered as Elixir's.
    """

    text: str
    dialect: str
    parts: Parts
    key: Key
    order: str

    @classmethod
    def parse(cls, text: str, dialect: str = "elixir") -> "Version":
        """Read a version.

        Raises:
            InvalidVersionError: The text is not a version of the dialect.
        """
        rules = dialect_named(dialect)
        parts = read_parts(text, rules)
        return cls(text, dialect, parts, rules.key(parts), rules.order)

    @property
    def is_prerelease(self) -> bool:
        """Whether it comes before the release of the same numbers."""
        return DIALECTS[self.dialect].is_prerelease(self.parts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return self.order == other.order and self.key == other.key

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Version) or self.order != other.order:
            return NotImplemented
        return self.key < other.key

    def __hash__(self) -> int:
        return hash((self.order, self.key))

    def __repr__(self) -> str:
        return f"Version({self.text!r}, {self.dialect!r})"

    def __str__(self) -> str:
        return self.text
