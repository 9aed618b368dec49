"""Nix's order of versions, as the real Nix has it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_nixspec import InvalidRequirementError, InvalidVersionError, Requirement, Version
from pytest_nixspec.strategies import version_texts
from pytest_nixspec.versions import nix as nix_versions
from tests.versions.cases import CASES
from tests.versions.oracles import ask_nix

# Evaluating is what costs, so many questions go into one evaluation.
BATCH = 50
ASKED = settings(
    max_examples=max(20, CASES // BATCH // 2),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
TEXTS = version_texts("nix") | version_texts("elixir") | version_texts("otp") | ANY_TEXT
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), min_size=BATCH, max_size=BATCH)
NAMES = st.text("abzA019.-_ é", max_size=12) | st.builds("{}-{}".format, TEXTS, TEXTS)


@pytest.mark.parametrize(
    ("first", "second", "order"),
    [
        ("1.18.0-rc.0", "1.18.0", 1),
        ("1.18.0-dev", "1.18.0", 1),
        ("1.18.0-pre", "1.18.0", -1),
        ("1.18.0pre1", "1.18.0", -1),
        ("1.0", "1.0.0", -1),
        ("1.0.0+build", "1.0.0", 1),
        ("01.2", "1.2", 0),
        ("1.", "1", 0),
        ("99999999999.1", "2.1", -1),
        ("2147483647", "2147483648", 1),
        ("2.3a", "2.3.1", -1),
    ],
)
def test_versions_compare_as_in_nix(first, second, order):
    assert nix_versions.compare_versions(first, second) == order


@ASKED
@given(pairs=PAIRS)
def test_the_real_nix_compares_so(every_nix, tmp_path_factory, pairs):
    function = "p: builtins.compareVersions (builtins.elemAt p 0) (builtins.elemAt p 1)"

    theirs = ask_nix(every_nix, tmp_path_factory.mktemp("asked"), function, pairs)

    assert [nix_versions.compare_versions(*pair) for pair in pairs] == theirs


@ASKED
@given(texts=st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
def test_the_real_nix_splits_so(every_nix, tmp_path_factory, texts):
    function = "builtins.splitVersion"

    theirs = ask_nix(every_nix, tmp_path_factory.mktemp("asked"), function, texts)

    assert [nix_versions.split_version(text) for text in texts] == theirs


@ASKED
@given(names=st.lists(NAMES, min_size=BATCH, max_size=BATCH))
def test_the_real_nix_parses_names_so(every_nix, tmp_path_factory, names):
    function = "n: let p = builtins.parseDrvName n; in [ p.name p.version ]"

    theirs = ask_nix(every_nix, tmp_path_factory.mktemp("asked"), function, names)

    assert [list(nix_versions.parse_drv_name(name)) for name in names] == theirs


def test_a_requirement_compares_as_nix_does():
    requirement = Requirement.parse(">= 2.24 and < 3", dialect="nix")

    assert "2.24.1" in requirement
    assert "2.24pre20240101" not in requirement


def test_nix_has_no_tilde():
    with pytest.raises(InvalidRequirementError, match=r"column 1: expected one of the operators"):
        Requirement.parse("~> 2.24", dialect="nix")


def test_a_nul_is_in_no_nix_string():
    with pytest.raises(InvalidVersionError, match="column 2: expected no NUL"):
        Version.parse("1\0", dialect="nix")
