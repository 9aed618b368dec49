"""The process that a model runs in: a request on stdin, one JSON line of result on stdout.

It is a process of its own because MLX ends by a segmentation fault where memory runs out, and
because importing mlx-lm lowers the limit of open files. It imports nothing else of this package.
"""

import hashlib
import importlib.metadata
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

TEXT = (
    "A development environment is a promise: whoever enters it finds the same programs, in the "
    "same versions, with the same variables. A specification says what was promised, and a test "
    "tells whether the promise is kept today, on this machine, by the tools that are really here. "
)


def main() -> None:
    """Answer one request."""
    # Libraries print on stdout as they like; the answer goes where stdout was.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    result = measure(json.load(sys.stdin))
    answer.write(json.dumps(result) + "\n")
    answer.close()


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Load the model and take the samples.

    Args:
        request: `model`, `prompt_tokens`, `generation_tokens`, `repetitions`, `temperature`,
            `seed`, `vram_limit`, and `progress`, a file to append lines to.
    """
    import mlx.core as mx  # noqa: PLC0415 - only the worker may load MLX, and only to work
    import mlx_lm  # noqa: PLC0415 - as above

    progress = Path(request["progress"])
    _tell(progress, f"loading {request['model']}")
    if request["vram_limit"] is not None:
        mx.set_memory_limit(request["vram_limit"])
    started = time.perf_counter()
    loaded: Any = mlx_lm.load(request["model"], return_config=True)
    model, tokenizer, config = loaded
    load_seconds = time.perf_counter() - started
    tokenizer.eos_token_ids = set()
    prompt = _prompt(tokenizer, request["prompt_tokens"])

    # The first generation compiles kernels: it is discarded.
    _tell(progress, "warming up")
    _repetition(model, tokenizer, prompt, {**request, "generation_tokens": 4})
    samples = []
    for number in range(1, request["repetitions"] + 1):
        _tell(progress, f"repetition {number} of {request['repetitions']}")
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


def _tell(progress: Path, text: str) -> None:
    with progress.open("a") as file:
        file.write(f"{text}\n")


if __name__ == "__main__":
    main()
