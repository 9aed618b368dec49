"""The directory of a run is its own, and gone after it, whatever became of it."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_nixspec.errors import NixspecError
from pytest_nixspec.files import hold
from pytest_nixspec.temporary import clear, make_own_directory, own_directory
from tests.conftest import REPOSITORY


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the directory for temporary files, for us and for processes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path.resolve()


MAKE = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from pytest_nixspec.temporary import make_own_directory
print(make_own_directory()[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def another(temporary):
    """Start a process that has made a directory of its own, and return both."""
    child = subprocess.Popen(
        [sys.executable, "-c", MAKE, str(temporary)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    )
    with child:
        yield child, Path(child.stdout.readline().decode().strip())
        child.kill()


def test_the_directory_of_a_run_that_was_killed_is_removed_by_the_next(another):
    child, directory = another
    (directory / "captures").mkdir()
    child.terminate()
    child.wait()

    own, held = make_own_directory()
    os.close(held)

    assert [*own.parent.iterdir()] == [own]


def test_the_directory_of_a_living_run_is_never_removed(another):
    _, directory = another

    own, held = make_own_directory()
    os.close(held)

    assert {*own.parent.iterdir()} == {own, directory}


def test_a_worker_keeps_the_directory_of_a_controller_that_was_killed(another):
    child, directory = another
    joined = hold(directory / "alive")
    child.kill()
    child.wait()

    _, held = make_own_directory()

    assert (directory / "alive").exists()
    os.close(joined)
    os.close(held)


def test_what_others_keep_for_a_while_is_neither_looked_through_nor_removed(temporary):
    (temporary / "mine").mkdir()
    (temporary / "mine" / "alive").write_text("")

    own, held = make_own_directory()

    os.close(held)
    assert (temporary / "mine" / "alive").is_file()
    assert own.parent == temporary / f"nixspec-{os.getuid()}"


@pytest.mark.usefixtures("temporary")
def test_a_directory_of_our_own_is_gone_when_it_is_no_longer_used():
    with own_directory() as directory:
        (directory / "captures").mkdir()

    assert list(directory.parent.iterdir()) == []


def test_a_link_that_another_user_could_have_laid_is_refused(temporary):
    (temporary / "elsewhere").mkdir()
    (temporary / f"nixspec-{os.getuid()}").symlink_to(temporary / "elsewhere")

    with pytest.raises(NixspecError, match="is not this user's own directory"):
        make_own_directory()


def test_a_machine_without_a_place_for_temporary_files_hears_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))

    with pytest.raises(NixspecError, match=r"missing/nixspec-\d+: No such file.* Set TMPDIR"):
        make_own_directory()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process was told")
def test_what_still_runs_in_the_directory_of_a_killed_run_is_ended_by_the_next(another):
    child, directory = another
    told = {"TMPDIR": f"{directory}/shells/entered/default"}
    orphan = subprocess.Popen(["/bin/sleep", "1000"], env=told, start_new_session=True)
    child.kill()
    child.wait()

    own, held = make_own_directory()
    os.close(held)

    assert orphan.wait(10) == -signal.SIGKILL
    assert [*own.parent.iterdir()] == [own]


def test_what_is_not_there_is_clear(tmp_path):
    clear(tmp_path / "missing")

    assert list(tmp_path.iterdir()) == []
