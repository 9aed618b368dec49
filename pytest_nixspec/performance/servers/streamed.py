"""What one generation of an endpoint showed, and what it did not."""

from dataclasses import asdict, dataclass
from typing import Any, Self

FEWEST_TOKENS = 8
"""A rate over fewer tokens says nothing."""

NO_MEMORY = "an OpenAI-compatible API does not tell the memory of its server"
NO_IDS = "an OpenAI-compatible API tells text, not token ids: the digest is of the text"


@dataclass(frozen=True, slots=True)
class EndpointSample:
    """One generation by an endpoint, as its client saw it.

    Times are taken as chunks arrive, in seconds from the request; the network is in them.

    Attributes:
        route: What answered: `completions` or `chat/completions`.
        asked_tokens: The most tokens that were asked for.
        chunk_seconds: When each chunk that brings text came.
        prompt_tokens: By the server's count; None where it does not tell.
        cached_prompt_tokens: Those of them that it had kept from before; None where it does not
            tell.
        completion_tokens: By the server's count; None where it does not tell.
        finish_reason: `length`, `stop` or the server's own word; None where it gave none.
        text_digest: SHA-256 of the generated text in UTF-8.
    """

    route: str
    asked_tokens: int
    chunk_seconds: tuple[float, ...]
    prompt_tokens: int | None
    cached_prompt_tokens: int | None
    completion_tokens: int | None
    finish_reason: str | None
    text_digest: str

    @property
    def first_token_seconds(self) -> float | None:
        """Seconds from the request to the first text; None where there was none."""
        return self.chunk_seconds[0] if self.chunk_seconds else None

    @property
    def between_chunks_seconds(self) -> list[float]:
        """Seconds between one chunk and the next."""
        following = self.chunk_seconds[1:]
        return [
            later - earlier for earlier, later in zip(self.chunk_seconds, following, strict=False)
        ]

    @property
    def ended_early(self) -> bool:
        """Whether the model ended by itself before it had made what was asked for."""
        made = self.completion_tokens
        return made < self.asked_tokens if made is not None else self.finish_reason == "stop"

    @property
    def peak_memory_bytes(self) -> None:
        """None: see `untold`."""
        return None

    @property
    def generation_tps(self) -> float | None:
        """Tokens per second while decoding, (N-1)/(last-first); None where `untold` says why."""
        made = self.completion_tokens
        if self._no_generation_tps() is not None or made is None:
            return None
        return (made - 1) / self._decode_seconds()

    @property
    def prompt_tps(self) -> float | None:
        """Prompt tokens per second until the first text; None where `untold` says why."""
        first = self.first_token_seconds
        if self._no_prompt_tps() is not None or self.prompt_tokens is None or not first:
            return None
        return self.prompt_tokens / first

    def untold(self) -> dict[str, str]:
        """Return what cannot be said of this generation, each with its reason."""
        reasons = {
            "generation_tps": self._no_generation_tps(),
            "prompt_tps": self._no_prompt_tps(),
            "peak_memory": NO_MEMORY,
            "token_digest": NO_IDS,
        }
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def caveats(self) -> list[str]:
        """Return what must be known of the figures that there are."""
        told = []
        chunks, made = len(self.chunk_seconds), self.completion_tokens
        if self.ended_early:
            told.append(f"it ended early: {_count(made)} of {self.asked_tokens} tokens")
        if self.generation_tps is not None and made is not None and made != chunks:
            most = (made - 1) / (chunks - 1) - 1
            how = f"the rate may be up to {most:.0%} too high" if most > 0 else "some were empty"
            told.append(f"{made} tokens came in {chunks} chunks: {how}")
        if self.prompt_tps is not None and self.cached_prompt_tokens is None:
            told.append("the server does not tell whether it had kept a part of the prompt")
        return told

    def to_json(self) -> dict[str, Any]:
        """Return the sample as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` made; a missing field raises `TypeError` or `KeyError`."""
        return cls(**{**data, "chunk_seconds": tuple(data["chunk_seconds"])})

    def _decode_seconds(self) -> float:
        return self.chunk_seconds[-1] - self.chunk_seconds[0] if self.chunk_seconds else 0.0

    def _no_generation_tps(self) -> str | None:
        made = self.completion_tokens
        if made is None:
            return "the server sent no usage, so its chunks may hold any number of tokens"
        if made < FEWEST_TOKENS:
            return f"{made} tokens are too few for a rate, which takes {FEWEST_TOKENS}"
        if self._decode_seconds() <= 0:
            return f"all {made} tokens came at once"
        return None

    def _no_prompt_tps(self) -> str | None:
        if self.prompt_tokens is None:
            return "the server sent no usage, so the length of the prompt is not known"
        if not self.chunk_seconds:
            return "no text came"
        if self.cached_prompt_tokens:
            kept = f"{self.cached_prompt_tokens} of {self.prompt_tokens}"
            return f"the server had kept {kept} tokens of the prompt from before"
        return None


@dataclass(frozen=True, slots=True)
class EndpointBatch:
    """Generations that were asked for at once.

    Attributes:
        samples: One for each stream.
        started_seconds: When each was asked for, from the first of them.
    """

    samples: tuple[EndpointSample, ...]
    started_seconds: tuple[float, ...]

    @property
    def aggregate_tps(self) -> float | None:
        """Tokens per second of all streams, while all of them ran; None where `untold` says why.

        The interval is from the last stream's first text to the first stream's last text.
        """
        interval = self._common()
        if self.untold() is not None or interval is None:
            return None
        first, last = interval
        return sum(self._tokens_between(number, first, last) for number in self._numbers()) / (
            last - first
        )

    def untold(self) -> str | None:
        """Return why there is no aggregate rate; None where there is one."""
        if any(sample.completion_tokens is None for sample in self.samples):
            return "the server sent no usage, so its chunks may hold any number of tokens"
        if self._common() is None:
            return "the streams did not run at once: the server answers one after another"
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the batch as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` made; a missing field raises `TypeError` or `KeyError`."""
        samples = tuple(map(EndpointSample.from_json, data["samples"]))
        return cls(samples, tuple(data["started_seconds"]))

    def _numbers(self) -> range:
        return range(len(self.samples))

    def _times(self, number: int) -> list[float]:
        started = self.started_seconds[number]
        return [started + seconds for seconds in self.samples[number].chunk_seconds]

    def _common(self) -> tuple[float, float] | None:
        times = [self._times(number) for number in self._numbers()]
        if not all(times):
            return None
        first, last = max(t[0] for t in times), min(t[-1] for t in times)
        return (first, last) if last > first else None

    def _tokens_between(self, number: int, first: float, last: float) -> float:
        times = self._times(number)
        each = (self.samples[number].completion_tokens or 0) / len(times)
        return each * sum(first < time <= last for time in times)


def _count(tokens: int | None) -> str:
    return "fewer" if tokens is None else str(tokens)
