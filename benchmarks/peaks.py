"""The planned peak of memory against what MLX really held, for models and workloads in turn.

    .venv/bin/pip install -e '.[mlx]'
    .venv/bin/python benchmarks/peaks.py

The models are the tiny ones of the tests, one of five million weights, and the embedded one; each
workload is run once, in a process of its own, after a warm-up. What is printed is by how much the
plan is above the measured peak. Raw figures go to benchmarks/samples/peaks.json.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.performance import Measurements, Profile, Sizings, Workload
from pytest_nixspec.performance.planning.peak import peak_bytes
from pytest_nixspec.performance.planning.sizings import Asked
from pytest_nixspec.settings import Substitutions
from tests.performance.tiny import ARCHITECTURES, FIVE_MILLION

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "benchmarks" / "samples" / "peaks.json"
SECONDS = 120

# Batch, prompt, generation. Prompts of more than 2,048 tokens are taken in two chunks.
KINDS = {
    "decoding": ((1, 8, 300), (4, 8, 40), (8, 8, 20)),
    "short prompts": ((1, 63, 64), (4, 150, 2)),
    "long prompts": ((1, 400, 2), (1, 1000, 2), (1, 2500, 2)),
}
ALL = tuple(workload for workloads in KINDS.values() for workload in workloads)
MODELS = {**ARCHITECTURES, "five": FIVE_MILLION}
LATENT = {"latent"}
"""Left out of the fit of the plan."""
REAL = ((1, 8, 8), (1, 40, 2), (1, 300, 2))


def main() -> None:
    """Print the difference for every model and workload, and its range for each kind."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory).resolve()
        for name in MODELS:
            folder = made(name, place)
            found[name] = {text(w): difference(folder, w, place) for w in ALL}
            report(name, found[name])
        real = Substitutions.read(ROOT).models[0].path
        found[real.name] = {text(w): difference(real, w, place) for w in REAL}
        report(real.name, found[real.name])
    for kind, workloads in KINDS.items():
        for who, names in (("the latent one", LATENT), ("all others", set(MODELS) - LATENT)):
            off = [found[name][text(workload)] for name in names for workload in workloads]
            print(f"{kind}, {who}: {min(off):+.1%} to {max(off):+.1%}")
    SAMPLES.parent.mkdir(exist_ok=True)
    SAMPLES.write_text(json.dumps(found) + "\n")


def made(name: str, place: Path) -> Path:
    """Return the folder of a tiny model, made by mlx-lm's own conversion."""
    config = place / f"{name}.json"
    config.write_text(json.dumps(MODELS[name]))
    done = process.run(
        [sys.executable, "-m", "tests.performance.tiny", config, place / name, "4", "64"],
        env=dict(os.environ),
        cwd=ROOT,
        deadline=process.after(SECONDS),
    )
    if not done.ok:
        raise SystemExit(done.error_text)
    return place / name


def difference(model: Path, workload: tuple[int, int, int], place: Path) -> float:
    """Return by what fraction the plan is above the peak that was measured."""
    batch, prompt, generation = workload
    profile = Profile(
        name=f"{model.name}-{text(workload)}",
        model=str(model),
        batch_size=batch,
        prompts="random",
        prompt_tokens=prompt,
        generation_tokens=generation,
        processes=1,
        repetitions=1,
    )
    held = Measurements(place / "run", {}, ROOT, lambda _: None).of(profile)
    sized = Sizings(place / "sizes", {}, ROOT, lambda _: None).of(Asked(str(model)))
    work = Workload(batch, prompt + generation, prompt, backend=sized.backend)
    return peak_bytes(sized.sizes, work) / held.typical("peak_memory") - 1


def text(workload: tuple[int, int, int]) -> str:
    """Return a workload as `BATCHxPROMPTxGENERATION`."""
    return "x".join(map(str, workload))


def report(name: str, differences: dict[str, float]) -> None:
    """Print what was found of one model."""
    shown = ", ".join(f"{workload} {off:+.1%}" for workload, off in differences.items())
    print(f"{name}: {shown}", flush=True)


if __name__ == "__main__":
    main()
