"""Sets of versions: exact, pre-releases included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_nixspec import Requirement, Version
from pytest_nixspec.strategies import requirements, versions, versions_around
from pytest_nixspec.versions import DIALECTS

dialects = pytest.mark.parametrize("dialect", list(DIALECTS))


def versions_of(text, dialect="elixir"):
    return Requirement.parse(text, dialect).versions


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("~> 1.17 and < 1.17.0", "elixir"),
        ("> 1.0.0 and < 1.0.1-0", "elixir"),
        ("> 1.0.0-a and < 1.0.0-a.0", "elixir"),
        ("< 0.0.0-0", "elixir"),
        ("== 1.0.0 and != 1.0.0", "elixir"),
        ("~> 1.17 and ~> 2.0 or ~> 1.0 and ~> 3.0", "elixir"),
        ("> 27.0-rc1 and < 27.0-rc1.0", "otp"),
        ("~> 27 and >= 28-a", "otp"),
        ("> 1.0 and < 1.0", "nix"),
    ],
)
def test_a_requirement_that_nothing_meets_is_empty(text, dialect):
    assert Requirement.parse(text, dialect).versions.is_empty


@pytest.mark.parametrize(
    ("text", "dialect", "witness"),
    [
        ("> 1.0.0 and < 1.0.1", "elixir", "1.0.1-0"),
        ("> 1.0.0-a and < 1.0.0-a.1", "elixir", "1.0.0-a.0"),
        ("~> 1.17 and < 1.17.1", "elixir", "1.17.0"),
        ("> 27 and < 27.0.0.1", "otp", "27.0.0.0.1"),
        ("~> 27 and >= 27.9", "otp", "27.10"),
        ("> 1.0 and < 1.0.pre.a", "nix", None),
        ("> 1.0pre and < 1.0", "nix", "1.0pre.a"),
    ],
)
def test_a_requirement_that_something_meets_is_not_empty(text, dialect, witness):
    requirement = Requirement.parse(text, dialect)

    assert requirement.versions.is_empty is (witness is None)
    assert witness is None or witness in requirement


def test_an_empty_requirement_names_the_terms_that_clash():
    requirement = Requirement.parse(">= 1.0.0 and ~> 1.17 and != 1.18.0 and < 1.17.0")

    assert requirement.why_empty() == "nothing is ~> 1.17 and < 1.17.0"
    assert Requirement.parse("~> 1.17").why_empty() is None


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("~> 1.17.2", "~> 1.17"),
        ("== 1.17.0 or == 1.18.0", "~> 1.17"),
        (">= 1.17.0 and < 2.0.0-0", "~> 1.17"),
        ("< 1.0.0 and > 0.9.0", "!= 1.0.0"),
    ],
)
def test_containment(small, large):
    assert versions_of(small) <= versions_of(large)
    assert versions_of(large) >= versions_of(small)


def test_a_pre_release_keeps_a_range_from_being_contained():
    assert not versions_of(">= 1.17.0 and < 2.0.0") <= versions_of("~> 1.17")
    assert str(versions_of(">= 1.17.0 and < 2.0.0") - versions_of("~> 1.17")) == (
        ">= 2.0.0-0 and < 2.0.0"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("~> 1.17", "~> 1.17"),
        (">= 1.17.2 and < 1.18.0-0", "~> 1.17.2"),
        (">= 1.17.2 and < 1.19.0", ">= 1.17.2 and < 1.19.0"),
        ("== 1.0.0 or > 3.0.0", "== 1.0.0 or >= 3.0.1-0"),
        ("< 1.0.0 and > 2.0.0", "nothing"),
        ("< 1.0.0 or >= 1.0.0", ">= 0.0.0-0"),
    ],
)
def test_a_set_is_shown_as_a_requirement(text, shown):
    assert str(versions_of(text)) == shown


def test_sets_of_two_orders_do_not_mix():
    with pytest.raises(ValueError, match="'elixir' and 'otp' cannot be compared"):
        _ = versions_of("~> 1.0") & versions_of("~> 1", "otp")


@dialects
@given(data=st.data())
def test_a_set_holds_what_its_terms_hold(dialect, data):
    requirement = data.draw(requirements(dialect))
    version = data.draw(versions_around(requirement) | versions(dialect))

    by_terms = any(
        all(term.holds(version.key, refuses_pre=False) for term in group)
        for group in requirement.alternatives
    )

    assert requirement.versions.holds(version.key) is by_terms


@dialects
@given(data=st.data())
def test_algebra_agrees_with_membership(dialect, data):
    one, other = data.draw(requirements(dialect)), data.draw(requirements(dialect))
    version = data.draw(versions_around(one) | versions_around(other))
    here, there = one.versions.holds(version.key), other.versions.holds(version.key)

    assert (one.versions & other.versions).holds(version.key) is (here and there)
    assert (one.versions | other.versions).holds(version.key) is (here or there)
    assert (one.versions - other.versions).holds(version.key) is (here and not there)
    assert (~one.versions).holds(version.key) is not here


@dialects
@given(data=st.data())
def test_equal_sets_are_equal_objects(dialect, data):
    one, other = (data.draw(requirements(dialect)).versions for _ in range(2))

    assert ~(one | other) == ~one & ~other
    assert ~~one == one
    assert (one - other).is_empty is (one <= other)
    assert hash(one & other) == hash(other & one)


@pytest.mark.parametrize("dialect", ["elixir", "hex", "otp", "asdf"])
@given(data=st.data())
def test_what_a_set_shows_means_the_set(dialect, data):
    versions_shown = data.draw(requirements(dialect)).versions

    if versions_shown.is_empty:
        assert str(versions_shown) == "nothing"
    else:
        order = versions_shown.rules.order
        assert Requirement.parse(str(versions_shown), order).versions == versions_shown


@dialects
@given(data=st.data())
def test_no_version_lies_between_one_and_the_very_next(dialect, data):
    version, other = data.draw(versions(dialect)), data.draw(versions(dialect))
    rules = DIALECTS[dialect]
    following = rules.after(version.key)

    assert version.key < following
    assert not version.key < other.key < following
    if rules.ended(following) is None:
        assert Version.parse(rules.text_of(following), dialect).key == following
    else:
        assert rules.ended(following) == version.key
