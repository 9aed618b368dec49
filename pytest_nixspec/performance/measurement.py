"""What was measured: raw samples, what they were taken of, and their medians."""

import statistics
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, TypeAlias

Metric: TypeAlias = Literal["generation_tps", "prompt_tps", "peak_memory"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One repetition.

    Attributes:
        prompt_seconds: From the start to the first token: prefill, and the first step.
        token_seconds: When each generated token came, from the start.
        peak_memory_bytes: The most that MLX held during this repetition.
        token_digest: SHA-256 of the generated tokens.
    """

    prompt_seconds: float
    token_seconds: tuple[float, ...]
    peak_memory_bytes: int
    token_digest: str

    @property
    def seconds_per_token(self) -> float:
        """Seconds per token while decoding: the first token belongs to the prompt.

        mlx-lm's own figure counts the first token as well, and is N/(N-1) too fast.
        """
        return (self.token_seconds[-1] - self.token_seconds[0]) / (len(self.token_seconds) - 1)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what the worker said; a missing field raises `TypeError` or `KeyError`."""
        return cls(**{**data, "token_seconds": tuple(data["token_seconds"])})


@dataclass(frozen=True, slots=True)
class Measurement:
    """The samples of one profile on one device.

    Attributes:
        profile: The profile's name.
        fingerprint: All that must agree before two measurements may be compared.
        prompt_tokens: Tokens of the prompt.
        samples: The repetitions, in order.
        load_seconds: Time to load the model.
        quantization_bits: As the model's own configuration says; None where it says nothing.
    """

    profile: str
    fingerprint: dict[str, Any]
    prompt_tokens: int
    samples: tuple[Sample, ...]
    load_seconds: float
    quantization_bits: int | None

    def values(self, metric: Metric) -> list[float]:
        """Return a metric for each repetition: tokens per second, or bytes."""
        if metric == "peak_memory":
            return [float(sample.peak_memory_bytes) for sample in self.samples]
        if metric == "prompt_tps":
            return [self.prompt_tokens / sample.prompt_seconds for sample in self.samples]
        return [1 / sample.seconds_per_token for sample in self.samples]

    def typical(self, metric: Metric) -> float:
        """Return the median of a metric; of memory the maximum, since that is what must fit."""
        values = self.values(metric)
        return max(values) if metric == "peak_memory" else statistics.median(values)

    def to_json(self) -> dict[str, Any]:
        """Return the measurement as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` made; a missing field raises `KeyError` or `TypeError`."""
        return cls(**{**data, "samples": tuple(map(Sample.from_json, data["samples"]))})
