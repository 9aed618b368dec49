"""Assertions on shells: the plugin against four other ways, each as a whole pytest run.

    .venv/bin/pip install -e '.[bench]'
    .venv/bin/python benchmarks/shells.py

Every arm makes the same assertions on the versions of real programs in the same shells; its tests
are what somebody would write who goes that way. `cold` begins without any cache of ours or Nix's
(what is built stays), `second` is the same run again; the cache is beside the project, as it always
is. Arms take turns, round after round. Raw samples go to benchmarks/samples/shells.json.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.nix import Flake, Nix, locate
from pytest_nixspec.settings import SUBSTITUTIONS, Substitutions

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "benchmarks" / "samples" / "shells.json"
SECONDS = 900
SHELLS = 16

FLAKE = """{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  outputs = { self, nixpkgs }: {
    devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" "aarch64-darwin" ] (system:
      let
        pkgs = nixpkgs.legacyPackages.${system};
        shell = name: pkgs.mkShell {
          packages = [ pkgs.git pkgs.nodejs_22 pkgs.postgresql_17 ];
          SHELL_NAME = name;
        };
      in nixpkgs.lib.genAttrs (builtins.genList (n: "shell${toString n}") SHELLS) shell);
  };
}
"""
HEAD = """
import os, subprocess, pytest
CASES = {cases!r}
NIX = {nix!r}
def lines(argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
@pytest.mark.parametrize("shell, tool, number", CASES)
"""
ARMS = {
    "pytest --nixspec": """
def test_version(nix_shell, shell, tool, number):
    assert nix_shell(shell).tool(tool).version
""",
    "nix develop -c": """
def test_version(shell, tool, number):
    assert lines([*NIX, "develop", *{flags!r}, f".#{{shell}}", "-c", tool, "--version"])
""",
    "nix develop PROFILE -c": """
def test_version(shell, tool, number):
    profile = os.path.abspath(f"profiles/{{shell}}")
    if not os.path.exists(profile):
        os.makedirs("profiles", exist_ok=True)
        lines([*NIX, "develop", *{flags!r}, "--profile", profile, f".#{{shell}}", "-c", "true"])
    quiet = ["--option", "flake-registry", ""]
    assert lines([*NIX, "develop", *quiet, profile, "-c", tool, "--version"])
""",
    "cached print-dev-env": """
def test_version(shell, tool, number):
    script = os.path.abspath(f"scripts/{{shell}}")
    if not os.path.exists(script):
        os.makedirs("scripts", exist_ok=True)
        said = lines([*NIX, "print-dev-env", *{flags!r}, f".#{{shell}}"])
        with open(script, "w") as file:
            file.write(said)
    assert lines(["bash", "-c", f"source {{script}} > /dev/null; {{tool}} --version"])
""",
    "testinfra local": """
def test_version(host, shell, tool, number):
    command = " ".join([*NIX, "develop", *{flags!r}, f"'.#{{shell}}'", "-c", tool, "--version"])
    assert host.run_expect([0], command).stdout
""",
}
PLUGINS = {"pytest --nixspec": "pytest_nixspec.plugin", "testinfra local": "testinfra.plugin"}
OURS = "pytest --nixspec"


@dataclass(frozen=True, slots=True)
class Case:
    """So many assertions over so many shells, by so many workers."""

    assertions: int
    shells: int
    workers: int = 0

    def __str__(self) -> str:
        return f"{self.assertions:>3} over {self.shells:>2}, -n {self.workers}"

    @property
    def parameters(self) -> list[tuple[str, str, int]]:
        """The cases of the test: shells and tools in turn."""
        tools = ("git", "node", "psql")
        return [
            (f"shell{n % self.shells}", tools[n // self.shells % 3], n)
            for n in range(self.assertions)
        ]


CASES = (
    Case(1, 1), Case(10, 1), Case(100, 1), Case(100, 4), Case(100, 16), Case(100, 4, workers=2),
)  # fmt: skip


def main() -> None:
    """Measure every arm in turn, and print medians with their ratio to ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each arm")
    rounds = parser.parse_args().rounds
    substitutions = Substitutions.read(ROOT)
    nix = locate(os.environ, substitutions.nix)
    samples: dict[str, dict[str, dict[str, list[float]]]] = {}
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory).resolve() / "project"
        project.mkdir()
        flake = Flake(prepared(project), nix.system, substitutions.inputs)
        for case in CASES:
            measured = samples.setdefault(str(case), {"cold": {}, "second": {}})
            for _ in range(rounds):
                for arm in ARMS:
                    for state, seconds in once(nix, flake, arm, case).items():
                        measured[state].setdefault(arm, []).extend(seconds)
            report(case, measured)
    SAMPLES.parent.mkdir(exist_ok=True)
    SAMPLES.write_text(json.dumps({"nix": nix.version, "seconds": samples}) + "\n")


