"""`nixspec bench` and `nixspec baseline`: what a user sees of profiles on the console."""

import json

import pytest

from pytest_nixspec.cli import main
from tests.conftest import REPOSITORY

SPEC = """
[profile.plan]
model = "{model}"
prompt_tokens = 8
generation_tokens = 8
processes = 2
repetitions = 1
[profile.plan.gate]
peak_memory = "+50%"
"""


@pytest.fixture
def here(project, tiny_model) -> None:
    """Make a project of one profile of a tiny model, and be in it."""
    project(SPEC.format(model=tiny_model()))


@pytest.mark.usefixtures("here")
def test_bench_without_a_baseline_is_not_well(capsys):
    assert main(["bench"]) == 1

    said = capsys.readouterr().out
    assert "profile plan\n  generation " in said
    assert "peak_memory unknown: not comparable: there is no baseline" in said


@pytest.mark.usefixtures("here")
def test_what_was_recorded_is_listed_shown_compared_and_exported(capsys, pytester):
    assert main(["baseline", "record"]) == 0
    assert "nixspec baseline export linux-x86_64-cpu" in capsys.readouterr().out

    assert main(["bench", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["plan"]
    assert shown["gate"]["peak_memory"]["outcome"] == "passed"
    assert shown["generation_tps"] > 0

    assert main(["baseline", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["device"], row["name"], row["provenance"]) == (
        "linux-x86_64-cpu", "plan", "measured",
    )  # fmt: skip

    assert main(["baseline", "show", row["file"]]) == 0
    assert "quantization: affine 4 64" in capsys.readouterr().out

    assert main(["baseline", "export", "linux-x86_64-cpu"]) == 0
    exported = json.loads((pytester.path / "nixspec-linux-x86_64-cpu.json").read_text())
    assert list(exported["baselines"]) == ["plan.json"]
    assert str(pytester.path) not in json.dumps(exported)


@pytest.mark.usefixtures("here")
def test_an_export_never_overwrites(capsys):
    main(["baseline", "record"])
    assert main(["baseline", "export", "linux-x86_64-cpu"]) == 0

    assert main(["baseline", "export", "linux-x86_64-cpu"]) == 2
    assert "is there already. Move it away, or name another" in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_an_unknown_profile_is_named_with_the_near_one(capsys):
    assert main(["bench", "--profile", "plam"]) == 2

    assert "no profile 'plam'; it has: plan. Did you mean 'plan'?" in capsys.readouterr().err


def test_without_a_profile_there_is_nothing_to_measure(project, capsys):
    project("")

    assert main(["bench"]) == 2
    assert "no [profile.X], so there is nothing to measure" in capsys.readouterr().err


def test_what_nobody_measured_is_not_exported(monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)

    assert main(["baseline", "export", "apple-m2-max-38c"]) == 2
    assert "nothing in baselines/apple-m2-max-38c was measured" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["../baselines/linux-x86_64-cpu", "/", "nowhere", ""])
def test_a_device_is_a_folder_of_the_baselines_and_no_path(device, monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)

    assert main(["baseline", "export", device]) == 2
    assert f"baselines/ has no device {device!r}; it has: apple-m2-max-30c" in (
        capsys.readouterr().err
    )


@pytest.mark.usefixtures("here")
def test_a_gate_that_states_nothing_is_not_well(capsys, pytester):
    spec = pytester.path / "nixspec.toml"
    spec.write_text(spec.read_text().partition("[profile.plan.gate]")[0])

    assert main(["bench"]) == 1
    assert "nothing is gated: state a tolerance" in capsys.readouterr().out


def test_an_interruption_is_one_line(monkeypatch, capsys):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_nixspec.cli.models._stored", interrupted)

    assert main(["baseline", "list"]) == 130
    assert capsys.readouterr().err == "nixspec: interrupted; nothing was written\n"


def test_every_baseline_of_this_repository_says_where_it_comes_from(monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)

    assert main(["baseline", "list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert {"measured", "published", "derived"} == {line.split()[1] for line in lines}


def test_a_derived_baseline_shows_its_formula_and_what_it_is_not(monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)

    assert main(["baseline", "show", "baselines/apple-m2-max-38c/plan.json"]) == 0

    said = capsys.readouterr().out
    assert "formula: 0.71 to 0.84 of 400 GB/s" in said
    assert "it is not: a measurement" in said


def test_no_such_baseline_says_how_to_list_them(capsys):
    assert main(["baseline", "show", "nowhere.json"]) == 2

    assert "List them: nixspec baseline list" in capsys.readouterr().err
