"""What one run keeps for the next: the shells of its flake, under the content that it has now."""

import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pytest_nixspec.files import hold, locked, write_whole
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.content import content_key
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.nix.lock import ask_whether_locked
from pytest_nixspec.shells.kept import HELD, Kept, KeptShell

LOCKED = "locked"
"""Beside the shells of a content whose inputs are known to be locked: asked once for each."""


class Keeping:
    """Where the shells of a flake are kept, as long as it is what it was."""

    def __init__(self, nix: Nix, flake: Flake, kept: Kept, noted: Path) -> None:
        """Hold a cache, so that nobody clears it meanwhile.

        Args:
            nix: The Nix to use.
            flake: The flake whose shells are kept.
            kept: The cache.
            noted: The file by which the workers of a run tell each other the content's key.

        Raises:
            OSError: It cannot be held.
        """
        self._noted = noted
        self._nix = nix
        self._flake = flake
        self._kept = kept
        self._held = {kept.lock: hold(kept.lock)}
        self._let_go = weakref.finalize(self, _close, self._held)
        self._unkept: list[KeptShell] = []

    def close(self) -> None:
        """Let go of the cache, and of what was built and is not to be kept."""
        for shell in self._unkept:
            shell.release()
        self._let_go()

    def home(self) -> Path | None:
        """Return where shells of this very content are kept; None where they cannot be.

        Raises:
            OSError: The place cannot be made.
        """
        with locked(self._noted.with_name("content.lock")):
            if not self._noted.exists():
                write_whole(self._noted, content_key(self._nix, self._flake) or "")
            key = self._noted.read_text()
        if not key:
            return None
        home = self._kept.flake(self._flake.directory, key)
        if home not in self._held:
            self._held[home] = hold(home / HELD)
        return home

    def look_again(self) -> None:
        """Let the key be made anew: something may have written what the shells are made of."""
        with locked(self._noted.with_name("content.lock")):
            self._noted.unlink(missing_ok=True)

    def is_known_to_be_locked(self, home: Path) -> bool:
        """Tell whether it was found out before that a content can be kept."""
        return (home / LOCKED).exists()

    def ask_whether_kept(self, home: Path) -> Callable[[], bool]:
        """Begin to ask whether what is built now may be kept in a home.

        Not if an input floats, which is not the same the next time; nor if the content has become
        another one meanwhile: then both what was built and the answer may be of that one.
        """
        is_known = self.is_known_to_be_locked(home)
        answer = None if is_known else ask_whether_locked(self._nix, self._flake)

        def is_kept() -> bool:
            if answer is not None and not answer():
                write_whole(self._noted, "")
                return False
            key = content_key(self._nix, self._flake)
            if key is None or not self._kept.is_of(home.name, key):
                return False
            # Where it cannot be noted it is asked again.
            with suppress(OSError):
                (home / LOCKED).touch()
            return True

        return is_kept

    def release_at_end(self, shell: KeptShell) -> None:
        """Let Nix collect a shell, but not while this run uses it."""
        shell.forget()
        self._unkept.append(shell)


def _close(held: dict[Path, int]) -> None:
    while held:
        os.close(held.popitem()[1])