def prepared(project: Path) -> Path:
    """Write a flake of sixteen shells with real programs."""
    project.joinpath("flake.nix").write_text(FLAKE.replace("SHELLS", str(SHELLS)))
    shutil.copy(ROOT / "flake.lock", project)
    (project / SUBSTITUTIONS).parent.mkdir()
    if (ROOT / SUBSTITUTIONS).exists():
        shutil.copy(ROOT / SUBSTITUTIONS, project / SUBSTITUTIONS)
    return project


def once(nix: Nix, flake: Flake, arm: str, case: Case) -> dict[str, list[float]]:
    """Return the seconds of a run without caches, and of the same run again; none of a failure."""
    features = ["--extra-experimental-features", "nix-command flakes"]
    if arm == "testinfra local":
        features[1] = "'nix-command flakes'"
    head = HEAD.format(cases=case.parameters, nix=[str(nix.path), *features])
    body = ARMS[arm].format(flags=list(flake.arguments))
    (flake.directory / "test_versions.py").write_text(head + body)
    for left in ("profiles", "scripts", "../cache"):
        shutil.rmtree(flake.directory / left, ignore_errors=True)
    return {state: run(nix, flake, arm, case) for state in ("cold", "second")}


def run(nix: Nix, flake: Flake, arm: str, case: Case) -> list[float]:
    """Return the seconds of one pytest run; nothing for a peer's that fails, which is said."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    plugins = [f"-p{PLUGINS[arm]}"] if arm in PLUGINS else []
    workers = ["-pxdist", f"-n{case.workers}"] if case.workers else []
    done = process.run(
        [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", *plugins, *workers,
         *(["--nixspec"] if arm == OURS else []), "test_versions.py"],
        env={
            **environment,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "NIXSPEC_NIX": str(nix.path),
            "XDG_CACHE_HOME": str(flake.directory.parent / "cache"),
        },
        cwd=flake.directory,
        deadline=process.after(SECONDS),
    )  # fmt: skip
    if not done.ok or f"{case.assertions} passed" not in done.text:
        fact, said = f"{arm} fails at {case}:", f"{done.text}{done.error_text}"[-3000:]
        if arm == OURS:
            sys.exit(f"{fact}\n{said}")
        print(fact, *said.splitlines()[-3:], sep="\n  ", file=sys.stderr)
        return []
    return [done.elapsed_seconds]


def report(case: Case, measured: dict[str, dict[str, list[float]]]) -> None:
    """Print the medians of a case."""
    for state, arms in measured.items():
        ours = statistics.median(arms[OURS])
        print(f"{case}, {state}:")
        for arm, seconds in arms.items():
            if not seconds:
                print(f"  {arm:<23}  failed every time")
                continue
            median = statistics.median(seconds)
            print(f"  {arm:<23} {median:7.2f} s   ours is {median / ours:5.2f} x")


if __name__ == "__main__":
    main()
