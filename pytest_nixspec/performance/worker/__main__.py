"""One process for one task: `python -m pytest_nixspec.performance.worker REQUEST.json`.

It is a process of its own because MLX ends by a segmentation fault where memory runs out, and
because importing mlx-lm lowers the limit of open files. It answers by lines of JSON in the file
that the request names: what it has done by then is known, however it ends.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Do the task of a request."""
    request: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    with Path(request["events"]).open("a", buffering=1) as events:

        def tell(event: str, **facts: Any) -> None:
            events.write(json.dumps({"event": event, **facts}) + "\n")

        tell("started", pid=os.getpid())
        task = importlib.import_module(f"{__package__}.{request['task']}")
        tell("result", **task.answer(request, tell))


if __name__ == "__main__":
    main()
