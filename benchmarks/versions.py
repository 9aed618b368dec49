"""Matching versions, side by side with the peers, and how resolution grows with its candidates.

    .venv/bin/pip install -e '.[bench]'
    .venv/bin/python benchmarks/versions.py

Every arm answers the same 1,000 questions, "is this version at least 1.17 and before 2.0?", in turn
with the others, round after round: once with the version as text, which is read and matched, and
once with versions that were read before; the requirement is read once. The real Elixir answers
inside one Elixir process, which is timed by its own clock. Each arm's answers are checked first:
they must be the same. Raw samples go to benchmarks/samples/versions.json.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version as PackagingVersion
from semantic_version import SimpleSpec
from semantic_version import Version as SemanticVersion
from univers.version_range import NpmVersionRange
from univers.versions import SemverVersion

from pytest_nixspec import Requirement, Version
from pytest_nixspec.nix import Flake, locate
from pytest_nixspec.settings import Substitutions
from pytest_nixspec.shells import ShellPool
from pytest_nixspec.versions import Candidate, Wanted, resolve

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "benchmarks" / "samples" / "versions.json"
TEXTS = [f"{n % 3}.{n % 25}.{n % 7}" for n in range(1000)]
CANDIDATES = (10, 100, 1_000, 10_000)

OURS = Requirement.parse("~> 1.17")
PACKAGING = SpecifierSet(">=1.17.0,<2.0.0", prereleases=True)
SEMANTIC = SimpleSpec(">=1.17.0,<2.0.0")
UNIVERS = NpmVersionRange.from_string("vers:npm/>=1.17.0|<2.0.0")

FROM_TEXT: dict[str, Callable[[str], bool]] = {
    "pytest-nixspec": OURS.matches,
    "packaging": lambda text: PACKAGING.contains(PackagingVersion(text)),
    "semantic-version": lambda text: SEMANTIC.match(SemanticVersion(text)),
    "univers": lambda text: SemverVersion(text) in UNIVERS,
}
READ: dict[str, Callable[[str], object]] = {
    "pytest-nixspec": Version.parse,
    "packaging": PackagingVersion,
    "semantic-version": SemanticVersion,
    "univers": SemverVersion,
}
MATCH: dict[str, Callable[[object], bool]] = {
    "pytest-nixspec": OURS.matches,
    "packaging": PACKAGING.contains,
    "semantic-version": SEMANTIC.match,
    "univers": lambda version: version in UNIVERS,
}

ELIXIR = """
requirement = Version.parse_requirement!("~> 1.17")
texts = for n <- 0..999, do: "#{rem(n, 3)}.#{rem(n, 25)}.#{rem(n, 7)}"
versions = Enum.map(texts, &Version.parse!/1)
IO.puts(Enum.count(texts, &Version.match?(&1, requirement)))
timed = fn list ->
  fun = fn -> Enum.each(list, &Version.match?(&1, requirement)) end
  fun.()
  fn -> {us, _} = :timer.tc(fn -> for _ <- 1..20, do: fun.() end); us / 20.0e6 end
end
{text, read} = {timed.(texts), timed.(versions)}
for _ <- IO.stream(:stdio, :line), do: IO.puts("#{text.()} #{read.()}")
"""


def main() -> None:
    """Measure every arm in turn, and print rates, ratios and growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each arm")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory, elixir(Path(directory).resolve()) as child:
        must_agree(child)
        from_text, read_before = matching(child, rounds)
    resolving = {str(count): [resolution(count) for _ in range(rounds)] for count in CANDIDATES}
    exponent = report(from_text, read_before, resolving)
    SAMPLES.parent.mkdir(exist_ok=True)
    samples = {"text": from_text, "read": read_before, "resolve": resolving, "exponent": exponent}
    SAMPLES.write_text(json.dumps(samples) + "\n")


