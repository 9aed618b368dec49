"""What one run keeps for the next: the shells of its flake, under the content that it has now."""

import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pytest_nixspec.files import hold, locked, write_whole
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.content import ask_whether_locked, content_key
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.shells.kept import HELD, Kept, KeptShell

LOCKED = "locked"
"""Beside the shells of a content whose inputs are known to be locked: asked once for each."""


class Keeping:
    """Where the shells of a flake are kept, as long as it is what it was.

    Attributes:
        noted: The file by which the workers of a run tell each other the content's key.
    """

    def __init__(self, nix: Nix, flake: Flake, kept: Kept, noted: Path) -> None:
        """Hold a cache, so that nobody clears it meanwhile.

        Raises:
            OSError: It cannot be held.
        """
        self.noted = noted
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
        with locked(self.noted.with_name("content.lock")):
            if not self.noted.exists():
                write_whole(self.noted, content_key(self._nix, self._flake) or "")
            key = self.noted.read_text()
        if not key:
            return None
        home = self._kept.flake(self._flake.directory, key)
        if home not in self._held:
            self._held[home] = hold(home / HELD)
        return home

    def look_again(self) -> None:
        """Let the key be made anew: something may have written what the shells are made of."""
        with locked(self.noted.with_name("content.lock")):
            self.noted.unlink(missing_ok=True)

    def is_known_to_be_locked(self, home: Path) -> bool:
        """Tell whether it was found out before that a content can be kept."""
        return (home / LOCKED).exists()

    def ask_whether_locked(self, home: Path) -> Callable[[], bool]:
        """Begin to ask whether a content can be kept: what floats is not the same the next time."""
        if self.is_known_to_be_locked(home):
            return lambda: True
        answer = ask_whether_locked(self._nix, self._flake)

        def is_locked() -> bool:
            found = answer()
            if found:
                # Where it cannot be noted it is asked again.
                with suppress(OSError):
                    (home / LOCKED).touch()
            else:
                write_whole(self.noted, "")
            return found

        return is_locked

    def release_at_end(self, shell: KeptShell) -> None:
        """Let Nix collect a shell, but not while this run uses it."""
        shell.forget()
        self._unkept.append(shell)

    def is_still(self, home: Path) -> bool:
        """Tell whether the content is the one of a home: what was built may be of a later one."""
        key = content_key(self._nix, self._flake)
        return key is not None and self._kept.is_of(home.name, key)


def _close(held: dict[Path, int]) -> None:
    while held:
        os.close(held.popitem()[1])
