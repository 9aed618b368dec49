"""`nixspec resolve`: which shell, or which attributes of nixpkgs, meet requirements."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence

from pytest_nixspec.agreement import project_claims
from pytest_nixspec.checks import Run
from pytest_nixspec.checks.matrix import VersionMatrix
from pytest_nixspec.cli.running import Commands, add_json, add_override, run_here
from pytest_nixspec.errors import SpecError
from pytest_nixspec.nix.packages import package_versions
from pytest_nixspec.temporary import own_directory
from pytest_nixspec.verdict import Outcome
from pytest_nixspec.versions import Candidate, Resolution, Wanted, resolve_apart
from pytest_nixspec.versions.attributes import read_attribute

WORDS = {Outcome.PASSED: "meets everything", Outcome.UNKNOWN: "UNKNOWN", Outcome.FAILED: "rejected"}


def add(commands: Commands) -> None:
    """Add the command."""
    resolve = commands.add_parser(
        "resolve", help="find the shell that meets requirements: exit 0 found, 1 not, 2 invalid"
    )
    resolve.add_argument(
        "requirement", nargs="*", metavar="REQUIREMENT",
        help="as in 'elixir ~> 1.17' or elixir_1_17; none for what mix.exs and its like say",
    )  # fmt: skip
    resolve.add_argument("--shell", action="append", default=[], help="only this; repeatable")
    resolve.add_argument(
        "--packages", action="store_true", help="choose from attributes of nixpkgs, not from shells"
    )
    add_override(resolve)
    add_json(resolve)
    resolve.set_defaults(command=_resolve)


def _resolve(options: argparse.Namespace) -> int:
    with own_directory() as directory:
        run = run_here(options, directory)
        matrix = run.version_matrix
        findings: list[str] = []
        wanted = list(_wanted(options.requirement, matrix, findings))
        wanted = wanted or list(_wanted_by_files(run))
        if options.packages:
            resolutions = resolve_apart(wanted, _packages(run))
        else:
            resolutions = [matrix.resolve(wanted, options.shell)]
    for finding in findings:
        print(f"nixspec: {finding}", file=sys.stderr)
    if options.json:
        print(json.dumps(_as_json(resolutions, findings), indent=2))
    else:
        print("\n\n".join("\n".join(_lines(one)) for one in resolutions))
    return 0 if all(one.chosen for one in resolutions) else 1


def _wanted(texts: Sequence[str], matrix: VersionMatrix, findings: list[str]) -> Iterator[Wanted]:
    for text in texts:
        stated = re.fullmatch(r"\s*([\w.+-]+)\s+(.+)", text)
        if stated:
            yield matrix.wanted(stated[1], stated[2])
            continue
        attribute = read_attribute(text)
        if not attribute.meanings:
            message = f"{text!r} says nothing of a version. Write 'elixir ~> 1.17', or elixir_1_17."
            raise SpecError(message)
        findings += attribute.findings()
        yield from (Wanted(m.tool, m.exact, text) for m in attribute.meanings)


def _wanted_by_files(run: Run) -> Iterator[Wanted]:
    """Yield what the project's files say in one requirement; several versions are no single one."""
    claims = [one for one in project_claims(run.settings.root) if len(one.alternatives) == 1]
    if not claims:
        message = (
            f"there is nothing to resolve: no requirement is given, and no file in "
            f"{run.settings.root} names one version. Write nixspec resolve 'elixir ~> 1.17'."
        )
        raise SpecError(message)
    for claim in claims:
        yield Wanted(claim.tool, claim.alternatives[0], claim.place)


def _packages(run: Run) -> list[Candidate]:
    found = package_versions(run.nix, run.flake)
    return [Candidate(name, versions, {}) for name, versions in found.items()]


def _lines(resolution: Resolution) -> Iterator[str]:
    verdict = resolution.verdict
    yield f"wanted: {', '.join(map(str, resolution.wanted))}"
    for judged in resolution.judged:
        brings = ", ".join(f"{t} {v}" for t, v in judged.candidate.versions.items())
        yield f"  {judged.candidate.name} ({brings or 'nothing known'}): {WORDS[judged.outcome]}"
        yield from (f"    {reason}" for reason in judged.reasons())
    yield f"{'→ ' if verdict.passed else ''}{verdict.reason}"
    if verdict.remedy:
        yield f"→ {verdict.remedy}"


def _as_json(resolutions: Sequence[Resolution], findings: list[str]) -> dict[str, object]:
    return {"resolutions": [_one_as_json(one) for one in resolutions], "findings": findings}


def _one_as_json(resolution: Resolution) -> dict[str, object]:
    verdict = resolution.verdict
    return {
        "verdict": verdict.outcome.value,
        "chosen": resolution.chosen.name if resolution.chosen else None,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "conflict": list(resolution.conflict),
        "wanted": [
            {"tool": w.tool, "requirement": str(w.requirement), "source": w.source}
            for w in resolution.wanted
        ],
        "candidates": [
            {
                "name": judged.candidate.name,
                "verdict": judged.outcome.value,
                "versions": dict(judged.candidate.versions),
                "reasons": judged.reasons(),
            }
            for judged in resolution.judged
        ],
    }
