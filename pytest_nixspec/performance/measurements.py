"""The measurements of one run: each profile is measured once, in a process of its own."""

import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from pytest_nixspec import process
from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance.device import Device
from pytest_nixspec.performance.measurement import Measurement, Sample
from pytest_nixspec.performance.model import Model, locate
from pytest_nixspec.performance.profile import Profile

QUIET_SECONDS = 5.0
WORKER = Path(__file__).with_name("worker.py")
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
        progress = self.directory / f"{profile.name}.progress"
        request = {**asdict(profile), "model": model.reference, "progress": str(progress)}
        offline = {"HF_HUB_OFFLINE": "1"} if model.path else {}
        done = process.run(
            # -P: the worker's own folder, with its profile.py, must not shadow Python's.
            [sys.executable, "-P", WORKER],
            env={**os.environ, **offline},
            deadline=_Progress(profile, progress, self.announce),
            stdin=json.dumps(request).encode(),
        )
        if not done.ok:
            raise ModelError(_death(profile, done))
        answer: dict[str, Any] = json.loads(done.text)
        return answer


@dataclass(slots=True)
class _Progress:
    """A deadline that passes on what the worker last wrote down."""

    profile: Profile
    file: Path
    announce: Callable[[str], None]
    _announced: float = 0.0

    def __call__(self, elapsed: float) -> bool:
        if elapsed - self._announced >= QUIET_SECONDS and self.file.exists():
            self._announced = elapsed
            last = self.file.read_text().splitlines()[-1]
            self.announce(f"profile {self.profile.name}: {last}, {elapsed:.0f} s")
        return elapsed >= self.profile.timeout_seconds


def _death(profile: Profile, done: process.Completed) -> str:
    said = "\n".join(done.error_text.splitlines()[-6:])
    if done.timed_out:
        how = f"did not end within {profile.timeout_seconds:g} s"
    elif done.returncode == -signal.SIGSEGV:
        how = "died by SIGSEGV, which is how MLX ends on a CPU where memory runs out"
    elif done.returncode < 0:
        how = f"was killed by {signal.Signals(-done.returncode).name}"
    else:
        how = f"failed (exit code {done.returncode})"
    return f"the worker of profile {profile.name!r} with model {profile.model!r} {how}:\n{said}"


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
