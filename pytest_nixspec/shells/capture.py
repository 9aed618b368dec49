"""A shell as it is after its hook, whole enough to be kept as a file."""

import json
import os
from collections.abc import Mapping
from typing import NamedTuple

from pytest_nixspec.shells.effects import HookEffects
from pytest_nixspec.shells.outcome import ShellOutcome


class Capture(NamedTuple):
    """A shell after its hook.

    Attributes:
        shell: The attribute of the devShell.
        outcome: What became of entering it; the environment is whole only for `ran`.
        reason: One sentence on the outcome.
        evidence: What the hook and Nix said: failed commands, output, last lines.
        environment: The variables as bytes.
        elapsed_seconds: Wall time of the one `nix develop`.
        effects: What the hook did; only for `ran`.
        has_hook: Whether there may be a hook.
        umask: The umask after the hook, `0022`.
        bash: The bash that evaluated the hook.
        scratch: The directory that was its TMPDIR and HOME.
        was_kept: Whether it was built by an earlier run, and only its hook was evaluated now.
    """

    shell: str
    outcome: ShellOutcome
    reason: str
    evidence: tuple[str, ...]
    environment: Mapping[bytes, bytes]
    elapsed_seconds: float
    effects: HookEffects | None = None
    has_hook: bool = True
    umask: str = ""
    bash: str = ""
    scratch: str = "/nowhere"
    was_kept: bool = False

    def to_json(self) -> str:
        """Return the capture as JSON; bytes that are no UTF-8 survive as surrogates."""
        variables = {os.fsdecode(k): os.fsdecode(v) for k, v in self.environment.items()}
        return json.dumps(
            {
                "shell": self.shell,
                "outcome": self.outcome,
                "reason": self.reason,
                "evidence": self.evidence,
                "environment": variables,
                "elapsed_seconds": self.elapsed_seconds,
                "effects": self.effects.to_json() if self.effects else None,
                "has_hook": self.has_hook,
                "umask": self.umask,
                "bash": self.bash,
                "scratch": self.scratch,
                "was_kept": self.was_kept,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Capture":
        """Read what `to_json` wrote."""
        read = json.loads(text)
        variables = {os.fsencode(k): os.fsencode(v) for k, v in read["environment"].items()}
        return cls(
            shell=read["shell"],
            outcome=ShellOutcome(read["outcome"]),
            reason=read["reason"],
            evidence=tuple(read["evidence"]),
            environment=variables,
            elapsed_seconds=read["elapsed_seconds"],
            effects=HookEffects.from_json(read["effects"]) if read["effects"] else None,
            has_hook=read["has_hook"],
            umask=read["umask"],
            bash=read["bash"],
            scratch=read["scratch"],
            was_kept=read["was_kept"],
        )
