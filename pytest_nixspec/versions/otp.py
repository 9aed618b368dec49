"""Dotted integers of any length, as OTP, Node, PostgreSQL and Git count: 27.3.4.2, 17beta1."""

import re

from pytest_nixspec.versions.dialect import Dialect
from pytest_nixspec.versions.ordering import (
    DIGITS,
    RELEASE,
    Fault,
    Key,
    Parts,
    dotted_text,
    has_pre,
    identifier_of,
    pre_key,
)

# Below every release is its first pre-release, and `a` is the least word that one begins with.
_FIRST_PRE: Key = (0, ((1, "a"),))
_LEAST: Key = ((0,), _FIRST_PRE)
# Above a release, and below everything with greater numbers.
_RELEASED: Key = (2,)

_WORDS = "alpha|beta|rc|a|b|pre|dev|nightly"
_VERSION = re.compile(
    r"(?:v|OTP-)?([0-9]+(?:\.[0-9]+)*)"
    rf"(?:-?((?:{_WORDS})[0-9A-Za-z.-]*))?(?:\+[0-9A-Za-z.-]+)?"
)
_PIECE = re.compile(r"[0-9]+|[A-Za-z]+")
_PREFIX = re.compile(r"(?:v|OTP-)?")


def _parse(text: str, *, patch_optional: bool = False) -> Parts | Fault:
    """Read a version; `patch_optional` changes nothing, since any length is valid."""
    del patch_optional
    found = _VERSION.fullmatch(text)
    if found is None:
        return _fault(text)
    numbers = tuple(map(int, found[1].split(".")))
    if found[2] is None:
        return Parts(numbers)
    return Parts(numbers, tuple(map(identifier_of, _PIECE.findall(found[2].lower()))))


def _key_of(text: str) -> Key | Fault:
    parts = _parse(text)
    return _key(parts) if isinstance(parts, Parts) else parts


def _key(parts: Parts) -> Key:
    """Return what versions are ordered by; 27.0 and 27 are the same release."""
    numbers = parts.numbers
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    return (numbers, pre_key(parts.pre))


def _upper_bound(parts: Parts) -> Key:
    """Return where `~>` ends: the last number may grow, the one before it may not.

    `~> 27` and `~> 27.3` end before 28, `~> 27.3.4` ends before 27.4; so do its pre-releases.
    """
    kept = parts.numbers[:-1] or parts.numbers
    return (_key(Parts((*kept[:-1], kept[-1] + 1)))[0], _FIRST_PRE)


def _after(key: Key) -> Key:
    """Return the very next version, which a release has none of: before any later is 27.0.…1."""
    numbers, (is_release, pre) = key
    return (numbers, _RELEASED) if is_release else (numbers, (0, (*pre, (0, 0))))


def _ended(bound: Key) -> Key | None:
    """Return the release that a bound lies right after, or None for a version's own key."""
    numbers, pre = bound
    return (numbers, RELEASE) if pre == _RELEASED else None


def _fault(text: str) -> Fault:
    prefix = _PREFIX.match(text)
    at = prefix.end() if prefix else 0
    while True:
        digits = DIGITS.match(text, at)
        if digits is None:
            return Fault(at, "a number")
        at = digits.end()
        if not text.startswith(".", at):
            return Fault(at, "'.', a pre-release as in -rc1, or the end")
        at += 1


OTP = Dialect(
    name="otp",
    title="a dotted version",
    order="otp",
    operators=frozenset({"==", "!=", ">", ">=", "<", "<=", "~>"}),
    bottom=_LEAST,
    parse=_parse,
    key_of=_key_of,
    key=_key,
    upper_bound=_upper_bound,
    after=_after,
    ended=_ended,
    is_prerelease=has_pre,
    text_of=dotted_text,
)
