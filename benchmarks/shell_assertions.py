"""100 version assertions over 4 shells: the plugin against naive `nix develop -c`, in one run.

    .venv/bin/python benchmarks/shell_assertions.py

Both arms ask real Erlang, Elixir, PostgreSQL, Node and Git in the same four shells, warm, one after
the other in turn. The plugin's arm is a whole `pytest --nixspec`, its start included, with no other
plugin loaded and with Python's bytecode cache on, as it is by default; the naive arm is what a
shell script does. Raw samples go to benchmarks/samples/shell_assertions.json.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.nix import Flake, Nix, locate
from pytest_nixspec.settings import SUBSTITUTIONS, Substitutions

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "benchmarks" / "samples" / "shell_assertions.json"
SECONDS = 600
PLUGIN = "pytest_nixspec.plugin"

TOOLS = {
    "elixir": ["elixir", "--version"],
    "mix": ["mix", "--version"],
    "erl": ["erl", "-noshell", "-eval", "halt()."],
    "node": ["node", "--version"],
    "psql": ["psql", "--version"],
}
SHELLS = ("one", "two", "three", "four")
ASSERTIONS = 100

FLAKE = """{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";
  outputs = { self, nixpkgs }: {
    devShells = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" "aarch64-darwin" ] (system:
      let
        pkgs = nixpkgs.legacyPackages.${system};
        shell = name: pkgs.mkShell {
          packages = [
            pkgs.beam.packages.erlang_27.elixir_1_18 pkgs.beam.interpreters.erlang_27
            pkgs.postgresql_17 pkgs.nodejs_22
          ];
          LANG = "C.UTF-8";
          SHELL_NAME = name;
        };
      in nixpkgs.lib.genAttrs [ "one" "two" "three" "four" ] shell);
  };
}
"""
TEST = """
import pytest
from pytest_nixspec import Requirement

@pytest.mark.parametrize("number", range({count}))
@pytest.mark.parametrize("tool", {tools})
@pytest.mark.parametrize("shell", {shells})
def test_version(nix_shell, shell, tool, number):
    dialect = "elixir" if tool in ("elixir", "mix") else "otp"
    assert nix_shell(shell).tool(tool).version in Requirement.parse("> 1.0.0", dialect)
"""


def main() -> None:
    """Measure both arms in turn, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each arm")
    rounds = parser.parse_args().rounds
    substitutions = Substitutions.read(ROOT)
    nix = locate(os.environ, substitutions.nix)
    samples: dict[str, list[float]] = {"plugin": [], "naive": []}
    with tempfile.TemporaryDirectory() as directory:
        project = prepared(Path(directory).resolve())
        flake = Flake(project, nix.system, substitutions.inputs)
        for name in SHELLS:
            enter(nix, flake, name, ["true"])
        with_plugin(project)
        for number in range(rounds):
            samples["plugin"].append(with_plugin(project))
            samples["naive"].append(naively(nix, flake))
            print(
                f"round {number + 1}: "
                + ", ".join(f"{k} {v[-1]:.2f} s" for k, v in samples.items())
            )
    report(nix, samples)


def prepared(project: Path) -> Path:
    """Write a flake of four shells with real toolchains, and the same assertions as tests."""
    project.joinpath("flake.nix").write_text(FLAKE)
    shutil.copy(ROOT / "flake.lock", project)
    count = ASSERTIONS // (len(TOOLS) * len(SHELLS))
    text = TEST.format(count=count, tools=list(TOOLS), shells=list(SHELLS))
    project.joinpath("test_versions.py").write_text(text)
    written = project / SUBSTITUTIONS
    written.parent.mkdir()
    if (ROOT / SUBSTITUTIONS).exists():
        shutil.copy(ROOT / SUBSTITUTIONS, written)
    return project


def with_plugin(project: Path) -> float:
    """Return the seconds of one `pytest --nixspec` with 100 assertions."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = process.run(
        [sys.executable, "-m", "pytest", "-p", PLUGIN, "--nixspec", "-q", "test_versions.py"],
        env={**environment, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=project,
        deadline=process.after(SECONDS),
    )
    if not done.ok or f"{ASSERTIONS} passed" not in done.text:
        raise SystemExit(done.text + done.error_text)
    return done.elapsed_seconds


def naively(nix: Nix, flake: Flake) -> float:
    """Return the seconds of 100 `nix develop -c TOOL --version`."""
    count = ASSERTIONS // (len(TOOLS) * len(SHELLS))
    return sum(
        enter(nix, flake, name, argv)
        for name in SHELLS
        for argv in TOOLS.values()
        for _ in range(count)
    )


def enter(nix: Nix, flake: Flake, name: str, argv: list[str]) -> float:
    """Return the seconds of one `nix develop -c`."""
    done = nix.run(
        "develop", *flake.arguments, flake.shell(name), "-c", *argv,
        deadline=process.after(SECONDS), cwd=flake.directory,
    )  # fmt: skip
    if not done.ok:
        raise SystemExit(done.error_text)
    return done.elapsed_seconds


def report(nix: Nix, samples: dict[str, list[float]]) -> None:
    """Print medians and ratio, and write the raw samples."""
    medians = {arm: statistics.median(seconds) for arm, seconds in samples.items()}
    ratio = medians["naive"] / medians["plugin"]
    print(f"Nix {nix.version}, {ASSERTIONS} assertions over {len(SHELLS)} shells, median seconds:")
    print(f"  naive nix develop -c  {medians['naive']:8.2f}")
    print(f"  pytest --nixspec      {medians['plugin']:8.2f}")
    print(f"  ratio                 {ratio:8.1f}")
    SAMPLES.parent.mkdir(exist_ok=True)
    SAMPLES.write_text(json.dumps({"nix": nix.version, "ratio": ratio, "seconds": samples}) + "\n")


if __name__ == "__main__":
    main()
