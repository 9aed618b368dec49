"""`nixspec agree`: who says which version, and who contradicts whom."""

import argparse
import json
from pathlib import Path
from typing import get_args

from pytest_nixspec.agreement import Agreement, Precision
from pytest_nixspec.checks.agreement import compare
from pytest_nixspec.cli.running import Commands, add_json, add_override, run_here
from pytest_nixspec.spec.model import AgreedTool, AgreementTable
from pytest_nixspec.temporary import own_directory
from pytest_nixspec.verdict import Outcome

WORDS = {Outcome.PASSED: "agrees", Outcome.FAILED: "FAILED", Outcome.UNKNOWN: "UNKNOWN"}


def add(commands: Commands) -> None:
    """Add the command."""
    agree = commands.add_parser(
        "agree", help="say whether files and shells name the same versions: exit 0 if all do"
    )
    agree.add_argument("directory", type=Path, nargs="?", metavar="DIR", help="of the project")
    agree.add_argument(
        "--tool", action="append", choices=get_args(AgreedTool), help="only this tool; repeatable"
    )
    agree.add_argument("--shell", action="append", help="this shell, not `default`; repeatable")
    agree.add_argument("--no-shells", action="store_true", help="compare files only, without Nix")
    agree.add_argument("--precision", choices=get_args(Precision))
    add_override(agree)
    add_json(agree)
    agree.set_defaults(command=_agree)


def _agree(options: argparse.Namespace) -> int:
    with own_directory() as directory:
        run = run_here(options, directory, options.directory)
        stated = (run.spec and run.spec.model.agreement) or AgreementTable()
        table = stated.model_copy(update=_asked(options))
        agreements = [compare(run, table, tool) for tool in table.tools]
    if options.json:
        print(json.dumps([_as_json(one) for one in agreements], indent=2))
    else:
        print("\n\n".join("\n".join(_lines(one)) for one in agreements))
    return 0 if all(one.verdict.passed for one in agreements) else 1


def _asked(options: argparse.Namespace) -> dict[str, object]:
    shells = () if options.no_shells else options.shell and tuple(options.shell)
    tools = options.tool and tuple(options.tool)
    asked = {"tools": tools, "shells": shells, "precision": options.precision}
    return {key: value for key, value in asked.items() if value is not None}


def _lines(agreement: Agreement) -> list[str]:
    verdict = agreement.verdict
    lines = [f"{agreement.tool} {WORDS[verdict.outcome]}: {verdict.reason}"]
    lines += [f"  {line}" for line in agreement.table()]
    return lines + ([f"→ {verdict.remedy}"] if verdict.remedy else [])


def _as_json(agreement: Agreement) -> dict[str, object]:
    verdict = agreement.verdict
    return {
        "tool": agreement.tool,
        "verdict": verdict.outcome.value,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "claims": [
            {
                "source": claim.source,
                "line": claim.line or None,
                "says": claim.said,
                "means": str(claim.versions) if claim.alternatives else None,
                "remark": claim.remark,
            }
            for claim in agreement.claims
        ],
    }
