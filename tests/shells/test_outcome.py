"""Every way in which a shell can end is told apart, on every Nix."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_nixspec.nix import Nix
from pytest_nixspec.process import Completed
from pytest_nixspec.shells import Capture, ShellOutcome
from pytest_nixspec.shells.outcome import Event, judge
from tests.conftest import pool_over

GAVE_UP = "bash gave up the hook before its end, at an error of syntax or expansion"


@pytest.fixture
def enter(every_nix: Nix, gallery: Path, tmp_path: Path) -> Callable[[str], Capture]:
    """Enter a shell of the gallery, with each Nix in turn."""
    return pool_over(every_nix, gallery, tmp_path.resolve() / "run").capture


@pytest.mark.parametrize(
    ("shell", "outcome", "reason"),
    [
        ("silent", ShellOutcome.RAN, "a command ran after it"),
        ("prints", ShellOutcome.RAN, "a command ran after it"),
        ("reads-stdin", ShellOutcome.RAN, "a command ran after it"),
        ("loses-path", ShellOutcome.RAN, "a command ran after it"),
        ("fails-unnoticed", ShellOutcome.RAN, "a command ran after it"),
        ("redefines-printf", ShellOutcome.RAN, "a command ran after it"),
        ("closes-its-output", ShellOutcome.RAN, "a command ran after it"),
        ("forgets-its-functions", ShellOutcome.HOOK_FAILED, "the hook ended the shell"),
        ("forges-the-trace", ShellOutcome.HOOK_EXITED, "called exit 0"),
        ("is-too-large", ShellOutcome.NEVER_STARTED, "could not be started (exit code 126)"),
        ("exits-in-a-subshell", ShellOutcome.RAN, "a command ran after it"),
        (
            "exits-0",
            ShellOutcome.HOOK_EXITED,
            "called exit 0, so no command ran; nix develop says 0",
        ),
        ("exits-3", ShellOutcome.HOOK_EXITED, "called exit 3"),
        ("exits-in-a-function", ShellOutcome.HOOK_EXITED, "called exit 4"),
        ("exits-with-a-trap-of-its-own", ShellOutcome.HOOK_EXITED, "called exit 0"),
        ("fails-under-set-e", ShellOutcome.HOOK_FAILED, "`false` failed with status 1"),
        ("fails-under-set-u", ShellOutcome.HOOK_FAILED, "the hook ended the shell"),
        ("has-a-syntax-error", ShellOutcome.HOOK_FAILED, GAVE_UP),
        ("breaks-off-at-a-readonly", ShellOutcome.HOOK_FAILED, "R: readonly variable"),
        ("breaks-off-at-arithmetic", ShellOutcome.HOOK_FAILED, "division by 0"),
        ("breaks-off-at-a-substitution", ShellOutcome.HOOK_FAILED, "bad substitution"),
        ("breaks-off-half-way", ShellOutcome.HOOK_FAILED, GAVE_UP),
        ("hides-its-syntax-error", ShellOutcome.HOOK_FAILED, GAVE_UP),
        ("traps-exit-itself", ShellOutcome.HOOK_FAILED, "`false` failed with status 1"),
        ("replaces-itself", ShellOutcome.HOOK_REPLACED_SHELL, "(exec)"),
        ("is-killed", ShellOutcome.KILLED, "SIGKILL"),
        ("never-returns", ShellOutcome.TIMED_OUT, "the hook did not return within 2 s"),
        ("cannot-be-built", ShellOutcome.BUILD_FAILED, "does not build"),
        ("cannot-be-evaluated", ShellOutcome.EVALUATION_FAILED, "cannot be evaluated"),
    ],
)
def test_the_outcome_is_told_from_what_really_happened(enter, shell, outcome, reason):
    capture = enter(shell)

    assert (capture.outcome, reason in capture.reason) == (outcome, True), capture


@pytest.mark.parametrize(
    "shell",
    [
        "uses-extended-globs",
        "uses-aliases",
        "ends-in-a-comment",
        "ends-in-a-backslash",
        "says-return",
        "declares",
        "redefines-printf",
        "closes-its-output",
        "exits-in-a-subshell",
        "fails-unnoticed",
    ],
)
def test_a_hook_that_reaches_its_end_has_its_effects(enter, shell):
    capture = enter(shell)

    assert (capture.outcome, capture.environment.get(b"AFTER")) == (ShellOutcome.RAN, b"reached")


def test_a_broken_off_hook_shows_bashs_own_words(enter):
    assert any("division by 0" in line for line in enter("breaks-off-at-arithmetic").evidence)


def test_nothing_of_a_shell_that_did_not_run_is_kept_as_its_environment(enter):
    assert enter("exits-0").environment == {}


def test_commands_of_the_hook_that_fail_unnoticed_are_evidence(enter):
    evidence = enter("fails-unnoticed").evidence

    assert "in the hook, `cd /nowhere` failed with status 1" in evidence


def test_what_the_hook_prints_is_evidence(enter):
    evidence = enter("prints").evidence

    assert "the hook printed on stdout: banner" in evidence


def test_a_broken_build_shows_its_own_words(enter):
    evidence = enter("cannot-be-built").evidence

    assert any("why it broke" in line for line in evidence), evidence


def test_a_shell_that_cannot_be_evaluated_shows_nixs_own_words(enter):
    evidence = enter("cannot-be-evaluated").evidence

    assert any("broken on purpose" in line for line in evidence), evidence


def test_a_capture_that_was_cut_off_is_no_capture():
    events = Event.read_all(b"entered\t0\t\0started\t0\t\0captu")

    entry = judge(Completed((), 0, b"", b"", 1.0), events, 120)

    assert entry.outcome is ShellOutcome.KILLED


def test_a_build_that_takes_too_long_is_not_blamed_on_the_hook():
    entry = judge(Completed((), -9, b"", b"", 5.0, timed_out=True), (), 120)

    assert entry.reason == "evaluating and building the shell did not end within 5 s"


def test_a_nix_that_ends_strangely_never_started_anything():
    entry = judge(Completed((), 127, b"", b"", 1.0), (), 120)

    assert entry.outcome is ShellOutcome.NEVER_STARTED


@pytest.mark.parametrize("shell", ["silent", "exits-3"])
def test_a_quote_in_the_path_of_the_project_is_the_cause(every_nix, gallery, tmp_path, shell):
    project = shutil.copytree(gallery, tmp_path.resolve() / "it's mine")

    capture = pool_over(every_nix, project, tmp_path.resolve() / "run").capture(shell)

    assert capture.outcome is ShellOutcome.NEVER_STARTED
    assert capture.reason == (
        f"the ' in the path {project} ends a string in the script that Nix makes of a shell, and "
        "bash cannot read it. Move it to a path without one"
    )


def test_a_quote_in_the_path_of_temporary_files_is_the_cause(every_nix, gallery, tmp_path):
    capture = pool_over(every_nix, gallery, tmp_path.resolve() / "it's").capture("silent")

    assert capture.outcome is ShellOutcome.NEVER_STARTED
    assert "the ' in the path" in capture.reason
