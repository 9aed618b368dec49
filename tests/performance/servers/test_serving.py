"""A model behind a server is measured as far as a client can; the rest is said to be unknown."""

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_nixspec.errors import ModelError, UntoldError
from pytest_nixspec.performance import Measurement, Measurements, Profile, compare
from pytest_nixspec.verdict import Outcome


def measured(profile: Profile, directory: Path) -> Measurement:
    return Measurements(directory, {}, directory, lambda _: None).of(profile)


@pytest.fixture
def profile(real, model) -> Profile:
    return Profile(
        name="plan",
        model=model,
        endpoint=real.url,
        prompt_tokens=8,
        generation_tokens=10,
        processes=1,
        repetitions=2,
        timeout_seconds=120,
    )


def test_a_real_server_is_measured_by_the_same_interface(profile, tmp_path):
    measurement = measured(profile, tmp_path)

    assert measurement.typical("generation_tps") > 0
    assert measurement.typical("prompt_tps") > 0
    assert measurement.prompt_tokens > 0
    assert len(measurement.samples) == 2
    assert measurement.fingerprint["backend"] == "endpoint"
    assert measurement == Measurement.from_json(measurement.to_json())


def test_what_a_server_does_not_tell_is_unknown_and_no_number(profile, tmp_path):
    measurement = measured(profile, tmp_path)

    with pytest.raises(UntoldError, match="does not tell the memory of its server"):
        measurement.typical("peak_memory")
    assert measurement.bandwidth_utilisation() is None
    assert any("memory" in said for said in measurement.untold)


def test_a_server_that_was_not_restarted_passes_no_gate(profile, tmp_path):
    """Its variation from start to start is in no sample, so an interval would be too narrow."""
    measurement = measured(profile, tmp_path)

    verdict = compare("generation_tps", "-5%", measurement, measurement)

    assert verdict.outcome is Outcome.UNKNOWN
    assert "a server is one process" in verdict.reason


def test_a_batch_of_streams_is_one_rate(profile, tmp_path):
    measurement = measured(replace(profile, batch_size=2), tmp_path)

    assert measurement.batch_size == 2
    assert measurement.typical("generation_tps") > 0


def test_a_model_that_the_server_lacks_is_named_with_what_it_has(profile, tmp_path):
    with pytest.raises(ModelError, match=r"has no model 'owner/nothing'\. It lists"):
        measured(replace(profile, model="owner/nothing"), tmp_path)


def test_no_server_is_one_clear_error(profile, tmp_path):
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:9"):
        measured(replace(profile, endpoint="http://127.0.0.1:9/v1"), tmp_path)
