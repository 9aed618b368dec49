"""One repetition of a workload: prompts in, tokens out, and when each came."""

import hashlib
import json
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import mlx.core as mx
from mlx_lm.generate import BatchGenerator, generation_stream, stream_generate
from mlx_lm.sample_utils import make_sampler


def repetition(
    loaded: tuple[Any, Any], prompts: list[list[int]], request: dict[str, Any]
) -> dict[str, Any]:
    """Generate once, and return the sample; times are in seconds from the start.

    Raises:
        RuntimeError: Other than the asked number of tokens came.
    """
    mx.random.seed(request["seed"])
    mx.clear_cache()
    mx.reset_peak_memory()
    model, tokenizer = loaded
    is_alone = len(prompts) == 1
    steps = (
        _one(model, tokenizer, prompts[0], request) if is_alone else _many(model, prompts, request)
    )
    times, tokens = [], []
    cpu, started = time.process_time(), time.perf_counter()
    for step in steps:
        times.append(time.perf_counter() - started)
        tokens.append(step)
    # Work is left over after the last token, and it belongs to this repetition.
    mx.synchronize(generation_stream)
    _must_be_whole(tokens, len(prompts), request["generation_tokens"])
    return {
        "prompt_seconds": times[0],
        "token_seconds": times,
        # After a reset the peak reads 0 until something is allocated, whatever is held.
        "peak_memory_bytes": max(mx.get_peak_memory(), mx.get_active_memory()),
        "cache_memory_bytes": mx.get_cache_memory(),
        "footprint_bytes": _footprint_bytes(),
        "cpu_seconds": time.process_time() - cpu,
        "token_digest": hashlib.sha256(json.dumps(tokens).encode()).hexdigest(),
    }


def _one(
    model: Any, tokenizer: Any, prompt: list[int], request: dict[str, Any]
) -> Iterator[list[int]]:
    """Yield the token of each step of one sequence, as mlx-lm's own programs get it.

    Making text of it is in the time, as it is in the figures that others publish.
    """
    for response in stream_generate(
        model,
        tokenizer,
        prompt,
        max_tokens=request["generation_tokens"],
        sampler=make_sampler(temp=request["temperature"]),
        prefill_step_size=request["prefill_step_size"],
    ):
        yield [response.token]


def _many(model: Any, prompts: list[list[int]], request: dict[str, Any]) -> Iterator[list[int]]:
    """Yield the tokens of each step of all sequences, which go in step."""
    generator = BatchGenerator(
        model,
        max_tokens=request["generation_tokens"],
        sampler=make_sampler(temp=request["temperature"]),
        completion_batch_size=len(prompts),
        prefill_batch_size=len(prompts),
        prefill_step_size=request["prefill_step_size"],
    )
    try:
        generator.insert(prompts)
        while responses := generator.next_generated():
            yield [r.token for r in sorted(responses, key=lambda response: response.uid)]
    finally:
        generator.close()


def _must_be_whole(tokens: list[list[int]], sequences: int, count: int) -> None:
    came = [len(step) for step in tokens]
    if came != [sequences] * count:
        message = f"tokens of each step: {came}; asked for were {count} steps of {sequences}"
        raise RuntimeError(message)


def _footprint_bytes() -> int:
    """Return the most memory this process ever had, as the system counts it."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
