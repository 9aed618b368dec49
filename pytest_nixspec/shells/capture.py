"""Enter a shell once, and keep its environment as it is after the hook, with the proof."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec.nix.binary import Nix, last_lines
from pytest_nixspec.nix.causes import cause_of
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.nix.verbs import why_not_evaluated
from pytest_nixspec.process import Completed
from pytest_nixspec.shells.deadline import Limits, ShellDeadline
from pytest_nixspec.shells.outcome import Entry, Event, ShellOutcome, failed_commands, judge, short

_OWN = frozenset({b"_", b"BASH_ENV"})

# Bash gives up the rest of what it evaluates at an error of syntax or expansion, and says 0. So the
# hook is followed by a mark that shows it got that far. Two newlines: one may be continued.
END = """

builtin printf 'returned\\t0\\t\\0' >> "$_nixspec_trace\""""

# Bash reads BASH_ENV before a script: here, before the one that Nix makes of the shell. Another
# bash on the way (a launcher of Nix) leaves it alone. The hook gets a home of its own, since
# `-i` takes HOME away and Mix and npm cannot do without. The mark is put behind the hook by the
# last moment's DEBUG trap: a function or an alias would change what the hook is evaluated in.
PREAMBLE = """\
case "$0" in {scratch}/*)
  unset BASH_ENV
  export HOME={scratch}/home
  _nixspec_trace={scratch}/trace
  _nixspec_end={end}
  trap 'case "$BASH_COMMAND" in eval*shellHook*)
    trap - DEBUG; shellHook+=$_nixspec_end ;; esac' DEBUG
  exit() {{
    local status=$?
    [ "$BASHPID" != "$$" ] || builtin printf 'exit\\t0\\t\\0' >> "$_nixspec_trace"
    builtin exit "${{1:-$status}}"
  }}
  trap 'builtin printf "failed\\t%s\\t%s\\0" "$?" "$BASH_COMMAND" >> "$_nixspec_trace"' ERR
  trap 'builtin printf "end\\t%s\\t\\0" "$?" >> "$_nixspec_trace"' EXIT
  builtin printf 'entered\\t0\\t\\0' >> "$_nixspec_trace"
;; esac
"""

# Only builtins: a shell need not have coreutils. The environment is the one this process was
# given, which `declare` or `env` would change; macOS has no /proc and makes do with env. It is run
# with -p, so that no function the hook exports stands in for a builtin.
CAPTURE = """\
printf 'started\\t0\\t\\0' >> "$0/trace"
if [ -r /proc/self/environ ]; then
  while IFS= read -r -d '' pair; do printf '%s\\0' "$pair"; done < /proc/self/environ > "$0/environ"
else
  /usr/bin/env -0 > "$0/environ"
fi
printf 'captured\\t0\\t\\0' >> "$0/trace"
"""

# The shell's own bash, whatever the hook has made of PATH.
OWN_BASH = "/proc/self/exe" if sys.platform == "linux" else "/bin/bash"


@dataclass(frozen=True, slots=True)
class Capture:
    """A shell after its hook.

    Attributes:
        shell: The attribute of the devShell.
        outcome: What became of entering it; the environment is whole only for `ran`.
        reason: One sentence on the outcome.
        evidence: What the hook and Nix said: failed commands, output, last lines.
        environment: The variables as bytes.
        elapsed_seconds: Wall time of the one `nix develop`.
    """

    shell: str
    outcome: ShellOutcome
    reason: str
    evidence: tuple[str, ...]
    environment: Mapping[bytes, bytes]
    elapsed_seconds: float

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
        )


def enter(nix: Nix, flake: Flake, shell: str, *, scratch: Path, limits: Limits) -> Capture:
    """Run one `nix develop` and return what came of it; a failure is an outcome, not an error.

    Args:
        nix: The Nix to use.
        flake: The flake under test.
        shell: The attribute of the devShell.
        scratch: A directory of our own that does not exist yet: TMPDIR and HOME of the hook.
        limits: How long building and the hook may take.
    """
    (scratch / "home").mkdir(parents=True)
    (scratch / "preamble").write_text(_preamble(scratch))
    done = nix.run(
        *("develop", *flake.arguments, "--profile", str(scratch / "profile")),
        *("-i", "-k", "TMPDIR", "-k", "BASH_ENV", flake.shell(shell)),
        *("-c", OWN_BASH, "--noprofile", "--norc", "-p", "-c", CAPTURE, str(scratch)),
        deadline=ShellDeadline(scratch / "trace", limits),
        cwd=flake.directory,
        extra={"TMPDIR": str(scratch), "BASH_ENV": str(scratch / "preamble")},
    )
    trace = scratch / "trace"
    events = Event.read_all(trace.read_bytes() if trace.exists() else b"")
    entry = judge(done, events, limits.hook_seconds)
    evidence = _evidence(entry, done, events)
    said = done.error_text
    if entry.outcome is ShellOutcome.EVALUATION_FAILED:
        said = why_not_evaluated(nix, flake, shell)
        evidence = tuple(said.splitlines())
    is_nixs_own = all(event.name != "entered" for event in events)
    cause = cause_of(said, flake.directory, flake.system) if is_nixs_own else None
    return Capture(
        shell=shell,
        outcome=entry.outcome,
        reason=f"{entry.reason}: {cause}" if cause else entry.reason,
        evidence=evidence,
        environment=_environment(scratch) if entry.outcome is ShellOutcome.RAN else {},
        elapsed_seconds=done.elapsed_seconds,
    )


def _preamble(scratch: Path) -> str:
    return PREAMBLE.format(scratch=shlex.quote(str(scratch)), end=shlex.quote(END))


def _evidence(entry: Entry, done: Completed, events: tuple[Event, ...]) -> tuple[str, ...]:
    commands = [
        f"in the hook, `{short(e.command)}` failed with status {e.status}"
        for e in failed_commands(events)
    ]
    printed = last_lines(done.text, 4)
    output = [f"the hook printed on stdout: {line}" for line in printed]
    said = [] if entry.outcome is ShellOutcome.RAN else last_lines(done.error_text)
    return (*commands, *output, *said)


def _environment(scratch: Path) -> dict[bytes, bytes]:
    pairs = (scratch / "environ").read_bytes().split(b"\0")[:-1]
    split = (pair.partition(b"=") for pair in pairs)
    environment = {name: value for name, _, value in split if name not in _OWN}
    if b"shellHook" in environment:
        environment[b"shellHook"] = environment[b"shellHook"].removesuffix(END.encode())
    return environment
