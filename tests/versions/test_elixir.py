"""Elixir's rules, as the documentation of `Version` has them and as Elixir itself answers."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_nixspec import InvalidRequirementError, InvalidVersionError, Requirement, Version
from pytest_nixspec.nix import Flake, locate
from pytest_nixspec.settings import Substitutions
from pytest_nixspec.shells import Shell, ShellPool
from tests.conftest import REPOSITORY


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


def test_a_refusal_names_what_is_wrong_and_what_is_expected():
    with pytest.raises(InvalidRequirementError) as error:
        Requirement.parse(">= 1.17")

    assert str(error.value) == (
        "'>= 1.17' is not a requirement (elixir): '1.17' is not an Elixir version: it has 2 "
        "number(s) where 3 are needed. Expected MAJOR.MINOR.PATCH, as in 1.18.3, with an optional "
        "-pre.release and +build."
    )


def test_an_explanation_says_why():
    requirement = Requirement.parse("~> 1.17")

    assert (
        requirement.explain("1.16.3") == "1.16.3 does not match ~> 1.17: 1.16.3 is less than 1.17"
    )
    assert requirement.explain("1.18.0") == "1.18.0 matches ~> 1.17"


def test_versions_are_ordered():
    texts = ["1.0.0-1", "1.0.0-a", "1.0.0-a.1", "1.0.0-b", "1.0.0", "1.0.1", "1.10.0"]

    assert sorted(texts, key=Version.parse, reverse=True) == texts[::-1]


def test_versions_of_two_dialects_are_not_compared():
    with pytest.raises(TypeError):
        _ = Version.parse("1.0.0") < Version.parse("1.0.0", "otp")
    with pytest.raises(InvalidVersionError, match="cannot be compared"):
        Requirement.parse("~> 1.0").matches(Version.parse("1.0.0", "otp"))


numbers = st.integers(0, 3).map(str) | st.just("123456789012345")
identifiers = st.sampled_from(["0", "1", "10", "01", "a", "b", "rc", "A", "-", "dev", "otp", ""])
versions = st.builds(
    lambda core, pre, build: ".".join(core) + pre + build,
    st.lists(numbers | st.just("01"), min_size=1, max_size=4),
    st.just("") | st.lists(identifiers, min_size=1, max_size=3).map(lambda p: "-" + ".".join(p)),
    st.just("") | identifiers.map(lambda text: "+" + text),
)
operators = st.sampled_from(["", "==", "!=", "!", ">", ">=", "<", "<=", "~>"])
spaces = st.sampled_from(["", " ", " ", "  "])
split_versions = st.builds(
    lambda text, at: text[:at] + " " + text[at:], versions, st.integers(0, 6)
)
terms = st.builds(
    lambda o, s, v, t: o + s + v + t, operators, spaces, versions | split_versions, spaces
)
joins = st.sampled_from([" and ", " or ", "and ", " "])
requirements = st.builds(
    lambda first, rest: first + "".join(join + term for join, term in rest),
    terms,
    st.lists(st.tuples(joins, terms), max_size=2),
)

ORACLE = """
defmodule Oracle do
  def answer([requirement, version, allow_pre]) do
    with {:ok, parsed} <- Version.parse(version),
         {:ok, wanted} <- Version.parse_requirement(requirement) do
      _ = parsed
      inspect(Version.match?(version, wanted, allow_pre: allow_pre))
    else
      :error -> "invalid"
    end
  end

  def loop do
    case IO.gets("") do
      :eof -> :ok
      line ->
        [requirement, version, allow] = line |> String.trim_trailing("\\n") |> String.split("\\x1f")
        IO.puts(answer([requirement, version, allow == "true"]))
        loop()
    end
  end
end
Oracle.loop()
"""


@pytest.fixture(scope="module")
def elixir_shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    substitutions = Substitutions.read(REPOSITORY)
    nix = locate(os.environ, substitutions.nix)
    flake = Flake(REPOSITORY, nix.system, substitutions.inputs)
    return ShellPool(nix, flake, tmp_path_factory.mktemp("run").resolve()).shell("default")


@pytest.fixture(scope="module")
def elixir(elixir_shell: Shell) -> Iterator[subprocess.Popen[str]]:
    """One long-lived real Elixir that answers a question a line."""
    child = subprocess.Popen(
        [elixir_shell.tool("elixir").path, "-e", ORACLE],
        env=elixir_shell.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A deprecated `!` is a warning a question.
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )
    with child:
        yield child
        child.communicate()


def ours(requirement: str, version: str, *, allow_pre: bool) -> str:
    try:
        return json.dumps(Requirement.parse(requirement).matches(version, allow_pre=allow_pre))
    except ValueError:
        return "invalid"


@settings(max_examples=1500, deadline=None)
@given(requirement=requirements, version=versions, allow_pre=st.booleans())
def test_the_real_elixir_agrees(elixir, requirement, version, allow_pre):
    elixir.stdin.write(f"{requirement}\x1f{version}\x1f{json.dumps(allow_pre)}\n")

    theirs = elixir.stdout.readline().strip()

    assert ours(requirement, version, allow_pre=allow_pre) == theirs
