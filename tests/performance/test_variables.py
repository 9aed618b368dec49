"""The MLX_* variables of a shell are defaults; the specification wins, and that is said."""

import pytest

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance.variables import merged

VALUES = {
    "tensor_parallel": 1, "max_gpus": 1, "vram_limit": None, "batch_size": 1, "temperature": 0.0,
}  # fmt: skip
ROLE = {"MLX_TENSOR_PARALLEL": "5", "MLX_MAX_GPUS": "5", "MLX_VRAM_LIMIT": "45000000000"}


def test_what_the_specification_leaves_open_comes_from_the_shell():
    found = merged("plan", VALUES, set(), ROLE)

    assert found.values["tensor_parallel"] == 5
    assert found.values["vram_limit"] == 45_000_000_000
    assert found.disagreements == ()


def test_the_specification_wins_and_the_disagreement_is_said():
    found = merged("plan", {**VALUES, "tensor_parallel": 2}, {"tensor_parallel"}, ROLE)

    assert found.values["tensor_parallel"] == 2
    assert found.disagreements == (
        "the shell exports MLX_TENSOR_PARALLEL=5, the specification says 2: the specification wins",
    )


def test_agreeing_is_not_mentioned():
    assert merged("plan", {**VALUES, "max_gpus": 5}, {"max_gpus"}, ROLE).disagreements == ()


def test_a_mode_has_variables_of_its_own():
    said = {"MLX_REVIEW_BATCH_SIZE": "8", "MLX_REVIEW_TEMPERATURE": "0.5"}

    review, plan = (merged(name, VALUES, set(), said).values for name in ("review", "plan"))

    assert (review["batch_size"], review["temperature"]) == (8, 0.5)
    assert (plan["batch_size"], plan["temperature"]) == (1, 0.0)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("MLX_VRAM_LIMIT", "45GB"),
        ("MLX_TENSOR_PARALLEL", "0"),
        ("MLX_MAX_GPUS", ""),
        ("MLX_PLAN_TEMPERATURE", "nan"),
        ("MLX_PLAN_BATCH_SIZE", "-1"),
    ],
)
def test_a_variable_that_is_no_number_is_one_clear_error(variable, text):
    with pytest.raises(ModelError, match=f"the shell exports {variable}='{text}', which is not a"):
        merged("plan", VALUES, set(), {variable: text})
