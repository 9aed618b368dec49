"""Elixir's rules, as the documentation of `Version` has them and as Elixir itself answers."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_nixspec import InvalidRequirementError, InvalidVersionError, Requirement, Version
from pytest_nixspec.strategies import (
    nearly_requirements,
    nearly_versions,
    requirements,
    versions,
    versions_around,
)
from tests.versions.cases import CASES


@pytest.mark.parametrize(
    ("requirement", "version", "matches"),
    [
        ("~> 1.17", "1.17.0", True),
        ("~> 1.17", "1.18.3", True),
        ("~> 1.17", "1.16.3", False),
        ("~> 1.17", "2.0.0", False),
        ("~> 1.17", "2.0.0-rc.1", False),
        ("~> 1.17.0", "1.18.0-rc.1", False),
        ("~> 1.18-dev", "1.18.0-dev", True),
        ("1.17.3", "1.17.3", True),
        ("== 1.17.3", "1.17.3+build", True),
        ("! 1.17.3", "1.17.3", False),
        ("!= 1.17.3", "1.17.4", True),
        ("> 1.0.0 and < 2.0.0", "1.5.0", True),
        # `and` binds tighter than `or`.
        ("== 1.18.0 or >= 1.16.0 and < 1.17.0", "1.18.0", True),
        ("~> 1.17", "1.17.3-otp-27", True),
        (">= 1.17.3", "1.17.3-otp-27", False),
        ("< 1.18.0", "1.18.0-rc.0", True),
        ("> 1.0.0-beta", "1.0.0-alpha", False),
        ("> 1.0.0-alpha", "1.0.0-alpha.1", True),
        ("> 1.0.0-1", "1.0.0-a", True),
        (">=1.0.0", "1.0.0", True),
    ],
)
def test_a_requirement_matches_as_in_elixir(requirement, version, matches):
    assert Requirement.parse(requirement).matches(version) is matches


@pytest.mark.parametrize(
    ("requirement", "version", "matches"),
    [
        ("~> 1.17", "1.18.0-rc.1", False),
        ("~> 1.18-dev", "1.18.0-rc.1", True),
        ("< 1.18.0", "1.18.0-rc.0", True),
        ("== 1.18.0-rc.0", "1.18.0-rc.0", True),
        ("~> 1.17", "1.17.3-otp-27", False),
    ],
)
def test_a_pre_release_may_be_refused_as_hex_does(requirement, version, matches):
    assert Requirement.parse(requirement).matches(version, allow_pre=False) is matches


@pytest.mark.parametrize(
    "text", ["1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "", "1.2.3-", "1.2.3-a..b", "27.3.4.2",
             "1.2.3-01", "1.2.3+", "v1.2.3", " 1.2.3"]
)  # fmt: skip
def test_what_is_no_version_is_refused(text):
    with pytest.raises(InvalidVersionError, match="is not an Elixir version"):
        Version.parse(text)


@pytest.mark.parametrize(
    "text", [">= 1.17", "~> 1", "1.17", "", " ", "1.0.0 and", "and 1.0.0", ">= ", "=> 1.0.0",
             "> 1.0.0 < 2.0.0", "1.0.0 || 2.0.0",
             "1. 2.3", "1.0.0 -rc", "~> 1 .2", "~> 1.17\t", "1.0.0 and or 2.0.0"]
)  # fmt: skip
def test_what_is_no_requirement_is_refused(text):
    with pytest.raises(InvalidRequirementError, match="is not a requirement"):
        Requirement.parse(text)


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        (">= 1.17", 8, "expected '.' and a patch number, found the end. Write >= 1.17.0, or "
                       "~> 1.17, which ends before 2.0.0."),
        ("1.17", 5, "Write ~> 1.17.0 for any 1.17, or == 1.17.0 for that one."),
        ("~> 1", 5, "expected '.' and a minor number, found the end. Write ~> 1.0."),
        ("~> 1.17.x", 9, "expected a patch number, found 'x'. Write ~> 1.17.0."),
        ("01.2.3", 1, "without leading zeros, found '0'. Write 1.2.3."),
        ("v1.17.0", 1, "Write 1.17.0, without the v."),
        ("^1.2.3", 1, "(npm's ^1.2.3 is ~> 1.2 and >= 1.2.3), found '^'."),
        ("=> 1.0.0", 1, "expected '>=', found '='."),
        (">= 1.0.0 && < 2.0.0", 10, "expected ' and ' between terms, found '&'."),
        (">= 1.0.0, < 2.0.0", 9, "expected ' and ' between terms, found ','."),
        ("1.0.0 || 2.0.0", 7, "expected ' or ' between alternatives, found '|'."),
        (">= 1.0.0 and< 2.0.0", 10, "expected a space on each side of 'and' and 'or'"),
        ("~> 1.17\t", 8, "expected only spaces between words, found '\\t'."),
        ("(1.0.0)", 1, "expected no parentheses ('and' binds tighter than 'or')"),
        ("1.0.0 2.0.0", 7, "expected 'and' or 'or', found '2'."),
        ("1.0.0 and", 10, "expected a version, found the end."),
        ("~> 27.3.4.2", 10, "27.3.4.2, are of the dialect 'otp'."),
        ("1.2.3-01", 7, "expected a pre-release number without leading zeros, found '0'."),
        ("1.2.3-", 7, "expected a pre-release identifier of letters, digits and hyphens"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_column_what_is_expected_and_what_to_write(text, column, said):
    with pytest.raises(InvalidRequirementError) as error:
        Requirement.parse(text)

    assert str(error.value).startswith(
        f"{text!r} is not a requirement (elixir): column {column}: expected"
    )
    assert str(error.value).endswith(said) or said in str(error.value)
    assert error.value.column == column


@pytest.mark.parametrize(
    ("requirement", "version", "said"),
    [
        ("~> 1.17", "1.18.0", "matches ~> 1.17: 1.17.0 or later, before 2.0.0"),
        ("~> 1.17.2", "1.17.3", "matches ~> 1.17.2: 1.17.2 or later, before 1.18.0"),
        ("~> 1.17", "1.16.3", "does not match ~> 1.17: 1.16.3 is less than 1.17.0"),
        ("~> 1.17", "2.0.0-rc.1", "2.0.0-rc.1 is not before 2.0.0, where ~> 1.17 ends, and the "
                                  "pre-releases of that are past the end too"),
        (">= 1.17.3", "1.17.3-otp-27", "less than 1.17.3: to Elixir the suffix -otp- is a "
                                       "pre-release (the dialect 'asdf' takes it off)"),
        (">= 1.17.3", "1.17.3-rc.1", "1.17.3-rc.1 is less than 1.17.3: it is a pre-release of"),
        ("== 1.0.0 or > 3.0.0", "2.0.0", "2.0.0 is greater than 1.0.0, and 2.0.0 is less than"),
        ("!= 1.0.0", "1.0.0", "1.0.0 is the one that != 1.0.0 leaves out"),
        ("> 1.0.0", "1.0.0", "1.0.0 is equal to 1.0.0"),
    ],
)  # fmt: skip
def test_an_explanation_says_why(requirement, version, said):
    assert said in Requirement.parse(requirement).explain(version)


def test_an_explanation_says_that_a_pre_release_was_not_asked_for():
    said = Requirement.parse("~> 1.17").explain("1.18.0-rc.1", allow_pre=False)

    assert said.endswith("1.18.0-rc.1 is a pre-release, and ~> 1.17 is not about one")


def test_versions_are_ordered():
    texts = ["1.0.0-1", "1.0.0-a", "1.0.0-a.1", "1.0.0-b", "1.0.0", "1.0.1", "1.10.0"]

    assert sorted(texts, key=Version.parse, reverse=True) == texts[::-1]


def test_versions_of_two_dialects_are_not_compared():
    with pytest.raises(TypeError):
        _ = Version.parse("1.0.0") < Version.parse("1.0.0", "otp")
    with pytest.raises(InvalidVersionError, match="cannot be compared"):
        Requirement.parse("~> 1.0").matches(Version.parse("1.0.0", "otp"))


@given(versions("elixir"), versions("elixir"))
@settings(max_examples=CASES, deadline=None)
def test_the_real_elixir_orders_versions_so(elixir, one, other):
    ours = "lt" if one < other else "gt" if one > other else "eq"

    assert elixir.ask("compare", one.text, other.text) == f":{ours}"


@given(st.data(), st.booleans())
@settings(max_examples=CASES, deadline=None)
def test_the_real_elixir_matches_so(elixir, data, allow_pre):
    requirement = data.draw(requirements("elixir"))
    version = data.draw(versions_around(requirement) | versions("elixir"))

    ours = json.dumps(requirement.matches(version, allow_pre=allow_pre))

    assert elixir.ask("match", requirement.text, version.text, json.dumps(allow_pre)) == ours


@given(nearly_requirements("elixir"))
@settings(max_examples=CASES, deadline=None)
def test_the_real_elixir_refuses_the_same_requirements(elixir, text):
    theirs = elixir.ask("match", text, "1.0.0", "true")

    assert answer(lambda: Requirement.parse(text).matches("1.0.0")) == theirs


@given(nearly_versions("elixir"))
@settings(max_examples=CASES, deadline=None)
def test_the_real_elixir_refuses_the_same_versions(elixir, text):
    theirs = elixir.ask("compare", text, "1.0.0")

    ours = answer(lambda: Version.parse(text) and None)

    assert (ours == "invalid") == (theirs == "invalid")


def answer(question):
    try:
        return json.dumps(question())
    except ValueError:
        return "invalid"
