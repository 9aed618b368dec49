"""What a hook did is told from before and after, on every Nix."""

import shutil
import subprocess

import pytest

from pytest_nixspec.shells.effects import (
    HookEffects,
    files_written,
    not_allowed,
    seconds_of_hook,
    tree_of,
)
from pytest_nixspec.shells.outcome import Event
from tests.conftest import is_gone, pool_over


@pytest.fixture(scope="module")
def effects(every_nix, gallery, tmp_path_factory):
    pool = pool_over(every_nix, gallery, tmp_path_factory.mktemp("run").resolve())
    found = pool.shell("changes-much").capture.effects
    (gallery / "written-by-the-hook").unlink()
    shutil.rmtree(gallery / "below")
    return found


def test_variables_are_told_apart_by_what_became_of_them(effects):
    assert effects.added == {"ADDED": "new"}
    assert effects.changed["FROM_ATTRIBUTE"] == ("set", "changed")
    assert effects.removed == ("GONE",)


def test_entries_of_path_files_and_processes_are_told(effects, gallery):
    assert effects.path_entries == (f"{gallery}/tools",)
    assert effects.written == ("below", "below/too", "written-by-the-hook")
    assert effects.processes == ("sleep 1000",)


def test_output_and_time_are_told(effects):
    assert effects.stdout == "banner\n"
    assert effects.seconds > 0.2


def test_a_hook_that_does_nothing_has_no_effects(every_nix, gallery, tmp_path):
    found = pool_over(every_nix, gallery, tmp_path.resolve()).shell("silent").capture.effects

    assert found.seconds is not None
    assert found == HookEffects({}, {}, (), (), (), (), found.seconds, "")


def test_a_hook_that_hides_itself_is_not_taken_for_none(every_nix, gallery, tmp_path):
    flake = shutil.copytree(gallery, tmp_path.resolve() / "flake")
    text = (flake / "flake.nix").read_text()
    hook = 'shell "export FROM_HOOK=yes shellHook="'
    (flake / "flake.nix").write_text(text.replace('shell "export FROM_HOOK=yes"', hook, 1))
    pool = pool_over(every_nix, flake, tmp_path.resolve() / "run")

    assert pool.capture("default").effects.added == {"FROM_HOOK": "yes"}
    assert pool.capture("default").has_hook
    assert not pool.capture("silent").has_hook


def test_effects_survive_being_kept():
    effects = HookEffects(
        {"A": "\udcff"}, {"B": ("1", "2")}, ("C",), ("/x",), ("f",), None, 0.5, "o"
    )

    assert HookEffects.from_json(effects.to_json()) == effects


def test_a_tree_that_is_too_large_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_nixspec.shells.effects.MOST_FILES", 2)
    for name in "abc":
        (tmp_path / name).touch()

    assert tree_of(tmp_path) is None
    assert files_written(None, {}) is None


def test_what_git_and_python_write_is_not_the_hooks(tmp_path):
    for name in (".git", "__pycache__", "src"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()

    assert list(tree_of(tmp_path) or {}) == ["src", "src/file"]


def test_a_bash_without_a_clock_leaves_the_time_unknown():
    assert seconds_of_hook([Event("hook"), Event("returned")]) is None
    assert seconds_of_hook([Event("hook", 0, "1,5"), Event("returned", 0, "2,25")]) == 0.75


def test_what_may_be_written_is_a_glob():
    assert not_allowed([".hex", ".hex/a/b", "x"], [".hex/*"]) == ["x"]


def test_a_clock_that_the_hook_has_set_tells_no_time():
    for ended in ("5", "4"):
        events = [Event("hook", 0, "5"), Event("returned", 0, ended)]
        assert seconds_of_hook(events) is None


def test_a_daemon_that_leaves_its_group_is_found_and_ended(every_nix, gallery, tmp_path):
    pool = pool_over(every_nix, gallery, tmp_path.resolve())

    found = pool.shell("leaves-a-daemon").capture.effects

    assert found.processes == ("sleep 77",)
    assert is_gone(int(pool.shell("leaves-a-daemon").variable("DAEMON")))


def test_a_hook_beside_it_with_a_longer_name_is_not_ended(nix, gallery, tmp_path):
    pool = pool_over(nix, gallery, tmp_path.resolve())
    neighbour = subprocess.Popen(
        ["/bin/sleep", "60"], env={"TMPDIR": f"{pool.directory}/entered/silent-and-more/x"}
    )

    with neighbour:
        pool.capture("silent")
        is_running = neighbour.poll() is None
        neighbour.kill()

    assert is_running
