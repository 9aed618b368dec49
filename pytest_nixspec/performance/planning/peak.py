"""The most memory that a workload takes at once: weights, caches, and what is held beside them.

`docs/planning.md` has the formulas, and what they were fitted on.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pytest_nixspec.performance.planning.sizes import Sizes

Backend: TypeAlias = Literal["cpu", "metal"]

STEP_TOKENS = 256
"""By which caches grow, and contexts are searched."""
PREFILL_TOKENS = 2048
"""Tokens of a prompt that mlx-lm takes at once by default."""
PREFILL_BATCH = 8
"""Prompts that mlx-lm takes at once (`prefill_batch_size`)."""
PROMPT_TOKENS = 512
"""Of a prompt where none is named: what `mlx_lm.benchmark` takes."""

# Fitted on CPU; docs/planning.md says on what, and how well.
SCORES = 1.06
OF_HIDDEN, OF_ATTENTION, OF_INTERMEDIATE = 6.1, 7.0, 1.9
SHORT_TOKENS = 8
OF_LOGITS = 4
SCORE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Workload:
    """What a model is to do, and with what.

    Attributes:
        batch: Sequences at once.
        context: Tokens of each, prompt and generation together.
        prompt: Tokens of the prompt of each; `PROMPT_TOKENS` where it is not named.
        prefill: Tokens of a prompt that are taken at once (`prefill_step_size`).
        limit_bytes: That may be taken on each device; None for no limit.
        bandwidth_gbs: Of the memory of each device, in GB/s (1e9); None where it is unknown.
        ranks: Tensor parallelism asked for.
        devices: How many there are.
        most_ranks: The most ranks that are allowed (`max_gpus`); None for no such limit.
        device: Its name, for messages.
        backend: What runs there: on `cpu` attention keeps all its scores, on `metal` none.
        memory_bytes: The most memory that such a machine has; None where it is not known.
        working_sets: Bytes that the system lets a GPU have by default, by name of the machine.
    """

    batch: int = 1
    context: int = STEP_TOKENS
    prompt: int | None = None
    prefill: int = PREFILL_TOKENS
    limit_bytes: int | None = None
    bandwidth_gbs: float | None = None
    ranks: int = 1
    devices: int = 1
    most_ranks: int | None = None
    device: str = "this machine"
    backend: Backend = "metal"
    memory_bytes: int | None = None
    working_sets: Mapping[str, int] = field(default_factory=dict)


def peak_bytes(sizes: Sizes, work: Workload) -> int:
    """Return the most that is held at once: while a prompt is taken in, or while tokens come.

    A cache grows by being copied, one layer after the other, and a batch's are always copied: the
    largest is held twice then.
    """
    logits = OF_LOGITS * sizes.vocabulary * sizes.dtype_bytes
    grows = work.batch > 1 or work.context > STEP_TOKENS
    copied = max((c.bytes_at(work.context) for c in sizes.caches), default=0) if grows else 0
    decoding = work.batch * (sizes.kv_bytes(work.context) + copied + logits)
    prompt = min(work.context, PROMPT_TOKENS if work.prompt is None else work.prompt)
    return sizes.weight_bytes + max(decoding, *_prefills(sizes, work, prompt))


def _prefills(sizes: Sizes, work: Workload, prompt: int) -> Iterator[int]:
    """Yield what caches and activations take at the worst moments of taking a prompt in.

    The last token of a prompt is not part of it: it is the first that is decoded.
    """
    taken = max(prompt - 1, 0)
    whole = taken // work.prefill * work.prefill
    for chunk, seen in ((min(whole, work.prefill), whole), (taken - whole, taken)):
        together = min(work.batch, PREFILL_BATCH)
        activations = activation_bytes(sizes, chunk, seen, work.backend)
        yield work.batch * sizes.kv_bytes(seen, max(chunk, 1)) + together * activations


def activation_bytes(sizes: Sizes, chunk: int, seen: int, backend: Backend) -> int:
    """Return an estimate of the activations of one sequence.

    Args:
        sizes: Of the model.
        chunk: Tokens that are put in at once.
        seen: Tokens that they look back on, themselves counted.
        backend: On `cpu` the scores of a layer are held, heads * chunk * seen; on `metal`
            attention is fused.
    """
    width = (
        OF_HIDDEN * sizes.hidden
        + OF_ATTENTION * sizes.attention
        + OF_INTERMEDIATE * sizes.intermediate
    )
    scores = SCORES * sizes.heads * seen * SCORE_BYTES if backend == "cpu" else 0
    rows = chunk * chunk / (chunk + SHORT_TOKENS)
    return math.ceil(rows * width * sizes.dtype_bytes + chunk * scores)
