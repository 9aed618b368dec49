"""The measurements of one run: each profile is measured once, in processes of its own."""

import importlib.util
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pytest_nixspec.errors import ModelError, OverMemoryLimitError
from pytest_nixspec.files import locked, write_whole
from pytest_nixspec.performance.asking import Question, ask
from pytest_nixspec.performance.hub import fetch
from pytest_nixspec.performance.machine import fitness
from pytest_nixspec.performance.machine.device import Device
from pytest_nixspec.performance.machine.observing import Observation, own_cpu_seconds
from pytest_nixspec.performance.measurement import Identity, Measurement, Process, Sample
from pytest_nixspec.performance.model import Model, locate
from pytest_nixspec.performance.profile import Profile
from pytest_nixspec.performance.ring import Rank, Ring
from pytest_nixspec.performance.servers.serving import measure_server
from pytest_nixspec.performance.steady import steady_from

INSTALL = "pip install 'pytest-nixspec[mlx]'"
_IDENTITY = (
    "greedy_digest", "structure", "quantization", "weight_bytes", "decode_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Taken:
    process: Process
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measure profiles on demand, once each, whichever worker comes first.

    Attributes:
        directory: Where measurements are kept for the length of the run.
        substitutes: Models that stand in for others.
        root: What local folders of models are relative to.
        announce: Told what is being waited for.
        is_quick: Whether to take as few processes and samples as make a measurement.
    """

    directory: Path
    substitutes: Mapping[str, Path]
    root: Path
    announce: Callable[[str], None]
    is_quick: bool = False

    def of(self, profile: Profile) -> Measurement:
        """Return the measurement of a profile.

        Raises:
            ModelError: MLX is not installed, or the model could not be loaded or run.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        kept = self.directory / f"{profile.name}.json"
        # One lock for all profiles: two models at once would measure each other.
        with locked(self.directory / "measuring.lock"):
            if not kept.exists():
                write_whole(kept, json.dumps(self._kept(profile)))
        read = json.loads(kept.read_text())
        if "error" in read:
            raise (OverMemoryLimitError if read["is_over_limit"] else ModelError)(read["error"])
        return Measurement.from_json(read)

    def _kept(self, profile: Profile) -> dict[str, object]:
        try:
            return self._measure(_quick(profile) if self.is_quick else profile).to_json()
        except ModelError as error:
            is_over_limit = isinstance(error, OverMemoryLimitError)
            return {"error": str(error), "is_over_limit": is_over_limit}

    def _measure(self, profile: Profile) -> Measurement:
        if profile.endpoint is not None:
            return measure_server(profile, profile.endpoint)
        if importlib.util.find_spec("mlx_lm") is None:
            message = f"mlx-lm is not installed, so no profile can be measured: {INSTALL}"
            raise ModelError(message)
        ring = Ring.of(profile.hosts, self.root)
        size = profile.world_size(len(ring.hosts))
        model = self._local(profile.model)
        before = Observation.now()
        took = [self._take(profile, model, ring.ranks(size), n) for n in range(profile.processes)]
        untold = fitness.untold(before, Observation.now())
        first = took[0].answer
        return Measurement(
            profile=profile.name,
            fingerprint={**_fingerprint(profile, model, first), "machines": ring.machines(size)},
            prompt_tokens=first["prompt_tokens"],
            batch_size=profile.batch_size,
            processes=tuple(one.process for one in took),
            identity=Identity(**{name: first[name] for name in _IDENTITY}),
            world_size={"requested": profile.tensor_parallel, "effective": first["ranks"]},
            untold=tuple(f"not observed: {what}" for what in untold),
        )

    def _take(
        self, profile: Profile, model: Model, ranks: tuple[Rank, ...], number: int
    ) -> "_Taken":
        """Return what one process came to, with the state of the machine meanwhile."""
        before, used = Observation.now(), own_cpu_seconds()
        told = self._ask(profile, model, ranks, number)
        after = Observation.now()
        unfit_for = fitness.unfit(before, after, own_cpu_seconds() - used)
        energy = fitness.spent_joules(before, after)
        bandwidth = told[-1]["read_bytes_per_second"]
        process = replace(
            process_of(told, unfit_for), energy_joules=energy, read_bytes_per_second=bandwidth
        )
        return _Taken(process, told[-1])

    def _local(self, name: str) -> Model:
        """Return a model in a local folder: one of the hub is fetched, if it is not here yet."""
        model = locate(name, self.substitutes, self.root)
        if model.path is not None:
            return model
        return Model(name, fetch(name, self.directory, self.announce))

    def _ask(
        self, profile: Profile, model: Model, ranks: tuple[Rank, ...], number: int
    ) -> list[dict[str, Any]]:
        request = {
            **asdict(profile),
            "model": model.reference,
            "purpose": profile.name,
            "is_first": number == 0,
        }
        question = Question(
            task="measuring",
            what=f"profile {profile.name!r} with model {profile.model!r}",
            request=request,
            timeout_seconds=profile.timeout_seconds,
            variables={"HF_HUB_OFFLINE": "1"},
            ranks=ranks,
        )
        note = f"process {number + 1} of {profile.processes}"
        return ask(question, self.directory, lambda text: self.announce(f"{text} ({note})"))


def _quick(profile: Profile) -> Profile:
    return replace(profile, processes=min(2, profile.processes), repetitions=1)


def process_of(told: list[dict[str, Any]], unfit_for: list[str]) -> Process:
    """Return the samples of a process, and where its steady state begins.

    Args:
        told: What the worker told, its result last.
        unfit_for: Why the machine was not fit to measure meanwhile.
    """
    samples = [Sample.from_json(_without_event(e)) for e in told if e["event"] == "sample"]
    steps = [seconds for sample in samples for seconds in sample.step_seconds]
    begins = itertools.accumulate((len(sample.step_seconds) for sample in samples), initial=0)
    start = steady_from(steps)
    if start is None:
        faults = (*unfit_for, f"the times of {len(steps)} steps are not steady")
        return Process(tuple(samples), told[-1]["load_seconds"], faults=faults)
    # A sample that begins in the warm-up belongs to it, unless it is the only one.
    before = sum(first < start for first, _ in zip(begins, samples, strict=False))
    warm_up = min(before, len(samples) - 1)
    return Process(tuple(samples), told[-1]["load_seconds"], warm_up, tuple(unfit_for))


def _without_event(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "event"}


def _fingerprint(profile: Profile, model: Model, answer: dict[str, Any]) -> dict[str, Any]:
    device = Device.here()
    quantization = [answer["quantization"][key] for key in ("mode", "bits", "group_size")]
    return {
        "chip": device.chip,
        "gpu_cores": device.gpu_cores,
        "cpus": device.cpus,
        # Rounded, since kernels keep a little of it for themselves.
        "memory_gib": round(device.memory_bytes / 2**30),
        "system": device.system,
        "os": device.release,
        "backend": answer["backend"],
        **answer["engine"],
        "model": model.identity(),
        "quantization": " ".join(map(str, quantization)),
        "dtype": answer["dtype"],
        "prompts": profile.prompts,
        "prompt_tokens": profile.prompt_tokens,
        "generation_tokens": profile.generation_tokens,
        "prefill_step_size": profile.prefill_step_size,
        "batch_size": profile.batch_size,
        "world_size": answer["ranks"],
        "temperature": profile.temperature,
        "seed": profile.seed,
    }
