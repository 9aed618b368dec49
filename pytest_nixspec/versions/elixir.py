"""Elixir's `Version`: MAJOR.MINOR.PATCH[-pre][+build], as lib/elixir/lib/version.ex reads it."""

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

_LEAST: Key = ((0, 0, 0), (0, ((0, 0),)))

_NUMBER = "(0|[1-9][0-9]*)"
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}(?:\.{_NUMBER})?(?:-({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?"
)
_RELEASE = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}").fullmatch
_IDENTIFIER = re.compile(r"[0-9A-Za-z-]+")
_PLACES = ("major", "minor", "patch")


def _parse(text: str, *, patch_optional: bool = False) -> Parts | Fault:
    """Read a version; the patch number may be absent only after `~>`."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return _fault(text, patch_optional=patch_optional)
    major, minor, patch, pre = found.groups()
    if patch is None and not patch_optional:
        return _fault(text, patch_optional=False)
    numbers = (int(major), int(minor)) if patch is None else (int(major), int(minor), int(patch))
    if pre is None:
        return Parts(numbers)
    texts = pre.split(".")
    if any(t[0] == "0" and len(t) > 1 and DIGITS.fullmatch(t) for t in texts):
        return _fault(text, patch_optional=patch_optional)
    return Parts(numbers, tuple([identifier_of(t) for t in texts]))


def _key_of(text: str) -> Key | Fault:
    found = _RELEASE(text)
    if found is not None:
        major, minor, patch = found.groups()
        return ((int(major), int(minor), int(patch)), RELEASE)
    parts = _parse(text)
    return _key(parts) if isinstance(parts, Parts) else parts


def _key(parts: Parts) -> Key:
    """Return what versions are ordered by; build metadata does not count."""
    numbers = parts.numbers
    return (numbers if len(numbers) == len(_PLACES) else (*numbers, 0), pre_key(parts.pre))


def _upper_bound(parts: Parts) -> Key:
    """Return where `~>` ends, its own pre-releases excluded: 2.0.0-0 for `~> 1.17`."""
    major, minor, *patch = parts.numbers
    return ((major, minor + 1, 0) if patch else (major + 1, 0, 0), _LEAST[1])


def _after(key: Key) -> Key:
    """Return the very next version: 1.17.1-0 after 1.17.0, 1.17.0-rc.0 after 1.17.0-rc."""
    (major, minor, patch), (is_release, pre) = key
    if is_release:
        return ((major, minor, patch + 1), _LEAST[1])
    return ((major, minor, patch), (0, (*pre, (0, 0))))


def _ended(bound: Key) -> None:
    """Return None: every bound is a version's own key."""
    del bound


def _fault(text: str, *, patch_optional: bool) -> Fault:
    at = 0
    for count, place in enumerate(_PLACES, 1):
        digits = DIGITS.match(text, at)
        if digits is None:
            return _no_number(text, at, place)
        if digits[0] != "0" and digits[0][0] == "0":
            hint = _proposal(f"{text[:at]}{int(digits[0])}{text[digits.end() :]}")
            return Fault(at, f"a {place} number without leading zeros", hint)
        at = digits.end()
        if count == len(_PLACES) or (
            patch_optional and place == "minor" and not text.startswith(".", at)
        ):
            break
        if not text.startswith(".", at):
            return Fault(at, f"'.' and a {_PLACES[count]} number", _filled(text, at, count))
        at += 1
    return _tail_fault(text, at)


def _filled(text: str, at: int, count: int) -> str:
    return _proposal(f"{text[:at]}{'.0' * (len(_PLACES) - count)}{text[at:]}")


def _proposal(text: str) -> str:
    """Return the advice to write a text, if that is a version."""
    found = _VERSION.fullmatch(text)
    return f"Write {text}." if found and found[3] else ""


def _no_number(text: str, at: int, place: str) -> Fault:
    expected = f"a {place} number"
    if at == 0 and re.match(r"v[0-9]", text):
        return Fault(at, expected, f"Write {text[1:]}, without the v.")
    return Fault(at, expected)


def _tail_fault(text: str, at: int) -> Fault:
    """Return what is wrong behind the numbers: the pre-release, the build, or what is neither."""
    for sign, what in (("-", "pre-release"), ("+", "build")):
        if not text.startswith(sign, at):
            continue
        while at == 0 or text[at : at + 1] in {sign, "."}:
            found = _IDENTIFIER.match(text, at + 1)
            if found is None:
                return Fault(at + 1, f"a {what} identifier of letters, digits and hyphens")
            if sign == "-" and re.fullmatch("0[0-9]+", found[0]):
                return Fault(at + 1, "a pre-release number without leading zeros")
            at = found.end()
            sign = "."  # noqa: PLW2901 - identifiers after the first are joined by dots
    if text.startswith(".", at):
        hint = "Versions of more numbers, as OTP's 27.3.4.2, are of the dialect 'otp'."
        return Fault(at, "'-', '+' or the end after three numbers", hint)
    return Fault(at, "'-', '+' or the end")


ELIXIR = Dialect(
    name="elixir",
    title="an Elixir version",
    order="elixir",
    operators=frozenset({"==", "!=", "!", ">", ">=", "<", "<=", "~>"}),
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
