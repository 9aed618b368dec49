"""The console script `nixspec`: the same library without pytest."""

import argparse
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_nixspec.checks import Run, header
from pytest_nixspec.checks.proposal import propose
from pytest_nixspec.errors import NixspecError, SpecError
from pytest_nixspec.report import html, markdown, read_record, terminal
from pytest_nixspec.settings import Settings, Substitutions, with_overrides
from pytest_nixspec.spec import SPEC_NAME, find, load

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 well, 1 not well, 2 wrongly used."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except (NixspecError, OSError, ValueError) as error:
        print(f"nixspec: {error}", file=sys.stderr)
        return USAGE_ERROR
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nixspec", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = commands.add_parser("init", help=f"write a {SPEC_NAME} from what the shells are today")
    init.add_argument("--shell", action="append", default=[], help="only this shell; repeatable")
    _add_override(init)
    init.set_defaults(command=_init)

    doctor = commands.add_parser("doctor", help="say what this machine has, and what is missing")
    _add_override(doctor)
    doctor.set_defaults(command=_doctor)

    report = commands.add_parser("report", help="show the record of an earlier run")
    report.add_argument("record", type=Path, nargs="?", default=Path("reports/nixspec.json"))
    report.add_argument("--format", choices=sorted(_RENDERERS), default="terminal")
    report.set_defaults(command=_report)
    return parser


def _add_override(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--override-input", action="append", default=[], metavar="INPUT=REFERENCE",
        help="let another flake stand in for an input; repeatable",
    )  # fmt: skip


def _init(options: argparse.Namespace) -> int:
    target = Path.cwd() / SPEC_NAME
    if target.exists():
        print(f"nixspec: {target} is there already; move it away first.", file=sys.stderr)
        return USAGE_ERROR
    with tempfile.TemporaryDirectory(prefix="nixspec-") as directory:
        text = propose(_run(options, Path(directory).resolve()), options.shell)
    with target.open("x", encoding="utf-8") as file:
        file.write(text)
    left_out = [line for line in text.splitlines() if line.startswith("# shell ")]
    print("\n".join(line.removeprefix("# ") for line in left_out), file=sys.stderr)
    print(f"{target} is written. Check it with: pytest --nixspec")
    return 0 if "\n[shell." in text else 1


def _doctor(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="nixspec-") as directory:
        run = _run(options, Path(directory).resolve())
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


def _run(options: argparse.Namespace, directory: Path) -> Run:
    path = find(Path.cwd())
    root = path.parent if path else Path.cwd()
    settings = Settings(
        spec_path=path,
        root=root,
        reports=root / "reports",
        record=False,
        substitutions=with_overrides(Substitutions.read(root), options.override_input),
    )
    return Run(settings, load(path) if path else None, directory, announce=_announce)


def _announce(text: str) -> None:
    print(f"nixspec: {text}", file=sys.stderr)
