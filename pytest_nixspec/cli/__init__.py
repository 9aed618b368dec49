"""The console script `nixspec`: the same library without pytest."""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from pytest_nixspec.cli import (
    agreement,
    cache,
    models,
    planning,
    project,
    resolution,
    shells,
    versions,
)
from pytest_nixspec.cli.running import USAGE_ERROR
from pytest_nixspec.errors import InvalidTextError, NixspecError

INTERRUPTED = 130
ROOMS = (project, shells, resolution, agreement, versions, planning, models, cache)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 well, 1 not well, 2 wrongly used."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has read enough; what is left in the buffer must not complain at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except (NixspecError, OSError, ValueError) as error:
        if getattr(options, "json", False):
            print(json.dumps(_as_json(error), indent=2))
        print(f"nixspec: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("nixspec: interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nixspec", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in ROOMS:
        room.add(commands)
    return parser


def _as_json(error: Exception) -> dict[str, object]:
    if not isinstance(error, InvalidTextError):
        return {"error": str(error)}
    column = error.column if error.expected else None
    return {"error": str(error), "column": column, "expected": error.expected or None}
