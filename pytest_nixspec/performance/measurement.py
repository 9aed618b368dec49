"""What was measured: raw samples by process, what they were taken of, and their medians."""

import itertools
import statistics
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self, TypeAlias

from pytest_nixspec.errors import UntoldError

Metric: TypeAlias = Literal["generation_tps", "prompt_tps", "peak_memory"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One repetition.

    Attributes:
        prompt_seconds: From the start to the first token of all sequences: prefill, and a step.
        token_seconds: When each step ended, from the start; a step is a token of each sequence.
        peak_memory_bytes: The most that MLX held during this repetition.
        cache_memory_bytes: What MLX kept at its end for reuse, which the peak leaves out.
        footprint_bytes: The most that the process ever had, as its system counts.
        cpu_seconds: Processor time of the process during this repetition.
        token_digest: SHA-256 of the generated tokens; of their text, where a server tells no more.
        tokens: Tokens of a sequence from the first time to the last; None where each time is one.

    What a server does not tell of its memory is None.
    """

    prompt_seconds: float
    token_seconds: tuple[float, ...]
    peak_memory_bytes: int | None
    cache_memory_bytes: int | None
    footprint_bytes: int | None
    cpu_seconds: float | None
    token_digest: str
    tokens: float | None = None

    @property
    def step_seconds(self) -> tuple[float, ...]:
        """The seconds between one step and the next; the first token belongs to the prompt."""
        times = self.token_seconds
        return tuple(after - before for before, after in itertools.pairwise(times))

    @property
    def seconds_per_step(self) -> float:
        """Seconds per step while decoding: (t_last - t_first) / (N - 1).

        mlx-lm's own figure counts the first token as well, and is N/(N-1) too fast.
        """
        tokens = len(self.token_seconds) if self.tokens is None else self.tokens
        return (self.token_seconds[-1] - self.token_seconds[0]) / (tokens - 1)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what a worker told; a missing field raises `TypeError` or `KeyError`."""
        return cls(**{**data, "token_seconds": tuple(data["token_seconds"])})


@dataclass(frozen=True, slots=True)
class Process:
    """The samples of one process.

    Attributes:
        samples: The repetitions, in order.
        load_seconds: Time to load the model.
        warm_up: How many of the first samples are no part of the steady state.
        faults: Why its times cannot be trusted: the machine was busy, they were not steady.
        energy_joules: What the whole machine used meanwhile; None where it does not tell.
        read_bytes_per_second: What this machine read memory with, measured on the spot.
    """

    samples: tuple[Sample, ...]
    load_seconds: float
    warm_up: int = 0
    faults: tuple[str, ...] = ()
    energy_joules: float | None = None
    read_bytes_per_second: float | None = None

    @property
    def steady(self) -> tuple[Sample, ...]:
        """The samples of the steady state."""
        return self.samples[self.warm_up :]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `asdict` made; a missing field raises `KeyError` or `TypeError`."""
        samples = tuple(map(Sample.from_json, data["samples"]))
        return cls(**{**data, "samples": samples, "faults": tuple(data["faults"])})


@dataclass(frozen=True, slots=True)
class Identity:
    """What is the same in every process, and exact.

    Attributes:
        greedy_digest: SHA-256 of the tokens that greedy decoding gives for the prompts.
        structure: How often each operation occurs in one decode step; empty with several ranks.
        quantization: `bits`, `group_size`, `mode`, as the model's own configuration says, and
            `weights_by_bits`, how many weights of matrices have so many bits.
        weight_bytes: Bytes of all weights as they are loaded.
        decode_bytes: Bytes of weights that one decode step reads; of experts those expected under
            uniform routing.

    Of a model behind a server nothing of it is known but the text that it generates.
    """

    greedy_digest: str
    structure: dict[str, int]
    quantization: dict[str, Any]
    weight_bytes: int | None
    decode_bytes: int | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """The samples of one profile on one device.

    Attributes:
        profile: The profile's name.
        fingerprint: All that must agree before two measurements may be compared.
        prompt_tokens: Tokens of each prompt.
        batch_size: Sequences of a step.
        processes: The processes, in order; one is the unit of comparison.
        identity: What is exact.
        world_size: Ranks, as asked for and as they were.
        untold: What of the machine's state could not be observed.
    """

    profile: str
    fingerprint: dict[str, Any]
    prompt_tokens: int
    batch_size: int
    processes: tuple[Process, ...]
    identity: Identity
    world_size: dict[str, int] = field(default_factory=lambda: {"requested": 1, "effective": 1})
    untold: tuple[str, ...] = ()

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The repetitions of all processes."""
        return tuple(sample for process in self.processes for sample in process.samples)

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the times cannot be trusted, each reason once."""
        return tuple(dict.fromkeys(fault for p in self.processes for fault in p.faults))

    @property
    def load_seconds(self) -> float:
        """The median time to load the model."""
        return statistics.median(process.load_seconds for process in self.processes)

    def values(self, metric: Metric) -> list[float]:
        """Return a metric for each process: the median of its repetitions.

        Rates are tokens per second of all sequences together; memory is in bytes.

        Raises:
            UntoldError: The server that runs the model does not tell it.
        """
        return [
            statistics.median(self._value(metric, sample) for sample in process.steady)
            for process in self.processes
        ]

    def typical(self, metric: Metric) -> float:
        """Return the median of a metric; of memory the maximum, since that is what must fit."""
        if metric == "peak_memory":
            return max(self._value(metric, sample) for sample in self.samples)
        return statistics.median(self.values(metric))

    def bandwidth_utilisation(self) -> float | None:
        """Return the fraction of the measured bandwidth at which weights were read (MBU)."""
        read, rate = self.identity.decode_bytes, self.read_bytes_per_second
        if read is None or rate is None:
            return None
        return self.typical("generation_tps") / self.batch_size * read / rate

    @property
    def read_bytes_per_second(self) -> float | None:
        """The median of what the processes read memory with; None where nobody measured it."""
        rates = [p.read_bytes_per_second for p in self.processes if p.read_bytes_per_second]
        return statistics.median(rates) if rates else None

    def _value(self, metric: Metric, sample: Sample) -> float:
        if metric == "peak_memory":
            if sample.peak_memory_bytes is None:
                message = "an OpenAI-compatible API does not tell the memory of its server"
                raise UntoldError(message)
            return float(sample.peak_memory_bytes)
        if metric == "prompt_tps":
            return self.batch_size * self.prompt_tokens / sample.prompt_seconds
        return self.batch_size / sample.seconds_per_step

    def to_json(self) -> dict[str, Any]:
        """Return the measurement as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` made; a missing field raises `KeyError` or `TypeError`."""
        return cls(
            **{
                **data,
                "processes": tuple(map(Process.from_json, data["processes"])),
                "identity": Identity(**data["identity"]),
                "untold": tuple(data["untold"]),
            }
        )
