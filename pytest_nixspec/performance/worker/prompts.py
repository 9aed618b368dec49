"""The prompts of a workload: as many tokens as asked for, the same for the same seed."""

import random
from typing import Any

from pytest_nixspec.performance.texts import text_for


def prompts_of(request: dict[str, Any], tokenizer: Any, vocabulary: int) -> list[list[int]]:
    """Return the prompt of each sequence, `prompt_tokens` long.

    Args:
        request: `prompts`, which is `text` or `random`; `purpose`, whose text is taken; `seed`.
        tokenizer: The model's.
        vocabulary: Tokens that the model knows, of which random ones are drawn.
    """
    count, chance = request["prompt_tokens"], random.Random(request["seed"])  # noqa: S311 - no secret
    sequences = range(request["batch_size"])
    if request["prompts"] == "random":
        return [[chance.randrange(vocabulary) for _ in range(count)] for _ in sequences]
    tokens: list[int] = tokenizer.encode(text_for(request["purpose"]))
    # Each begins elsewhere in the text, so that no two sequences of a batch are one.
    starts = [0, *(chance.randrange(len(tokens)) for _ in sequences[1:])]
    repeated = tokens * (2 + count // len(tokens))
    return [repeated[start : start + count] for start in starts]
