"""Two deadlines for one `nix develop`: a long one to build, a short one once the hook runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

QUIET_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a shell may take, and who is told that it does.

    Attributes:
        build_seconds: For evaluating and building.
        hook_seconds: For the hook.
        announce: Told once in a while what is being waited for.
    """

    build_seconds: float = 3600.0
    hook_seconds: float = 120.0
    announce: Callable[[str], None] = lambda _: None


@dataclass(slots=True)
class ShellDeadline:
    """Tell whether to stop, from the elapsed seconds and from whether the hook was reached.

    Attributes:
        trace: The file that the shell begins as it reaches the hook.
        limits: How long each part may take.
    """

    trace: Path
    limits: Limits
    _hook_began: float | None = field(default=None, init=False)
    _announced: float = field(default=0.0, init=False)

    def __call__(self, elapsed: float) -> bool:
        """Return whether the time is up."""
        if self._hook_began is None and self.trace.exists():
            self._hook_began = elapsed
        if elapsed - self._announced >= QUIET_SECONDS:
            self._announced = elapsed
            self.limits.announce(
                f"{'building' if self._hook_began is None else 'hook'}, {elapsed:.0f} s"
            )
        if self._hook_began is None:
            return elapsed >= self.limits.build_seconds
        return elapsed - self._hook_began >= self.limits.hook_seconds
