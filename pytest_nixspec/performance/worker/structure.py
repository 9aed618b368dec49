"""What one decode step consists of: counted, so that it is exact where a time is not."""

import collections
import io
import re
from typing import Any

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_lm.models.cache import make_prompt_cache

PROMPT_TOKENS = 4


def of_decode_step(model: Any) -> dict[str, int]:
    """Return how often each operation occurs in the graph of one decode step.

    The dtypes of the logits and of the cache are in it as entries of their own, so that a cast
    that has crept in shows even where the number of operations stays. Nothing is evaluated but the
    short prompt before the step.
    """
    cache = make_prompt_cache(model)
    model(mx.zeros((1, PROMPT_TOKENS), dtype=mx.int32), cache=cache)
    mx.eval([layer.state for layer in cache])
    logits = model(mx.zeros((1, 1), dtype=mx.int32), cache=cache)
    graph = io.StringIO()
    mx.export_to_dot(graph, logits)
    counted = collections.Counter(re.findall(r'\[label ="([^"]*)"', graph.getvalue()))
    counted[f"logits: {logits.dtype}".replace("mlx.core.", "")] = 1
    for _, held in tree_flatten([layer.state for layer in cache]):
        if isinstance(held, mx.array):
            counted[f"cache: {held.dtype}".replace("mlx.core.", "")] += 1
    return dict(sorted(counted.items()))
