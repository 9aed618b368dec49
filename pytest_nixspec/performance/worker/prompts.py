"""The prompts of a workload: as many tokens as asked for, the same for the same seed."""

import random
from typing import Any

TEXTS = {
    "plan": (
        "We want to move the order service out of the monolith. Orders are written by the web "
        "application and read by billing, shipping and the reports. List what must be decided "
        "first, which data belongs to whom, in which order the steps can be taken so that every "
        "one of them can be undone, and what could go wrong at each. Name what you do not know. "
    ),
    "build": (
        "defmodule Shop.Orders do\n  import Ecto.Query\n  alias Shop.{Order, Repo}\n\n"
        '  @doc "Return the open orders of a customer, the newest first."\n'
        "  def open(customer_id) do\n    from(o in Order,\n      where: o.customer_id == "
        "^customer_id and is_nil(o.closed_at),\n      order_by: [desc: o.inserted_at])\n"
        "    |> Repo.all()\n  end\n\n  # Now write close/2, which closes an order once.\n"
    ),
    "review": (
        "Review this change. It adds a cache to the price lookup: the key is the article, the "
        "value is kept for an hour, and the cache is filled by whoever asks first. Prices may "
        "change during the day, and an order must have the price that the customer was shown. "
        "Say what is wrong, what is missing, how you would test it, and what you would leave. "
    ),
}  # fmt: skip
OTHER = (
    "A development environment is a promise: whoever enters it finds the same programs, in the "
    "same versions, with the same variables. A specification says what was promised, and a test "
    "tells whether the promise is kept today, on this machine, by the tools that are really here. "
)


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
    tokens: list[int] = tokenizer.encode(TEXTS.get(request["purpose"], OTHER))
    # Each begins elsewhere in the text, so that no two sequences of a batch are one.
    starts = [0, *(chance.randrange(len(tokens)) for _ in sequences[1:])]
    repeated = tokens * (2 + count // len(tokens))
    return [repeated[start : start + count] for start in starts]
