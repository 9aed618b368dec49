"""Nix's own order of versions: `builtins.compareVersions`, `splitVersion` and `parseDrvName`.

Source: NixOS/nix, src/libstore/names.cc. Any text is a version to Nix.
"""

import re

from pytest_nixspec.versions.dialect import Dialect
from pytest_nixspec.versions.ordering import Fault, Identifier, Key, Parts

_LARGEST_INTEGER = 2**31 - 1

# From the least: `pre`, the end, words, integers.
_PRE, _END, _WORD, _INTEGER = range(4)
# Above the end of a version, and below every component that could stand there.
_ENDED = (_END, 1)
_COMPONENT = re.compile(r"[0-9]+|[^0-9.-]+", re.DOTALL)
_NAME_ENDS = re.compile(r"-(?=[^A-Za-z])", re.DOTALL)


def split_version(text: str) -> list[str]:
    """Return the components of a version, as `builtins.splitVersion` does."""
    return _COMPONENT.findall(text)


def compare_versions(first: str, second: str) -> int:
    """Return -1, 0 or 1, as `builtins.compareVersions` does."""
    one, other = _key(_parts(first)), _key(_parts(second))
    return (one > other) - (one < other)


def parse_drv_name(text: str) -> tuple[str, str]:
    """Return (name, version), as `builtins.parseDrvName` does.

    The version begins after the first hyphen that no letter follows.
    """
    name, *version = _NAME_ENDS.split(text, maxsplit=1)
    return name, "".join(version)


def _parse(text: str, *, patch_optional: bool = False) -> Parts | Fault:
    """Read a version; any text is one that a Nix string can hold."""
    del patch_optional
    return Fault(text.index("\0"), "no NUL") if "\0" in text else _parts(text)


def _parts(text: str) -> Parts:
    components = [_component(text) for text in split_version(text)]
    count = next((n for n, c in enumerate(components) if not isinstance(c, int)), len(components))
    numbers = tuple(c for c in components[:count] if isinstance(c, int))
    return Parts(numbers, tuple(components[count:]))


def _key_of(text: str) -> Key | Fault:
    parts = _parse(text)
    return _key(parts) if isinstance(parts, Parts) else parts


def _key(parts: Parts) -> Key:
    """Return what versions are ordered by; an end that compares as a component closes it."""
    return (*map(_component_key, (*parts.numbers, *parts.pre)), (_END, 0))


def _after(key: Key) -> Key:
    """Return a bound: between any two versions that differ there is another."""
    return (*key[:-1], _ENDED)


def _ended(bound: Key) -> Key | None:
    """Return the version that a bound lies right after, or None for a version's own key."""
    return (*bound[:-1], (_END, 0)) if bound and bound[-1] == _ENDED else None


def _is_prerelease(parts: Parts) -> bool:
    """Tell whether it has a component `pre`; -rc and -dev are later than the release to Nix."""
    return "pre" in parts.pre


def _text_of(key: Key) -> str:
    """Return a version that has this key."""
    texts = [("pre" if kind == _PRE else _shown(value)) for kind, value in key[:-1]]
    # A text without components is a version as well, the least that does not begin with `pre`.
    return ".".join(texts) or "."


def _component(text: str) -> Identifier:
    """Return an integer where the component is one that fits a C int; else it is a word."""
    if text[0] in "0123456789" and len(text.lstrip("0")) <= len(str(_LARGEST_INTEGER)):
        number = int(text)
        return number if number <= _LARGEST_INTEGER else text
    return text


def _component_key(component: Identifier) -> tuple[int, int | bytes]:
    if isinstance(component, int):
        return (_INTEGER, component)
    if component == "pre":
        return (_PRE, 0)
    return (_WORD, component.encode(errors="surrogateescape"))


def _shown(value: int | bytes) -> str:
    return str(value) if isinstance(value, int) else value.decode(errors="surrogateescape")


NIX = Dialect(
    name="nix",
    title="a Nix version",
    order="nix",
    operators=frozenset({"==", "!=", ">", ">=", "<", "<="}),
    # There is no least version: 1pre is less than 1, 1pre.pre than 1pre, and so on.
    bottom=(),
    parse=_parse,
    key_of=_key_of,
    key=_key,
    # Nix has no `~>`, so nothing asks where one ends.
    upper_bound=_key,
    after=_after,
    ended=_ended,
    is_prerelease=_is_prerelease,
    text_of=_text_of,
)
