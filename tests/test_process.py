"""A process is ended with all it started, and what it wrote is kept."""

import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from pytest_nixspec import process
from tests.conftest import is_gone

ENV = {"PATH": os.environ["PATH"]}


def run(*argv: str, **arguments):
    return process.run(argv, **{"env": ENV, "deadline": process.after(20), **arguments})


def test_what_it_wrote_and_how_it_ended_are_kept():
    done = run("/bin/sh", "-c", "echo out; echo err >&2; exit 3")

    assert (done.text, done.error_text, done.returncode, done.ok) == ("out", "err", 3, False)


def test_the_environment_is_the_one_that_was_given():
    done = run("/usr/bin/env", env={"ONLY": "this"})

    assert done.text == "ONLY=this"


def test_the_environment_may_be_bytes():
    done = run("/usr/bin/env", "-0", env={b"RAW": b"\xff"})

    assert done.stdout == b"RAW=\xff\0"


def test_what_a_full_disk_may_have_cut_off_is_not_taken_for_the_whole(disk_of, monkeypatch):
    small = disk_of(kilobytes=64)
    # As where no file can be had in memory.
    monkeypatch.setattr(process, "_nameless_file", partial(TemporaryFile, dir=small))

    assert run("/bin/echo", "short").text == "short"
    with pytest.raises(OSError, match="No space left on device"):
        run("/bin/sh", "-c", "head -c 70000 /dev/zero; exit 0")


def test_a_full_disk_of_temporary_files_cuts_nothing_off_on_linux(disk_of, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(disk_of(kilobytes=4)))

    assert len(run("/bin/sh", "-c", "head -c 70000 /dev/zero").stdout) == 70000


def test_stdin_is_empty_unless_something_is_given():
    assert run("/bin/cat").text == ""
    assert run("/bin/cat", stdin=b"given").text == "given"


def test_past_its_deadline_it_is_ended_with_its_children(tmp_path: Path):
    mark = tmp_path / "pid"
    script = f"sleep 1000 & echo $! > {mark}; wait"

    done = run("/bin/sh", "-c", script, deadline=process.after(0.5))

    assert done.timed_out
    assert is_gone(int(mark.read_text()))


def test_a_daemon_that_holds_its_output_does_not_hold_us(tmp_path: Path):
    mark = tmp_path / "pid"

    done = run("/bin/sh", "-c", f"sleep 1000 & echo $! > {mark}; echo done")

    assert done.text == "done"
    assert is_gone(int(mark.read_text()))


def test_output_of_any_size_is_kept():
    done = run(sys.executable, "-c", "print('x' * 3_000_000)")

    assert len(done.text) == 3_000_000


def test_a_signal_is_a_negative_exit_code():
    assert run("/bin/sh", "-c", "kill -TERM $$").returncode == -15


def test_a_program_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        run("/no/such/program")


def test_what_is_begun_runs_meanwhile():
    begun = process.begin(["/bin/sh", "-c", "echo said"], env={}, deadline=process.after(5))

    assert begun.completed().text == "said"


def test_what_is_begun_and_not_asked_for_is_ended(tmp_path):
    pid = tmp_path / "pid"
    begun = process.begin(
        ["/bin/sh", "-c", f"echo $$ > {pid}; exec /bin/sleep 1000"],
        env={}, deadline=process.after(1000),
    )  # fmt: skip
    waited = time.monotonic() + 5
    while not (pid.exists() and pid.read_text().strip()):
        assert time.monotonic() < waited
    number = int(pid.read_text())

    del begun

    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_what_is_left_running_is_told_only_where_it_is_asked_for():
    argv = ("/bin/sh", "-c", "sleep 1000 & echo done")

    looked = process.run_and_look(argv, env=ENV, deadline=process.after(20))

    assert run(*argv).left_behind is None
    # It may be seen before it has become what it is.
    (left,) = looked.left_behind if sys.platform == "linux" else ("sleep 1000",)
    assert "sleep 1000" in left


def test_another_program_may_be_started_under_a_commands_name():
    done = process.run_and_look(
        ["named", "-c", "echo $0"],
        env=ENV,
        deadline=process.after(20),
        program=Path("/bin/sh"),
    )

    assert done.text == "named"
