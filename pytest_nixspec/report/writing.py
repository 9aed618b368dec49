"""The reports of a run as files, each whole or not at all."""

import json
from pathlib import Path

from pytest_nixspec.files import write_whole
from pytest_nixspec.report import html, markdown
from pytest_nixspec.report.record import Record

RECORD_NAME = "nixspec.json"


def write_reports(record: Record, directory: Path) -> list[Path]:
    """Write the record as JSON, Markdown and HTML, and return the files."""
    pages = {
        RECORD_NAME: json.dumps(record.to_json(), indent=1) + "\n",
        "nixspec.md": markdown.render(record),
        "nixspec.html": html.render(record),
    }
    directory.mkdir(parents=True, exist_ok=True)
    return [write_whole(directory / name, text) for name, text in pages.items()]


def read_record(path: Path) -> Record:
    """Read a record that `write_reports` wrote.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no record, or of another schema.
    """
    return Record.from_json(json.loads(path.read_text(encoding="utf-8")))
