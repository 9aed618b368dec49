"""Over how many ranks a model can be cut, and why not over others; all arithmetic, no model."""

from dataclasses import dataclass, replace

from pytest_nixspec.performance.planning.sizes import GROUP_SIZES, Linear, Sizes


@dataclass(frozen=True, slots=True)
class TensorParallel:
    """Whether a model can be cut over so many ranks.

    Attributes:
        requested: Ranks asked for.
        feasible: Whether it can be cut over these.
        reason: Why, or why not, in numbers.
        feasible_values: All numbers of ranks that it can be cut over.
        regrouped: The quantization group size at which it could be cut as asked, where only the
            groups are in the way.
    """

    requested: int
    feasible: bool
    reason: str
    feasible_values: tuple[int, ...]
    regrouped: int | None = None

    @property
    def nearest(self) -> int:
        """The feasible number of ranks nearest to the one asked for; the smaller of two."""
        return min(self.feasible_values, key=lambda ranks: (abs(ranks - self.requested), ranks))


def candidates(heads: int, kv_heads: int, requested: int, *, is_latent: bool) -> list[int]:
    """Return the numbers of ranks worth trying: those that share the heads, and the asked one."""
    shared = range(1, heads + 1)
    fit = (n for n in shared if not _head_fault(heads, kv_heads, n, is_latent=is_latent))
    return sorted({*fit, requested})


def tensor_parallel(sizes: Sizes, requested: int) -> TensorParallel:
    """Judge a number of ranks by the heads, by each matrix, and by what mlx-lm made of it.

    mlx-lm itself never looks at the heads: where only they do not divide, it loads, runs, and
    gives wrong tokens.
    """
    tried = candidates(sizes.heads, sizes.kv_heads, requested, is_latent=sizes.is_latent)
    feasible = tuple(n for n in tried if fault(sizes, n) is None)
    found = fault(sizes, requested)
    divides = "it is one rank" if requested == 1 else f"heads and matrices divide by {requested}"
    regrouped = None if found is None else _regrouped(sizes, requested)
    return TensorParallel(requested, found is None, found or divides, feasible, regrouped)


def _regrouped(sizes: Sizes, ranks: int) -> int | None:
    """Return the largest group size at which no rule of ours forbids these ranks; None for none."""
    for size in sorted(GROUP_SIZES, reverse=True):
        linears = (replace(linear, group_size=size) for linear in sizes.linears)
        if fault(replace(sizes, linears=tuple(linears), shards=()), ranks) is None:
            return size
    return None


def fault(sizes: Sizes, ranks: int) -> str | None:
    """Return why a model cannot be cut over so many ranks; None where it can."""
    if ranks == 1:
        return None
    if not sizes.can_shard:
        return f"mlx-lm cannot cut {sizes.model_type!r}: it has no shard()"
    heads = _head_fault(sizes.heads, sizes.kv_heads, ranks, is_latent=sizes.is_latent)
    linear = next((said for one in sizes.linears if (said := _linear_fault(one, ranks))), None)
    return "; ".join(filter(None, (heads, linear))) or _told_by_mlx(sizes, ranks)


def _head_fault(heads: int, kv_heads: int, ranks: int, *, is_latent: bool) -> str | None:
    if heads % ranks:
        return f"{heads} attention heads are not divisible by {ranks}"
    if kv_heads % ranks and not is_latent:
        return f"{kv_heads} key and value heads are not divisible by {ranks}"
    return None


def _linear_fault(linear: Linear, ranks: int) -> str | None:
    if linear.features % ranks:
        side = "inputs" if linear.is_row_parallel else "outputs"
        return f"{linear.features} {side} of {linear.name} are not divisible by {ranks}"
    groups = linear.features // linear.group_size
    if linear.is_row_parallel and groups % ranks:
        return (
            f"the {linear.features} inputs of {linear.name} are {groups} groups of "
            f"{linear.group_size}, which {ranks} ranks cannot share"
        )
    return None


def _told_by_mlx(sizes: Sizes, ranks: int) -> str | None:
    error = next((shard.error for shard in sizes.shards if shard.ranks == ranks), None)
    return f"mlx-lm says: {error}" if error else None
