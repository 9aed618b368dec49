"""What is kept between runs: the built shells, by their content."""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from pytest_nixspec.errors import ShellError
from pytest_nixspec.files import held_alone, write_whole
from pytest_nixspec.shells.entering import Built
from pytest_nixspec.shells.preamble import OURS
from pytest_nixspec.shells.script import Script

KEPT_EACH = 4
"""So many contents of one flake are kept: a branch or two, and what they were before."""
HELD = "held"
"""Held by the runs that use the shells of a content, beside these."""


class Kept(NamedTuple):
    """A cache on disk; each profile in it is a root of Nix's garbage collector.

    Attributes:
        directory: Where it is.
    """

    directory: Path

    @classmethod
    def here(cls, environ: Mapping[str, str]) -> "Kept":
        """Return the cache of this user."""
        home = environ.get("XDG_CACHE_HOME") or os.fspath(Path.home() / ".cache")
        return cls(Path(home) / "nixspec" / "shells")

    def flake(self, flake: Path, key: str) -> Path:
        """Return where the shells of one content of a flake are kept, and note that it is used."""
        own = self._own(flake)
        home = own / key[:32]
        is_new = not home.is_dir()
        home.mkdir(parents=True, exist_ok=True)
        (home / "used").write_text(f"{time.time()}\n")
        if is_new:
            (own / "flake").write_text(f"{flake}\n")
            for older in sorted(own.glob("*/used"), key=_used, reverse=True)[KEPT_EACH:]:
                with held_alone(older.parent / HELD) as is_unused:
                    if is_unused:
                        shutil.rmtree(older.parent, ignore_errors=True)
        return home

    def is_of(self, home: str, key: str) -> bool:
        """Tell whether a home, by its name, is that of a content."""
        return home == key[:32]

    def _own(self, flake: Path) -> Path:
        return self.directory / "flakes" / hashlib.sha256(os.fsencode(flake)).hexdigest()[:16]

    def entries(self) -> Iterator[tuple[str, str, float, list[str]]]:
        """Yield (flake, key, time of use, shells) for each content, the last used first."""
        for used in sorted(self.directory.glob("flakes/*/*/used"), key=_used, reverse=True):
            home = used.parent
            named = home.parent / "flake"
            flake = named.read_text(errors="replace").strip() if named.is_file() else "unknown"
            shells = sorted(unquote(path.parent.name) for path in home.glob("*/bash"))
            if shells:
                yield flake, home.name, _used(used), shells

    @property
    def lock(self) -> Path:
        """What runs hold that use it: beside it, so that it can be removed."""
        return self.directory.with_name(f"{self.directory.name}.lock")

    def clear(self) -> None:
        """Forget everything; Nix may collect the shells then.

        Raises:
            ShellError: A run uses it.
        """
        if not self.directory.exists():
            return
        with held_alone(self.lock) as is_free:
            if not is_free:
                message = (
                    f"{self.directory} is in use by a run of pytest or of nixspec, which would "
                    "lose its shells. Nothing was forgotten; try again when it has ended."
                )
                raise ShellError(message)
            shutil.rmtree(self.directory)


class KeptShell(NamedTuple):
    """One shell of one content, as it was built; what is damaged is as good as none.

    Attributes:
        directory: Where it is kept.
    """

    directory: Path

    @classmethod
    def at(cls, directory: Path) -> "KeptShell | None":
        """Return the place for a shell, or None where nothing can be kept."""
        try:
            directory.mkdir(exist_ok=True)
        except OSError:
            return None
        kept = cls(directory)
        places = (kept.profile, kept._bash, kept._script)
        is_blocked = any(place.is_dir() and not place.is_symlink() for place in places)
        return None if is_blocked or not os.access(directory, os.W_OK) else kept

    @property
    def profile(self) -> Path:
        """The profile that holds what was built, and makes it a root of the garbage collector."""
        return self.directory / "profile"

    @property
    def _bash(self) -> Path:
        return self.directory / "bash"

    @property
    def _script(self) -> Path:
        return self.directory / "script"

    def built(self) -> Built | None:
        """Return what an earlier run has built, if all of it is still there."""
        known = self._bash.read_bytes() if self._bash.is_file() else b""
        if not known.startswith(b"/") or b"\0" in known:
            return None
        bash = Path(os.fsdecode(known))
        if not (self.profile.exists() and bash.exists()):
            return None
        return Built(self.profile, bash, self._known_script())

    def remember(self, bash: str, script: Script | None) -> None:
        """Note the bash that the shell was entered with, and what Nix gave it."""
        if script is None:
            self._script.unlink(missing_ok=True)
        else:
            write_whole(self._script, script.to_json(OURS))
        write_whole(self._bash, bash)

    def forget(self) -> None:
        """Note that nothing is known of the shell."""
        self._bash.unlink(missing_ok=True)
        self._script.unlink(missing_ok=True)

    def release(self) -> None:
        """Take away the roots of the garbage collector."""
        for link in self.directory.glob(f"{self.profile.name}*"):
            link.unlink(missing_ok=True)

    def _known_script(self) -> Script | None:
        if not self._script.is_file():
            return None
        text = self._script.read_text(encoding="utf-8", errors="replace")
        script = Script.from_json(text, OURS)
        if script is None or not script.can_be_repeated_here:
            return None
        return script if os.access(script.program, os.X_OK) else None


def _used(path: Path) -> float:
    try:
        return float(path.read_text())
    except (OSError, ValueError):
        # Half written or gone: then nobody has used it lately.
        return 0.0
