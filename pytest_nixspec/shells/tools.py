"""Where a tool really comes from: every PATH entry in order, and who has it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_nixspec.errors import ProbeError

if TYPE_CHECKING:
    from pytest_nixspec.nix.provenance import Provenance


class Origin(StrEnum):
    """Who brings a tool: the shell, from the Nix store, or the host.

    Unknown for a file of the project itself that the shell's PATH leads to: a hook may have made
    it, or a person, and neither the shell nor the host brings it.
    """

    SHELL = "shell"
    HOST = "host"
    UNKNOWN = "unknown"


def _no_shell(tool: "Tool") -> str:
    message = f"{tool.name!r} was found outside a shell, so nothing can ask it for its version."
    raise ProbeError(message)


def _untraced(tool: "Tool") -> None:
    """Return None: a tool that was found outside a shell is of no input."""
    del tool


@dataclass(frozen=True, slots=True)
class Tool:
    """An executable that the name of a tool leads to.

    Attributes:
        name: The name it was looked up by.
        path: Where PATH has it.
        real_path: Where its links end.
        store_path: The store path it is in, or None.
        origin: Who brings it.
        race: Every place that has it, the winner first.
        entries: The entries of PATH that were looked through, in order.
        ask: Tells the version; given by the shell that the tool was found in.
        trace: Tells the derivation and the input; given by the shell as well.
    """

    name: str
    path: Path
    real_path: Path
    store_path: Path | None
    origin: Origin
    race: tuple[Path, ...]
    entries: tuple[Path, ...] = field(default=(), repr=False)
    ask: "Callable[[Tool], str]" = field(default=_no_shell, repr=False, compare=False)
    trace: "Callable[[Tool], Provenance | None]" = field(
        default=_untraced, repr=False, compare=False
    )

    @property
    def version(self) -> str:
        """The version as the tool, or a file beside it, says it.

        Raises:
            ProbeError: It cannot be told.
        """
        return self.ask(self)

    @property
    def comes_from_shell(self) -> bool:
        """Whether the shell brings it, from the Nix store."""
        return self.origin is Origin.SHELL

    @property
    def package(self) -> str | None:
        """The name of its store path without the hash, `erlang-27.3.4`, or None."""
        return self.store_path.name.partition("-")[2] if self.store_path else None

    @property
    def provenance(self) -> "Provenance | None":
        """The derivation and the input it comes from; None where Nix does not tell.

        Raises:
            NixCommandError: Nix cannot be asked.
        """
        return self.trace(self)

    def explain(self) -> str:
        """Return the whole race for this name, line by line, and where the winner comes from."""
        by = "nobody who can be told" if self.origin is Origin.UNKNOWN else f"the {self.origin}"
        lines = [f"{self.name} comes from {by}: {self.path}"]
        if self.real_path != self.path:
            lines.append(f"  really {self.real_path}")
        lines += [f"  shadows {loser}" for loser in self.race[1:]]
        found = self.provenance
        if found is not None:
            lines.append(f"  built by {found.derivation}")
            lines.append(f"  of the input {found.source or 'that Nix does not tell'}")
        having = {path.parent for path in self.race}
        lines.append("  PATH, in the order in which it is searched:")
        for entry in self.entries:
            mark = "wins" if entry == self.path.parent else "has it" if entry in having else ""
            lines.append(f"    {entry}  {mark}".rstrip())
        return "\n".join(lines)


@dataclass(eq=False, repr=False)
class SearchPath:
    """The PATH of a shell, told apart into what the shell brings and what the host adds.

    Attributes:
        entries: All entries, in order.
        store: The directory of the Nix store.
        project: The directory of the flake; what a hook adds of it belongs to the shell.
        parents: The PATH of the process that asks, for what only the host has.
        is_hosts: Whether it is the host's own PATH, which then is looked through as a whole.
    """

    entries: tuple[Path, ...]
    store: Path
    project: Path
    parents: tuple[Path, ...] = ()
    is_hosts: bool = False

    @cached_property
    def own(self) -> tuple[Path, ...]:
        """The entries that the shell itself brings, in order."""
        return tuple(entry for entry in self.entries if self._is_own(entry))

    def find(self, name: str) -> Tool | None:
        """Return the tool that wins: the first on the shell's PATH, else the parent's, else None.

        The order is the real one: a hook that puts the host first gets the host.
        """
        race = tuple(_executables(name, (*self._ahead, *self.parents)))
        if not race:
            return None
        real = race[0].resolve()
        store_path = self.store_path_of(real)
        entries = tuple(dict.fromkeys((*self._ahead, *self.parents)))
        return Tool(name, race[0], real, store_path, self._origin(race[0], real), race, entries)

    def _origin(self, path: Path, real: Path) -> Origin:
        if self.is_hosts or not self._is_own(path.parent):
            return Origin.HOST
        if real.is_relative_to(self.store):
            return Origin.SHELL
        return Origin.UNKNOWN if real.is_relative_to(self.project) else Origin.HOST

    def find_anywhere(self, name: str) -> Path | None:
        """Return the first program of a name on the whole PATH, whoever put it there."""
        return next(iter(_executables(name, self.entries)), None)

    @cached_property
    def _ahead(self) -> tuple[Path, ...]:
        """The entries up to the last that is the shell's own.

        What follows is the host's, or a default that bash supplies where it is given no PATH; which
        of the host's programs answers is for the parent's PATH to say.
        """
        last = max((n for n, e in enumerate(self.entries) if self._is_own(e)), default=-1)
        return self.entries[: last + 1]

    def _is_own(self, entry: Path) -> bool:
        places = (self.store, self.project)
        return self.is_hosts or any(entry.is_relative_to(place) for place in places)

    def store_path_of(self, path: Path) -> Path | None:
        """Return the store path that a path is in, or None."""
        if not path.is_relative_to(self.store):
            return None
        return self.store / path.relative_to(self.store).parts[0]


def entries_of(path: str) -> tuple[Path, ...]:
    """Return the absolute entries of a PATH; others depend on the working directory."""
    return tuple(Path(part) for part in path.split(os.pathsep) if part.startswith("/"))


def _executables(name: str, entries: Sequence[Path]) -> list[Path]:
    candidates = dict.fromkeys(entry / name for entry in entries)
    return [path for path in candidates if path.is_file() and os.access(path, os.X_OK)]
