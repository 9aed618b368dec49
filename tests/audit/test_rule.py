"""A finding fails, unless somebody accepts it for a reason until a day."""

import datetime
from pathlib import Path

import pytest

from pytest_nixspec.audit import POLICIES, Evidence, Waiver, judge

TODAY = datetime.date(2026, 11, 22)
RULE = POLICIES["nix-specialist"].rules[0]
BROKEN = Evidence(Path("/project"), frozenset({"flake.nix", "flake.lock"}))
KEPT = Evidence(Path("/project"), frozenset({"flake.nix"}))


def waiver(until: datetime.date = TODAY) -> Waiver:
    return Waiver(RULE.id, "it is what pins us", "platform", until)


def test_a_rule_that_nothing_breaks_passes():
    assert judge(RULE, KEPT, None, TODAY).passed


def test_a_finding_fails_with_place_and_remedy():
    verdict = judge(RULE, BROKEN, None, TODAY)

    assert not verdict.passed
    assert verdict.evidence == ("flake.lock: git tracks it",)
    assert "Waive this rule" in verdict.remedy


def test_a_waived_finding_passes_and_says_who_accepts_it_and_why():
    verdict = judge(RULE, BROKEN, waiver(), TODAY)

    assert verdict.passed
    assert "waived by platform until 2026-11-22: it is what pins us" in verdict.evidence


def test_a_waiver_holds_on_its_last_day_and_not_on_the_next():
    assert judge(RULE, BROKEN, waiver(TODAY), TODAY).passed

    verdict = judge(RULE, BROKEN, waiver(TODAY - datetime.timedelta(days=1)), TODAY)

    assert not verdict.passed
    assert verdict.reason == "NS108: its waiver ended 1 day(s) ago"


def test_a_waiver_with_nothing_to_waive_fails():
    verdict = judge(RULE, KEPT, waiver(), TODAY)

    assert not verdict.passed
    assert verdict.reason == "NS108 is waived, but nothing breaks it"


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: policy.name)
def test_every_rule_of_a_policy_is_one_of_a_kind_and_says_why(policy):
    ids = [rule.id for rule in policy.rules]

    assert len(ids) == len(set(ids))
    assert all(rule.statement and rule.reason and rule.remedy for rule in policy.rules)
