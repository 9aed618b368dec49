"""A real model in a worker process: what it gives, and how its death is told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance import Measurements, Profile
from pytest_nixspec.performance.model import locate
from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY

MODEL = "mlx-community/SmolLM-135M-Instruct-4bit"

PROFILE = Profile(
    name="plan",
    model=MODEL,
    tensor_parallel=1,
    max_gpus=1,
    vram_limit=None,
    batch_size=1,
    quantization_bits=4,
    temperature=0.0,
    prompt_tokens=8,
    generation_tokens=6,
    repetitions=2,
    seed=0,
    timeout_seconds=300,
)


def measurements(directory: Path, announced: list[str] | None = None) -> Measurements:
    substitutes = {m.model: m.path for m in Substitutions.read(REPOSITORY).models}
    announce = (announced if announced is not None else []).append
    return Measurements(directory / "run", substitutes, REPOSITORY, announce)


def test_a_real_model_is_measured_once(tmp_path):
    ours = measurements(tmp_path)

    measurement = ours.of(PROFILE)

    assert [len(sample.token_seconds) for sample in measurement.samples] == [6, 6]
    assert measurement.prompt_tokens == 8
    assert measurement.quantization_bits == 4
    assert measurement.typical("generation_tps") > 0
    # Greedy tokens are the same each time.
    assert len({sample.token_digest for sample in measurement.samples}) == 1
    # The weights alone are 84 MB.
    assert measurement.typical("peak_memory") > 80_000_000
    assert ours.of(PROFILE) == measurement


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"holds no model: there is no config.json in it"):
        measurements(tmp_path).of(replace(PROFILE, model=str(tmp_path)))


def test_a_worker_that_dies_is_one_error_with_its_last_words(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "no-such-type"}))

    with pytest.raises(ModelError) as error:
        measurements(tmp_path).of(replace(PROFILE, model=str(folder)))

    assert str(error.value).startswith("the worker of profile 'plan' with model")
    assert "failed (exit code 1)" in str(error.value)
    assert "No safetensors found" in str(error.value)


def test_a_worker_past_its_deadline_is_ended(tmp_path):
    with pytest.raises(ModelError, match=r"did not end within 0.1 s"):
        measurements(tmp_path).of(replace(PROFILE, timeout_seconds=0.1))


@pytest.mark.parametrize(
    ("change", "said"),
    [({"tensor_parallel": 5}, "tensor_parallel = 5"), ({"batch_size": 8}, "batch_size = 8")],
)
def test_what_is_not_measured_is_said_and_not_scaled(change, said):
    assert said in (replace(PROFILE, **change).unsupported() or "")


def test_a_local_folder_is_never_asked_of_the_hub(tmp_path):
    (tmp_path / "config.json").write_text("{}")

    assert locate(str(tmp_path), {}, REPOSITORY).path == tmp_path


def test_a_name_of_the_hub_stays_one(tmp_path):
    assert locate("owner/model", {}, tmp_path).path is None
