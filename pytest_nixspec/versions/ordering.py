"""What the dialects share: the parts of a version, and how parts are ordered."""

import math
import re
from typing import Any, NamedTuple, TypeAlias

Identifier: TypeAlias = int | str
# What versions of one dialect are ordered by; each dialect nests its tuples in its own way.
Key: TypeAlias = tuple[Any, ...]

DIGITS = re.compile(r"[0-9]+")


class Fault(NamedTuple):
    """Why a text is no version: from which character on, what was expected, and what to write."""

    at: int
    expected: str
    hint: str = ""


class Parts(NamedTuple):
    """What a version is made of.

    Attributes:
        numbers: Its leading integers.
        pre: The identifiers of its pre-release; in the dialect `nix`, all further components.
    """

    numbers: tuple[int, ...]
    pre: tuple[Identifier, ...] = ()


RELEASE: Key = (1, ())
"""What a release is ordered by, behind its numbers: after all of its pre-releases."""

TOP: Key = ((math.inf,),)
"""A bound above every version of every dialect."""


def pre_key(pre: tuple[Identifier, ...]) -> Key:
    """Order pre-releases as Erlang orders terms, and each before its release.

    A number is less than a string, strings go bytewise, a prefix is less than what it begins.
    """
    if not pre:
        return RELEASE
    return (0, tuple([(0, p) if isinstance(p, int) else (1, p) for p in pre]))


def dotted_text(key: Key) -> str:
    """Return a version of numbers and a pre-release that has this key, without build metadata."""
    numbers, (_, pre) = key
    release = ".".join(map(str, numbers))
    identifiers = ".".join(str(identifier) for _, identifier in pre)
    return f"{release}-{identifiers}" if pre else release


def has_pre(parts: Parts) -> bool:
    """Tell whether a version comes before the release of the same numbers."""
    return bool(parts.pre)


def identifier_of(text: str) -> Identifier:
    """Return an identifier as what it is ordered by: digits are a number."""
    return int(text) if DIGITS.fullmatch(text) else text
