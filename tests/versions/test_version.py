"""What holds for versions of every dialect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_nixspec import Version
from pytest_nixspec.strategies import requirement_texts, requirements, versions
from pytest_nixspec.versions import DIALECTS, Requirement

dialects = pytest.mark.parametrize("dialect", list(DIALECTS))


@dialects
@given(data=st.data())
def test_the_order_is_total_and_transitive(dialect, data):
    one, two, three = (data.draw(versions(dialect)) for _ in range(3))

    assert (one < two) + (one == two) + (one > two) == 1
    assert not (one <= two <= three) or one <= three
    assert sorted([three, one, two]) == sorted([one, two, three])


@dialects
@given(data=st.data())
def test_a_version_is_printed_as_it_was_written(dialect, data):
    version = data.draw(versions(dialect))

    assert Version.parse(str(version), dialect) == version
    assert hash(Version.parse(str(version), dialect)) == hash(version)


@dialects
@given(data=st.data())
def test_what_is_printed_of_a_key_has_that_key(dialect, data):
    version = data.draw(versions(dialect))
    text = DIALECTS[dialect].text_of(version.key)

    assert Version.parse(text, dialect).key == version.key


@dialects
@given(data=st.data())
def test_a_requirement_is_printed_as_it_was_written(dialect, data):
    text = data.draw(requirement_texts(dialect))

    assert str(Requirement.parse(text, dialect)) == text


@dialects
@given(data=st.data())
def test_an_explanation_and_a_match_say_the_same(dialect, data):
    requirement, version = data.draw(requirements(dialect)), data.draw(versions(dialect))
    matches = "does not match" not in requirement.explain(version)

    assert matches is requirement.matches(version)


def test_a_version_is_not_compared_with_what_is_none():
    with pytest.raises(TypeError):
        _ = Version.parse("1.0.0") < "1.0.1"
    with pytest.raises(TypeError, match="a version or its text is needed, not 3"):
        _ = 3 in Requirement.parse("~> 1.0")
    assert Version.parse("1.0.0") != "1.0.0"


@pytest.mark.parametrize(
    "text", ["01", "01.20", "1.0-", "3+.0.20", "1++1", "< 1.17.x", "!= 1.17.x", ">= 1.17.x"]
)
def test_what_cannot_be_meant_is_not_proposed(text):
    with pytest.raises(ValueError, match="expected") as error:
        Requirement.parse(text)

    proposed = str(error.value).partition("Write ")[2].partition(",")[0].rstrip(".")
    assert not proposed or Requirement.parse(proposed.partition(" for ")[0])
    assert "~> 1.17.0" not in str(error.value)
