"""Every page says the same: what was substituted, what was found, what is wrong and its remedy."""

import json

import pytest

from pytest_nixspec.report import (
    Header,
    Record,
    Result,
    html,
    markdown,
    read_record,
    terminal,
    write_reports,
)

HEADER = Header(
    plugin="0.1.0",
    nix="2.26.3 (/nix)",
    system="x86_64-linux",
    device="Apple M2 Max",
    flake="/project",
    started="2026-11-22T00:00:00+00:00",
    substitutions=("input nixpkgs: Debian packages",),
)


def result(statement: str, outcome: str, **more) -> Result:
    return Result(
        id=f"shell.default::{statement}",
        area="nix_shell",
        subject="default",
        location="nixspec.toml:4",
        outcome=outcome,
        **{"reason": "the reason", **more},
    )


ELIXIR = {"tool": "elixir", "version": "1.18.3", "package": "elixir-1.18.3"}
RECORD = Record(
    HEADER,
    (
        result(
            "elixir ~> 1.17",
            "passed",
            facts={"tool": "elixir", "version": "1.18.3", "package": "elixir-1.18.3"},
        ),
        result(
            "psql >= 18",
            "failed",
            reason="17.11 does not match >= 18",
            evidence=("/nix/store/x <&> | y",),
            remedy="Take another psql into the shell.",
        ),
        result("erl >= 27", "unknown", reason="the probe said nothing", skipped=True),
    ),
)


@pytest.mark.parametrize(
    "page",
    ["\n".join(terminal.lines(RECORD)), markdown.render(RECORD)],
    ids=["terminal", "markdown"],
)
def test_a_page_has_everything(page):
    for words in (
        "substituted input nixpkgs: Debian packages",
        "Nix 2.26.3 (/nix), x86_64-linux",
        "shell default",
        "1.18.3  elixir-1.18.3",
        "the probe said nothing",
    ):
        assert words in page, words


def test_the_terminal_explains_what_is_unknown():
    page = "\n".join(terminal.lines(RECORD))

    assert "nixspec.toml:4: shell.default::erl >= 27\n  UNKNOWN: the probe said nothing" in page


def test_markdown_and_html_explain_all_that_is_wrong():
    for page in (markdown.render(RECORD), html.render(RECORD)):
        assert "17.11 does not match" in page
        assert "Take another psql into the shell." in page


def test_markdown_keeps_its_tables_whole():
    row = next(line for line in markdown.render(RECORD).splitlines() if "psql" in line)

    assert row == "| `psql >= 18` | FAILED | 17.11 does not match >= 18 |"


def test_html_escapes_what_it_is_given():
    page = html.render(RECORD)

    assert "/nix/store/x &lt;&amp;&gt; | y" in page
    assert '<strong class="unknown">1 unknown</strong>' in page


def test_an_unknown_is_never_counted_as_passed():
    assert RECORD.counts() == {"passed": 1, "failed": 1, "unknown": 1}


def test_a_record_survives_being_written(tmp_path):
    written = write_reports(RECORD, tmp_path / "reports")

    assert [path.name for path in written] == ["nixspec.json", "nixspec.md", "nixspec.html"]
    assert read_record(written[0]) == RECORD


def test_a_record_of_another_schema_is_refused(tmp_path):
    path = tmp_path / "nixspec.json"
    path.write_text(json.dumps({"schema": 99}))

    with pytest.raises(ValueError, match="of schema 99, this version reads 1"):
        read_record(path)
