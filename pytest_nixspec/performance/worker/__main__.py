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
        _join(request["ring"], request["rank"], Path(request["events"]).parent)
    with Path(request["events"]).open("a", buffering=1) as events:

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


def _join(ring: list[str], rank: int, own: Path) -> None:
    """Tell MLX, which reads it from its environment, of the ring and of our place in it."""
    # On another machine nothing is kept, and there is no directory of the run.
    place = (
        own if own != Path(os.devnull).parent else Path(tempfile.mkdtemp(prefix="nixspec-ring-"))
    )
    hosts = place / f"ring-{rank}-{os.getpid()}.json"
    hosts.write_text(json.dumps([[address] for address in ring]))
    os.environ["MLX_HOSTFILE"] = str(hosts)
    os.environ["MLX_RANK"] = str(rank)


if __name__ == "__main__":
    main()
