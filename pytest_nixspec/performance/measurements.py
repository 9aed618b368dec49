"""The measurements of one run: each profile is measured once, in a process of its own."""

import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance.asking import Question, ask
from pytest_nixspec.performance.device import Device
from pytest_nixspec.performance.measurement import Measurement, Sample
from pytest_nixspec.performance.model import Model, locate
from pytest_nixspec.performance.profile import Profile

INSTALL = "pip install 'pytest-nixspec[mlx]'"


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measure profiles on demand, once each, whichever worker comes first.

    Attributes:
        directory: Where measurements are kept for the length of the run.
        substitutes: Models that stand in for others.
        root: What local folders of models are relative to.
        announce: Told what is being waited for.
    """

    directory: Path
    substitutes: Mapping[str, Path]
    root: Path
    announce: Callable[[str], None]

    def of(self, profile: Profile) -> Measurement:
        """Return the measurement of a profile.

        Raises:
            ModelError: MLX is not installed, or the model could not be loaded or run.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        kept = self.directory / f"{profile.name}.json"
        # One lock for all profiles: two models at once would measure each other.
        with FileLock(self.directory / "measuring.lock"):
            if not kept.exists():
                new = kept.with_suffix(".new")
                new.write_text(json.dumps(self._kept(profile)))
                new.replace(kept)
        read = json.loads(kept.read_text())
        if "error" in read:
            raise ModelError(read["error"])
        return Measurement.from_json(read)

    def _kept(self, profile: Profile) -> dict[str, object]:
        try:
            return self._measure(profile).to_json()
        except ModelError as error:
            return {"error": str(error)}

    def _measure(self, profile: Profile) -> Measurement:
        if importlib.util.find_spec("mlx_lm") is None:
            message = f"mlx-lm is not installed, so no profile can be measured: {INSTALL}"
            raise ModelError(message)
        model = locate(profile.model, self.substitutes, self.root)
        answer = self._ask_worker(profile, model)
        return Measurement(
            profile=profile.name,
            fingerprint=_fingerprint(profile, model, answer),
            prompt_tokens=answer["prompt_tokens"],
            samples=tuple(map(Sample.from_json, answer["samples"])),
            load_seconds=answer["load_seconds"],
            quantization_bits=answer["quantization_bits"],
        )

    def _ask_worker(self, profile: Profile, model: Model) -> dict[str, Any]:
        question = Question(
            task="measuring",
            what=f"profile {profile.name!r} with model {profile.model!r}",
            request={**asdict(profile), "model": model.reference},
            timeout_seconds=profile.timeout_seconds,
            ranks=({"HF_HUB_OFFLINE": "1"} if model.path else {},),
        )
        return ask(question, self.directory, self.announce)[-1]


def _fingerprint(profile: Profile, model: Model, answer: dict[str, Any]) -> dict[str, Any]:
    device = Device.here()
    return {
        "chip": device.chip,
        "gpu_cores": device.gpu_cores,
        "cpus": device.cpus,
        # Rounded, since kernels keep a little of it for themselves.
        "memory_gib": round(device.memory_bytes / 2**30),
        "system": device.system,
        "backend": answer["backend"],
        **answer["engine"],
        "model": model.identity(),
        "prompt_tokens": profile.prompt_tokens,
        "generation_tokens": profile.generation_tokens,
        "batch_size": profile.batch_size,
        "tensor_parallel": profile.tensor_parallel,
        "temperature": profile.temperature,
        "seed": profile.seed,
    }
