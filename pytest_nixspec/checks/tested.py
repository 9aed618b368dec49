"""A profile of a run: its settings, its measurement and its baseline, each got on demand."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.errors import SpecError, did_you_mean
from pytest_nixspec.performance import (
    Device,
    Measurement,
    Profile,
    baseline_path,
    incomparable,
    read,
)
from pytest_nixspec.performance.variables import Merged, merged
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import ProfileTable
from pytest_nixspec.verdict import Verdict

DEFAULT_SHELL = "default"


@dataclass(frozen=True, slots=True)
class ProfileUnderTest:
    """A profile of the specification, with what the run knows of it."""

    name: str
    table: ProfileTable
    run: Run

    @property
    def settings(self) -> Merged:
        """Its settings: what the specification states, else what its shell exports."""
        return merged(self.name, self._values, self.table.model_fields_set, self._variables())

    @property
    def profile(self) -> Profile:
        """The profile as it is measured."""
        values = self.settings.values
        return Profile(name=self.name, timeout_seconds=self.table.timeout, **values)

    @property
    def stated(self) -> Profile:
        """The profile as the specification has it, without what its shell exports."""
        return Profile(name=self.name, timeout_seconds=self.table.timeout, **self._values)

    @property
    def measurement(self) -> Measurement:
        """Its measurement in this run; raises `ModelError`."""
        return self.run.measurements.of(self.profile)

    def baseline(self) -> Verdict | Measurement:
        """Return the baseline's measurement, or why there is none to compare with."""
        path = baseline_path(self.run.baselines, Device.here(), self.name)
        return incomparable(self.measurement, read(path), str(path))

    @property
    def _values(self) -> dict[str, Any]:
        return self.table.model_dump(exclude={"gate", "timeout", "shell"})

    def _variables(self) -> dict[str, str]:
        shell = shell_of(self.table, self.run.spec)
        if shell is None:
            return {}
        exported = self.run.shells.shell(shell).environment
        mlx = {name: value for name, value in exported.items() if name.startswith(b"MLX_")}
        return {os.fsdecode(name): os.fsdecode(value) for name, value in mlx.items()}


Ask: TypeAlias = Callable[[ProfileUnderTest], Checked]


def check_of(name: str, table: ProfileTable, statement: str, line: int, ask: Ask) -> Check:
    """Return a statement on a profile as a check."""
    return Check(
        Area.PROFILE, name, statement, line, lambda run: ask(ProfileUnderTest(name, table, run))
    )


def shell_of(table: ProfileTable, spec: Spec | None) -> str | None:
    """Return the shell whose variables are a profile's defaults: its own, or the default one."""
    has_default = spec is not None and DEFAULT_SHELL in spec.model.shell
    return table.shell or (DEFAULT_SHELL if has_default else None)


def profile_named(run: Run, name: str) -> ProfileUnderTest:
    """Return a profile of the specification.

    Raises:
        SpecError: It has no profile of that name.
    """
    tables = run.spec.model.profile if run.spec else {}
    if name not in tables:
        known, hint = ", ".join(tables) or "none", did_you_mean(name, tables)
        message = f"the specification has no profile {name!r}; it has: {known}.{hint}"
        raise SpecError(message)
    return ProfileUnderTest(name, tables[name], run)
