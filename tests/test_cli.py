"""The console script, as a user types it."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.spec import load
from tests.conftest import GALLERY, project_environment

NIXSPEC = Path(sys.executable).with_name("nixspec")


@pytest.fixture
def nixspec(nix, tmp_path):
    """Run `nixspec` in a project of the gallery."""
    project = Path(shutil.copytree(GALLERY, tmp_path / "project"))
    environment = {"PATH": "/usr/bin:/bin", **project_environment(nix)}

    def run(*arguments: str) -> process.Completed:
        return process.run(
            [NIXSPEC, *arguments], env=environment, cwd=project, deadline=process.after(60)
        )

    run.project = project  # type: ignore[attr-defined]
    return run


def test_init_writes_a_specification_that_holds(nixspec):
    done = nixspec("init", "--shell", "default")

    assert done.ok, done.error_text
    text = (nixspec.project / "nixspec.toml").read_text()
    assert text.endswith('[shell.default.tools]\ngit = ">= 99"\n')


def test_init_never_overwrites(nixspec):
    (nixspec.project / "nixspec.toml").write_text("# mine\n")

    done = nixspec("init")

    assert done.returncode == 2
    assert "is there already; move it away first" in done.error_text
    assert (nixspec.project / "nixspec.toml").read_text() == "# mine\n"


def test_init_of_an_unknown_shell_writes_nothing(nixspec):
    done = nixspec("init", "--shell", "defualt")

    assert done.returncode == 2
    assert "Did you mean 'default'?" in done.error_text
    assert not (nixspec.project / "nixspec.toml").exists()


def test_init_leaves_out_what_cannot_be_entered_and_says_so(nixspec):
    flake = nixspec.project / "flake.nix"
    # The shell that never returns would take its two minutes.
    flake.write_text(flake.read_text().replace("sleep 1000", "exit 9"))

    done = nixspec("init")

    assert done.ok, done.error_text
    text = (nixspec.project / "nixspec.toml").read_text()
    assert '# shell "exits-3" is left out: hook_exited: the hook called exit 3' in text
    assert '[shell."with=equals".tools]\ngit = ">= 99"\n' in text
    assert load(nixspec.project / "nixspec.toml")


def test_doctor_says_what_there_is(nixspec):
    done = nixspec("doctor")

    assert done.ok, done.error_text
    assert "specification none: write one with nixspec init" in done.text
    assert "shells awkward-values, " in done.text


def test_report_of_nothing_is_an_error(nixspec):
    done = nixspec("report")

    assert done.returncode == 2
    assert "there is no record at reports/nixspec.json" in done.error_text


def test_report_of_something_else_is_an_error(nixspec):
    (nixspec.project / "record.json").write_text(json.dumps({"schema": 2}))

    done = nixspec("report", "record.json")

    assert "nixspec: the record is of schema 2, this version reads 1." in done.error_text


def test_no_command_is_wrong_use(nixspec):
    assert nixspec().returncode == 2
