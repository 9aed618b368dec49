"""The sizes of models, each told once by a worker that builds it lazily."""

import hashlib
import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_nixspec.errors import ModelError
from pytest_nixspec.files import locked, write_whole
from pytest_nixspec.performance.asking import Question, ask
from pytest_nixspec.performance.measurements import INSTALL
from pytest_nixspec.performance.model import locate
from pytest_nixspec.performance.planning.peak import Backend
from pytest_nixspec.performance.planning.sizes import Sizes

SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be sized.

    Attributes:
        model: A folder, a config.json, or a name on the hub.
        bits: Of a weight, 16 for no quantization; None to keep what the model has.
        group_size: Weights that share a scale; None to keep what the model has, or MLX's 64.
        ranks: Tensor parallelism that is asked for.
    """

    model: str
    bits: int | None = None
    group_size: int | None = None
    ranks: int = 1


@dataclass(frozen=True, slots=True)
class Sized:
    """A model's sizes, and what the machine that told them is.

    Attributes:
        sizes: The sizes.
        reference: The folder, file or name that they are of.
        backend: What MLX runs on here.
        working_set_bytes: What the system lets its GPU have; None where MLX does not say.
    """

    sizes: Sizes
    reference: str
    backend: Backend
    working_set_bytes: int | None


@dataclass(frozen=True, slots=True)
class Sizings:
    """Size models on demand, once each.

    Attributes:
        directory: Where answers are kept for the length of the run.
        substitutes: Models that stand in for others.
        root: What local folders are relative to.
        announce: Told what is being waited for.
    """

    directory: Path
    substitutes: Mapping[str, Path]
    root: Path
    announce: Callable[[str], None]

    def of(self, asked: Asked) -> Sized:
        """Return the sizes of a model; no weight is read, and none need be there.

        Raises:
            ModelError: MLX is not installed, the configuration cannot be had, or mlx-lm cannot
                build it.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        key = hashlib.sha256(json.dumps(asdict(asked)).encode()).hexdigest()[:16]
        kept = self.directory / f"{key}.kept"
        with locked(self.directory / f"{key}.lock"):
            if not kept.exists():
                write_whole(kept, json.dumps(self._answer(asked)))
        answer = json.loads(kept.read_text())
        if "fault" in answer:
            raise ModelError(answer["fault"])
        return Sized(
            Sizes.from_json(answer),
            answer["reference"],
            answer["backend"],
            answer["working_set_bytes"],
        )

    def _answer(self, asked: Asked) -> dict[str, Any]:
        if importlib.util.find_spec("mlx_lm") is None:
            return {"fault": f"mlx-lm is not installed, so no model can be sized: {INSTALL}"}
        file = self.root / Path(asked.model).expanduser()
        try:
            reference = str(file) if file.is_file() else self._located(asked.model)
            question = Question(
                task="sizing",
                what=f"the sizes of {asked.model!r}",
                request={**asdict(asked), "model": reference},
                timeout_seconds=SECONDS,
            )
            answer = ask(question, self.directory, self.announce)[-1]
        except ModelError as error:
            return {"fault": str(error)}
        return {**answer, "reference": reference}

    def _located(self, name: str) -> str:
        if name.endswith(".json"):
            message = f"there is no file {self.root / name}. Give a config.json that is there."
            raise ModelError(message)
        return locate(name, self.substitutes, self.root).reference
