"""What a process leaves running is found, named and ended."""

import os
import signal
import subprocess
import sys

import pytest

from pytest_nixspec.left_behind import end_those_told, others_in_group

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells the environment of a process"
)


@pytest.fixture
def waiting():
    """Start programs that wait, with a word in their environment, under any name."""
    started = []

    def start(name, word, **options):
        process = subprocess.Popen(
            [name], executable="/bin/cat", stdin=subprocess.PIPE, env={"TOLD": word}, **options
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_daemon_that_was_told_a_word_is_named_and_ended(waiting):
    told = waiting("a daemon", f"/scratch/{os.getpid()}/", start_new_session=True)
    other = waiting("another", f"/scratch/{os.getpid()}-x/", start_new_session=True)

    assert end_those_told(f"/scratch/{os.getpid()}/") == ("a daemon",)
    assert told.wait(5) == -signal.SIGKILL
    assert other.poll() is None


def test_a_daemon_that_hides_its_command_is_ended_all_the_same(waiting):
    hidden = waiting("", f"/hidden/{os.getpid()}/", start_new_session=True)

    # By the name that is left to it.
    assert end_those_told(f"/hidden/{os.getpid()}/") == ("cat",)
    assert hidden.wait(5) == -signal.SIGKILL


def test_of_a_group_the_leader_is_not_among_the_others(waiting):
    leader = waiting("the leader", "", process_group=0)
    waiting("a follower", "", process_group=leader.pid)
    waiting("a stranger", "", process_group=0)

    assert others_in_group(leader.pid) == ("a follower",)


def test_what_has_ended_is_not_left_behind_though_nobody_has_asked_for_its_end(waiting):
    leader = waiting("the leader", "", process_group=0)
    ended = waiting("a follower", "", process_group=leader.pid)
    ended.kill()
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)

    assert others_in_group(leader.pid) == ()
