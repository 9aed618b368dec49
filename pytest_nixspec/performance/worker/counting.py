"""Counts of a configuration that are none are refused before a model is built of them."""

from typing import Any

MOST_LAYERS = 10_000
COUNTS = (
    "vocab_size", "num_hidden_layers", "hidden_size", "num_attention_heads",
    "num_key_value_heads", "max_position_embeddings",
)  # fmt: skip


class UnsizableError(Exception):
    """This model cannot be sized; the message says why, and what would help."""


def must_count(config: dict[str, Any]) -> None:
    """Refuse what cannot be counted, before mlx-lm says something else about it.

    Raises:
        UnsizableError: A count is none, or no model has so many layers.
    """
    for name in COUNTS:
        value = config.get(name, 1)
        # Some say it for each layer.
        if (
            value is not None
            and not isinstance(value, list)
            and (not isinstance(value, int) or value < 1)
        ):
            message = (
                f"config.json says {name} = {value!r}, which must be a whole number from 1 up."
            )
            raise UnsizableError(message)
    if config.get("num_hidden_layers", 1) > MOST_LAYERS:
        message = f"config.json says {config['num_hidden_layers']} layers: more than {MOST_LAYERS}."
        raise UnsizableError(message)
    own = config.get("quantization")
    if own is not None and not isinstance(own, dict):
        message = f"config.json says quantization = {own!r}, which must be a table."
        raise UnsizableError(message)
