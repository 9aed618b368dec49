"""The planned statements on profiles: three answers, each before anything is loaded."""

import json
import shutil
from pathlib import Path

import pytest

from pytest_nixspec.checks import Run, perform
from pytest_nixspec.checks.plans import plan_checks, plan_of
from pytest_nixspec.checks.tested import profile_named
from pytest_nixspec.performance import Device
from pytest_nixspec.settings import Settings, Substitutions
from pytest_nixspec.spec import load

CONFIGS = Path(__file__).parent / "configs"

SPEC = """
[profile.plan]
model = "llama-3.1-70b.json"
tensor_parallel = 5
max_gpus = 5
vram_limit = 45_000_000_000
quantization_bits = 4

[profile.build]
model = "deepseek-coder-v2-lite.json"
tensor_parallel = 2
max_gpus = 1
quantization_bits = 4

[profile.review]
model = "llama-3.1-70b.json"
vram_limit = 45_000_000_000
batch_size = 8
quantization_bits = 4
prompt_tokens = 512
generation_tokens = 1536

[profile.other]
model = "nobody/has-this-model"
vram_limit = 45_000_000_000

[profile.plain]
model = "llama-3.1-70b.json"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    for config in CONFIGS.iterdir():
        shutil.copy(config, root)
    path = root / "nixspec.toml"
    path.write_text(SPEC)
    settings = Settings(path, root, root / "reports", record=False, substitutions=Substitutions())
    return Run(settings, load(path), tmp_path_factory.mktemp("run"), announce=print)


@pytest.fixture
def results(run, monkeypatch):
    """What becomes of each statement, on an M2 Max."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    mac = Device("Apple M2 Max", 38, 12, 64 << 30, "darwin-arm64")
    monkeypatch.setattr(Device, "here", lambda: mac)
    return {check.id: perform(check, run, "nixspec.toml:1") for check in plan_checks(run.spec)}


def test_the_statements_follow_the_specification(run):
    statements = [(check.id, check.line) for check in plan_checks(run.spec)]

    assert statements == [
        ("profile.plan::tensor_parallel 5 can shard", 4),
        ("profile.plan::tensor_parallel 5 has its devices", 4),
        ("profile.plan::fits vram_limit (planned)", 6),
        ("profile.build::tensor_parallel 2 can shard", 11),
        ("profile.build::tensor_parallel 2 has its devices", 11),
        ("profile.review::fits vram_limit (planned)", 17),
        ("profile.other::fits vram_limit (planned)", 25),
    ]


def test_the_profiles_of_the_role_come_out_true(results):
    outcomes = {name: result.outcome for name, result in results.items()}

    assert outcomes == {
        "profile.plan::tensor_parallel 5 can shard": "failed",
        "profile.plan::tensor_parallel 5 has its devices": "failed",
        "profile.plan::fits vram_limit (planned)": "passed",
        "profile.build::tensor_parallel 2 can shard": "failed",
        "profile.build::tensor_parallel 2 has its devices": "failed",
        "profile.review::fits vram_limit (planned)": "failed",
        "profile.other::fits vram_limit (planned)": "unknown",
    }


def test_each_failure_names_the_nearest_that_can_be_had(results):
    remedies = {name: result.remedy for name, result in results.items() if result.remedy}

    assert remedies == {
        "profile.plan::tensor_parallel 5 can shard": "Take tensor_parallel = 4.",
        "profile.plan::tensor_parallel 5 has its devices": (
            "Take tensor_parallel = 1, or name a machine for each rank in hosts."
        ),
        "profile.build::tensor_parallel 2 can shard": (
            "Take tensor_parallel = 1. Weights in groups of 32 could be cut as asked."
        ),
        "profile.build::tensor_parallel 2 has its devices": (
            "Raise max_gpus, or lower tensor_parallel."
        ),
        "profile.review::fits vram_limit (planned)": (
            "Take 1792 tokens, batch 7, or fewer bits; 0 means that none fits."
        ),
    }


def test_what_is_unknown_says_what_would_help(results):
    reason = results["profile.other::fits vram_limit (planned)"].reason

    assert "'nobody/has-this-model' is not on this machine" in reason
    assert "Give --model CONFIG.json" in reason


def test_facts_are_plain_enough_for_json(results):
    assert json.dumps([result.facts for result in results.values()])
    assert results["profile.plan::tensor_parallel 5 can shard"].facts == {
        "feasible_values": [1, 2, 4, 8]
    }


def test_a_test_in_python_gets_the_plan_of_a_profile(run):
    planned = plan_of(profile_named(run, "review"))

    assert planned.weight_bytes == 39_688_355_840
    assert not planned.feasible
