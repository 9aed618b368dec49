"""Ask a process of its own to load a model, and tell how it ended if it did not answer."""

import json
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_nixspec import process
from pytest_nixspec.errors import ModelError, OverMemoryLimitError
from pytest_nixspec.performance.ring import Rank
from pytest_nixspec.performance.units import gigabytes

# Seldom: what this process does is done beside the measurement, maybe on half of the same core.
POLL_SECONDS = 0.1
LOOK_SECONDS = 1.0
QUIET_SECONDS = 5.0
CONNECT_SECONDS = 10
LAST_WORDS = 6
_OF_RINGS = frozenset({"MLX_RANK", "MLX_HOSTFILE", "MLX_WORLD_SIZE"})


@dataclass(frozen=True, slots=True)
class Question:
    """One task for a worker, or for several ranks of it.

    Attributes:
        task: The module of `worker/` that does it.
        what: What is being done, for messages: `profile 'plan' with model 'owner/name'`.
        request: Its arguments, as JSON values.
        timeout_seconds: When it is ended.
        variables: Beside those of this process.
        ranks: The ranks that do it together; one process by default.
    """

    task: str
    what: str
    request: Mapping[str, Any]
    timeout_seconds: float
    variables: Mapping[str, str] = field(default_factory=dict)
    ranks: Sequence[Rank] = (Rank(),)


@dataclass(slots=True)
class _Worker:
    """One process, and what it has told so far."""

    running: process.Running
    events: Path
    _most_bytes: int = 0
    _last: dict[str, Any] = field(default_factory=dict)

    def told(self) -> list[dict[str, Any]]:
        """Return its events; a line that is being written is not one yet."""
        lines = self.events.read_text().split("\n")[:-1] if self.events.exists() else []
        return [json.loads(line) for line in lines]

    def look(self) -> str:
        """Return what it is doing, and note how much memory it has."""
        told = self.told()
        texts = [event["text"] for event in told if event["event"] == "progress"]
        if told:
            self._most_bytes = max(self._most_bytes, _resident_bytes(told[0]["pid"]))
        return texts[-1] if texts else "starting"

    def over_limit(self) -> list[dict[str, Any]]:
        """Return what it told of its limit of memory, if it ended at that."""
        return [event for event in self.told() if event["event"] == "over_limit"]

    def death(self) -> str:
        """Return how it ended, as the end of a sentence."""
        over = self.over_limit()
        code = self.running.returncode or 0
        had = f"; it had {self._most_bytes / 1e6:.0f} MB" if self._most_bytes else ""
        if over:
            held, limit = (gigabytes(over[-1][name]) for name in ("bytes", "limit"))
            return f"was ended at {held}: its vram_limit is {limit}"
        if code == -signal.SIGSEGV:
            return f"died by SIGSEGV, which is how MLX ends on a CPU where memory runs out{had}"
        if code == -signal.SIGKILL:
            return f"was killed by SIGKILL, which is how a system ends what takes too much{had}"
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}{had}"
        last = (self.running.said().splitlines() or ["it said nothing"])[-1]
        return f"failed (exit code {code}): {last.strip()}"


