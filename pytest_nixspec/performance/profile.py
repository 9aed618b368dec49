"""How a model is to be run."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Prompts: TypeAlias = Literal["text", "random"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the specification.

    Attributes:
        name: `plan`, `build`, `review`, or any other.
        model: A name on the hub, or a local folder; with an endpoint, a name that it knows.
        endpoint: A server to ask, `http://…/v1` or `env:OLLAMA_HOST`; None to load the model.
        tensor_parallel: Ranks the model is to be split over.
        max_gpus: The most ranks there may be.
        hosts: A hosts file in MLX's format, one device each; None for this machine alone.
        vram_limit: Bytes that the model and its work may take; None for no limit.
        batch_size: Sequences generated at once.
        quantization_bits: Bits of a weight; None where the model decides.
        temperature: Of the sampler; 0 is greedy.
        prompts: Real text for the profile's purpose, or random tokens.
        prompt_tokens: Tokens of each prompt.
        generation_tokens: Tokens to generate in each sequence; the end-of-text token ends nothing.
        prefill_step_size: Tokens of a prompt that are processed at once.
        processes: Fresh processes, each of which loads the model; they are what is compared.
        repetitions: Samples to take in each.
        seed: Of the sampler and of the prompts, the same for every repetition.
        timeout_seconds: For loading and all repetitions of one process.
    """

    name: str
    model: str
    endpoint: str | None = None
    tensor_parallel: int = 1
    max_gpus: int = 1
    hosts: str | None = None
    vram_limit: int | None = None
    batch_size: int = 1
    quantization_bits: int | None = None
    temperature: float = 0.0
    prompts: Prompts = "text"
    prompt_tokens: int = 32
    generation_tokens: int = 32
    prefill_step_size: int = 2048
    processes: int = 3
    repetitions: int = 2
    seed: int = 0
    timeout_seconds: float = 900.0

    def world_size(self, devices: int) -> int:
        """Return the ranks it is run with: those asked for, where there are devices for them."""
        return min(self.tensor_parallel, self.max_gpus, devices)
