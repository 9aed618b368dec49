"""What tools have said before in this run, in the same environment."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_nixspec.files import write_whole


class Memory(NamedTuple):
    """Answers on disk, shared by all workers of a run.

    Attributes:
        directory: Where they are kept.
    """

    directory: Path

    def recall(self, question: Sequence[str], ask: Callable[[], str]) -> str:
        """Return the answer to a question, asking it only the first time."""
        key = hashlib.sha256(json.dumps(list(question)).encode()).hexdigest()
        kept = self.directory / f"{key}.json"
        try:
            known = json.loads(kept.read_text())
        except (OSError, ValueError):
            known = None
        if isinstance(known, str):
            return known
        answer = ask()
        self.directory.mkdir(parents=True, exist_ok=True)
        write_whole(kept, json.dumps(answer))
        return answer
