"""Enter a shell once, and keep its environment as it is after the hook, with the proof."""

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
from pytest_nixspec.process import Completed, end_those_told, run_and_look
from pytest_nixspec.shells.capture import Capture
from pytest_nixspec.shells.deadline import Limits, ShellDeadline
from pytest_nixspec.shells.effects import (
    HookEffects,
    files_written,
    seconds_of_hook,
    tree_of,
    variables_changed,
)
from pytest_nixspec.shells.outcome import Entry, Event, ShellOutcome, failed_commands, judge, short
from pytest_nixspec.shells.script import NOTE, Script

_OWN = frozenset({b"_", b"BASH_ENV"})

# Bash gives up the rest of what it evaluates at an error of syntax or expansion, and says 0. So the
# hook is followed by a mark that shows it got that far. Two newlines: one may be continued.
END = """

builtin printf 'returned\\t0\\t%s\\0' "$EPOCHREALTIME" >> "$_nixspec_trace\""""

# Bash reads BASH_ENV before a script: here, before the one that Nix makes of the shell. Another
# bash on the way (a launcher of Nix) leaves it alone. The hook gets a home of its own, since
# `-i` takes HOME away and Mix and npm cannot do without. The mark is put behind the hook by the
# last moment's DEBUG trap: a function or an alias would change what the hook is evaluated in. The
# trap keeps the environment, too, as it is before the hook.
PREAMBLE = """\
case "$0" in {scratch}/*)
  unset BASH_ENV
  {note}
  {home}
  _nixspec_trace={scratch}/trace
  _nixspec_end={end}
  _nixspec_dump={dump}
  _nixspec_before={scratch}/before
  trap 'case "$BASH_COMMAND" in eval*shellHook*)
    trap - DEBUG
    {bash} --noprofile --norc -p -c "$_nixspec_dump" . "$_nixspec_before" </dev/null 2>&1 || :
    shellHook+=$_nixspec_end
    builtin printf "hook\\t0\\t%s\\0" "$EPOCHREALTIME" >> "$_nixspec_trace" ;; esac' DEBUG
  exit() {{
    local status=$?
    [ "$BASHPID" != "$$" ] || builtin printf 'exit\\t0\\t\\0' >> "$_nixspec_trace"
    builtin exit "${{1:-$status}}"
  }}
  trap 'builtin printf "failed\\t%s\\t%s\\0" "$?" "$BASH_COMMAND" >> "$_nixspec_trace"' ERR
  trap 'builtin printf "end\\t%s\\t\\0" "$?" >> "$_nixspec_trace"' EXIT
  builtin printf 'entered\\t0\\t%s\\0' "$BASH" >> "$_nixspec_trace"
;; esac
"""

# Only builtins: a shell need not have coreutils. The environment is the one this process was
# given, which `declare` or `env` would change; macOS has no /proc and makes do with env. It is run
# with -p, so that no function the hook exports stands in for a builtin.
DUMP = """\
if [ -r /proc/self/environ ]; then
  while IFS= read -r -d "" pair; do printf "%s\\0" "$pair"; done < /proc/self/environ > "$1"
else
  /usr/bin/env -0 > "$1"
fi
"""
CAPTURE = f"""\
printf 'started\\t0\\t\\0' >> "$0/trace"
umask > "$0/umask"
set -- "$0/environ"
{DUMP}
printf 'captured\\t0\\t\\0' >> "$0/trace"
"""

OURS = f"{PREAMBLE}\n{END}\n{CAPTURE}\n{NOTE}"
"""What of a kept script is ours, so that it changes with us."""

# The shell's own bash, whatever the hook has made of PATH.
OWN_BASH = "/proc/self/exe" if sys.platform == "linux" else "/bin/bash"


@dataclass(frozen=True, slots=True)
class Parent:
    """Who enters a shell, where that is not ourselves with nothing in our hands.

    Attributes:
        environment: Its variables, all of which `nix develop` lets through.
        directory: Where it is.
        umask: Its umask.
    """

    environment: Mapping[str, str]
    directory: Path
    umask: int


