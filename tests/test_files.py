"""A file is written whole or not at all."""

import os

import pytest

from pytest_nixspec.files import (
    held_alone,
    hold,
    write_whole,
)


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
