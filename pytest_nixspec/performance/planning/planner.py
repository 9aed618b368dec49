"""What a model will take, and how fast it can be at best, before it is ever loaded.

Arithmetic alone: no file is read, nothing is measured. `docs/planning.md` has the formulas, and
what they were fitted on.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pytest_nixspec.performance.planning.peak import STEP_TOKENS, Workload, peak_bytes
from pytest_nixspec.performance.planning.sharding import TensorParallel, tensor_parallel
from pytest_nixspec.performance.planning.sizes import Sizes
from pytest_nixspec.performance.units import gigabytes

MOST_STEPS = 1 << 16
MOST_BATCH = 1 << 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What a workload takes. All bytes but `weight_bytes` are of one device.

    Attributes:
        weight_bytes: Of the whole model, exactly as mlx-lm holds it.
        kv_bytes_per_token: Of one sequence of the whole model.
        rank_weight_bytes: Weights on one device.
        kv_bytes: Caches of all sequences at the end, in whole steps of 256 tokens.
        activation_bytes: Estimate of what is held beside them at the worst moment.
        peak_bytes: The most that is held at once.
        max_context_tokens: The longest context of each sequence within the limit, 0 where not
            even one step fits; None without a limit.
        max_prompt_tokens: The same where all of it is prompt.
        max_batch: The most sequences of this context within the limit; None without a limit.
        bytes_per_decode_step: Read for one token of every sequence.
        roofline_tokens_per_second: Of all sequences together, at most; None where the
            bandwidth is unknown.
        tensor_parallel: Whether the model can be cut as asked.
        ranks: Over how many it is planned: those asked for where they can be had, else 1.
        faults: Why this cannot be done as asked, each with the nearest that can.
        warnings: What else will be felt.
    """

    weight_bytes: int
    kv_bytes_per_token: int
    rank_weight_bytes: int
    kv_bytes: int
    activation_bytes: int
    peak_bytes: int
    max_context_tokens: int | None
    max_prompt_tokens: int | None
    max_batch: int | None
    bytes_per_decode_step: int
    roofline_tokens_per_second: float | None
    tensor_parallel: TensorParallel
    ranks: int
    faults: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Whether it can be done as asked."""
        return not self.faults


def plan(sizes: Sizes, work: Workload) -> Plan:
    """Return what a workload takes of a model, and the faults of it."""
    parallel = tensor_parallel(sizes, work.ranks)
    ranks = work.ranks if parallel.feasible and work.ranks <= work.devices else 1
    own = sizes.of_rank(ranks)
    peak = peak_bytes(own, work)
    read = bytes_per_decode_step(own, work.batch, work.context)
    kv = work.batch * own.kv_bytes(work.context)
    limit = work.limit_bytes
    context = None if limit is None else max_context_tokens(own, work)
    whole = None if limit is None else max_context_tokens(own, work, all_prompt=True)
    batch = None if limit is None else max_batch(own, work)
    return Plan(
        weight_bytes=sizes.weight_bytes,
        kv_bytes_per_token=sizes.kv_bytes_per_token,
        rank_weight_bytes=own.weight_bytes,
        kv_bytes=kv,
        activation_bytes=peak - own.weight_bytes - kv,
        peak_bytes=peak,
        max_context_tokens=context,
        max_prompt_tokens=whole,
        max_batch=batch,
        bytes_per_decode_step=read,
        roofline_tokens_per_second=roofline_tokens_per_second(read, work),
        tensor_parallel=parallel,
        ranks=ranks,
        faults=(*_parallel_faults(parallel, work), *_memory_faults(peak, work, context, batch)),
        warnings=tuple(_warnings(sizes, work, peak)),
    )


def max_context_tokens(sizes: Sizes, work: Workload, *, all_prompt: bool = False) -> int:
    """Return the longest context of each sequence within the limit, in whole steps, or all of it.

    0 where not even one step fits; never more than the model's own.
    """
    most = sizes.most_context or MOST_STEPS * STEP_TOKENS

    def fits(steps: int) -> bool:
        context = min(steps * STEP_TOKENS, most)
        tried = replace(work, context=context, prompt=context if all_prompt else work.prompt)
        return peak_bytes(sizes, tried) <= (work.limit_bytes or 0)

    return min(_largest(fits, math.ceil(most / STEP_TOKENS)) * STEP_TOKENS, most)


def max_batch(sizes: Sizes, work: Workload) -> int:
    """Return how many sequences of this context fit within the limit; 0 where none does."""

    def fits(batch: int) -> bool:
        return peak_bytes(sizes, replace(work, batch=batch)) <= (work.limit_bytes or 0)

    return _largest(fits, MOST_BATCH)


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """Return the largest number up to `most` that fits, where all below one that fits do too."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def bytes_per_decode_step(sizes: Sizes, batch: int, context: int) -> int:
    """Return the bytes read for one token of every sequence.

    All weights but the input embedding, of experts those expected under uniform routing, and what
    the caches keep.
    """
    routed = sizes.experts.weight_bytes if sizes.experts else 0
    chosen = sizes.experts.read_bytes(batch) if sizes.experts else 0.0
    dense = sizes.weight_bytes - sizes.embedding_bytes - routed
    return round(dense + chosen + batch * sizes.kept_bytes(context))


