"""Load a model, let it generate, and note when each token came and what was held."""

import collections
import importlib.metadata
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import mlx.core as mx
import mlx_lm
from mlx.utils import tree_flatten
from mlx_lm.utils import sharded_load

from pytest_nixspec.performance.planning.sizes import Experts
from pytest_nixspec.performance.worker import generating, structure
from pytest_nixspec.performance.worker.bandwidth import read_bytes_per_second
from pytest_nixspec.performance.worker.memory import must_be_within, watch
from pytest_nixspec.performance.worker.prompts import prompts_of
from pytest_nixspec.performance.worker.sizing import (
    Known,
    embedding_bytes,
    experts_of,
    leaves_of,
)

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
        **_weights(model, config, request["batch_size"]),
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


def _weights(model: Any, config: dict[str, Any], batch: int) -> dict[str, Any]:
    """Return what the weights are: of what the arrays themselves are made, and how much is read."""
    arrays = [array for _, array in tree_flatten(model.parameters())]
    floats = {str(a.dtype).removeprefix("mlx.core.") for a in arrays if a.dtype != mx.uint32}
    quantization = config.get("quantization") or {}
    total = sum(array.nbytes for array in arrays)
    return {
        "weight_bytes": total,
        "decode_bytes": total - embedding_bytes(model) - _unread_experts(model, config, batch),
        "dtype": "+".join(sorted(floats)),
        "quantization": {
            "bits": quantization.get("bits"),
            "group_size": quantization.get("group_size"),
            "mode": quantization.get("mode", "affine") if quantization else None,
            "weights_by_bits": _weights_by_bits(model),
        },
    }


def _weights_by_bits(model: Any) -> dict[str, int]:
    """Return how many weights of matrices have so many bits, by the arrays that hold them."""
    counted: collections.Counter[str] = collections.Counter()
    for _, leaf in leaves_of(model):
        weight = getattr(leaf, "weight", None)
        if weight is not None and weight.ndim > 1:
            bits = leaf.bits if "scales" in leaf else 8 * weight.dtype.size
            counted[str(bits)] += 8 * weight.nbytes // bits
    return dict(counted)


def _unread_experts(model: Any, config: dict[str, Any], batch: int) -> int:
    """Return the bytes of experts that no token of a step goes through, as is to be expected."""
    found, _ = experts_of(model, Known(config, model))
    if found is None:
        return 0
    return round(found["weight_bytes"] - Experts(**found).read_bytes(batch))


def _backend() -> str:
    device = "cpu" if mx.default_device() == mx.cpu else "gpu"
    return "metal" if device == "gpu" and mx.metal.is_available() else device
