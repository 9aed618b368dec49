"""The line on which each key of a TOML text begins, told by the parser itself."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Key: TypeAlias = str | int
Path: TypeAlias = tuple[Key, ...]


def lines_of(text: str) -> dict[Path, int]:
    """Return the line of each key of a valid TOML text, in one pass.

    A statement is the shortest run of lines that can be read by itself.
    """
    index: dict[Path, int] = {}
    elements: Counter[Path] = Counter()
    table: Path = ()
    for line, statement, document in _statements(text):
        path = _path_of(document)
        if statement.startswith("[["):
            number = elements[path]
            elements[path] += 1
            table = path = (*path, number)
        elif statement.startswith("["):
            table = path
        else:
            path = (*table, *path)
        for length in range(1, len(path) + 1):
            index.setdefault(path[:length], line)
    return index


def nearest_line(index: Mapping[Path, int], path: Sequence[Key]) -> int:
    """Return the line of a key, or of the innermost table around it that the text has."""
    prefixes = (tuple(path[:length]) for length in range(len(path), 0, -1))
    return next((index[prefix] for prefix in prefixes if prefix in index), 1)


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, object]]]:
    """Yield each statement with its first line and what it says by itself."""
    begun, lines = 1, ""
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        lines += line
        try:
            document = tomllib.loads(lines)
        except tomllib.TOMLDecodeError:
            continue
        if document:
            yield begun, lines.strip(), document
        begun, lines = number + 1, ""


def _path_of(document: dict[str, object]) -> Path:
    """Return the keys down to the first value that is no table of one key."""
    path: list[Key] = []
    value: object = document
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path.append(key)
    return tuple(path)
