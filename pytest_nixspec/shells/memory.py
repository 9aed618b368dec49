"""What tools have said before: a store path never changes, so its answer does not either."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Memory:
    """Answers on disk, shared by all workers of a run.

    Attributes:
        directory: Where they are kept.
    """

    directory: Path

    def recall(self, program: Path, arguments: Sequence[str], ask: Callable[[], str]) -> str:
        """Return the answer of a program to its arguments, asking it only the first time."""
        key = hashlib.sha256("\0".join([os.fspath(program), *arguments]).encode()).hexdigest()
        kept = self.directory / f"{key}.json"
        if kept.exists():
            return str(json.loads(kept.read_text()))
        answer = ask()
        self.directory.mkdir(parents=True, exist_ok=True)
        new = self.directory / f"{key}.{os.getpid()}.new"
        new.write_text(json.dumps(answer))
        new.replace(kept)
        return answer
