"""Size a model by building it lazily: nothing is computed, no weight is read, nothing is run."""

import re
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from pytest_nixspec.performance.planning.sharding import candidates
from pytest_nixspec.performance.worker.building import (
    CONFIGURATION_FAULTS,
    Blueprint,
    Quantization,
    blueprint,
)
from pytest_nixspec.performance.worker.configuration import (
    EXPERTS_PER_TOKEN,
    Known,
    UnsizableError,
)
from pytest_nixspec.performance.worker.weights import (
    bytes_of,
    embedding_bytes,
    experts_of,
    leaves_of,
    rows_of,
    token_embedding,
)

Tell: TypeAlias = Callable[..., None]

# A model that computes while it is built would compute with all its random weights.
MOST_BYTES = 16 << 30
# One step of a cache, and one token more.
FEW, MORE = 1, 257

HEADS = ("num_attention_heads", "n_heads", "num_heads", "n_head")
KV_HEADS = ("num_key_value_heads", "n_kv_heads", "num_kv_heads")
HIDDEN = ("hidden_size", "d_model", "n_embd", "dim", "model_dim")
INTERMEDIATE = ("intermediate_size", "ffn_dim", "n_inner", "hidden_dim")


class _Ranks:
    """A group of which the size and rank are all that cutting a lazy model asks."""

    def __init__(self, count: int) -> None:
        self.count = count

    def size(self) -> int:
        return self.count

    def rank(self) -> int:
        return 0