def elixir(directory: Path) -> subprocess.Popen[str]:
    """Return the real Elixir of this repository's shell, which times itself for each line."""
    substitutions = Substitutions.read(ROOT)
    nix = locate(os.environ, substitutions.nix)
    pool = ShellPool(nix, Flake(ROOT, nix.system, substitutions.inputs), directory)
    shell = pool.shell("default")
    return subprocess.Popen(
        [shell.tool("elixir").path, "-e", ELIXIR],
        env=shell.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip


def must_agree(child: subprocess.Popen[str]) -> None:
    """Check that every arm gives the same answers."""
    counts = {name: sum(map(arm, TEXTS)) for name, arm in FROM_TEXT.items()}
    counts["Elixir"] = int(asked(child))
    if len(set(counts.values())) > 1:
        message = f"the arms disagree: {counts}"
        raise SystemExit(message)


def asked(child: subprocess.Popen[str], question: str = "") -> str:
    """Return the next line of a child, for what it is asked."""
    if child.stdin is None or child.stdout is None:
        message = "the child has no pipes"
        raise SystemExit(message)
    child.stdin.write(question)
    return child.stdout.readline()


def matching(
    child: subprocess.Popen[str], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the seconds of 1,000 matches, from text and of versions that were read before."""
    versions = {name: list(map(read, TEXTS)) for name, read in READ.items()}
    from_text: dict[str, list[float]] = {name: [] for name in [*FROM_TEXT, "Elixir"]}
    read_before: dict[str, list[float]] = {name: [] for name in [*MATCH, "Elixir"]}
    for _ in range(rounds):
        for name, arm in FROM_TEXT.items():
            from_text[name].append(seconds(lambda arm=arm: [arm(text) for text in TEXTS]))
        for name, arm in MATCH.items():
            known = versions[name]
            read_before[name].append(
                seconds(lambda arm=arm, known=known: [arm(version) for version in known])
            )
        text, read = map(float, asked(child, "again\n").split())
        from_text["Elixir"].append(text)
        read_before["Elixir"].append(read)
    return from_text, read_before


def resolution(count: int) -> float:
    """Return the seconds of resolving three requirements, none of which is met, over candidates."""
    candidates = [
        Candidate(
            f"shell{n}",
            {
                "elixir": f"1.{12 + n % 8}.{n % 3}",
                "erl": f"{24 + n % 5}.{n % 4}",
                "node": f"{n}.0.0",
            },
            {},
        )
        for n in range(count)
    ]
    ranges = {"elixir": "~> 1.17", "erl": "~> 27", "node": "< 0.0.1"}
    wanted = [
        Wanted(tool, Requirement.parse(text, "elixir" if tool == "elixir" else "otp"))
        for tool, text in ranges.items()
    ]
    return seconds(lambda: resolve(wanted, candidates).verdict)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def report(
    from_text: dict[str, list[float]],
    read_before: dict[str, list[float]],
    resolving: dict[str, list[float]],
) -> float:
    """Print rates with their ratio to ours, and growth; return the exponent of the growth."""
    for title, samples in (("from text", from_text), ("read before", read_before)):
        print(f"matches per second, {title} (median of {len(samples['Elixir'])} rounds):")
        ours = statistics.median(samples["pytest-nixspec"])
        for name, one in samples.items():
            median = statistics.median(one)
            print(f"  {name:<17} {len(TEXTS) / median:12,.0f}   ours is {median / ours:5.2f} x")
    print("resolution of three requirements, seconds:")
    medians = {int(count): statistics.median(one) for count, one in resolving.items()}
    for count, median in medians.items():
        print(f"  {count:>6,} candidates  {median:8.4f}")
    logs = [(math.log(count), math.log(median)) for count, median in medians.items()]
    exponent = statistics.linear_regression(*zip(*logs, strict=True)).slope
    print(f"  fitted growth: candidates to the power of {exponent:.2f}")
    return exponent


if __name__ == "__main__":
    main()