def roofline_tokens_per_second(read_bytes: int, work: Workload) -> float | None:
    """Return the most tokens per second of all sequences together, that the bandwidth allows."""
    if work.bandwidth_gbs is None:
        return None
    return work.batch * work.bandwidth_gbs * 1e9 / read_bytes


def _parallel_faults(parallel: TensorParallel, work: Workload) -> Iterator[str]:
    if not parallel.feasible:
        regrouped = f"; at group_size {parallel.regrouped} it can" if parallel.regrouped else ""
        yield (
            f"tensor_parallel {work.ranks} cannot shard this model: {parallel.reason}. Nearest: "
            f"{parallel.nearest}, of {', '.join(map(str, parallel.feasible_values))}{regrouped}."
        )
    if work.most_ranks is not None and work.ranks > work.most_ranks:
        yield (
            f"tensor_parallel {work.ranks} exceeds max_gpus = {work.most_ranks}. Nearest: "
            f"{max(n for n in parallel.feasible_values if n <= work.most_ranks)}."
        )
    if work.ranks > work.devices:
        yield (
            f"tensor_parallel {work.ranks} needs {work.ranks} devices, and {work.device} is "
            f"{work.devices}: GPU cores are no devices of their own. Nearest: "
            f"{max(n for n in parallel.feasible_values if n <= work.devices)}."
        )


def _memory_faults(
    peak: int, work: Workload, context: int | None, batch: int | None
) -> Iterator[str]:
    if work.memory_bytes is not None and peak > work.memory_bytes:
        yield (
            f"batch {work.batch} at {work.context} tokens takes {gigabytes(peak)}, and no "
            f"{work.device} has more than {gigabytes(work.memory_bytes)}. Take fewer bits, a "
            "smaller model, or a shorter context."
        )
    if work.limit_bytes is None or peak <= work.limit_bytes:
        return
    if context:
        nearest = f"Nearest: {context} tokens each"
        nearest += f", or batch {batch} at {work.context}." if batch else "."
    else:
        nearest = "Not even one step of 256 tokens fits: take fewer bits, or a smaller model."
        nearest = f"Nearest: batch {batch}." if batch else nearest
    yield (
        f"batch {work.batch} at {work.context} tokens takes {gigabytes(peak)}, and vram_limit is "
        f"{gigabytes(work.limit_bytes)}. {nearest}"
    )


def _warnings(sizes: Sizes, work: Workload, peak: int) -> Iterator[str]:
    if sizes.most_context is not None and work.context > sizes.most_context:
        yield f"a context of {work.context} exceeds the {sizes.most_context} of the model"
    for name, allowed in work.working_sets.items():
        if peak > allowed:
            yield f"the peak exceeds the default working set of {name}, {gigabytes(allowed)}"
        elif len(work.working_sets) == 1 and (work.limit_bytes or 0) > allowed:
            yield f"vram_limit exceeds the default working set of {name}, {gigabytes(allowed)}"
