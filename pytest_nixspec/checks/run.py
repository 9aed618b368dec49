"""What the checks of one run share: Nix, the shells, the measurements; each got on demand."""

from __future__ import annotations

import datetime
import os
import platform
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pytest_nixspec.errors import SpecError
from pytest_nixspec.nix import Flake, Nix, locate
from pytest_nixspec.release import __version__
from pytest_nixspec.report import Header
from pytest_nixspec.shells import ShellPool
from pytest_nixspec.shells.deadline import Limits
from pytest_nixspec.shells.kept import Kept
from pytest_nixspec.shells.ways import Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_nixspec.checks.matrix import VersionMatrix
    from pytest_nixspec.performance import Measurements
    from pytest_nixspec.settings import Settings
    from pytest_nixspec.spec import Spec


class FlakeUnderTest(NamedTuple):
    """The flake of a run, as a test sees it.

    Attributes:
        directory: Where its flake.nix is.
        system: The system whose shells are meant.
        nix_version: The version of the Nix in use.
        shells: The names of its shells.
    """

    directory: Path
    system: str
    nix_version: str
    shells: tuple[str, ...]


@dataclass(eq=False, repr=False)
class Run:
    """One run over one specification.

    Attributes:
        settings: What was asked for.
        spec: The specification.
        directory: Shared by all workers, gone after the run.
        announce: Told what is being waited for.
        find_nix: Gives the Nix to use, where somebody has looked for it already.
    """

    settings: Settings
    spec: Spec | None
    directory: Path
    announce: Callable[[str], None]
    find_nix: Callable[[], Nix] | None = None

    @cached_property
    def nix(self) -> Nix:
        """The Nix of this run; raises `NixNotFoundError` or `NixTooOldError`."""
        return (
            self.find_nix()
            if self.find_nix
            else locate(os.environ, self.settings.substitutions.nix)
        )

    @cached_property
    def flake(self) -> Flake:
        """The flake under test; raises `SpecError` for an override of no input."""
        directory = self.spec.flake_directory if self.spec else self.settings.root
        flake = Flake(directory, self.nix.system, self.settings.substitutions.inputs)
        fault = flake.unknown_override()
        if fault is not None:
            raise SpecError(fault)
        return flake

    @cached_property
    def shells(self) -> ShellPool:
        """The flake's shells."""
        tables = self.spec.model.shell if self.spec else {}
        return ShellPool(
            nix=self.nix,
            flake=self.flake,
            directory=self.directory / "shells",
            probes=self.spec.probes if self.spec else {},
            limits=Limits(announce=self.announce),
            hook_seconds={n: t.timeout for n, t in tables.items()},
            kept=Kept.here(self.nix.environment),
            ways={n: Way(t.via) for n, t in tables.items() if t.via != "flake"},
        )

    def close(self) -> None:
        """Let go of what is kept between runs, so that it may be cleared."""
        if "shells" in vars(self):
            self.shells.close()

    @cached_property
    def version_matrix(self) -> VersionMatrix:
        """The versions that the shells bring."""
        from pytest_nixspec.checks.matrix import VersionMatrix  # noqa: PLC0415 - seldom needed

        return VersionMatrix(self.shells)

    @cached_property
    def measurements(self) -> Measurements:
        """The measurements of profiles."""
        from pytest_nixspec.performance import Measurements  # noqa: PLC0415 - seldom needed

        return Measurements(
            directory=self.directory / "profiles",
            substitutes=self.settings.substitutions.model_paths,
            root=self.settings.root,
            announce=self.announce,
            is_quick=self.settings.is_quick,
        )

    @property
    def baselines(self) -> Path:
        """Where baselines are kept."""
        return self.settings.root / "baselines"

    @cached_property
    def flake_under_test(self) -> FlakeUnderTest:
        """The flake, for a test; raises `NixCommandError` where it cannot be evaluated."""
        names = tuple(self.shells.names())
        return FlakeUnderTest(self.flake.directory, self.flake.system, self.nix.version, names)


def header(run: Run) -> Header:
    """Return where and with what a run takes place; the device only where models run on it."""
    device = platform.machine()
    if run.spec is not None and run.spec.model.profile:
        from pytest_nixspec.performance import Device  # noqa: PLC0415 - seldom needed

        device = str(Device.here())
    return Header(
        plugin=__version__,
        nix=f"{run.nix.version} ({run.nix.path})",
        system=run.nix.system,
        device=device,
        flake=str(run.flake.directory),
        started=datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds"),
        substitutions=tuple(run.settings.substitutions.lines()),
    )
