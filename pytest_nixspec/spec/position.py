"""The line of a key in a TOML text, told by the parser itself."""

import tomllib
from collections.abc import Sequence
from typing import TypeAlias

Key: TypeAlias = str | int


def line_of(text: str, path: Sequence[Key]) -> int | None:
    """Return the line on which the statement that brings a key begins, or None.

    The text is read as ever longer beginnings: the first that has the key ends with its
    statement, and the last before it that could be read ends where the statement begins.
    """
    lines = text.splitlines(keepends=True)
    readable = 0
    for count in range(len(lines) + 1):
        try:
            document = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        if _has(document, path):
            return readable + 1
        readable = count
    return None


def nearest_line(text: str, path: Sequence[Key]) -> int:
    """Return the line of a key, or of the innermost table around it that the text has."""
    for length in range(len(path), 0, -1):
        line = line_of(text, path[:length])
        if line is not None:
            return line
    return 1


def _has(value: object, path: Sequence[Key]) -> bool:
    if not path:
        return True
    head, *rest = path
    if isinstance(value, dict) and head in value:
        return _has(value[str(head)], rest)
    if isinstance(value, list) and isinstance(head, int) and head < len(value):
        return _has(value[head], rest)
    return False
