"""Load a model, let it generate, and note when each token came and what was held."""

import importlib.metadata
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import mlx.core as mx
import mlx_lm
from mlx import nn
from mlx.utils import tree_flatten
from mlx_lm.models.switch_layers import QuantizedSwitchLinear, SwitchLinear
from mlx_lm.utils import sharded_load

from pytest_nixspec.performance.worker import generating, structure
from pytest_nixspec.performance.worker.bandwidth import read_bytes_per_second
from pytest_nixspec.performance.worker.memory import watch
from pytest_nixspec.performance.worker.prompts import prompts_of

Tell: TypeAlias = Callable[..., None]

GREEDY_TOKENS = 16
WARM_UP_TOKENS = 4


def answer(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Load the model and take the samples; each is told when it is taken.

    Args:
        request: `model`, a local folder; `prompts`, `purpose`, `prompt_tokens`,
            `generation_tokens`, `batch_size`, `temperature`, `seed`, `prefill_step_size`,
            `repetitions`, `vram_limit` in bytes, and `is_first`, whether to take what is the same
            in every process: greedy tokens, structure and bandwidth.
        tell: Told what is being done.
    """
    watch(request["vram_limit"], tell)
    tell("progress", text=f"loading {request['model']}")
    started = time.perf_counter()
    model, tokenizer, config, ranks = _load(Path(request["model"]))
    load_seconds = time.perf_counter() - started
    tokenizer.eos_token_ids = set()
    vocabulary = config.get("vocab_size") or config["text_config"]["vocab_size"]
    prompts = prompts_of(request, tokenizer, vocabulary)

    # Kernels are compiled when they are first used: nothing of that is in a sample.
    tell("progress", text="warming up")
    generating.repetition(model, prompts, {**request, "generation_tokens": WARM_UP_TOKENS})
    for number in range(1, request["repetitions"] + 1):
        tell("progress", text=f"repetition {number} of {request['repetitions']}")
        tell("sample", **generating.repetition(model, prompts, request))
    once = _once(model, prompts, request) if request["is_first"] else {}
    return {
        **once,
        "prompt_tokens": len(prompts[0]),
        "load_seconds": load_seconds,
        "engine": {name: importlib.metadata.version(name) for name in ("mlx", "mlx-lm")},
        "backend": _backend(),
        "ranks": ranks,
        **_weights(model, config),
    }


def _load(folder: Path) -> tuple[Any, Any, dict[str, Any], int]:
    """Return model, tokenizer, configuration and the number of ranks it is shared by."""
    if "MLX_RANK" not in os.environ:
        loaded: Any = mlx_lm.load(str(folder), return_config=True)
        return *loaded, 1
    group = mx.distributed.init(strict=True, backend="ring")
    shared: Any = sharded_load(str(folder), None, group, return_config=True)
    return *shared, group.size()


def _once(model: Any, prompts: list[list[int]], request: dict[str, Any]) -> dict[str, Any]:
    greedy = {**request, "temperature": 0.0, "generation_tokens": GREEDY_TOKENS}
    sample = generating.repetition(model, prompts, greedy)
    return {
        "greedy_digest": sample["token_digest"],
        # With ranks there is a graph on each; the whole is on none.
        "structure": {} if "MLX_RANK" in os.environ else structure.of_decode_step(model),
        "read_bytes_per_second": read_bytes_per_second(),
    }


def _weights(model: Any, config: dict[str, Any]) -> dict[str, Any]:
    """Return what the weights are, as the configuration and the arrays say."""
    quantization = config.get("quantization") or {}
    arrays = [array for _, array in tree_flatten(model.parameters())]
    floats = {str(a.dtype).removeprefix("mlx.core.") for a in arrays if a.dtype != mx.uint32}
    return {
        "weight_bytes": sum(array.nbytes for array in arrays),
        "decode_bytes": _decode_bytes(model, config),
        "dtype": "+".join(sorted(floats)),
        "quantization": {
            "bits": quantization.get("bits"),
            "group_size": quantization.get("group_size"),
            "mode": quantization.get("mode", "affine") if quantization else None,
            "layers": sum(isinstance(value, dict) for value in quantization.values()),
        },
    }


def _decode_bytes(model: Any, config: dict[str, Any]) -> int | None:
    """Return the bytes of weights that a decode step reads, or None where that depends on luck.

    Of an embedding table one row is read, unless it is the head as well. Which experts are read
    depends on the tokens.
    """
    read = 0
    for _, module in model.named_modules():
        own = sum(a.nbytes for a in module.values() if isinstance(a, mx.array))
        if isinstance(module, SwitchLinear | QuantizedSwitchLinear):
            return None
        is_table = isinstance(module, nn.Embedding | nn.QuantizedEmbedding)
        if not is_table or config.get("tie_word_embeddings", False):
            read += own
    return read


def _backend() -> str:
    device = "cpu" if mx.default_device() == mx.cpu else "gpu"
    return "metal" if device == "gpu" and mx.metal.is_available() else device
