"""What of its parent changes a shell, by name."""

import shutil

import pytest

from pytest_nixspec.errors import ShellNotEnteredError
from pytest_nixspec.shells import ShellOutcome
from pytest_nixspec.shells.leaks import Leak, not_allowed
from tests.conftest import GALLERY, pool_over


def leaks(pool, shell):
    return {(leak.kind, leak.name): leak for leak in not_allowed(pool.leaks(shell), ())}


def test_every_hostile_variable_and_tool_is_a_named_leak(every_nix, gallery, tmp_path):
    found = leaks(pool_over(every_nix, gallery, tmp_path.resolve()), "silent")

    assert found[("variable", "ERL_LIBS")].quiet == "absent"
    assert found[("variable", "TZ")].hostile == "'Pacific/Kiritimati'"
    assert ("tool", "elixir") in found
    assert ("tool", "greet") not in found
    assert ("tool", "git") not in found


def test_a_hook_that_guards_itself_leaks_nothing(every_nix, gallery, tmp_path):
    assert leaks(pool_over(every_nix, gallery, tmp_path.resolve()), "guards-itself") == {}


def test_what_depends_on_where_it_is_entered_is_a_leak(pool):
    found = leaks(pool, "depends-on-where-it-is-entered")

    leak = found["working directory", "HEX_HOME"]
    assert leak.quiet.endswith("/flake/.hex'")
    # Where that was is no part of the leak, and another place each time.
    assert leak.hostile == "'<elsewhere>/quiet/home/.hex'"


def test_a_host_that_comes_first_is_a_leak_of_tools(pool):
    assert ("tool", "elixir") in leaks(pool, "puts-the-host-first")


def test_what_is_usual_and_what_is_allowed_is_left_out():
    found = [Leak(name, "variable", "a", "b") for name in ("HOME", "TERM", "MIX_ENV", "MIX_HOME")]

    assert [leak.name for leak in not_allowed(found, ())] == ["MIX_ENV", "MIX_HOME"]
    assert not_allowed(found, ("MIX_*",)) == []


def test_a_umask_does_not_leak_since_nix_sets_its_own(every_nix, gallery, tmp_path):
    pool = pool_over(every_nix, gallery, tmp_path.resolve())

    assert "umask" not in {leak.name for leak in pool.leaks("silent")}
    assert pool.capture("silent").umask == "0022"


def test_the_tree_is_left_as_it_was(pool, gallery):
    before = sorted(path.name for path in gallery.rglob("*"))

    pool.leaks("default")

    assert sorted(path.name for path in gallery.rglob("*")) == before


def test_a_shell_that_cannot_be_entered_has_no_leaks(pool):
    with pytest.raises(ShellNotEnteredError, match="hook_exited"):
        pool.leaks("exits-3")


def test_leaks_are_looked_for_once_a_run(pool, monkeypatch):
    first = pool.leaks("silent")
    monkeypatch.setattr("pytest_nixspec.shells.leaks.leak_map", None)

    assert pool.leaks("silent") == first


def test_a_hook_that_a_parent_breaks_is_a_leak_that_nothing_allows():
    broken = Leak("hook", "hook", "it returned", "hook_failed: …")

    assert not_allowed([broken], ("*",)) == [broken]


def test_a_shell_that_cannot_be_named_from_elsewhere_is_not_compared(nix, tmp_path):
    """Nix takes a # in a path for syntax; from the directory itself the shell is entered well."""
    awkward = shutil.copytree(GALLERY, tmp_path.resolve() / "a#b")
    pool = pool_over(nix, awkward, tmp_path.resolve() / "run")

    assert pool.capture("guards-itself").outcome is ShellOutcome.RAN
    with pytest.raises(ShellNotEnteredError, match="entered by a parent that is elsewhere"):
        pool.leaks("guards-itself")
