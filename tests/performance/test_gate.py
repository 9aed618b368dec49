"""Within the margin passes, beyond it fails, astride it cannot be told."""

import pytest

from pytest_nixspec.performance import Baseline, Provenance, compare, differing_field
from pytest_nixspec.verdict import Outcome


def baseline(measurement) -> Baseline:
    return Baseline(measurement, Provenance.MEASURED, "2026-11-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("rates", "outcome"),
    [
        ([100, 100, 100, 100], Outcome.PASSED),
        ([120, 121, 122, 123], Outcome.PASSED),
        ([96, 96, 97, 97], Outcome.PASSED),
        ([90, 91, 92, 93], Outcome.FAILED),
        ([80, 90, 100, 110], Outcome.UNKNOWN),
    ],
)
def test_speed_is_judged_by_the_middle_half_of_the_samples(measured, rates, outcome):
    before = baseline(measured(100, 100, 100))

    assert compare("generation_tps", "-5%", measured(*rates), before).outcome is outcome


def test_exactly_at_the_limit_passes(measured):
    before = baseline(measured(100, peak=100_000_000))

    assert compare("peak_memory", "+2%", measured(100, peak=102_000_000), before).passed
    assert not compare("peak_memory", "+2%", measured(100, peak=102_000_001), before).passed


def test_less_memory_passes(measured):
    before = baseline(measured(100, peak=100_000_000))

    assert compare("peak_memory", "+2%", measured(100, peak=50_000_000), before).passed


def test_the_reason_has_both_figures_the_change_and_what_was_allowed(measured):
    before = baseline(measured(100, 100, 100))

    verdict = compare("generation_tps", "-5%", measured(90, 90, 90), before)

    assert verdict.reason == (
        "generation 90 tokens/s against 100 tokens/s (measured, 2026-11-01): -10.0 %, allowed -5%"
    )


def test_another_device_is_not_comparable_and_is_named(measured):
    difference = differing_field(measured(1, chip="Apple M4"), measured(1))

    assert difference == "chip: 'Apple M4' here, 'Apple M2 Max' in the baseline"


def test_a_field_that_only_the_baseline_has_is_a_difference(measured):
    assert differing_field(measured(1), measured(1, kv_bits=8)) is not None


def test_the_decode_rate_leaves_out_the_first_token(measured):
    """mlx-lm's own figure counts N tokens over N-1 intervals."""
    assert measured(50).typical("generation_tps") == pytest.approx(50)
