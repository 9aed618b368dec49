"""A file is written whole or not at all."""

import pytest

from pytest_nixspec.files import write_whole


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
