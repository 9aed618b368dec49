"""Load a model, let it generate, and note when each token came and what was held."""

import importlib.metadata
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import mlx.core as mx
import mlx_lm
from mlx_lm.utils import sharded_load

from pytest_nixspec.performance.worker import generating, structure
from pytest_nixspec.performance.worker.bandwidth import read_bytes_per_second
from pytest_nixspec.performance.worker.memory import must_be_within, watch
from pytest_nixspec.performance.worker.prompts import prompts_of
from pytest_nixspec.performance.worker.weights import weights_of

Tell: TypeAlias = Callable[..., None]

GREEDY_TOKENS = 16
WARM_UP_TOKENS = 4


def answer(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Load the model and take the samples; each is told when it is taken.

    Args:
        request: `model`, a local folder; `prompts`, `purpose`, `prompt_tokens`,
            `generation_tokens`, `batch_size`, `temperature`, `seed`, `prefill_step_size`,
            `repetitions`, `vram_limit` in bytes, and `is_first`, whether to take what is the same
            in every process: greedy tokens and structure.
        tell: Told what is being done.
    """
    # Before there is a limit to watch: the array that is read is no part of the model.
    bandwidth = read_bytes_per_second()
    watch(request["vram_limit"], tell)
    tell("progress", text=f"loading {request['model']}")
    started = time.perf_counter()
    model, tokenizer, config, ranks = _load(Path(request["model"]))
    load_seconds = time.perf_counter() - started
    tokenizer.eos_token_ids = set()
    loaded = (model, tokenizer)
    vocabulary = config.get("vocab_size") or config["text_config"]["vocab_size"]
    prompts = prompts_of(request, tokenizer, vocabulary)

    # Kernels are compiled when they are first used: nothing of that is in a sample.
    tell("progress", text="warming up")
    generating.repetition(loaded, prompts, {**request, "generation_tokens": WARM_UP_TOKENS})
    for number in range(1, request["repetitions"] + 1):
        tell("progress", text=f"repetition {number} of {request['repetitions']}")
        sample = generating.repetition(loaded, prompts, request)
        must_be_within(request["vram_limit"], sample["peak_memory_bytes"], tell)
        tell("sample", **sample)
    once = _once(loaded, prompts, request) if request["is_first"] else {}
    return {
        **once,
        "prompt_tokens": len(prompts[0]),
        "load_seconds": load_seconds,
        "engine": {name: importlib.metadata.version(name) for name in ("mlx", "mlx-lm")},
        "backend": _backend(),
        "ranks": ranks,
        "read_bytes_per_second": bandwidth,
        **weights_of(model, config, request["batch_size"]),
    }


def _load(folder: Path) -> tuple[Any, Any, dict[str, Any], int]:
    """Return model, tokenizer, configuration and the number of ranks it is shared by."""
    if "MLX_RANK" not in os.environ:
        loaded: Any = mlx_lm.load(str(folder), return_config=True)
        return *loaded, 1
    group = mx.distributed.init(strict=True, backend="ring")
    Path(os.environ["MLX_HOSTFILE"]).unlink()
    # Left to itself, sharded_load runs the code of a tokenizer.
    no_code = {"trust_remote_code": False}
    shared: Any = sharded_load(
        str(folder), None, group, return_config=True, tokenizer_config=no_code
    )
    return *shared, group.size()


def _once(
    loaded: tuple[Any, Any], prompts: list[list[int]], request: dict[str, Any]
) -> dict[str, Any]:
    greedy = {**request, "temperature": 0.0, "generation_tokens": GREEDY_TOKENS}
    sample = generating.repetition(loaded, prompts, greedy)
    return {
        "greedy_digest": sample["token_digest"],
        # With ranks there is a graph on each; the whole is on none.
        "structure": {} if "MLX_RANK" in os.environ else structure.of_decode_step(loaded[0]),
    }


def _backend() -> str:
    device = "cpu" if mx.default_device() == mx.cpu else "gpu"
    return "metal" if device == "gpu" and mx.metal.is_available() else device
