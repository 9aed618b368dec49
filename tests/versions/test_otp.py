"""Dotted integers of any length: OTP, Node, PostgreSQL, Git."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_nixspec import InvalidVersionError, Requirement, Version


@pytest.mark.parametrize(
    ("requirement", "version", "matches"),
    [
        (">= 27", "27.3.4.2", True),
        (">= 27", "26.2.5", False),
        (">= 27", "27.0-rc3", False),
        ("~> 27", "27.3.4.2", True),
        ("~> 27", "28.0", False),
        ("~> 27", "28.0-rc1", False),
        ("~> 27.3", "27.9", True),
        ("~> 27.3.4", "27.3.4.15", True),
        ("~> 27.3.4", "27.4", False),
        ("== 27", "27.0", True),
        ("~> 22.0", "22.9.0", True),
        (">= 16", "17beta1", True),
        (">= 17", "17beta1", False),
        ("> 17beta1 and < 17", "17rc1", True),
        (">= 16.4", "16.10", True),
    ],
)
def test_a_requirement_matches(requirement, version, matches):
    assert Requirement.parse(requirement, "otp").matches(version) is matches


def test_a_leading_v_is_nodes_way():
    assert Version.parse("v22.9.0", "otp") == Version.parse("22.9.0", "otp")


@pytest.mark.parametrize("text", ["", "27.", ".27", "27..3", "x", "27 3", "-1"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(InvalidVersionError, match="is not a dotted version"):
        Version.parse(text, "otp")


@given(st.lists(st.integers(0, 99), min_size=1, max_size=5))
def test_numbers_are_ordered_as_numbers(numbers):
    text = ".".join(map(str, numbers))
    more = [*numbers[:-1], numbers[-1] + 1]

    assert Version.parse(text, "otp") < Version.parse(".".join(map(str, more)), "otp")


@pytest.mark.parametrize("dialect", ["otp", "elixir"])
@pytest.mark.parametrize("text", ["9" * 5000, "1.0.0-" + "9" * 5000])
def test_a_number_without_end_is_refused(dialect, text):
    with pytest.raises(InvalidVersionError, match=r"a text of 50\d\d characters is no version"):
        Version.parse(text, dialect)


def test_an_unknown_dialect_is_an_error():
    with pytest.raises(InvalidVersionError, match=r"'npm' is no version dialect. Known are elixir"):
        Version.parse("1.0.0", "npm")
