"""The report as one HTML page that needs nothing else."""

from typing import Any

from jinja2 import Environment, PackageLoader

from pytest_nixspec.report.record import Record, Result
from pytest_nixspec.report.terminal import KINDS, WORDS, brief, explanation, statement


def render(record: Record) -> str:
    """Return the whole page."""
    loader = PackageLoader("pytest_nixspec.report")
    template = Environment(loader=loader, autoescape=True).get_template("report.html.jinja")
    page: str = template.render(
        counts=sorted(record.counts().items()),
        header=record.header.lines(),
        subjects=[
            (f"{KINDS[area]} {subject}", [_row(result) for result in results])
            for (area, subject), results in record.subjects().items()
        ],
        wrong=[
            {"outcome": result.outcome, "text": "\n".join(explanation(result))}
            for result in record.not_passed()
        ],
    )
    return page


def _row(result: Result) -> dict[str, Any]:
    return {
        "statement": statement(result),
        "outcome": result.outcome,
        "word": WORDS[result.outcome],
        "brief": brief(result),
    }
