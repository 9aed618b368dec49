"""The report as Markdown, for a reviewer or a step summary."""

from collections.abc import Iterator

from pytest_nixspec.report.record import Record, Result
from pytest_nixspec.report.terminal import KINDS, WORDS, brief, explanation, statement


def render(record: Record) -> str:
    """Return the whole page."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: Record) -> Iterator[str]:
    yield "# nixspec"
    yield ""
    yield ", ".join(f"{count} {outcome}" for outcome, count in sorted(record.counts().items()))
    yield ""
    yield from (f"- {line}" for line in record.header.lines())
    for (area, subject), results in record.subjects().items():
        yield from ["", f"## {KINDS[area]} {subject}", ""]
        yield from ["| statement | verdict | |", "|---|---|---|"]
        yield from map(_row, results)
    if record.not_passed():
        yield from ["", "## What is wrong"]
    for result in record.not_passed():
        yield from ["", "```text", *explanation(result), "```"]


def _row(result: Result) -> str:
    cells = (f"`{statement(result)}`", WORDS[result.outcome], brief(result))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
