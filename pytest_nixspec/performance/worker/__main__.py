"""One process for one task: `python -m pytest_nixspec.performance.worker REQUEST`.

The request is JSON, or a file of it.

It is a process of its own because MLX ends by a segmentation fault where memory runs out, and
because importing mlx-lm lowers the limit of open files. It answers by lines of JSON in the file
that the request names: what it has done by then is known, however it ends.
"""

import importlib
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

PARENT_SECONDS = 1.0


def main() -> None:
    """Do the task of a request."""
    given = sys.argv[1]
    request: dict[str, Any] = json.loads(given if given[0] == "{" else Path(given).read_text())
    parent = request["parent"] or os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if request["ring"]:
        _join(request["ring"], request["rank"], request["events"])
    # On another machine nobody reads what is told.
    with Path(request["events"] or os.devnull).open("a", buffering=1) as events:

        def tell(event: str, **facts: Any) -> None:
            events.write(json.dumps({"event": event, **facts}) + "\n")

        tell("started", pid=os.getpid())
        task = importlib.import_module(f"{__package__}.{request['task']}")
        tell("result", **task.answer(request, tell))


def _end_with(parent: int) -> None:
    """End when the process that asked has ended: nobody waits for the answer then."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(1)


def _join(ring: list[str], rank: int, events: str | None) -> None:
    """Tell MLX, which reads it from its environment, of the ring and of our place in it.

    The file of addresses is removed by who has joined, or goes with the directory of the run.
    """
    own = Path(events).parent if events else None
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=own, delete=False) as hosts:
        json.dump([[address] for address in ring], hosts)
    os.environ["MLX_HOSTFILE"] = hosts.name
    os.environ["MLX_RANK"] = str(rank)


if __name__ == "__main__":
    main()
