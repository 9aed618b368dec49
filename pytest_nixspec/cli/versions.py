"""`nixspec match` and `compare-versions`: the rules of a dialect, asked by hand or by a script."""

import argparse
import json

from pytest_nixspec.cli.running import Commands, add_json
from pytest_nixspec.versions import DIALECTS, Requirement, Version


def add(commands: Commands) -> None:
    """Add the commands."""
    match = commands.add_parser(
        "match", help="say whether a version meets a requirement: exit 0 yes, 1 no, 2 invalid"
    )
    match.add_argument("requirement", metavar="REQUIREMENT", help="as in '~> 1.17'")
    match.add_argument("version", metavar="VERSION")
    match.add_argument("--no-pre", action="store_true", help="refuse pre-releases not asked for")
    _add_dialect(match)
    add_json(match)
    match.set_defaults(command=_match)

    compare = commands.add_parser("compare-versions", help="say which of two versions is later")
    compare.add_argument("versions", metavar="VERSION", nargs=2)
    _add_dialect(compare)
    add_json(compare)
    compare.set_defaults(command=_compare)


def _add_dialect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dialect", choices=list(DIALECTS), default="elixir")


def _match(options: argparse.Namespace) -> int:
    requirement = Requirement.parse(options.requirement, options.dialect)
    allow_pre = not options.no_pre
    matches = requirement.matches(options.version, allow_pre=allow_pre)
    explanation = requirement.explain(options.version, allow_pre=allow_pre)
    answer = {
        "requirement": options.requirement,
        "version": options.version,
        "dialect": options.dialect,
        "allow_pre": allow_pre,
        "matches": matches,
        "explanation": explanation,
    }
    print(json.dumps(answer, indent=2) if options.json else explanation)
    return 0 if matches else 1


def _compare(options: argparse.Namespace) -> int:
    one, other = (Version.parse(text, options.dialect) for text in options.versions)
    comparison = (one > other) - (one < other)
    answer = {
        "versions": options.versions,
        "dialect": options.dialect,
        "comparison": comparison,
    }
    sign = {-1: "<", 0: "=", 1: ">"}[comparison]
    print(json.dumps(answer, indent=2) if options.json else f"{one} {sign} {other}")
    return 0
