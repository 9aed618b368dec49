"""What the weights of a model are, by its own modules: bytes, bits, tables and experts."""

import collections
from typing import Any

import mlx.core as mx
from mlx.nn.layers.base import Module
from mlx.nn.layers.embedding import Embedding
from mlx.nn.layers.quantized import QuantizedEmbedding
from mlx.utils import tree_flatten

from pytest_nixspec.performance.planning.sizes import Experts
from pytest_nixspec.performance.worker.configuration import (
    EXPERTS_PER_TOKEN,
    Known,
    UnsizableError,
)


def bytes_of(module: Any) -> int:
    """Return the bytes of all parameters below a module."""
    values: Any = tree_flatten(module.parameters())
    return sum(value.nbytes for _, value in values)


def leaves_of(model: Any) -> list[tuple[str, Any]]:
    """Return the modules that hold weights themselves, each with its path."""
    found: Any = tree_flatten(model.leaf_modules(), is_leaf=lambda one: isinstance(one, Module))
    return list(found)


def _embeddings(model: Any) -> list[Any]:
    kinds = (Embedding, QuantizedEmbedding)
    return [module for _, module in leaves_of(model) if isinstance(module, kinds)]


def rows_of(module: Any) -> int:
    """Return the rows of the matrix of a module."""
    rows: int = module.weight.shape[0]
    return rows


def token_embedding(model: Any) -> Any:
    """Return the table of tokens; raises `UnsizableError` where there is none."""
    found = _embeddings(model)
    if not found:
        message = "this architecture has no table of tokens, so it cannot be sized."
        raise UnsizableError(message)
    return max(found, key=rows_of)


def embedding_bytes(model: Any) -> int:
    """Return the bytes of tables of which a step reads one row: a tied one is the head too."""
    tokens = token_embedding(model)
    tables = _embeddings(model)
    has_head = any(
        "layers." not in path and getattr(leaf, "weight", None) is not None
        and leaf.weight.ndim == 2 and rows_of(leaf) == rows_of(tokens)  # noqa: PLR2004 - a matrix
        for path, leaf in leaves_of(model)
        if all(leaf is not table for table in tables)
    )  # fmt: skip
    return sum(bytes_of(table) for table in tables if has_head or table is not tokens)


def experts_of(model: Any, known: Known) -> tuple[dict[str, int] | None, list[str]]:
    """Return what routed experts there are, as `sizes.Experts` has it, and what is not said."""
    switches = [leaf for _, leaf in leaves_of(model) if hasattr(leaf, "num_experts")]
    if not switches:
        return None, []
    count = max(switch.num_experts for switch in switches)
    per_token = known.number(EXPERTS_PER_TOKEN, 0)
    notes = []
    if not 0 < per_token <= count:
        per_token = count
        notes.append("how many experts a token takes is not said: all are counted as read")
    taken = {"count": count, "per_token": per_token}
    return {"weight_bytes": sum(map(bytes_of, switches)), **taken}, notes


def weights_of(model: Any, config: dict[str, Any], batch: int) -> dict[str, Any]:
    """Return what the weights are: of what the arrays themselves are made, and how much is read."""
    arrays = [array for _, array in tree_flatten(model.parameters())]
    floats = {str(a.dtype).removeprefix("mlx.core.") for a in arrays if a.dtype != mx.uint32}
    quantization = config.get("quantization") or {}
    total = sum(array.nbytes for array in arrays)
    return {
        "weight_bytes": total,
        "decode_bytes": _decode_bytes(model, config, batch),
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


def _decode_bytes(model: Any, config: dict[str, Any], batch: int) -> int | None:
    """Return the bytes that a decode step reads; None where this architecture does not show it.

    Of experts those are counted that some token goes through, as is to be expected.
    """
    try:
        read = bytes_of(model) - embedding_bytes(model)
        experts, _ = experts_of(model, Known(config, model))
    except UnsizableError:
        return None
    if experts is None:
        return read
    return round(read - experts["weight_bytes"] + Experts(**experts).read_bytes(batch))
