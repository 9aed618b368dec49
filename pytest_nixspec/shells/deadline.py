"""Two deadlines for one `nix develop`: a long one to build, a short one once the hook runs."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

QUIET_SECONDS = 5.0


class Limits(NamedTuple):
    """How long a shell may take, and who is told that it does.

    Attributes:
        build_seconds: For evaluating and building.
        hook_seconds: For the hook.
        announce: Told once in a while what is being waited for.
    """

    build_seconds: float = 3600.0
    hook_seconds: float = 120.0
    announce: Callable[[str], None] = lambda _: None


class ShellDeadline:
    """Tell whether to stop, from the elapsed seconds and from whether the hook was reached."""

    def __init__(self, trace: Path, limits: Limits) -> None:
        """Watch the file that the shell begins as it reaches the hook."""
        self._trace = trace
        self._limits = limits
        self._hook_began: float | None = None
        self._announced = 0.0

    def __call__(self, elapsed: float) -> bool:
        """Return whether the time is up."""
        if self._hook_began is None and self._trace.exists():
            self._hook_began = elapsed
        if elapsed - self._announced >= QUIET_SECONDS:
            self._announced = elapsed
            self._limits.announce(
                f"{'building' if self._hook_began is None else 'hook'}, {elapsed:.0f} s"
            )
        if self._hook_began is None:
            return elapsed >= self._limits.build_seconds
        return elapsed - self._hook_began >= self._limits.hook_seconds
