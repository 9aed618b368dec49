"""What a dialect of versions knows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pytest_nixspec.versions.ordering import Fault, Key, Parts


class Parse(Protocol):
    """Reads a version, or says why it is none."""

    def __call__(self, text: str, /, *, patch_optional: bool) -> Parts | Fault:
        """Read a version; its last number may be left out where `~>` allows it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The rules of one dialect.

    Attributes:
        name: Its name.
        title: What a version of it is called in a message.
        order: Dialects of one order have comparable versions: Hex's are Elixir's.
        operators: The comparisons that its requirements may have.
        least: What the least version is ordered by, or None where there is none.
        parse: Reads a version.
        key: Gives what versions are ordered by.
        upper_bound: Gives where `~>` ends.
        successor: Gives the key right after a key, or None where between any two is another.
        is_prerelease: Tells whether a version comes before its own release.
        text_of: Gives a version that has a key.
    """

    name: str
    title: str
    order: str
    operators: frozenset[str]
    least: Key | None
    parse: Parse
    key: Callable[[Parts], Key]
    upper_bound: Callable[[Parts], Key]
    successor: Callable[[Key], Key | None]
    is_prerelease: Callable[[Parts], bool]
    text_of: Callable[[Key], str]
