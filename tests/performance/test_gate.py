"""Within the margin passes, beyond it fails, astride it cannot be told."""

from dataclasses import replace

import pytest

from pytest_nixspec.performance import (
    Baseline,
    Figure,
    Provenance,
    compare,
    differing_field,
    incomparable,
    same_structure,
    same_tokens,
)
from pytest_nixspec.verdict import Outcome


@pytest.mark.parametrize(
    ("rates", "outcome"),
    [
        ([100, 101, 100, 99], Outcome.PASSED),
        ([120, 121, 122, 123], Outcome.PASSED),
        ([97, 97, 98, 98], Outcome.PASSED),
        ([90, 91, 92, 91], Outcome.FAILED),
        ([80, 90, 100, 110], Outcome.UNKNOWN),
        ([94, 96, 95, 95], Outcome.UNKNOWN),
    ],
)
def test_speed_is_judged_by_the_interval_of_its_change(measured, rates, outcome):
    before = measured(100, 101, 99, 100)

    assert compare("generation_tps", "-5%", measured(*rates), before).outcome is outcome


@pytest.mark.parametrize(("now", "before"), [((90,), (100, 100)), ((90, 90), (100,))])
def test_one_process_is_too_few_to_tell(measured, now, before):
    """However many repetitions it took: they vary together."""
    verdict = compare("generation_tps", "-5%", measured(*now), measured(*before))

    assert verdict.outcome is Outcome.UNKNOWN
    assert "not to be told from so few processes" in verdict.reason
    assert verdict.excuse == ""


def test_without_any_spread_the_ratio_decides(measured):
    before = measured(100, 100)

    assert compare("generation_tps", "-5%", measured(95.1, 95.1), before).passed
    assert compare("generation_tps", "-5%", measured(94.9, 94.9), before).outcome is Outcome.FAILED


def test_other_tokens_void_the_times(measured):
    """A model that says something else is not faster."""
    verdict = compare(
        "generation_tps", "-5%", measured(200, 200, greedy="others"), measured(100, 100)
    )

    assert verdict.outcome is Outcome.UNKNOWN
    assert "greedy decoding gives other tokens than in the baseline" in verdict.reason
    assert verdict.excuse == ""


@pytest.mark.parametrize("which", ["now", "before"])
def test_a_machine_that_was_unfit_gives_no_verdict_on_speed(measured, which):
    fault = "1.3 other cores were busy"
    now = measured(50, 50, faults=(fault,) if which == "now" else ())
    before = measured(100, 100, faults=(fault,) if which == "before" else ())

    verdict = compare("generation_tps", "-5%", now, before)

    assert verdict.outcome is Outcome.UNKNOWN
    assert fault in verdict.reason
    assert verdict.remedy.endswith("on a quiet machine, on mains power.")
    # Only what is measured now may be let pass by: an unsound baseline would be for ever.
    assert verdict.reason.startswith("not sound") == (which == "now")
    assert verdict.excuse == ("unsound" if which == "now" else "")


def test_a_machine_that_was_unfit_says_nothing_against_memory(measured):
    now = measured(50, peak=100, faults=("1.3 other cores were busy",))

    assert compare("peak_memory", "+2%", now, measured(100, peak=100)).passed


def test_exactly_at_the_limit_passes(measured):
    before = measured(100, peak=100_000_000)

    assert compare("peak_memory", "+2%", measured(100, peak=102_000_000), before).passed
    assert not compare("peak_memory", "+2%", measured(100, peak=102_000_001), before).passed


def test_less_memory_passes(measured):
    before = measured(100, peak=100_000_000)

    assert compare("peak_memory", "+2%", measured(100, peak=50_000_000), before).passed


def test_the_verdict_says_both_figures_and_what_was_allowed(measured):
    verdict = compare("generation_tps", "-5%", measured(90, 90, 91), measured(100, 100, 101))

    assert verdict.reason == ("generation 90 tokens/s against 100: -10.0 %, allowed -5%")
    assert verdict.evidence[0].startswith("95 % interval of the change: -1")


def test_another_device_is_not_comparable_and_is_named(measured):
    difference = differing_field(measured(1, chip="Apple M4"), measured(1))

    assert difference == "chip: 'Apple M4' here, 'Apple M2 Max' in the baseline"


def test_a_field_that_only_the_baseline_has_is_a_difference(measured):
    assert differing_field(measured(1), measured(1, kv_bits=8)) is not None


def test_a_missing_baseline_is_not_a_pass(measured):
    verdict = incomparable(measured(1), None, "baselines/x/plan.json")

    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "not comparable: there is no baseline baselines/x/plan.json"
    assert verdict.excuse == "not_comparable"


@pytest.mark.parametrize(("rate", "place"), [(5, "below"), (8, "within"), (12, "above")])
def test_a_derived_baseline_is_an_expectation_and_no_verdict(measured, rate, place):
    figure = Figure(7.3, 8.6, {"formula": "0.71 to 0.84 of 400 GB/s"}, "a measurement")
    derived = Baseline("plan", Provenance.DERIVED, "2026-11-01", figures={"generation_tps": figure})

    verdict = incomparable(measured(rate), derived, "plan.json")

    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "not comparable: the baseline is derived, nobody measured it here"
    assert verdict.evidence == (
        f"generation_tps {rate} is {place} 7.3 to 8.6: 0.71 to 0.84 of 400 GB/s",
        "it is not: a measurement",
    )


def test_other_tokens_are_seen(measured):
    assert same_tokens(measured(1), measured(1)).passed
    assert same_tokens(measured(1, greedy="a"), measured(1)).outcome is Outcome.FAILED


def test_a_cast_that_crept_in_is_seen_in_the_structure(measured):
    before, now = measured(1), measured(1)
    now.identity.structure.update({"AsType": 1, "Matmul": 61})

    verdict = same_structure(now, before)

    assert verdict.outcome is Outcome.FAILED
    assert verdict.reason == "a decode step has other operations: AsType: 0 → 1; Matmul: 60 → 61"
    assert same_structure(before, before).passed


def test_no_graph_is_not_the_same_graph(measured):
    before, now = measured(1), measured(1)
    before.identity.structure.clear()
    now.identity.structure.clear()

    assert same_structure(now, before).outcome is Outcome.UNKNOWN


def test_the_decode_rate_leaves_out_the_first_token(measured):
    """mlx-lm's own figure counts N tokens over N-1 intervals."""
    assert measured(50).typical("generation_tps") == pytest.approx(50)


def test_a_rate_is_of_all_sequences_together(measured):
    assert replace(measured(50), batch_size=4).typical("generation_tps") == pytest.approx(200)


def test_bandwidth_utilisation_counts_steps_and_not_tokens(measured):
    """80 MB a step, 50 steps a second, of 7 GB/s."""
    alone = measured(50)

    assert alone.bandwidth_utilisation() == pytest.approx(50 * 80e6 / 7e9)
    assert replace(alone, batch_size=4).bandwidth_utilisation() == pytest.approx(50 * 80e6 / 7e9)
