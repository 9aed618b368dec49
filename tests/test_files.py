"""A file is written whole or not at all."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_nixspec.errors import NixspecError
from pytest_nixspec.files import (
    held_alone,
    hold,
    make_own_directory,
    own_directory,
    write_whole,
)
from tests.conftest import REPOSITORY


def test_what_was_there_before_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "file"
    path.write_text("before")

    assert write_whole(path, "after") == path
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_and_names_of_no_encoding_are_written_as_they_are(tmp_path):
    assert write_whole(tmp_path / "bytes", b"\xff").read_bytes() == b"\xff"
    assert write_whole(tmp_path / "text", "\udcff").read_bytes() == b"\xff"


def test_what_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").mkdir()

    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file", "text")

    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_another_holds_cannot_be_held_alone(tmp_path):
    held = hold(tmp_path / "lock")
    with held_alone(tmp_path / "lock") as is_free:
        assert not is_free
    os.close(held)

    with held_alone(tmp_path / "lock") as is_free:
        assert is_free


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the directory for temporary files, for us and for processes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path.resolve()


MAKE = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from pytest_nixspec.files import make_own_directory
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
