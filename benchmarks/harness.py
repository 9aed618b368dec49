"""Our figures against mlx-lm's own benchmark, on the same model, in turns within one run.

    .venv/bin/pip install -e '.[mlx]'
    .venv/bin/python benchmarks/harness.py

Each round starts both, in an order drawn by a coin, each in a fresh process with the same token
counts and random prompts. mlx-lm counts N tokens over N-1 intervals, so its generation figure is
multiplied by (N-1)/N before it is compared. What is left is what our harness costs for each token.
Raw samples go to benchmarks/samples/harness.json.
"""

import argparse
import json
import os
import random
import re
import statistics
import sys
import tempfile
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.performance import Measurements, Profile
from pytest_nixspec.performance.measurement import Metric
from pytest_nixspec.settings import Substitutions

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "benchmarks" / "samples" / "harness.json"
SECONDS = 900
THEIRS = "mlx_lm.benchmark"
OURS = "pytest-nixspec"
METRICS: tuple[Metric, ...] = ("generation_tps", "prompt_tps")


def main() -> None:
    """Measure both in turns, and print how far they are apart."""
    options = _options()
    model = options.model or Substitutions.read(ROOT).models[0].path
    chance = random.Random(0)  # noqa: S311 - no secret
    rates: dict[str, dict[Metric, list[float]]] = {
        arm: {metric: [] for metric in METRICS} for arm in (OURS, THEIRS)
    }
    for number in range(1, options.rounds + 1):
        for arm in chance.sample([OURS, THEIRS], 2):
            found = (ours if arm == OURS else theirs)(str(model), options)
            print(f"round {number}, {arm}: {found['generation_tps']:.4g} tokens/s", flush=True)
            for metric in METRICS:
                rates[arm][metric].append(found[metric])
    report(rates)
    SAMPLES.parent.mkdir(exist_ok=True)
    SAMPLES.write_text(json.dumps({"options": vars(options), "rates": rates}, default=str) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="a local folder; by default the embedded model")
    parser.add_argument("--prompt-tokens", type=int, default=32)
    parser.add_argument("--generation-tokens", type=int, default=64)
    parser.add_argument("--trials", type=int, default=2, help="repetitions in each process")
    parser.add_argument("--rounds", type=int, default=6)
    return parser.parse_args()


def ours(model: str, options: argparse.Namespace) -> dict[Metric, float]:
    """Return the rates that our worker measures, as the mean over its repetitions."""
    profile = Profile(
        name="harness",
        model=model,
        prompts="random",
        prompt_tokens=options.prompt_tokens,
        generation_tokens=options.generation_tokens,
        processes=1,
        repetitions=options.trials,
    )
    with tempfile.TemporaryDirectory() as directory:
        measured = Measurements(Path(directory), {}, ROOT, lambda _: None).of(profile)
    generation = [1 / sample.seconds_per_step for sample in measured.samples]
    prompt = [options.prompt_tokens / sample.prompt_seconds for sample in measured.samples]
    return {
        "generation_tps": statistics.fmean(generation),
        "prompt_tps": statistics.fmean(prompt),
    }


def theirs(model: str, options: argparse.Namespace) -> dict[Metric, float]:
    """Return the averages that mlx-lm's benchmark prints, generation corrected."""
    done = process.run(
        [sys.executable, "-m", "mlx_lm", "benchmark", "--model", model,
         "-p", str(options.prompt_tokens), "-g", str(options.generation_tokens),
         "-n", str(options.trials)],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        deadline=process.after(SECONDS),
    )  # fmt: skip
    found = re.search(r"Averages: prompt_tps=([\d.]+), generation_tps=([\d.]+)", done.text)
    if found is None:
        raise SystemExit(f"{THEIRS}: {done.text}{done.error_text}"[-3000:])
    tokens = options.generation_tokens
    return {
        "generation_tps": float(found[2]) * (tokens - 1) / tokens,
        "prompt_tps": float(found[1]),
    }


def report(rates: dict[str, dict[Metric, list[float]]]) -> None:
    """Print medians, the paired ratio, and what that is for each token."""
    for metric in METRICS:
        mine, other = rates[OURS][metric], rates[THEIRS][metric]
        ratios = [m / o for m, o in zip(mine, other, strict=True)]
        print(
            f"{metric}: {OURS} {statistics.median(mine):.4g}, "
            f"{THEIRS} {statistics.median(other):.4g}, "
            f"ratio {statistics.median(ratios):.4f} "
            f"({min(ratios):.4f} to {max(ratios):.4f})"
        )
    each = [
        1e6 * (1 / m - 1 / o)
        for m, o in zip(rates[OURS]["generation_tps"], rates[THEIRS]["generation_tps"], strict=True)
    ]
    print(f"a token takes {statistics.median(each):+.0f} µs against theirs")


if __name__ == "__main__":
    main()
