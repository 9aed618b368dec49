"""The main job on this repository itself: real Nix, real toolchains, a real model."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY, nix_programs


@pytest.fixture(scope="module")
def main_job(tmp_path_factory: pytest.TempPathFactory) -> tuple[process.Completed, Path]:
    reports = tmp_path_factory.mktemp("reports")
    done = process.run(
        [sys.executable, "-m", "pytest", "--nixspec", f"--nixspec-reports={reports}"],
        env=dict(os.environ),
        cwd=REPOSITORY,
        deadline=process.after(900),
    )
    return done, reports


def test_the_specification_of_this_repository_holds(main_job):
    """Speed is left out: how busy this machine is says nothing of the code."""
    done, reports = main_job

    record = json.loads((reports / "nixspec.json").read_text())
    wrong = [
        result["id"]
        for result in record["results"]
        if result["outcome"] != "passed"
        and not result["skipped"]
        and not str(result["facts"].get("metric")).endswith("_tps")
    ]

    assert wrong == [], done.text
    assert len(record["results"]) == 43


def test_every_shell_profile_and_rule_of_it_is_reported(main_job):
    _, reports = main_job

    record = json.loads((reports / "nixspec.json").read_text())

    assert {(r["area"], r["subject"]) for r in record["results"]} == {
        ("nix_shell", "default"),
        ("nix_shell", "elixir=1_16"),
        ("nix_audit", "nix-specialist"),
        ("mlx_profile", "plan"),
        ("tests", "Python"),
    }


@pytest.mark.parametrize("program", nix_programs(), ids=lambda path: path.parent.parent.name)
def test_the_real_shells_hold_on_every_nix(program, tmp_path):
    arguments = ["--nixspec", f"--nixspec-reports={tmp_path}", "-m", "nix_shell"]

    done = process.run(
        [sys.executable, "-m", "pytest", *arguments],
        env={**os.environ, "NIXSPEC_NIX": str(program)},
        cwd=REPOSITORY,
        deadline=process.after(600),
    )

    assert done.returncode == 0, done.text
    assert f"({program})" in done.text


def test_what_was_substituted_is_said_in_every_report(main_job):
    done, reports = main_job

    for line in Substitutions.read(REPOSITORY).lines():
        assert f"nixspec: substituted {line}" in done.text
        assert line in (reports / "nixspec.md").read_text()
        assert line in (reports / "nixspec.html").read_text()
        assert (
            f"{line}"
            in json.loads((reports / "nixspec.json").read_text())["header"]["substitutions"]
        )


def test_the_tools_run_from_the_store(main_job):
    _, reports = main_job

    record = json.loads((reports / "nixspec.json").read_text())
    tools = [result["facts"] for result in record["results"] if "tool" in result["facts"]]

    assert len(tools) == 11
    assert all(re.match(r"/nix/store/\w{32}-", str(facts["path"])) for facts in tools)


def test_the_model_really_generated_tokens(main_job):
    _, reports = main_job

    record = json.loads((reports / "nixspec.json").read_text())
    (measured,) = [
        r["facts"]["measurement"] for r in record["results"] if "measurement" in r["facts"]
    ]

    samples = [sample for process in measured["processes"] for sample in process["samples"]]
    assert [len(sample["token_seconds"]) for sample in samples] == [24] * 6


def test_the_tree_is_as_it_was(main_job):
    del main_job
    done = process.run(
        ["git", "-C", REPOSITORY, "status", "--porcelain", "flake.lock", "flake.nix"],
        env=dict(os.environ),
        deadline=process.after(60),
    )

    assert done.text == ""
