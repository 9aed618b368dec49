"""The planned peak against what MLX really held on this machine."""

import pytest

from pytest_nixspec.performance.planning.peak import Workload, peak_bytes
from pytest_nixspec.performance.planning.sizings import Asked, Sizings
from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY
from tests.performance.planning.held import ask

SMOLLM2 = "mlx-community/SmolLM-135M-Instruct-4bit"
DECODING = 0.03
PREFILLING = 0.10

# Batch, prompt, generation; and how near the plan must be.
WORKLOADS = {
    "five": {
        "1x8x300": DECODING,
        "4x8x40": DECODING,
        "8x8x20": DECODING,
        "1x400x2": PREFILLING,
        "4x150x2": PREFILLING,
    },
    # Two chunks of a prompt.
    "grouped": {"1x2500x2": PREFILLING},
    "experts": {"1x1000x2": PREFILLING, "1x400x2": PREFILLING},
    "latent": {"1x1000x2": PREFILLING, "1x400x2": PREFILLING},
}
REAL = {"1x8x8": DECODING, "1x40x2": DECODING}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    ask("make", place)
    return place


@pytest.fixture(scope="module")
def sizings(tmp_path_factory):
    substitutes = Substitutions.read(REPOSITORY).model_paths
    return Sizings(tmp_path_factory.mktemp("sizings"), substitutes, REPOSITORY, print)


def differences(sizings, model, workloads):
    """Return by how much of the measured peak the plan is off, for each workload."""
    sized = sizings.of(Asked(model))
    measured = ask("peak", sized.reference, *workloads)
    differing = {}
    for text, held in zip(workloads, measured, strict=True):
        batch, prompt, generation = map(int, text.split("x"))
        work = Workload(batch, prompt + generation, prompt, backend=sized.backend)
        differing[text] = peak_bytes(sized.sizes, work) / held - 1
    return differing


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_peak_of_a_tiny_model_is_foretold(name, folder, sizings):
    allowed = WORKLOADS[name]

    found = differences(sizings, str(folder / name), allowed)

    assert {w: d for w, d in found.items() if abs(d) > allowed[w]} == {}, found


def test_the_peak_of_a_real_model_is_foretold(sizings):
    found = differences(sizings, SMOLLM2, REAL)

    assert {w: d for w, d in found.items() if abs(d) > REAL[w]} == {}, found
