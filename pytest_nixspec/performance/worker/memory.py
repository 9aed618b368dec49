"""The limit of memory, watched: MLX on a CPU takes the limit that it is set, and ignores it."""

import os
import threading
import time
from collections.abc import Callable

import mlx.core as mx

WATCH_SECONDS = 0.02
OVER_LIMIT = 75
"""The exit code of a process that ended itself for want of room."""


def watch(limit: int | None, tell: Callable[..., None]) -> None:
    """From now on, end this process when MLX holds more than the limit, in bytes."""
    if limit is None:
        return
    mx.set_memory_limit(limit)
    threading.Thread(target=_end_beyond, args=(limit, tell), daemon=True).start()


def must_be_within(limit: int | None, peak: int, tell: Callable[..., None]) -> None:
    """End this process where a peak was too short for the watch to see it."""
    if limit is not None and peak > limit:
        _end(peak, limit, tell)


def _end_beyond(limit: int, tell: Callable[..., None]) -> None:
    while True:
        held = mx.get_active_memory()
        if held > limit:
            _end(held, limit, tell)
        time.sleep(WATCH_SECONDS)


def _end(held: int, limit: int, tell: Callable[..., None]) -> None:
    tell("over_limit", bytes=held, limit=limit)
    # The thread that allocates is inside MLX, and would not hear an exception.
    os._exit(OVER_LIMIT)
