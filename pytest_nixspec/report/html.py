"""The report as one HTML page that needs nothing else."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template

from pytest_nixspec.report.record import Record, Result
from pytest_nixspec.report.terminal import KINDS, WORDS, brief, explanation, statement

_PAGE = Path(__file__).parent / "templates" / "report.html"
_HEAD = (
    '<table>\n  <thead><tr><th class="statement">statement</th><th class="verdict">verdict</th>'
    "<th>what was found</th></tr></thead>\n  <tbody>"
)


def render(record: Record) -> str:
    """Return the whole page."""
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return page.substitute(body="\n".join(_lines(record)))


def _lines(record: Record) -> Iterator[str]:
    counts = sorted(record.counts().items())
    yield f"<p>{', '.join(_strong(outcome, count) for outcome, count in counts)}</p>"
    yield '<ul class="facts">'
    yield from (f"  <li>{escape(line)}</li>" for line in record.header.lines())
    yield "</ul>"
    for (area, subject), results in record.subjects().items():
        yield f"<h2>{escape(f'{KINDS[area]} {subject}')}</h2>"
        yield _HEAD
        yield from map(_row, results)
        yield "  </tbody>\n</table>"
    if record.not_passed():
        yield "<h2>What is wrong</h2>"
    for result in record.not_passed():
        text = escape("\n".join(explanation(result)))
        yield f'<pre class="{escape(result.outcome)}">{text}</pre>'


def _strong(outcome: str, count: int) -> str:
    return f'<strong class="{escape(outcome)}">{count} {escape(outcome)}</strong>'


def _row(result: Result) -> str:
    cells = (
        f'<td class="statement"><code>{escape(statement(result))}</code></td>',
        f'<td class="verdict {escape(result.outcome)}">{escape(WORDS[result.outcome])}</td>',
        f"<td>{escape(brief(result))}</td>",
    )
    return f"  <tr>{''.join(cells)}</tr>"
