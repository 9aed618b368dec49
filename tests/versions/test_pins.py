"""What .tool-versions and mise.toml pin."""

import pytest

from pytest_nixspec.errors import InvalidTextError
from pytest_nixspec.versions.pins import (
    from_environment,
    legacy_command,
    mise_toml,
    tool_versions,
)


def pins_of(lines):
    return {line.tool: [pin.text for pin in line.pins] for line in lines}


def test_fields_are_divided_by_spaces_and_the_others_are_fallbacks():
    read = tool_versions("elixir  1.17.3-otp-27 1.16.3-otp-26\nerlang 27.1.2\n")

    assert pins_of(read) == {
        "elixir": ["1.17.3-otp-27", "1.16.3-otp-26"],
        "erlang": ["27.1.2"],
    }
    assert [line.line for line in read] == [1, 2]


def test_a_comment_begins_anywhere_and_windows_lines_are_read():
    read = tool_versions("# all\r\nelixir 1.17.3 # not 1.18.0\r\n\r\n  erlang 27.1#x\r\n")

    assert pins_of(read) == {"elixir": ["1.17.3"], "erlang": ["27.1"]}


def test_a_tab_makes_asdf_pass_over_a_line_and_we_say_so():
    (line,) = tool_versions("erlang\t27.1.2\n")

    assert line.tool == "erlang"
    assert line.pins == ()
    assert line.remark == (
        "asdf passes over this line: its fields are divided by a tab, and only spaces do"
    )


def test_the_first_line_of_a_tool_wins():
    first, second = tool_versions("elixir 1.17.3\nelixir 1.18.0\n")

    assert first.pins[0].text == "1.17.3"
    assert second.pins == ()
    assert second.remark == "asdf takes line 1, the first for elixir"


def test_a_line_without_a_version_does_not_hide_a_later_one():
    empty, whole = tool_versions("elixir\nelixir 1.18.0\n")

    assert "it names no version" in empty.remark
    assert whole.pins[0].text == "1.18.0"


def test_latest_is_no_word_for_a_file():
    (line,) = tool_versions("elixir latest:1.17\n")

    assert "takes 'latest:1.17' in a file for the name of a version" in line.remark


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ('[tools]\nelixir = "1.17"', ["1.17"]),
        ('[tools]\nelixir = ["1.17", "1.16"]', ["1.17", "1.16"]),
        ('[tools]\nelixir = { version = "1.17.3", os = ["linux"] }', ["1.17.3"]),
        ('[tools.elixir]\nversion = "1.17.3"', ["1.17.3"]),
        ('[tools]\n"core:elixir" = "1.17"', ["1.17"]),
        ("[tools]\nelixir = 1", ["1"]),
    ],
)
def test_every_shape_of_mise_is_read(text, pinned):
    (line,) = mise_toml(text)

    assert line.tool == "elixir"
    assert [pin.text for pin in line.pins] == pinned
    assert line.line == (1 if "[tools.elixir]" in text else 2)


def test_a_mise_file_that_is_no_toml_is_an_error():
    with pytest.raises(InvalidTextError, match="it is no TOML"):
        mise_toml("[tools")
    with pytest.raises(InvalidTextError, match="`tools` is no table"):
        mise_toml("tools = 1")


def test_a_variable_of_asdf_wins_over_every_file():
    (line,) = from_environment({"ASDF_ELIXIR_VERSION": "1.17.3 1.16.3"}, ["elixir", "erlang"])

    assert [pin.text for pin in line.pins] == ["1.17.3", "1.16.3"]
    assert line.remark == "ASDF_ELIXIR_VERSION wins over every file"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("asdf local elixir 1.17.3", "is gone since asdf 0.16: write `asdf set elixir 1.17.3`"),
        ("asdf global erlang 27", "write `asdf set -u erlang 27`"),
        ("asdf shell elixir 1.17.3", "export ASDF_ELIXIR_VERSION=1.17.3"),
        ("asdf elixir local 1.17.3", "is no command of any asdf; the verb came first"),
    ],
)
def test_a_legacy_spelling_is_explained(argv, said):
    assert said in legacy_command(argv.split())


def test_a_command_of_today_is_left_alone():
    assert legacy_command(["asdf", "set", "elixir", "1.17.3"]) is None
    assert legacy_command(["git", "local", "x"]) is None
