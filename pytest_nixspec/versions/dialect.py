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
        bottom: A bound that no version is below.
        parse: Reads a version.
        key_of: Gives the key of a text, by a shorter way than its parts.
        key: Gives what versions are ordered by.
        upper_bound: Gives where `~>` ends.
        after: Gives the least bound above a version: the key of the very next one, as Elixir's
            1.17.1-0 follows 1.17.0; where between any two is another, a key that no version has.
        ended: Gives the version that such a bound lies right after; None for a version's own key.
        is_prerelease: Tells whether a version comes before its own release.
        text_of: Gives a version that has a key.
    """

    name: str
    title: str
    order: str
    operators: frozenset[str]
    bottom: Key
    parse: Parse
    key_of: Callable[[str], Key | Fault]
    key: Callable[[Parts], Key]
    upper_bound: Callable[[Parts], Key]
    after: Callable[[Key], Key]
    ended: Callable[[Key], Key | None]
    is_prerelease: Callable[[Parts], bool]
    text_of: Callable[[Key], str]
