"""What the commands share: a run over the project in the working directory."""

import argparse
import sys
from pathlib import Path
from typing import Any, Protocol

from pytest_nixspec.checks import Run
from pytest_nixspec.errors import SpecError
from pytest_nixspec.settings import Settings, Substitutions, with_overrides
from pytest_nixspec.spec import find, load

USAGE_ERROR = 2


class Commands(Protocol):
    """What a command is added to."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """Add a command."""


def add_override(parser: argparse.ArgumentParser) -> None:
    """Let a command take substitutes for inputs of the flake."""
    parser.add_argument(
        "--override-input", action="append", default=[], metavar="INPUT=REFERENCE",
        help="let another flake stand in for an input; repeatable",
    )  # fmt: skip


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command print JSON."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run_here(options: argparse.Namespace, directory: Path, project: Path | None = None) -> Run:
    """Return a run over the specification of a project, or over its flake alone.

    Args:
        options: What was typed.
        directory: Where the run keeps what it needs.
        project: The directory of the project; by default the working directory.
    """
    root = (project or Path.cwd()).resolve()
    if not root.is_dir():
        message = f"{root} is no directory."
        raise SpecError(message)
    path = find(root)
    settings = Settings(
        spec_path=path,
        root=root,
        reports=root / "reports",
        record=False,
        substitutions=with_overrides(Substitutions.read(root), options.override_input),
    )
    for override in settings.substitutions.inputs:
        _announce(f"substituted: input {override.input}: {override.what}")
    return Run(settings, load(path) if path else None, directory, announce=_announce)


def _announce(text: str) -> None:
    print(f"nixspec: {text}", file=sys.stderr)
