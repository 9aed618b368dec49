"""What Hex refuses that Elixir takes; the answers are those of hexpm/hex_solver."""

import pytest

from pytest_nixspec import InvalidRequirementError, Requirement, Version


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("!= 1.0.0", "expected one of the operators"),
        ("! 1.0.0", "expected one of the operators"),
        ("~> 1.0 and ~> 1.1", "does not join ~> to ~>"),
        ("~> 1.0 and > 2.0.0", "nothing is both ~> 1.0 and > 2.0.0"),
        ("> 1.0.0 and < 1.0.0", "nothing is both"),
        (">= 1.0.0 and < 1.0.0", "nothing is both"),
        ("> 1.0.0 and >= 2.0.0", "two bounds of one side"),
        ("== 1.0.0 and > 0.1.0", "does not join =="),
        ("> 1.0.0 and < 2.0.0 and < 1.5.0", "no more than two terms"),
    ],
)
def test_hex_refuses_what_elixir_takes(text, why):
    assert Requirement.parse(text)
    with pytest.raises(InvalidRequirementError, match=why):
        Requirement.parse(text, dialect="hex")


@pytest.mark.parametrize(
    "text",
    ["~> 1.0 or ~> 2.0", "~> 1.11 and >= 1.11.6", ">= 1.0.0 and <= 1.0.0", "1.0.0",
     "> 1.0.0-a and < 1.0.0-a.0"],
)  # fmt: skip
def test_hex_takes(text):
    assert Requirement.parse(text, dialect="hex")


def test_hex_takes_a_pre_release_only_where_one_is_named():
    assert "1.1.0-rc.1" not in Requirement.parse("~> 1.0", dialect="hex")
    assert "1.1.0-rc.1" in Requirement.parse("~> 1.1.0-rc.0", dialect="hex")
    assert Requirement.parse("~> 1.0").matches("1.1.0-rc.1")


def test_versions_of_hex_are_versions_of_elixir():
    strict, loose = Requirement.parse("~> 1.0", dialect="hex"), Requirement.parse("~> 1.0")

    assert strict.versions == loose.versions
    assert loose.matches(Version.parse("1.2.0", dialect="hex"))
