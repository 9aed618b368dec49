"""What a model takes, as mlx-lm itself would build it: bytes of weights, of caches, and shapes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

BITS = (1, 2, 3, 4, 5, 6, 8)
GROUP_SIZES = (32, 64, 128)
"""Bits of a weight, and weights that share a scale: those that MLX has."""
UNQUANTIZED = 16
"""Bits that stand for no quantization."""


@dataclass(frozen=True, slots=True)
class Cache:
    """What one layer keeps of one sequence.

    Attributes:
        heads: Of keys and values; 1 where they are latent, or where there are none.
        bytes_per_token: Of keys and values; 0 for a state that does not grow.
        fixed_bytes: Of a state that does not grow.
        step: Tokens by which it grows, 256 in mlx-lm.
        most_tokens: The window of a rotating cache; None where it grows without end.
    """

    heads: int
    bytes_per_token: int
    fixed_bytes: int
    step: int
    most_tokens: int | None

    def bytes_at(self, tokens: int, chunk: int = 1) -> int:
        """Return what is kept of one sequence, in bytes.

        Args:
            tokens: Seen so far.
            chunk: Tokens that were last put in at once: a rotating cache keeps all of them,
                beside the window that the first of them looks back on.
        """
        kept = math.ceil(tokens / self.step) * self.step
        if self.most_tokens is not None:
            kept = min(kept, self.most_tokens - 1 + chunk)
        return self.fixed_bytes + self.bytes_per_token * kept


@dataclass(frozen=True, slots=True)
class Experts:
    """The routed experts of all layers together.

    Attributes:
        weight_bytes: Of all experts.
        count: Experts of one layer.
        per_token: Experts that a token goes through, of one layer.
    """

    weight_bytes: int
    count: int
    per_token: int

    def read_bytes(self, tokens: int) -> float:
        """Return the bytes read for so many tokens at once, under uniform routing.

        Each of k of E experts is missed by a token with probability 1 - k/E, so that
        E(1 - (1 - k/E)^tokens) distinct ones are expected.
        """
        missed: float = (1 - self.per_token / self.count) ** tokens
        return self.weight_bytes * (1 - missed)


@dataclass(frozen=True, slots=True)
class Linear:
    """A matrix that tensor parallelism cuts, once for all layers that have the like.

    Attributes:
        name: Without the number of its layer: `mlp.down_proj`.
        features: Of the side that is cut.
        is_row_parallel: Whether its inputs are cut, which quantization groups run along.
        group_size: Weights that share a scale; 1 where it is not quantized.
    """

    name: str
    features: int
    is_row_parallel: bool
    group_size: int


@dataclass(frozen=True, slots=True)
class Shard:
    """What mlx-lm made of a model that it was told to cut.

    Attributes:
        ranks: How many it was cut for.
        weight_bytes: Of one rank; None where it could not be cut.
        error: What mlx-lm said then.
    """

    ranks: int
    weight_bytes: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """A model's sizes.

    Attributes:
        model_type: The architecture, as its configuration names it.
        dtype: Of what is not quantized, and of the caches.
        dtype_bytes: Bytes of one such number.
        quantization: `4 bits, group 64, affine`; empty where there is none.
        weight_bytes: Of all parameters.
        embedding_bytes: Of an input table that is not the head as well: a step reads one row.
        experts: The routed experts; None for a dense model.
        caches: What each layer keeps of one sequence.
        layers: How many there are.
        heads: Of attention.
        kv_heads: Of keys and values.
        is_latent: Whether attention is latent (MLA), which cuts heads alone.
        hidden: Width of the residual stream.
        attention: Width of queries and outputs of all heads together, the mean of both.
        intermediate: Width of the widest feed-forward layer that a token goes through.
        vocabulary: Rows of the head.
        most_context: Tokens that the configuration allows; None where it does not say.
        can_shard: Whether mlx-lm can cut this architecture at all.
        linears: What is cut.
        shards: What came of it, for each number of ranks that was tried.
        notes: What else should be known.
    """

    model_type: str
    dtype: str
    dtype_bytes: int
    quantization: str
    weight_bytes: int
    embedding_bytes: int
    experts: Experts | None
    caches: tuple[Cache, ...]
    layers: int
    heads: int
    kv_heads: int
    is_latent: bool
    hidden: int
    attention: int
    intermediate: int
    vocabulary: int
    most_context: int | None
    can_shard: bool
    linears: tuple[Linear, ...]
    shards: tuple[Shard, ...]
    notes: tuple[str, ...]

    @property
    def kv_bytes_per_token(self) -> int:
        """What one more token of one sequence takes, in bytes, while no window is full."""
        return sum(cache.bytes_per_token for cache in self.caches)

    def kv_bytes(self, tokens: int, chunk: int = 1) -> int:
        """Return what is kept of one sequence, in bytes; `Cache.bytes_at` for each layer."""
        return sum(cache.bytes_at(tokens, chunk) for cache in self.caches)

    def kept_bytes(self, tokens: int) -> int:
        """Return what a step reads of one sequence's caches: tokens, not whole steps."""
        return sum(
            cache.fixed_bytes + cache.bytes_per_token * min(tokens, cache.most_tokens or tokens)
            for cache in self.caches
        )

    def of_rank(self, ranks: int) -> "Sizes":
        """Return the sizes of one of so many ranks, which it can be cut over.

        Embedding, head and norms are in each of them whole, and so are caches without heads.
        """
        if ranks == 1:
            return self
        cut = next(s.weight_bytes for s in self.shards if s.ranks == ranks)
        experts = self.experts
        caches = (
            replace(c, heads=c.heads // ranks, bytes_per_token=c.bytes_per_token // ranks)
            if c.heads % ranks == 0
            else c
            for c in self.caches
        )
        return replace(
            self,
            weight_bytes=cut or self.weight_bytes,
            experts=replace(experts, weight_bytes=experts.weight_bytes // ranks)
            if experts
            else None,
            caches=tuple(caches),
            heads=self.heads // ranks,
            attention=self.attention // ranks,
            intermediate=self.intermediate // ranks,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what the worker said; a missing field raises `KeyError` or `TypeError`."""
        experts = data["experts"]
        known = {name: data[name] for name in cls.__dataclass_fields__}
        return cls(
            **{
                **known,
                "experts": Experts(**experts) if experts else None,
                "caches": tuple(Cache(**cache) for cache in data["caches"]),
                "linears": tuple(Linear(**linear) for linear in data["linears"]),
                "shards": tuple(Shard(**shard) for shard in data["shards"]),
                "notes": tuple(data["notes"]),
            }
        )
