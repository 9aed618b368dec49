"""How a model is to be run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the specification.

    Attributes:
        name: `plan`, `build`, `review`, or any other.
        model: A name on the hub, or a local folder.
        tensor_parallel: Ranks the model is to be split over.
        max_gpus: The most ranks there may be.
        vram_limit: Bytes that the model and its work may take; None for no limit.
        batch_size: Sequences generated at once.
        quantization_bits: Bits of a weight; None where the model decides.
        temperature: Of the sampler; 0 is greedy.
        prompt_tokens: Tokens of the prompt.
        generation_tokens: Tokens to generate; the end-of-text token does not end it.
        repetitions: Samples to take.
        seed: Of the sampler, the same for every repetition.
        timeout_seconds: For loading and all repetitions together.
    """

    name: str
    model: str
    tensor_parallel: int
    max_gpus: int
    vram_limit: int | None
    batch_size: int
    quantization_bits: int | None
    temperature: float
    prompt_tokens: int
    generation_tokens: int
    repetitions: int
    seed: int
    timeout_seconds: float

    def unsupported(self) -> str | None:
        """Return what of this profile cannot be measured yet; None where all can."""
        if self.tensor_parallel > 1:
            return f"tensor_parallel = {self.tensor_parallel}: one rank is all that is measured"
        if self.batch_size > 1:
            return f"batch_size = {self.batch_size}: one sequence is all that is measured"
        return None