def ask(
    question: Question, directory: Path, announce: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Ask, and return all that the first rank told, the result last.

    Args:
        question: What is asked.
        directory: Where requests and answers are written; it exists.
        announce: Told now and then what is being waited for.

    Raises:
        ModelError: A rank did not end well, or in time.
    """
    workers: list[_Worker] = []
    try:
        for rank in question.ranks:
            # One by one: those that run must be ended where the next cannot be started.
            workers.append(_start(question, directory, rank))  # noqa: PERF401 - as above
        _wait(question, workers, announce)
    finally:
        for worker in workers:
            worker.running.stop(seconds=1.0)
    return workers[0].told()


def _start(question: Question, directory: Path, rank: Rank) -> _Worker:
    name = f"{question.task}-{time.monotonic_ns()}-{rank.number}"
    events = directory / f"{name}.events"
    request = {
        **question.request,
        "task": question.task,
        "rank": rank.number,
        "ring": rank.ring,
        "parent": os.getpid() if rank.host is None else None,
    }
    # -P: what lies in the directory of the run must not shadow what the worker imports.
    worker = [sys.executable, "-P", "-m", "pytest_nixspec.performance.worker"]
    if rank.host is None:
        file = directory / f"{name}.json"
        file.write_text(json.dumps({**request, "events": str(events)}))
        argv = [*worker, str(file)]
    else:
        argv = _elsewhere(rank.host, [*worker, json.dumps({**request, "events": None})])
    running = process.start(
        argv,
        env={**_inherited(), **_found_by_worker(), **question.variables},
        cwd=directory,
        output=directory / f"{name}.said",
    )
    return _Worker(running, events)


def _elsewhere(host: str, worker: list[str]) -> list[str]:
    """Return the command that starts a rank on another machine, where all lies as it does here.

    With a terminal of its own (`-tt`) it is ended when the connection is.
    """
    variables = [f"{name}={value}" for name, value in _found_by_worker().items()]
    command = shlex.join(["env", "HF_HUB_OFFLINE=1", *variables, *worker])
    options = ["-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_SECONDS}"]
    return ["ssh", "-tt", *options, "--", host, command]


def _inherited() -> dict[str, str]:
    """Return our variables but those by which MLX would take the worker for a rank of something."""
    return {name: value for name, value in os.environ.items() if name not in _OF_RINGS}


def _found_by_worker() -> dict[str, str]:
    """Return the path by which the worker finds this very package."""
    root = str(Path(__file__).parents[2])
    path = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join([root, path] if path else [root])}


def _wait(question: Question, workers: list[_Worker], announce: Callable[[str], None]) -> None:
    started = time.monotonic()
    looked = announced = 0.0
    while not all(worker.running.has_ended for worker in workers):
        elapsed = time.monotonic() - started
        if elapsed - looked >= LOOK_SECONDS:
            looked = elapsed
            doing = workers[0].look()
            if elapsed - announced >= QUIET_SECONDS:
                announced = elapsed
                announce(f"{question.what}: {doing}, {elapsed:.0f} s")
        if elapsed >= question.timeout_seconds:
            doing = workers[0].look()
            how = f"did not end within {question.timeout_seconds:g} s; it was at: {doing}"
            raise ModelError(_told(question, workers, workers[0], how + _silent(question, workers)))
        _raise_if_dead(question, workers)
        time.sleep(POLL_SECONDS)
    _raise_if_dead(question, workers)


def _silent(question: Question, workers: list[_Worker]) -> str:
    """Return which ranks of this machine have never told anything, or are elsewhere."""
    far = [rank.host for rank in question.ranks if rank.host is not None]
    return f"; it may wait for {', '.join(far)}" if far and len(workers) > 1 else ""


def _raise_if_dead(question: Question, workers: list[_Worker]) -> None:
    """Raise for the first rank that ended otherwise than well: the others then wait for ever."""
    for worker in workers:
        if worker.running.has_ended and worker.running.returncode != 0:
            error = OverMemoryLimitError if worker.over_limit() else ModelError
            raise error(_told(question, workers, worker, worker.death()))


def _told(question: Question, workers: list[_Worker], worker: _Worker, how: str) -> str:
    rank = f"rank {workers.index(worker)} of " if len(workers) > 1 else ""
    said = "\n".join(worker.running.said().splitlines()[-LAST_WORDS:])
    return f"{rank}the worker of {question.what} {how}\n{said}".rstrip()


def _resident_bytes(pid: int) -> int:
    """Return the memory of a process; 0 where it cannot be told, or the process is gone."""
    status = Path(f"/proc/{pid}/status")
    try:
        found = re.search(r"^VmRSS:\s+(\d+) kB", status.read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
