"""Profiles as items: a missing baseline is no pass, and only a good run records one."""

import json

import pytest

from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY

PROFILE = """
[profile.plan]
model = "mlx-community/SmolLM-135M-Instruct-4bit"
prompt_tokens = 8
generation_tokens = 4
repetitions = 2
vram_limit = {limit}
[profile.plan.gate]
generation_tps = "-90%"
peak_memory = "+2%"
not_comparable = "{policy}"
"""


@pytest.fixture
def profile(project, pytester):
    """Make a project of one profile; models are those of this repository."""

    def make(limit: int = 10**9, policy: str = "fail") -> None:
        project(PROFILE.format(limit=limit, policy=policy))
        models = [
            {"model": m.model, "path": str(m.path), "what": m.what}
            for m in Substitutions.read(REPOSITORY).models
        ]
        written = json.dumps({"nix": None, "inputs": [], "models": models})
        pytester.mkdir(".nixspec").joinpath("substitutions.json").write_text(written)

    return make


def test_a_missing_baseline_is_not_a_pass(profile, pytester):
    profile()

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*UNKNOWN: not comparable: there is no baseline*", "*2 unknown*"])


def test_a_missing_baseline_may_be_passed_by_and_still_is_unknown(profile, pytester):
    profile(policy="skip")

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*2 passed, 2 unknown*"])


def test_what_was_recorded_is_compared(profile, pytester):
    profile()

    recorded = pytester.runpytest("--nixspec-record")
    compared = pytester.runpytest("--nixspec")

    assert recorded.ret is pytest.ExitCode.OK
    recorded.stdout.fnmatch_lines(
        ["*UNKNOWN*not compared: this run records the baseline", "recorded: */plan.json"]
    )
    compared.assert_outcomes(passed=4)
    compared.stdout.fnmatch_lines(["*peak_memory +2%*MB against*MB (measured, *allowed +2%*"])


def test_a_run_that_fails_records_nothing(profile, pytester):
    profile(limit=1000)

    result = pytester.runpytest("--nixspec-record")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*peak memory 0.1* GB, limit 0.000 GB*", "recorded: nothing, since the run failed"]
    )
    assert not pytester.path.joinpath("baselines").exists()


def test_another_device_is_not_comparable_and_is_named(profile, pytester):
    profile()
    pytester.runpytest("--nixspec-record")
    (baseline,) = pytester.path.joinpath("baselines").rglob("plan.json")
    data = json.loads(baseline.read_text())
    data["benchmarks"][0]["extra_info"]["measurement"]["fingerprint"]["chip"] = "Apple M2 Max"
    baseline.write_text(json.dumps(data))

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["*not comparable: chip: '*' here, 'Apple M2 Max' in the baseline"])


def test_tensor_parallel_is_not_measured_and_not_scaled(profile, pytester):
    profile()
    spec = pytester.path / "nixspec.toml"
    spec.write_text(spec.read_text().replace("prompt_tokens", "tensor_parallel = 5\nprompt_tokens"))

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["*UNKNOWN: not measured: tensor_parallel = 5*", "*4 unknown*"])
