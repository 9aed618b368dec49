"""The shells of one run: each is entered once, whichever worker comes first."""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_nixspec.errors import (
    NixCommandError,
    ShellNotEnteredError,
    ShellNotFoundError,
    did_you_mean,
)
from pytest_nixspec.files import locked, write_whole
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.nix.verbs import shell_names
from pytest_nixspec.shells.capture import Capture
from pytest_nixspec.shells.deadline import Limits
from pytest_nixspec.shells.entering import Visit, enter
from pytest_nixspec.shells.keeping import Keeping
from pytest_nixspec.shells.kept import Kept, KeptShell
from pytest_nixspec.shells.memory import Memory
from pytest_nixspec.shells.outcome import ShellOutcome
from pytest_nixspec.shells.probes import Probe
from pytest_nixspec.shells.script import Script
from pytest_nixspec.shells.shell import Shell
from pytest_nixspec.shells.tools import SearchPath, entries_of
from pytest_nixspec.shells.ways import SHELL_NIX, Way, enter_direnv, enter_host
from pytest_nixspec.temporary import clear

if TYPE_CHECKING:
    from pytest_nixspec.nix.provenance import Provenance
    from pytest_nixspec.shells.leaks import Leak

LONGEST_SLUG = 100


@dataclass(eq=False, repr=False)
class ShellPool:
    """Enter shells on demand, once each, under a lock that dies with its holder.

    Attributes:
        nix: The Nix to use.
        flake: The flake under test.
        directory: Where captures are kept for the length of the run.
        probes: The probes of the specification.
        limits: How long a shell may take.
        hook_seconds: How long the hook may take, for shells that say so themselves.
        kept: What is kept between runs, if anything is.
        ways: How shells are entered that are not the flake's, by name.
    """

    nix: Nix
    flake: Flake
    directory: Path
    probes: Mapping[str, Probe] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    hook_seconds: Mapping[str, float] = field(default_factory=dict)
    kept: Kept | None = None
    ways: Mapping[str, Way] = field(default_factory=dict)
    _captures: dict[str, Capture] = field(default_factory=dict, init=False)
    _shells: dict[tuple[str, str], Shell] = field(default_factory=dict, init=False)

    def close(self) -> None:
        """Let go of what is kept between runs."""
        keeping = vars(self).get("_keeping")
        if keeping:
            keeping.close()

    def names(self) -> list[str]:
        """Return the names of the flake's shells, from one evaluation per run.

        Raises:
            NixCommandError: The flake cannot be evaluated.
        """
        listing = self.directory / "shells.json"
        with _lock(listing):
            if not listing.exists():
                write_whole(listing, json.dumps(self._listed()))
        read = json.loads(listing.read_text())
        if "error" in read:
            raise NixCommandError(read["error"])
        return list(read["names"])

    def _listed(self) -> dict[str, object]:
        try:
            return {"names": shell_names(self.nix, self.flake)}
        except NixCommandError as error:
            return {"error": str(error)}

    def capture(self, name: str) -> Capture:
        """Return a shell's capture, entering it if nobody has yet; a failure is one as well.

        Raises:
            ShellNotFoundError: The flake has no such shell.
            NixCommandError: The flake cannot be evaluated.
        """
        if name not in self._captures:
            home = self.directory / "entered" / _slug(name)
            kept = home.with_name(f"{home.name}.json")
            with _lock(home):
                if not kept.exists():
                    write_whole(kept, self._enter(name, home).to_json())
            self._captures[name] = Capture.from_json(kept.read_text())
        capture = self._captures[name]
        if capture.outcome is ShellOutcome.EVALUATION_FAILED and name not in self.ways:
            # Only now: on the good path it is one evaluation less.
            self._must_exist(name)
        return capture

    def shell(self, name: str) -> Shell:
        """Return a shell that was entered.

        Raises:
            ShellNotFoundError: The flake has no such shell.
            ShellNotEnteredError: Nothing ran inside it.
            NixCommandError: The flake cannot be evaluated.
        """
        capture = self.capture(name)
        if capture.outcome is not ShellOutcome.RAN:
            said = "\n".join(f"  {line}" for line in capture.evidence)
            message = f"shell {name!r}: {capture.outcome}: {capture.reason}.\n{said}".rstrip()
            raise ShellNotEnteredError(message)
        parents = os.environ.get("PATH", "")
        if (name, parents) not in self._shells:
            self._shells[name, parents] = self._shell(name, capture, parents)
        return self._shells[name, parents]

    def _shell(self, name: str, capture: Capture, parents: str) -> Shell:
        return Shell(
            name=name,
            capture=capture,
            search_path=SearchPath(
                entries=entries_of(os.fsdecode(capture.environment.get(b"PATH", b""))),
                store=self.nix.store,
                project=self.flake.directory,
                parents=entries_of(parents),
                is_hosts=self.ways.get(name) is Way.HOST,
            ),
            directory=self.flake.directory,
            memory=Memory(self.directory / "answers"),
            probes=self.probes,
            trace=lambda: self._provenances(name),
        )

    def _provenances(self, name: str) -> "Mapping[str, Provenance]":
        from pytest_nixspec.nix.provenance import provenances  # noqa: PLC0415 - seldom needed

        return {} if name in self.ways else provenances(self.nix, self.flake, name)

    def leaks(self, name: str) -> "list[Leak]":
        """Return what of its parent changes a shell, from entering it under several.

        Raises:
            ShellNotFoundError: The flake has no such shell.
            ShellNotEnteredError: Nothing ran inside it.
            NixCommandError: The flake cannot be evaluated.
        """
        from pytest_nixspec.shells.leaks import Leak, leak_map  # noqa: PLC0415 - seldom needed

        # What cannot be entered at all is not a matter of its parents.
        self.shell(name)
        home = self.directory / "leaks" / _slug(name)
        kept = home.with_name(f"{home.name}.json")
        with _lock(home):
            if not kept.exists():
                clear(home)
                found = leak_map(self.nix, self.flake, name, home, self._limits(name))
                write_whole(kept, json.dumps([leak._asdict() for leak in found]))
        return [Leak(**read) for read in json.loads(kept.read_text())]

    def _enter(self, name: str, scratch: Path) -> Capture:
        match self.ways.get(name):
            case Way.HOST:
                return enter_host(name)
            case Way.DIRENV:
                clear(scratch)
                limits = self._limits(name)
                return enter_direnv(self.nix, self.flake.directory, name, scratch, limits)
            case Way.SHELL_NIX:
                file = self.flake.directory / SHELL_NIX
                return self._visit(Visit(name, scratch, self._limits(name), file=file))
        visit, keeping = Visit(name, scratch, self._limits(name)), self._keeping
        home = self._home_of(keeping) if keeping else None
        kept = KeptShell.at(home / _slug(name)) if home else None
        if keeping is None or kept is None:
            return self._visit(visit)
        # Another run may be at the same shell.
        with _lock(kept.directory / "entering"):
            return self._enter_kept(visit, keeping, kept)

    def _enter_kept(self, visit: Visit, keeping: Keeping, kept: KeptShell) -> Capture:
        """Enter a shell as it was built before, where it was; else keep what is built now."""
        home = kept.directory.parent
        built = kept.built() if keeping.is_known_to_be_locked(home) else None
        while built is not None:
            capture = self._visit(visit._replace(built=built))
            # Before the hook only what was kept can fail: it is damaged, or collected.
            if not capture.outcome.is_before_the_hook:
                if built.script is None and capture.bash:
                    self._remember(kept, capture)
                return capture._replace(was_kept=True)
            built = built._replace(script=None) if built.script else None
        is_kept = keeping.ask_whether_kept(home)
        capture = self._visit(visit._replace(keep=kept.profile))
        if capture.bash and is_kept():
            self._remember(kept, capture)
        else:
            keeping.release_at_end(kept)
        return capture

    def _remember(self, kept: KeptShell, capture: Capture) -> None:
        try:
            kept.remember(capture.bash, Script.noted_in(Path(capture.scratch)))
        except OSError as error:
            self._say_why_not(error)

    def _visit(self, visit: Visit) -> Capture:
        # A worker that was killed on its way may have left a part.
        clear(visit.scratch)
        capture = enter(self.nix, self.flake, visit)
        wrote = capture.effects is None or capture.effects.written != ()
        if self._keeping and (capture.has_hook or wrote):
            # A hook may have written what another shell is made of, be it elsewhere or in .git.
            self._keeping.look_again()
        return capture

    @cached_property
    def _keeping(self) -> Keeping | None:
        if self.kept is None:
            return None
        try:
            return Keeping(self.nix, self.flake, self.kept, self.directory / "content")
        except OSError as error:
            self._say_why_not(error)
            return None

    def _home_of(self, keeping: Keeping) -> Path | None:
        try:
            return keeping.home()
        except OSError as error:
            self._say_why_not(error)
            return None

    def _say_why_not(self, error: OSError) -> None:
        self.limits.announce(f"nothing is kept between runs: {error}")

    def _limits(self, name: str) -> Limits:
        announce = self.limits.announce
        return Limits(
            build_seconds=self.limits.build_seconds,
            hook_seconds=self.hook_seconds.get(name, self.limits.hook_seconds),
            announce=lambda text: announce(f"shell {name}: {text}"),
        )

    def _must_exist(self, name: str) -> None:
        names = self.names()
        if name not in names:
            message = (
                f"the flake has no shell {name!r} for {self.flake.system}; "
                f"it has: {', '.join(names) or 'none'}.{did_you_mean(name, names)}"
            )
            raise ShellNotFoundError(message)


def _lock(path: Path) -> AbstractContextManager[None]:
    return locked(path.with_name(f"{path.name}.lock"))


def _slug(name: str) -> str:
    """Return a name for files: the shell's own, unless it is too long for one."""
    # A dot would let one name meet the files beside another's.
    quoted = quote(name, safe="").replace(".", "%2E")
    if 0 < len(quoted) <= LONGEST_SLUG:
        return quoted
    return hashlib.sha256(name.encode()).hexdigest()
