"""A shell that bash runs again from Nix's own script is what Nix would have made of it."""

import os
import re
import resource
import shutil
from dataclasses import replace
from urllib.parse import quote

import pytest

from pytest_nixspec.nix import Flake, shell_names
from pytest_nixspec.shells import ShellOutcome
from pytest_nixspec.shells.kept import Kept
from pytest_nixspec.shells.preamble import OURS
from pytest_nixspec.shells.script import Script
from tests.conftest import GALLERY, pool_over

LINUX = os.uname().sysname == "Linux"
# Without an end, or without a shell.
LEFT_OUT = {"never-returns", "cannot-be-built", "cannot-be-evaluated"}
# Entered without Nix's script each time.
BY_NIX = {"has-structured-attributes"}
PROCESSES = ("LEFT", "DAEMON")


@pytest.fixture(scope="module")
def flake(tmp_path_factory):
    return shutil.copytree(GALLERY, tmp_path_factory.mktemp("gallery").resolve() / "flake")


@pytest.fixture(scope="module")
def ways(every_nix, flake, tmp_path_factory):
    """The pools of three runs: one evaluates, one asks Nix for its profile, one does neither."""
    home = tmp_path_factory.mktemp("ways").resolve()
    kept = Kept(home / "kept")
    pools = [
        replace(pool_over(every_nix, flake, home / name), kept=kept)
        for name in ("evaluated", "profile", "script")
    ]
    return kept, pools


def alike(pool, name):
    """Return all that a capture tells, as text without what differs by chance."""
    capture = pool.capture(name)
    # What the hook wrote would be there before for the next.
    shutil.rmtree(pool.flake.directory / "below", ignore_errors=True)
    (pool.flake.directory / "written-by-the-hook").unlink(missing_ok=True)
    told = {
        "outcome": capture.outcome,
        "reason": capture.reason,
        "evidence": capture.evidence,
        "environment": {
            name: value
            for name, value in sorted(capture.environment.items())
            if name not in {os.fsencode(process) for process in PROCESSES}
        },
        "effects": capture.effects._asdict() | {"seconds": None} if capture.effects else None,
        "umask": capture.umask,
        "bash": capture.bash,
    }
    if capture.effects:
        added = capture.effects.added.items()
        told["effects"]["added"] = {name: v for name, v in added if name not in PROCESSES}
        # It may be seen before it has become what it is.
        told["effects"]["processes"] = len(capture.effects.processes)
    text = str(told).replace(str(pool.directory), "<run>")
    # By chance: names that mktemp makes, process ids, times and the size of caches of bash.
    text = re.sub(r"nix-shell\.\w{6}|nix-develop-\d+-\d+", "<random>", text)
    text = re.sub(
        r"(BASHPID|PPID|RANDOM|SRANDOM|SECONDS|EPOCHREALTIME|EPOCHSECONDS|_nixspec_\w+)=\S+",
        r"\1",
        text,
    )
    # In parts, so that a difference is shown by itself.
    return re.split(r", |\\n", text)


@pytest.mark.skipif(not LINUX, reason="elsewhere nothing tells what Nix gave its bash")
def test_from_its_script_each_shell_is_what_nix_makes_of_it(ways, every_nix, flake):
    kept, (evaluated, profile, script) = ways
    names = set(shell_names(every_nix, Flake(flake, every_nix.system))) - LEFT_OUT
    noted = set()
    for name in sorted(names):
        first = alike(evaluated, name)
        (home,) = kept.directory.glob(f"flakes/*/*/{quote(name).replace('.', '%2E')}")
        note = home / "script"
        text = note.read_text() if note.exists() else None
        note.unlink(missing_ok=True)
        second = alike(profile, name)
        if text is not None:
            noted.add(name)
            note.write_text(text)
        third = alike(script, name)

        assert second == third, name
        assert first == third, name
        entered = script.capture(name)
        ran = entered.outcome is ShellOutcome.RAN
        # Without git, what a hook writes is content: what was built is of another one.
        writes = ran and bool(entered.effects.written)
        assert (text is not None) == (ran and name not in BY_NIX and not writes), name
    assert noted


def noted(scratch, **changed):
    """Return what would be kept of what a preamble has noted, but for some files."""
    files = {
        "script": f"eval x\ncommand rm -f '{scratch}/nix-shell.x'\nexec 'y' '{scratch}'\n",
        "environ": f"NIX_GCROOT=/store/x\0TMPDIR={scratch}\0BASH_ENV={scratch}/preamble\0",
        "cmdline": f"bash\0{scratch}/nix-shell.x\0",
        "program": "/bin/bash",
        "umask": "0022\n",
        "files": "1024\n",
    }
    (scratch / "given").mkdir(parents=True, exist_ok=True)
    for name, text in (files | changed).items():
        if text is None:
            (scratch / "given" / name).unlink(missing_ok=True)
        else:
            (scratch / "given" / name).write_text(text)
    return Script.noted_in(scratch)


def test_a_script_is_put_into_another_directory_and_names_the_first_no_more(tmp_path):
    script = noted(tmp_path / "one")
    (tmp_path / "two").mkdir()

    command = script.put(tmp_path / "two")

    assert command == ("bash", tmp_path / "two" / "nix-shell.x")
    assert f"{tmp_path}/two/nix-shell.x" in command[1].read_text()
    assert f"{tmp_path}/one" not in command[1].read_text()
    assert script.environment == {b"NIX_GCROOT": b"/store/x"}


@pytest.mark.parametrize(
    "changed",
    [
        {"program": None},
        {"script": "exec 'y'\n"},
        {"cmdline": "bash\0--rcfile\0x\0"},
        {"environ": "OTHER={scratch}/file\0"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_is_not_as_expected_is_not_kept(tmp_path, changed):
    told = {k: v and v.replace("{scratch}", str(tmp_path)) for k, v in changed.items()}

    assert noted(tmp_path) is not None
    assert noted(tmp_path, **told) is None


def test_our_directory_in_a_third_place_is_not_kept(tmp_path):
    text = f"X='{tmp_path}/nix-develop-1/.attrs.sh'\ncommand rm -f '{tmp_path}/nix-shell.x'\n"

    assert noted(tmp_path, script=f"{text}exec 'y' '{tmp_path}'\n") is None


def test_a_directory_with_a_quote_is_left_to_nix(tmp_path):
    script = noted(tmp_path)
    (tmp_path / "it's").mkdir()

    assert noted(tmp_path / "it's") is None
    assert script.put(tmp_path / "it's") is None


def test_how_many_files_may_be_open_is_what_nix_made_of_it(tmp_path, every_nix):
    """A newer Nix raises the soft limit to the hard one, which most machines have much higher."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept = Kept(tmp_path / "kept")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        first, second = (
            replace(pool_over(every_nix, GALLERY, tmp_path / name), kept=kept).capture("limits")
            for name in ("first", "second")
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert second.was_kept
    assert first.environment[b"FILES"] == second.environment[b"FILES"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"ours": 1}', "null"])
def test_rubbish_is_no_script(text):
    assert Script.from_json(text, OURS) is None


def test_a_script_of_another_version_of_ours_is_not_run(tmp_path):
    text = noted(tmp_path).to_json(OURS)

    assert Script.from_json(text, OURS) == noted(tmp_path)
    assert Script.from_json(text, OURS + "x") is None
