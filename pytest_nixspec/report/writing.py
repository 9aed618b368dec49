"""The reports of a run as files, each whole or not at all."""

import json
import os
from pathlib import Path

from pytest_nixspec.report import markdown
from pytest_nixspec.report.record import Record

RECORD_NAME = "nixspec.json"


def write_reports(record: Record, directory: Path) -> list[Path]:
    """Write the record as JSON, Markdown and HTML, and return the files."""
    from pytest_nixspec.report import html  # noqa: PLC0415 - Jinja is slow to import, so only when needed

    pages = {
        RECORD_NAME: json.dumps(record.to_json(), indent=1) + "\n",
        "nixspec.md": markdown.render(record),
        "nixspec.html": html.render(record),
    }
    directory.mkdir(parents=True, exist_ok=True)
    return [_written(directory / name, text) for name, text in pages.items()]


def read_record(path: Path) -> Record:
    """Read a record that `write_reports` wrote.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no record, or of another schema.
    """
    return Record.from_json(json.loads(path.read_text(encoding="utf-8")))


def _written(path: Path, text: str) -> Path:
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        new.write_text(text, encoding="utf-8")
        return new.replace(path)
    finally:
        new.unlink(missing_ok=True)
