"""Nothing hangs beyond its deadline, and nothing half written is ever read as whole."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.errors import NixCommandError
from pytest_nixspec.left_behind import end_those_told
from pytest_nixspec.shells import ShellOutcome
from pytest_nixspec.shells.entering import events_in
from pytest_nixspec.shells.kept import Kept
from pytest_nixspec.shells.preamble import CAPTURE
from tests.conftest import pool_over

ENTRANTS = 64


def worker(pool, shell):
    """Start a process that enters a shell of a pool, as a worker of xdist does."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from pytest_nixspec.nix import Flake, locate
        from pytest_nixspec.left_behind import end_those_told
from pytest_nixspec.shells import ShellPool
        import os
        nix = locate(os.environ, Path(sys.argv[1]))
        pool = ShellPool(nix, Flake(Path(sys.argv[2]), nix.system), Path(sys.argv[3]))
        pool.capture(sys.argv[4])
        """
    )
    places = (pool.nix.path, pool.flake.directory, pool.directory, shell)
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, places)],
        env={**os.environ, **pool.nix.environment},
        start_new_session=True,
    )


@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.2])
def test_a_worker_killed_at_any_step_leaves_the_others_a_shell(pool, seconds):
    child = worker(pool, "never-returns")
    time.sleep(seconds)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()

    # The same shell: its lock has died with its holder, and what was half done is done anew.
    assert pool.capture("never-returns").outcome is ShellOutcome.TIMED_OUT
    assert pool.capture("default").outcome is ShellOutcome.RAN
    # Nor does what the killed one had started go on.
    assert end_those_told(f"{pool.directory}/") in {(), None}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells of a daemon")
def test_a_daemon_of_a_hook_that_never_returns_is_ended_with_it(nix, gallery, tmp_path):
    flake = shutil.copytree(gallery, tmp_path.resolve() / "flake")
    pool = pool_over(nix, flake, tmp_path.resolve() / "run")
    pid = tmp_path / "pid"
    daemon = f"setsid sh -c 'echo $$ > {pid}; exec sleep 1000' < /dev/null > /dev/null 2>&1 &"
    (flake / "flake.nix").write_text(
        "{ outputs = { self }: { devShells.SYSTEM.default = derivation {"
        ' name = "x"; system = "SYSTEM"; builder = "/bin/bash"; args = [ "-c" "exit 1" ];'
        ' PATH = "/usr/bin:/bin"; outputs = [ "out" ]; stdenv = ./stdenv;'
        f' shellHook = "{daemon} sleep 1000"; }}; }}; }}'.replace("SYSTEM", pool.flake.system)
    )

    assert pool.capture("default").outcome is ShellOutcome.TIMED_OUT
    deadline = time.monotonic() + 5
    while Path("/proc", pid.read_text().strip()).exists():
        assert time.monotonic() < deadline


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells of a daemon")
def test_a_daemon_of_a_hook_that_is_interrupted_is_ended_with_it(
    nix, gallery, tmp_path, monkeypatch
):
    flake, pid = shutil.copytree(gallery, tmp_path.resolve() / "flake"), tmp_path / "pid"
    text = (flake / "flake.nix").read_text()
    daemon = f"setsid sh -c 'echo $$ > {pid}; exec sleep 1000' < /dev/null > /dev/null 2>&1 &"
    hook = f'shell "PATH=/usr/bin:/bin; {daemon} sleep 1000"'
    (flake / "flake.nix").write_text(text.replace('shell "export FROM_HOOK=yes"', hook, 1))
    monkeypatch.setattr("pytest_nixspec.shells.deadline.QUIET_SECONDS", 0)

    def interrupt(_):
        if pid.exists() and pid.read_text().strip():
            raise KeyboardInterrupt

    pool = pool_over(nix, flake, tmp_path.resolve() / "run")
    with pytest.raises(KeyboardInterrupt):
        replace(pool, limits=pool.limits._replace(announce=interrupt)).capture("default")

    deadline = time.monotonic() + 5
    while Path("/proc", pid.read_text().strip()).exists():
        assert time.monotonic() < deadline


def test_where_nix_can_tell_why_no_more_its_first_words_are_shown(pool, monkeypatch):
    monkeypatch.setattr("pytest_nixspec.shells.entering.why_not_evaluated", lambda *_: None)

    capture = pool.capture("cannot-be-evaluated")

    assert capture.outcome is ShellOutcome.EVALUATION_FAILED
    assert "this shell is broken on purpose" in "\n".join(capture.evidence)


def test_many_entrants_enter_once(nix, gallery, tmp_path, monkeypatch):
    entered = []
    real = pool_over(nix, gallery, tmp_path.resolve())
    develop = type(nix).run

    def counted(self, *arguments: str, **options):
        entered.append(arguments[0])
        return develop(self, *arguments, **options)

    monkeypatch.setattr(type(nix), "run", counted)
    pools = [replace(real) for _ in range(ENTRANTS)]
    with ThreadPoolExecutor(ENTRANTS) as threads:
        captures = list(threads.map(lambda pool: pool.capture("default"), pools))

    assert {capture.outcome for capture in captures} == {ShellOutcome.RAN}
    assert entered == ["develop"]


def test_a_nix_that_hangs_is_ended_at_the_deadline(pool, tmp_path):
    program = tmp_path / "fake-nix"
    program.write_text("#!/bin/sh\nsleep 1000\n")
    program.chmod(0o755)
    limits = pool.limits._replace(build_seconds=0.5)
    hanging = replace(pool, nix=pool.nix._replace(path=program), limits=limits)

    capture = hanging.capture("default")

    assert capture.outcome is ShellOutcome.TIMED_OUT
    assert "did not end within" in capture.reason


def test_a_capture_that_is_half_written_is_never_read(pool):
    entered = pool.directory / "entered"
    entered.mkdir(parents=True)
    (entered / "default.json.new").write_text('{"shell": "default", "outc')

    assert pool.capture("default").outcome is ShellOutcome.RAN


def test_a_cache_that_cannot_be_written_keeps_nobody_from_entering(pool, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, where a directory is to be made")

    capture = replace(pool, kept=Kept(blocked / "kept")).capture("default")

    assert capture.outcome is ShellOutcome.RAN


@pytest.mark.parametrize("variable", ["NIX_STORE_DIR", "NIX_STATE_DIR"])
def test_a_store_that_cannot_be_used_keeps_us_from_knowing_and_says_so(pool, tmp_path, variable):
    broken = tmp_path.resolve() / "broken"
    broken.write_text("a file, where a store is to be")
    nix = pool.nix._replace(environment={**pool.nix.environment, variable: str(broken)})

    with pytest.raises(NixCommandError, match=str(broken)):
        replace(pool, nix=nix).capture("silent")


PAGE = 4096


@pytest.mark.parametrize("inodes", [100, 3], ids=["no room", "no file"])
def test_half_an_environment_is_never_marked_as_captured(inodes, disk_of):
    """The trace has room left in its page, where the environment needs a new one."""
    small = disk_of(kilobytes=16, inodes=inodes)
    (small / "trace").write_bytes(b"entered\t0\t\0")
    (small / "filling").write_bytes(bytes(3 * PAGE))
    environment = {f"NAME_{number}": "x" * 100 for number in range(100)}

    done = process.run(
        ["/bin/bash", "--noprofile", "--norc", "-p", "-c", CAPTURE, small],
        env=environment,
        deadline=process.after(20),
    )

    assert not done.ok
    assert [event.name for event in events_in(small)] == ["entered", "started"]
