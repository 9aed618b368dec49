"""The version strings of asdf and mise."""

import pytest

from pytest_nixspec import InvalidVersionError, Requirement, Version
from pytest_nixspec.versions.asdf import Kind, Pin, pin


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1.17.3-otp-27", Pin("1.17.3-otp-27", Kind.VERSION, "1.17.3", 27)),
        ("1.18.0-rc.0-otp-27", Pin("1.18.0-rc.0-otp-27", Kind.VERSION, "1.18.0-rc.0", 27)),
        ("27.3.4.2", Pin("27.3.4.2", Kind.VERSION, "27.3.4.2")),
        ("ref:v1.17:x", Pin("ref:v1.17:x", Kind.REF, "v1.17:x")),
        ("path:/opt/elixir", Pin("path:/opt/elixir", Kind.PATH, "/opt/elixir")),
        ("system", Pin("system", Kind.SYSTEM, "")),
        ("latest", Pin("latest", Kind.LATEST, "")),
        ("latest:1.17", Pin("latest:1.17", Kind.LATEST, "1.17")),
        ("prefix:1.17", Pin("prefix:1.17", Kind.LATEST, "1.17")),
    ],
)
def test_a_version_string_is_read_as_asdf_does(text, read):
    assert pin(text) == read


def test_the_suffix_is_taken_off_before_versions_are_compared():
    assert Version.parse("1.17.3-otp-27", "asdf") == Version.parse("1.17.3", "asdf")
    assert "1.17.3-otp-27" in Requirement.parse("~> 1.17.3", "asdf")
    assert "1.17.3-otp-27" not in Requirement.parse(">= 1.17.3", "elixir")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ref:main", "'ref:main' names a commit or a tag to build"),
        ("path:/x", "names a directory"),
        ("system", "takes what the host has"),
        ("latest:1.17", "asks for the newest one"),
    ],
)
def test_what_names_no_version_says_what_it_does_name(text, why):
    with pytest.raises(InvalidVersionError, match=why):
        Version.parse(text, "asdf")