def answer(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Return the sizes of a model; or `fault`, why it has none.

    Args:
        request: `model` (folder, config.json or name on the hub), `bits` and `group_size` (None to
            keep the model's own), and `ranks`, the tensor parallelism that is asked for.
        tell: Told what is being done.
    """
    tell("progress", text=f"sizing {request['model']}")
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    try:
        asked = Quantization(request["bits"], request["group_size"])
        return _sizes(blueprint(request["model"], asked), request["ranks"])
    except UnsizableError as error:
        return {"fault": str(error)}


def _sizes(plan: Blueprint, ranks: int) -> dict[str, Any]:
    model = plan.build()
    known = Known(plan.config, model)
    experts, notes = experts_of(model, known)
    heads = known.number(HEADS)
    kv_heads = known.number(KV_HEADS, heads)
    is_latent = bool(known.number(("kv_lora_rank",), 0))
    tried = candidates(heads, kv_heads, ranks, is_latent=is_latent)
    return {
        "model_type": plan.config["model_type"],
        "dtype": _dtype(model),
        "dtype_bytes": getattr(mx, _dtype(model)).size,
        "quantization": _quantization(plan.config),
        "weight_bytes": bytes_of(model),
        "embedding_bytes": embedding_bytes(model),
        "experts": experts,
        "caches": _caches(model),
        "layers": len(model.layers),
        "heads": heads,
        "kv_heads": kv_heads,
        "is_latent": is_latent,
        "hidden": known.number(HIDDEN),
        "attention": _attention(known, heads),
        "intermediate": _intermediate(known),
        "vocabulary": rows_of(token_embedding(model)),
        "most_context": known.number(("max_position_embeddings",), 0) or None,
        "can_shard": hasattr(model, "shard"),
        "linears": list(_linears(plan, model, tried)) if hasattr(model, "shard") else [],
        "shards": [_shard(plan, n) for n in tried if n > 1 and hasattr(model, "shard")],
        "notes": [*plan.notes, *notes],
        "working_set_bytes": mx.device_info().get("max_recommended_working_set_size"),
        "backend": "metal" if mx.metal.is_available() else "cpu",
    }


def _attention(known: Known, heads: int) -> int:
    latent = known.number(("qk_nope_head_dim",), 0) + known.number(("qk_rope_head_dim",), 0)
    each = latent or known.number(("head_dim",), 0) or known.number(HIDDEN) // heads
    return heads * (each + known.number(("v_head_dim",), each)) // 2


def _intermediate(known: Known) -> int:
    """Return what the widest layer holds of one token: of experts, those that it goes through."""
    dense = known.number(INTERMEDIATE, 4 * known.number(HIDDEN))
    taken = known.number(EXPERTS_PER_TOKEN, 0) + known.number(("n_shared_experts",), 0)
    return max(dense, taken * known.number(("moe_intermediate_size",), 0))


def _dtype(model: Any) -> str:
    """Return the type of keys and values, and so of activations."""
    cache = _run(model, FEW)
    arrays = [a for leaf in cache for a in (getattr(leaf, "keys", None),) if a is not None]
    dtype = arrays[0].dtype if arrays else mx.bfloat16
    return str(dtype).removeprefix("mlx.core.")


def _quantization(config: dict[str, Any]) -> str:
    own = config.get("quantization")
    if not own:
        return ""
    return f"{own['bits']} bits, group {own['group_size']}, {own.get('mode', 'affine')}"


def _run(model: Any, tokens: int) -> list[Any]:
    """Return the caches after so many tokens; the graph is built, and never computed."""
    caches = make_prompt_cache(model)
    try:
        model(mx.zeros((1, tokens), mx.int32), cache=caches)
    except CONFIGURATION_FAULTS as error:
        message = f"mlx-lm cannot run this configuration: {type(error).__name__}: {error}."
        raise UnsizableError(message) from error
    return [leaf for cache in caches for leaf in _unpacked(cache)]


def _unpacked(cache: Any) -> list[Any]:
    inner = getattr(cache, "caches", None)
    return [leaf for one in inner for leaf in _unpacked(one)] if inner else [cache]


def _caches(model: Any) -> list[dict[str, Any]]:
    few, more = _run(model, FEW), _run(model, MORE)
    return [_cache(one, other) for one, other in zip(few, more, strict=True)]


def _cache(few: Any, more: Any) -> dict[str, Any]:
    keys = getattr(few, "keys", None)
    if keys is not None:
        heads, per_token, fixed = keys.shape[1], few.nbytes // keys.shape[2], 0
    else:
        per_token = (more.nbytes - few.nbytes) // (MORE - FEW)
        heads, fixed = 1, few.nbytes - per_token * FEW
    return {
        "heads": heads,
        "bytes_per_token": per_token,
        "fixed_bytes": fixed,
        "step": getattr(few, "step", 1),
        "most_tokens": getattr(few, "max_size", None) or getattr(few, "chunk_size", None),
    }


def _shard(plan: Blueprint, ranks: int) -> dict[str, Any]:
    model = plan.build()
    try:
        model.shard(_Ranks(ranks))
    except CONFIGURATION_FAULTS as error:
        return {"ranks": ranks, "weight_bytes": None, "error": str(error)}
    return {"ranks": ranks, "weight_bytes": bytes_of(model), "error": None}


def _linears(plan: Blueprint, model: Any, tried: list[int]) -> Iterator[dict[str, Any]]:
    """Yield what is cut, told by which side of each matrix shrinks where nothing is quantized."""
    whole = {path: leaf.weight.shape for path, leaf in leaves_of(plan.plain()) if "weight" in leaf}
    cut = next((shapes for n in tried if n > 1 and (shapes := _cut(plan, n))), {})
    groups = {path: getattr(leaf, "group_size", 1) for path, leaf in leaves_of(model)}
    seen = set()
    for path, shape in cut.items():
        full = whole.get(path, shape)
        by_row = shape[-1] != full[-1]
        if len(shape) < 2 or (shape[-2:] == full[-2:]):  # noqa: PLR2004 - a matrix
            continue
        name = re.split(r"layers\.\d+\.", path)[-1]
        features = full[-1] if by_row else full[-2]
        linear = (name, features, by_row, groups.get(path, 1))
        if linear not in seen:
            seen.add(linear)
            yield dict(
                zip(("name", "features", "is_row_parallel", "group_size"), linear, strict=True)
            )


def _cut(plan: Blueprint, ranks: int) -> dict[str, tuple[int, ...]]:
    model = plan.plain()
    try:
        model.shard(_Ranks(ranks))
    except CONFIGURATION_FAULTS:
        return {}
    return {path: leaf.weight.shape for path, leaf in leaves_of(model) if "weight" in leaf}
