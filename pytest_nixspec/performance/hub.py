"""Models of the hub, fetched before they are run, with progress and plain errors."""

import os
from collections.abc import Callable
from pathlib import Path

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance.asking import Question, ask

FETCH_SECONDS = 24 * 3600.0
"""A model of 40 GB takes nine hours at 10 Mbit/s; a hub that says nothing is left in seconds."""
REVISION = "main"

_REMEDIES = {
    "offline": "HF_HUB_OFFLINE is set, and the model is not in the cache. Unset it, or put a "
    "local folder in place of the name.",
    "unreachable": "the hub cannot be reached, and the model is not in the cache. Look at the "
    "network and HF_ENDPOINT, or put a local folder in place of the name.",
    "missing": "the hub has no such model, or shows it only to those who may see it. Correct the "
    "name; if it is private, log in with `hf auth login` or set HF_TOKEN.",
    "gated": "the hub does not let us have it. Accept its conditions on its page, then log in with "
    "`hf auth login` or set HF_TOKEN.",
    "full": "there is no room for it. Make room, or set HF_HOME to where there is.",
    "unwritable": "the cache cannot be written. Correct its owner, or set HF_HOME elsewhere.",
    "incomplete": "what there is of it is no whole model in MLX's layout. Fetch it again, or name "
    "a model that was converted.",
}


def fetch(name: str, directory: Path, announce: Callable[[str], None]) -> Path:
    """Return the local folder of a model of the hub, fetched where it is not here yet.

    Args:
        name: `owner/model`.
        directory: For the worker's files; it exists.
        announce: Told how much has come.

    Raises:
        ModelError: It cannot be had; the message says why, and what helps.
    """
    question = Question(
        task="fetching",
        what=f"fetching {name!r}",
        request={"name": name, "revision": REVISION},
        timeout_seconds=FETCH_SECONDS,
        variables={"HF_HUB_DISABLE_PROGRESS_BARS": "1"},
    )
    answer = ask(question, directory, announce)[-1]
    if "error" in answer:
        endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
        said = " ".join(answer["said"].split())
        remedy = _REMEDIES[answer["error"]]
        message = f"model {name!r} was not fetched from {endpoint}: {remedy}\nIt said: {said}"
        raise ModelError(message)
    return Path(answer["path"])
