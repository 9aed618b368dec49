"""Dotted integers of any length, as OTP, Node, PostgreSQL and Git count: 27.3.4.2, 17beta1."""

import re

from pytest_nixspec.errors import InvalidVersionError
from pytest_nixspec.versions.ordering import Key, Parts, pre_key

_VERSION = re.compile(
    r"v?(?P<numbers>[0-9]+(?:\.[0-9]+)*)"
    r"(?:-?(?P<pre>(?:alpha|beta|rc|a|b|pre|dev|nightly)[0-9A-Za-z.-]*))?"
    r"(?:\+[0-9A-Za-z.-]+)?"
)
_PIECE = re.compile(r"[0-9]+|[A-Za-z]+")

EXPECTED = "integers separated by dots, as in 27, 27.3.4.2 or 27.0-rc3"


def parse(text: str, *, patch_optional: bool = False) -> Parts:
    """Read a version; `patch_optional` changes nothing, since any length is valid.

    Raises:
        InvalidVersionError: The text is not dotted integers.
    """
    del patch_optional
    found = _VERSION.fullmatch(text)
    if found is None:
        message = f"{text!r} is not a dotted version. Expected {EXPECTED}."
        raise InvalidVersionError(message)
    numbers = tuple(int(part) for part in found["numbers"].split("."))
    pieces = _PIECE.findall((found["pre"] or "").lower())
    return Parts(numbers, tuple(int(piece) if piece.isdigit() else piece for piece in pieces))


def key(parts: Parts) -> Key:
    """Return what versions are ordered by; 27.0 and 27 are the same release."""
    numbers = parts.numbers
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    return (numbers, pre_key(parts.pre))


def upper_bound(parts: Parts) -> Parts:
    """Return where `~>` ends: the last number may grow, the one before it may not.

    `~> 27` and `~> 27.3` end before 28, `~> 27.3.4` ends before 27.4.
    """
    kept = parts.numbers[:-1] or parts.numbers
    return Parts((*kept[:-1], kept[-1] + 1), (0,))
