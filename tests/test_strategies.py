"""The strategies that users take into their own tests."""

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from pytest_nixspec import Requirement, Version, strategies
from pytest_nixspec.versions import DIALECTS

dialects = pytest.mark.parametrize("dialect", list(DIALECTS))
QUICK = settings(
    max_examples=200, suppress_health_check=list(HealthCheck), database=None, deadline=None
)


@dialects
@given(data=st.data())
def test_texts_are_valid(dialect, data):
    text = data.draw(strategies.version_texts(dialect))
    requirement = data.draw(strategies.requirement_texts(dialect))

    assert Version.parse(text, dialect).text == text
    assert Requirement.parse(requirement, dialect).text == requirement


def is_valid(text, read):
    try:
        read(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("dialect", ["elixir", "hex", "otp", "asdf"])
@pytest.mark.parametrize("expected", [True, False])
def test_nearly_valid_texts_are_now_valid_and_now_not(dialect, expected):
    def read(text):
        return Version.parse(text, dialect)

    find(
        strategies.nearly_versions(dialect),
        lambda text: is_valid(text, read) is expected,
        settings=QUICK,
    )


@dialects
@pytest.mark.parametrize("matches", [True, False])
def test_versions_around_a_requirement_are_on_both_sides_of_it(dialect, matches):
    requirement = Requirement.parse(">= 1.17.0 and < 1.19.0", dialect)

    found = find(
        strategies.versions_around(requirement),
        lambda version: (version in requirement) is matches,
        settings=QUICK,
    )

    assert found.dialect == dialect


def test_what_fails_shrinks_to_something_small():
    requirement = Requirement.parse("~> 1.17")

    smallest = find(
        strategies.versions("elixir"), lambda version: version.text != "", settings=QUICK
    )
    newest = find(
        strategies.versions_around(requirement), lambda v: v.parts.numbers[0] > 1, settings=QUICK
    )

    assert smallest.text == "0.0.0"
    assert newest.text == "2.17.0"


def test_an_unknown_dialect_is_an_error():
    with pytest.raises(ValueError, match="'npm' is no version dialect"):
        strategies.version_texts("npm")


def test_a_version_that_cannot_be_is_not_found():
    with pytest.raises(NoSuchExample):
        find(strategies.versions("elixir"), lambda v: len(v.parts.numbers) != 3, settings=QUICK)
