"""How fast this machine reads memory, measured on the spot, by MLX's own kernels."""

import time

import mlx.core as mx

BYTES = 256 << 20
ROUNDS = 5


def read_bytes_per_second() -> float:
    """Return the best rate of several rounds of summing an array that no cache holds."""
    array = mx.ones((BYTES // 4,), dtype=mx.float32)
    mx.eval(array)
    rates = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        mx.eval(mx.sum(array))
        rates.append(BYTES / (time.perf_counter() - started))
    del array
    mx.clear_cache()
    return max(rates)
