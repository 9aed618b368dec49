"""Load a model, let it generate, and note when each token came and what was held."""

import hashlib
import importlib.metadata
import json
import time
from collections.abc import Callable
from typing import Any, TypeAlias

Tell: TypeAlias = Callable[..., None]

TEXT = (
    "A development environment is a promise: whoever enters it finds the same programs, in the "
    "same versions, with the same variables. A specification says what was promised, and a test "
    "tells whether the promise is kept today, on this machine, by the tools that are really here. "
)


def answer(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Load the model and take the samples.

    Args:
        request: `model`, `prompt_tokens`, `generation_tokens`, `repetitions`, `temperature`,
            `seed` and `vram_limit`.
        tell: Told what is being done.
    """
    import mlx.core as mx  # noqa: PLC0415 - only the worker may load MLX, and only to work
    import mlx_lm  # noqa: PLC0415 - as above

    tell("progress", text=f"loading {request['model']}")
    if request["vram_limit"] is not None:
        mx.set_memory_limit(request["vram_limit"])
    started = time.perf_counter()
    loaded: Any = mlx_lm.load(request["model"], return_config=True)
    model, tokenizer, config = loaded
    load_seconds = time.perf_counter() - started
    tokenizer.eos_token_ids = set()
    prompt = _prompt(tokenizer, request["prompt_tokens"])

    # The first generation compiles kernels: it is discarded.
    tell("progress", text="warming up")
    _repetition(model, tokenizer, prompt, {**request, "generation_tokens": 4})
    samples = []
    for number in range(1, request["repetitions"] + 1):
        tell("progress", text=f"repetition {number} of {request['repetitions']}")
        samples.append(_repetition(model, tokenizer, prompt, request))
    quantization = config.get("quantization") or {}
    return {
        "samples": samples,
        "prompt_tokens": len(prompt),
        "load_seconds": load_seconds,
        "quantization_bits": quantization.get("bits"),
        "engine": {name: importlib.metadata.version(name) for name in ("mlx", "mlx-lm")},
        "backend": "metal" if mx.metal.is_available() else "cpu",
    }


def _prompt(tokenizer: Any, count: int) -> list[int]:
    tokens: list[int] = []
    while len(tokens) < count:
        tokens += tokenizer.encode(TEXT)
    return tokens[:count]


def _repetition(
    model: Any, tokenizer: Any, prompt: list[int], request: dict[str, Any]
) -> dict[str, Any]:
    import mlx.core as mx  # noqa: PLC0415 - as above
    from mlx_lm.generate import generation_stream, stream_generate  # noqa: PLC0415 - as above
    from mlx_lm.sample_utils import make_sampler  # noqa: PLC0415 - as above

    mx.random.seed(request["seed"])
    mx.clear_cache()
    mx.reset_peak_memory()
    sampler = make_sampler(temp=request["temperature"])
    times, tokens = [], []
    started = time.perf_counter()
    for response in stream_generate(
        model, tokenizer, prompt, max_tokens=request["generation_tokens"], sampler=sampler
    ):
        times.append(time.perf_counter() - started)
        tokens.append(response.token)
    mx.synchronize(generation_stream)
    if len(tokens) != request["generation_tokens"]:
        message = f"{len(tokens)} tokens came of {request['generation_tokens']} asked for"
        raise RuntimeError(message)
    return {
        "prompt_seconds": times[0],
        "token_seconds": times,
        # After a reset the peak reads 0 until something is allocated, whatever is held.
        "peak_memory_bytes": max(mx.get_peak_memory(), mx.get_active_memory()),
        "token_digest": hashlib.sha256(json.dumps(tokens).encode()).hexdigest(),
    }
