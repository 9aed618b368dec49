"""What all dialects with numbers and pre-releases share: the parts, and how parts are ordered."""

from dataclasses import dataclass
from typing import TypeAlias

Identifier: TypeAlias = int | str
PreKey: TypeAlias = tuple[tuple[int, int, str], ...]
Key: TypeAlias = tuple[tuple[int, ...], tuple[int, PreKey]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The numbers of a version, and the identifiers of its pre-release."""

    numbers: tuple[int, ...]
    pre: tuple[Identifier, ...] = ()


def pre_key(pre: tuple[Identifier, ...]) -> tuple[int, PreKey]:
    """Order pre-releases as Erlang orders terms, and each before its release.

    A number is less than a string, strings go bytewise, a prefix is less than what it begins.
    """
    identifiers = tuple((0, p, "") if isinstance(p, int) else (1, 0, p) for p in pre)
    return (0 if pre else 1, identifiers)