@dataclass(frozen=True, slots=True)
class Visit:
    """One way of entering a shell.

    Attributes:
        shell: The attribute of the devShell.
        scratch: A directory of our own that does not exist yet: TMPDIR and HOME of the hook.
        limits: How long building and the hook may take.
        parent: Whose variables are let through; by default nobody's, as with `-i`.
        built: The shell as it was built before, which then is not evaluated again.
        keep: Where to keep what is built, if it is to be kept.
        file: A shell.nix beside the flake, where that is entered in its stead.
    """

    shell: str
    scratch: Path
    limits: Limits
    parent: Parent | None = None
    built: "Built | None" = None
    keep: Path | None = None
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A shell that was built before.

    Attributes:
        profile: The profile that holds it.
        bash: The bash that it was entered with: Nix finds it through the flake, which is not asked.
        script: What Nix made of it; without one Nix is asked to make it again.
    """

    profile: Path
    bash: Path
    script: Script | None = None


def enter(nix: Nix, flake: Flake, visit: Visit) -> Capture:
    """Run one `nix develop` and return what came of it; a failure is an outcome, not an error."""
    scratch = visit.scratch
    (scratch / "home").mkdir(parents=True)
    (scratch / "given").mkdir()
    (scratch / "preamble").write_text(_preamble(visit))
    tree = tree_of(flake.directory)
    done = _develop(nix, flake, visit)
    events = events_in(scratch)
    entry = judge(done, events, visit.limits.hook_seconds)
    if entry.outcome is not ShellOutcome.RAN:
        return _not_ran(nix, flake, visit, entry, (done, events))
    environment = environment_in(scratch / "environ")
    effects = HookEffects(
        **variables_changed(environment_in(scratch / "before"), environment),
        written=files_written(tree, tree_of(flake.directory)),
        processes=_left_behind(done, scratch),
        seconds=seconds_of_hook(events),
        stdout=done.stdout.decode(errors="replace"),
    )
    return Capture(
        shell=visit.shell,
        outcome=entry.outcome,
        reason=entry.reason,
        evidence=_evidence(done, events),
        environment=environment,
        elapsed_seconds=done.elapsed_seconds,
        effects=effects,
        umask=(scratch / "umask").read_text().strip(),
        scratch=str(scratch),
        bash=next((event.command for event in events if event.name == "entered"), ""),
    )


def _left_behind(done: Completed, scratch: Path) -> tuple[str, ...] | None:
    """Return what the hook left running, in its group or, as a daemon, beside it."""
    # With the slash: the directory of another shell may begin with the name of this one's.
    escaped = end_those_told(f"{scratch}/")
    if done.left_behind is None or escaped is None:
        return None
    # One that was ended with its group may be seen dying still.
    return (*done.left_behind, *(one for one in escaped if one not in done.left_behind))


def _not_ran(
    nix: Nix, flake: Flake, visit: Visit, entry: Entry, left: tuple[Completed, tuple[Event, ...]]
) -> Capture:
    """Return the capture of a shell that was not entered, with the cause where we know it."""
    done, events = left
    said = done.error_text
    evidence = (*_evidence(done, events), *last_lines(said))
    if entry.outcome is ShellOutcome.EVALUATION_FAILED and visit.file is None:
        said = why_not_evaluated(nix, flake, visit.shell)
        evidence = tuple(said.splitlines())
    is_nixs_own = all(event.name != "entered" for event in events)
    cause = cause_of(said, flake.directory, flake.system) if is_nixs_own else None
    reason = f"{entry.reason}: {cause}" if cause else entry.reason
    return Capture(visit.shell, entry.outcome, reason, evidence, {}, done.elapsed_seconds)


def _develop(nix: Nix, flake: Flake, visit: Visit) -> Completed:
    script = visit.built.script if visit.built else None
    command = script.put(visit.scratch) if script else None
    if script is None or command is None:
        return _develop_by_nix(nix, flake, visit)
    ours = {b"TMPDIR": visit.scratch, b"BASH_ENV": visit.scratch / "preamble"}
    return run_and_look(
        command,
        env={**script.environment, **{name: os.fsencode(path) for name, path in ours.items()}},
        cwd=flake.directory,
        deadline=ShellDeadline(visit.scratch / "trace", visit.limits),
        program=script.program,
    )


def _develop_by_nix(nix: Nix, flake: Flake, visit: Visit) -> Completed:
    scratch, parent = visit.scratch, visit.parent
    directory = parent.directory if parent else flake.directory
    keeps = () if parent else ("-i", "-k", "TMPDIR", "-k", "BASH_ENV")
    started = nix.started_by(parent.environment, parent.umask) if parent else nix
    extra = {"TMPDIR": str(scratch), "BASH_ENV": str(scratch / "preamble")}
    if visit.built is not None:
        path = started.environment.get("PATH", "")
        extra["PATH"] = os.pathsep.join([str(visit.built.bash.parent), path])
        # Without a registry Nix does not look for a bash in a nixpkgs that is not the flake's.
        what = ("--option", "flake-registry", "", *keeps, str(visit.built.profile))
    else:
        profile = ("--profile", str(visit.keep or scratch / "profile"))
        what = (*profile, *keeps, *_installable(flake, visit, directory))
    return started.run(
        *("develop", *what),
        *("-c", OWN_BASH, "--noprofile", "--norc", "-p", "-c", CAPTURE, str(scratch)),
        deadline=ShellDeadline(scratch / "trace", visit.limits),
        cwd=directory,
        extra=extra,
        looks=True,
    )


def _installable(flake: Flake, visit: Visit, directory: Path) -> tuple[str, ...]:
    if visit.file is not None:
        return ("--option", "flake-registry", "", "--impure", "--file", str(visit.file))
    return (*flake.arguments, flake.shell(visit.shell, seen_from=directory))


def events_in(scratch: Path) -> tuple[Event, ...]:
    """Return what a shell wrote down on its way."""
    trace = scratch / "trace"
    return Event.read_all(trace.read_bytes() if trace.exists() else b"")


def _preamble(visit: Visit) -> str:
    own = shlex.quote(str(visit.scratch))
    script = visit.built.script if visit.built else None
    note = NOTE.format(scratch=own) if visit.keep else f"umask {script.umask}" if script else ":"
    return PREAMBLE.format(
        scratch=own,
        note=note,
        end=shlex.quote(END),
        dump=shlex.quote(DUMP),
        bash=OWN_BASH,
        home=f"export HOME={own}/home" if visit.parent is None else ":",
    )


def _evidence(done: Completed, events: tuple[Event, ...]) -> tuple[str, ...]:
    commands = [
        f"in the hook, `{short(e.command)}` failed with status {e.status}"
        for e in failed_commands(events)
    ]
    output = [f"the hook printed on stdout: {line}" for line in last_lines(done.text, 4)]
    return (*commands, *output)


def environment_in(file: Path) -> dict[bytes, bytes]:
    """Return the variables that were kept in a file; none where there is none."""
    pairs = file.read_bytes().split(b"\0")[:-1] if file.exists() else []
    split = (pair.partition(b"=") for pair in pairs)
    environment = {name: value for name, _, value in split if name not in _OWN}
    if b"shellHook" in environment:
        environment[b"shellHook"] = environment[b"shellHook"].removesuffix(END.encode())
    return environment
