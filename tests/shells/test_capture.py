"""The environment after the hook is exact, and belongs to the shell alone."""

import os
from pathlib import Path

from pytest_nixspec.shells import ShellOutcome
from tests.conftest import is_gone, pool_over


def test_values_are_kept_to_the_byte(every_nix, gallery, tmp_path):
    pool = pool_over(every_nix, gallery, tmp_path.resolve() / "run")

    environment = pool.capture("awkward-values").environment

    assert environment[b"NEWLINES"] == b"one\ntwo\n"
    assert environment[b"QUOTES"] == b"'\"\\`$"
    assert environment[b"UNICODE"] == "Grüße 🧊".encode()
    assert environment[b"BYTES"] == b"\xff\xfe\x1b"
    assert environment[b"EQUALS"] == b"a=b=c"


def test_attributes_and_the_hook_are_both_seen(pool):
    shell = pool.shell("default")

    assert shell.variable("FROM_ATTRIBUTE") == "set"
    assert shell.variable("FROM_HOOK") == "yes"
    assert shell.variable("EMPTY") == ""
    assert shell.variable("NO_SUCH_VARIABLE") is None


def test_variables_of_the_caller_do_not_leak_in(pool, monkeypatch):
    monkeypatch.setitem(pool.nix.environment, "ERL_FLAGS", "+hostile")

    assert pool.shell("default").variable("ERL_FLAGS") is None


def test_our_own_means_leave_no_trace_in_the_environment(pool):
    names = set(pool.shell("default").environment)

    assert pool.shell("default").variable("shellHook") == "export FROM_HOOK=yes"

    assert b"BASH_ENV" not in names
    assert not any(b"nixspec" in name for name in names)


def test_stdin_is_closed_to_the_hook(pool):
    assert pool.shell("reads-stdin").variable("ANSWER") == "[]"


def test_a_temporary_directory_with_a_space_is_one(nix, gallery, tmp_path):
    awkward = tmp_path.resolve() / "a run"

    assert pool_over(nix, gallery, awkward).capture("exits-0").outcome is ShellOutcome.HOOK_EXITED
    assert pool_over(nix, gallery, awkward).shell("default").variable("FROM_HOOK") == "yes"


def test_home_and_temporary_files_are_our_own(pool):
    shell = pool.shell("default")

    for name in ("HOME", "TMPDIR"):
        assert Path(shell.variable(name) or "/").is_relative_to(pool.directory), name


def test_a_process_that_the_hook_leaves_behind_is_ended(pool):
    left = int(pool.shell("leaves-a-process").variable("LEFT") or 0)

    assert left
    assert is_gone(left)


def test_neither_a_lock_nor_anything_else_is_written_into_the_tree(pool, gallery):
    before = sorted(os.walk(gallery))

    pool.capture("default")

    assert sorted(os.walk(gallery)) == before
