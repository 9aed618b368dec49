"""Elixir's `Version`: MAJOR.MINOR.PATCH[-pre][+build], as lib/elixir/lib/version.ex reads it."""

import re

from pytest_nixspec.errors import InvalidVersionError
from pytest_nixspec.versions.ordering import Key, Parts, pre_key

_NUMBER = re.compile(r"0|[1-9][0-9]*")
_IDENTIFIER = re.compile(r"[0-9A-Za-z-]+")
_DIGITS = re.compile(r"[0-9]+")

EXPECTED = "MAJOR.MINOR.PATCH, as in 1.18.3, with an optional -pre.release and +build"


def parse(text: str, *, patch_optional: bool = False) -> Parts:
    """Read a version; the patch number may be absent only after `~>`.

    Raises:
        InvalidVersionError: The text is not an Elixir version.
    """
    without_build, plus, build = text.partition("+")
    core, hyphen, pre = without_build.partition("-")
    numbers = core.split(".")
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise _invalid(text, _number_fault(numbers))
    if len(numbers) not in ({2, 3} if patch_optional else {3}):
        raise _invalid(text, f"it has {len(numbers)} number(s) where 3 are needed")
    if plus and not all(_IDENTIFIER.fullmatch(part) for part in build.split(".")):
        raise _invalid(text, f"its build metadata {build!r} is not dot-separated identifiers")
    return Parts(tuple(map(int, numbers)), _pre_release(text, pre) if hyphen else ())


def key(parts: Parts) -> Key:
    """Return what versions are ordered by; build metadata does not count."""
    major, minor, *patch = parts.numbers
    return ((major, minor, *(patch or [0])), pre_key(parts.pre))


def upper_bound(parts: Parts) -> Parts:
    """Return where `~>` ends, its own pre-releases excluded: 2.0.0-0 for `~> 1.17`."""
    major, minor, *patch = parts.numbers
    return Parts((major, minor + 1, 0) if patch else (major + 1, 0, 0), (0,))


def _pre_release(text: str, pre: str) -> tuple[int | str, ...]:
    parts = pre.split(".")
    if not all(_IDENTIFIER.fullmatch(part) for part in parts):
        raise _invalid(text, f"its pre-release {pre!r} is not dot-separated identifiers")
    if any(_DIGITS.fullmatch(part) and part != "0" and part[0] == "0" for part in parts):
        raise _invalid(text, f"a number of its pre-release {pre!r} has a leading zero")
    return tuple(int(part) if _DIGITS.fullmatch(part) else part for part in parts)


def _number_fault(numbers: list[str]) -> str:
    wrong = next(number for number in numbers if not _NUMBER.fullmatch(number))
    if _DIGITS.fullmatch(wrong):
        return f"{wrong!r} has a leading zero"
    return f"{wrong!r} is not a number"


def _invalid(text: str, fault: str) -> InvalidVersionError:
    return InvalidVersionError(f"{text!r} is not an Elixir version: {fault}. Expected {EXPECTED}.")
