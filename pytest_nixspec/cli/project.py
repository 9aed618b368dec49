"""`nixspec init`, `doctor` and `report`: a project, a machine, an earlier run."""

import argparse
import importlib.util
import sys
from pathlib import Path

from pytest_nixspec.checks import header
from pytest_nixspec.checks.proposal import propose
from pytest_nixspec.cli.running import USAGE_ERROR, Commands, add_override, run_here
from pytest_nixspec.errors import SpecError
from pytest_nixspec.report import html, markdown, read_record, terminal
from pytest_nixspec.spec import SPEC_NAME
from pytest_nixspec.temporary import own_directory


def add(commands: Commands) -> None:
    """Add the commands."""
    init = commands.add_parser("init", help=f"write a {SPEC_NAME} from what the shells are today")
    init.add_argument("--shell", action="append", default=[], help="only this shell; repeatable")
    add_override(init)
    init.set_defaults(command=_init)

    doctor = commands.add_parser("doctor", help="say what this machine has, and what is missing")
    add_override(doctor)
    doctor.set_defaults(command=_doctor)

    report = commands.add_parser("report", help="show the record of an earlier run")
    report.add_argument("record", type=Path, nargs="?", default=Path("reports/nixspec.json"))
    report.add_argument("--format", choices=sorted(_RENDERERS), default="terminal")
    report.set_defaults(command=_report)


def _init(options: argparse.Namespace) -> int:
    target = Path.cwd() / SPEC_NAME
    if target.exists():
        print(f"nixspec: {target} is there already; move it away first.", file=sys.stderr)
        return USAGE_ERROR
    with own_directory() as directory:
        text = propose(run_here(options, directory), options.shell)
    with target.open("x", encoding="utf-8") as file:
        file.write(text)
    left_out = [line for line in text.splitlines() if line.startswith("# shell ")]
    print("\n".join(line.removeprefix("# ") for line in left_out), file=sys.stderr)
    print(f"{target} is written. Check it with: pytest --nixspec")
    return 0 if "\n[shell." in text else 1


def _doctor(options: argparse.Namespace) -> int:
    with own_directory() as directory:
        run = run_here(options, directory)
        print("\n".join(header(run).lines()))
        print(f"specification {run.spec.path if run.spec else 'none: write one with nixspec init'}")
        has_mlx = importlib.util.find_spec("mlx_lm") is not None
        print(f"mlx-lm {'installed' if has_mlx else 'missing: pip install pytest-nixspec[mlx]'}")
        print(f"shells {', '.join(run.shells.names())}")
    return 0


def _report(options: argparse.Namespace) -> int:
    if not options.record.is_file():
        message = f"there is no record at {options.record}. Run pytest --nixspec, or name one."
        raise SpecError(message)
    record = read_record(options.record)
    print(_RENDERERS[options.format](record))
    return 1 if any(not r.skipped for r in record.not_passed()) else 0


_RENDERERS = {
    "terminal": lambda record: "\n".join(terminal.lines(record)),
    "markdown": markdown.render,
    "html": html.render,
}
