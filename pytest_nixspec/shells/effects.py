"""What a hook did: variables, PATH, files, processes, time and output."""

import fnmatch
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from pytest_nixspec.shells.outcome import Event

Tree: TypeAlias = dict[str, tuple[int, int, int, int]]

MOST_FILES = 50_000
"""A larger tree is not compared: that a hook wrote nothing into it is unknown, then."""

# What bash itself changes, and what a test run beside us writes.
_BASHS_OWN = frozenset({b"_", b"SHLVL", b"shellHook", b"BASH_ENV", b"OLDPWD"})
_NOT_THE_HOOKS = frozenset(
    {".git", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".nixspec"}
)
_ANYWHERE = frozenset({"__pycache__"})


class HookEffects(NamedTuple):
    """What a hook did.

    Attributes:
        added: Variables that it set, with their values.
        changed: Variables that it changed, with the old and the new value.
        removed: Variables that it took away.
        path_entries: Entries that it put into PATH.
        written: Files that it wrote or removed below the flake; None where that cannot be told.
        processes: Commands of processes that it left running; None where that cannot be told.
        seconds: How long it took; None where its bash has no clock.
        stdout: What it printed on standard output.
    """

    added: Mapping[str, str]
    changed: Mapping[str, tuple[str, str]]
    removed: tuple[str, ...]
    path_entries: tuple[str, ...]
    written: tuple[str, ...] | None
    processes: tuple[str, ...] | None
    seconds: float | None
    stdout: str

    def to_json(self) -> dict[str, Any]:
        """Return the effects as plain values."""
        return self._asdict()

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> "HookEffects":
        """Read what `to_json` returned."""
        changed = {name: (old, new) for name, (old, new) in read["changed"].items()}
        return cls(
            added=read["added"],
            changed=changed,
            removed=tuple(read["removed"]),
            path_entries=tuple(read["path_entries"]),
            written=None if read["written"] is None else tuple(read["written"]),
            processes=None if read["processes"] is None else tuple(read["processes"]),
            seconds=read["seconds"],
            stdout=read["stdout"],
        )


def variables_changed(
    before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]
) -> dict[str, Any]:
    """Return the effects on variables, by the names that `HookEffects` has for them."""
    old = {n: v for n, v in before.items() if n not in _BASHS_OWN}
    new = {n: v for n, v in after.items() if n not in _BASHS_OWN}
    entries = new.get(b"PATH", b"").split(b":")
    known = old.get(b"PATH", b"").split(b":")
    return {
        "added": {os.fsdecode(n): os.fsdecode(new[n]) for n in sorted(new.keys() - old.keys())},
        "changed": {
            os.fsdecode(n): (os.fsdecode(old[n]), os.fsdecode(new[n]))
            for n in sorted(new.keys() & old.keys())
            if old[n] != new[n]
        },
        "removed": tuple(os.fsdecode(n) for n in sorted(old.keys() - new.keys())),
        "path_entries": tuple(os.fsdecode(e) for e in dict.fromkeys(entries) if e not in known),
    }


def seconds_of_hook(events: Sequence[Event]) -> float | None:
    """Return how long the hook took, from the times that the shell wrote down."""
    times = {event.name: event.command for event in events if event.name in {"hook", "returned"}}
    try:
        began, ended = (float(times[n].replace(",", ".")) for n in ("hook", "returned"))
    except (KeyError, ValueError):
        return None
    # A clock that stands still or runs back was set by the hook itself.
    return ended - began if ended > began else None


def tree_of(directory: Path) -> Tree | None:
    """Return size, time, inode and mode of all below a directory; None where it is too large."""
    tree: Tree = {}
    # Plain strings: this is looked at twice for each shell.
    pending = [(os.fspath(directory), "")]
    while pending:
        place, prefix = pending.pop()
        for entry in _entries(place):
            path = prefix + entry.name
            if path in _NOT_THE_HOOKS or entry.name in _ANYWHERE:
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                # It went away as we looked: no hook that has ended left it.
                continue
            if entry.is_dir(follow_symlinks=False):
                # A directory changes with what is in it, which is looked at by itself.
                tree[path] = (0, 0, status.st_ino, status.st_mode)
                pending.append((entry.path, f"{path}/"))
            else:
                found = (status.st_size, status.st_mtime_ns, status.st_ino, status.st_mode)
                tree[path] = found
        if len(tree) > MOST_FILES:
            return None
    return tree


def files_written(before: Tree | None, after: Tree | None) -> tuple[str, ...] | None:
    """Return what was added, changed or removed between two looks at a tree."""
    if before is None or after is None:
        return None
    names = before.keys() | after.keys()
    return tuple(sorted(name for name in names if before.get(name) != after.get(name)))


def not_allowed(written: Sequence[str], globs: Sequence[str]) -> list[str]:
    """Return the files that no glob allows; `*` crosses directories."""
    # A directory may be made where what is in it may be written.
    forms = {name: (name, f"{name}/") for name in written}
    return [
        name
        for name in written
        if not any(fnmatch.fnmatchcase(form, glob) for form in forms[name] for glob in globs)
    ]


def _entries(directory: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        # What we may not read, or what went away as we looked, is not compared.
        return []
