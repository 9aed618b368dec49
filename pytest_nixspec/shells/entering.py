"""Enter a shell once, and keep its environment as it is after the hook, with the proof."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pytest_nixspec.left_behind import end_those_told
from pytest_nixspec.nix.binary import Nix, last_lines
from pytest_nixspec.nix.causes import cause_of
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.nix.verbs import why_not_evaluated
from pytest_nixspec.process import Completed, run_and_look
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
from pytest_nixspec.shells.preamble import CAPTURE, DUMP, END, OWN_BASH, PREAMBLE
from pytest_nixspec.shells.script import NOTE, Script
from pytest_nixspec.temporary import must_have_room

_OWN = frozenset({b"_", b"BASH_ENV"})


class Parent(NamedTuple):
    """Who enters a shell, where that is not ourselves with nothing in our hands.

    Attributes:
        environment: Its variables, all of which `nix develop` lets through.
        directory: Where it is.
        umask: Its umask.
    """

    environment: Mapping[str, str]
    directory: Path
    umask: int


class Visit(NamedTuple):
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


class Built(NamedTuple):
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
    """Run one `nix develop` and return what came of it; a failure is an outcome, not an error.

    Raises:
        OSError: The disk of temporary files is full.
    """
    scratch = visit.scratch
    (scratch / "home").mkdir(parents=True)
    (scratch / "given").mkdir()
    (scratch / "preamble").write_text(_preamble(visit))
    tree = tree_of(flake.directory)
    try:
        done = _develop(nix, flake, visit)
    finally:
        # With the slash: the directory of another shell may begin with the name of this one's.
        escaped = end_those_told(f"{scratch}/")
    must_have_room(scratch)
    events = events_in(scratch)
    entry = judge(done, events, visit.limits.hook_seconds)
    if entry.outcome is not ShellOutcome.RAN:
        return _not_ran(nix, flake, visit, entry, (done, events))
    environment = environment_in(scratch / "environ")
    has_hook = all(event.name != "hookless" for event in events)
    # Nothing is noted before a hook that is not there.
    before = environment_in(scratch / "before") if has_hook else environment
    effects = HookEffects(
        **variables_changed(before, environment),
        written=files_written(tree, tree_of(flake.directory)),
        processes=_left_behind(done.left_behind, escaped),
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
        has_hook=has_hook,
        umask=(scratch / "umask").read_text().strip(),
        scratch=str(scratch),
        bash=next((event.command for event in events if event.name == "entered"), ""),
    )


def _left_behind(
    group: tuple[str, ...] | None, escaped: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """Return what the hook left running, in its group or, as a daemon, beside it."""
    if group is None or escaped is None:
        return None
    # One that was ended with its group may be seen dying still.
    return (*group, *(one for one in escaped if one not in group))


def _not_ran(
    nix: Nix, flake: Flake, visit: Visit, entry: Entry, left: tuple[Completed, tuple[Event, ...]]
) -> Capture:
    """Return the capture of a shell that was not entered, with the cause where we know it."""
    done, events = left
    said = done.error_text
    evidence = (*_evidence(done, events), *last_lines(said))
    if entry.outcome is ShellOutcome.EVALUATION_FAILED and visit.file is None:
        evaluated = why_not_evaluated(nix, flake, visit.shell)
        if evaluated is not None:
            said, evidence = evaluated, tuple(evaluated.splitlines())
    is_nixs_own = all(event.name != "entered" for event in events)
    cause = cause_of(said, flake.directory, flake.system) if is_nixs_own else None
    reason = f"{entry.reason}: {cause}" if cause else entry.reason
    broken = _broken_by_a_quote(flake, visit, {event.name for event in events})
    if broken is not None:
        entry, reason = broken, broken.reason
    return Capture(visit.shell, entry.outcome, reason, evidence, {}, done.elapsed_seconds)


def _broken_by_a_quote(flake: Flake, visit: Visit, names: set[str]) -> Entry | None:
    """Return what a quote in a path does: Nix puts paths between single quotes, and looks not."""
    path = None
    if "entered" in names and "hook" not in names:
        path = flake.directory
    elif "returned" in names and "started" not in names:
        path = visit.scratch
    if path is None or "'" not in str(path):
        return None
    reason = (
        f"the ' in the path {path} ends a string in the script that Nix makes of a shell, and bash "
        "cannot read it. Move it to a path without one"
    )
    return Entry(ShellOutcome.NEVER_STARTED, reason)


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
    is_noted = visit.keep or (visit.built and not script)
    note = NOTE.format(scratch=own) if is_noted else script.settings if script else ":"
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
