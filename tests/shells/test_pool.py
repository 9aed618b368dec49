"""Each shell is entered once, whoever asks, and a shell that is not there is one clear error."""

import json
import multiprocessing
import shutil
from pathlib import Path

import pytest

from pytest_nixspec.errors import NixCommandError, ShellNotEnteredError, ShellNotFoundError
from pytest_nixspec.nix import Nix
from pytest_nixspec.shells import ShellOutcome
from tests.conftest import pool_over


def test_a_shell_is_entered_once_by_many_processes(nix, gallery, tmp_path):
    directory = tmp_path.resolve() / "run"
    context = multiprocessing.get_context("spawn")

    with context.Pool(4) as workers:
        seen = workers.starmap(_temporary_directory, [(nix, gallery, directory)] * 8)

    # Each entering makes a temporary directory of its own.
    assert len(set(seen)) == 1


def _temporary_directory(nix: Nix, gallery: Path, directory: Path) -> str | None:
    return pool_over(nix, gallery, directory).shell("default").variable("TMPDIR")


def test_a_failure_is_kept_as_well(pool):
    first = pool.capture("exits-3")

    assert pool.capture("exits-3") == first


def test_what_a_killed_worker_left_is_begun_anew(pool):
    (pool.directory / "default" / "home").mkdir(parents=True)
    (pool.directory / "default" / "trace").write_bytes(b"entered\t0\t\0")

    assert pool.capture("default").outcome is ShellOutcome.RAN


def test_names_with_equals_signs_and_dots_are_names(pool):
    assert pool.shell("with=equals").name == "with=equals"
    assert pool.shell("with.dot").name == "with.dot"


@pytest.mark.parametrize("name", ["shells", "answers", "entered", "..", "x" * 300, "ü" * 90, "a/b"])
def test_no_name_of_a_shell_gets_in_our_way(nix, gallery, tmp_path, name):
    flake = tmp_path.resolve() / "flake"
    shutil.copytree(gallery, flake)
    text = (flake / "flake.nix").read_text()
    renamed = text.replace("silent = shell", f"{json.dumps(name, ensure_ascii=False)} = shell")
    (flake / "flake.nix").write_text(renamed)

    pool = pool_over(nix, flake, tmp_path.resolve() / "run")

    assert name in pool.names()
    assert pool.capture(name).outcome is ShellOutcome.RAN


def test_an_unknown_shell_is_named_with_what_there_is(pool):
    with pytest.raises(ShellNotFoundError) as error:
        pool.shell("defualt")

    assert "the flake has no shell 'defualt'" in str(error.value)
    assert "awkward-values" in str(error.value)
    assert "Did you mean 'default'?" in str(error.value)


def test_a_shell_that_did_not_run_cannot_be_used(pool):
    with pytest.raises(ShellNotEnteredError, match="hook_exited: the hook called exit 0"):
        pool.shell("exits-0")


@pytest.mark.parametrize("name", ["a b", "a#b", "a?b", "a%20b", "ü"])
def test_a_project_may_be_called_anything(every_nix, gallery, tmp_path, name):
    flake = Path(shutil.copytree(gallery, tmp_path.resolve() / name))

    pool = pool_over(every_nix, flake, tmp_path.resolve() / "run")

    assert pool.shell("default").run(["greet"]).text == "greet version 1.2.3"


def test_a_directory_without_a_flake_is_said_to_be_one(nix, tmp_path):
    with pytest.raises(NixCommandError, match=r"has no flake.nix that Nix can see"):
        pool_over(nix, tmp_path.resolve(), tmp_path.resolve() / "run").names()


def test_an_input_that_cannot_be_reached_is_said_to_be_one(nix, tmp_path):
    project = tmp_path.resolve() / "project"
    project.mkdir()
    project.joinpath("flake.nix").write_text(
        '{ inputs.far.url = "http://127.0.0.1:9/far.tar.gz"; outputs = { self, far }: far; }'
    )

    with pytest.raises(NixCommandError) as error:
        pool_over(nix, project, tmp_path.resolve() / "run").names()

    assert "an input of the flake cannot be reached, and nothing stands in" in str(error.value)
    assert "--nixspec-override-input" in str(error.value)
