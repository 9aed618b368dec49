"""What a configuration says, under the many names that architectures have for the same."""

from typing import Any

MOST_LAYERS = 10_000
COUNTS = (
    "vocab_size", "num_hidden_layers", "hidden_size", "num_attention_heads",
    "num_key_value_heads", "max_position_embeddings",
)  # fmt: skip
EXPERTS_PER_TOKEN = (
    "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts",
    "moe_top_k", "moe_topk", "moe_k", "moe_router_topk", "num_selected_experts",
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


class Known:
    """What configuration and arguments say, under the names that architectures give it."""

    def __init__(self, config: dict[str, Any], model: Any) -> None:
        arguments = vars(model.args) if hasattr(model, "args") else {}
        text = arguments.get("text_config") or config.get("text_config") or {}
        self.sources = (arguments, config, text if isinstance(text, dict) else vars(text))
        self.kind = config["model_type"]

    def number(self, names: tuple[str, ...], default: int | None = None) -> int:
        """Return the first that is said; without a default, what nobody says is a fault."""
        for source in self.sources:
            for name in names:
                value = source.get(name)
                # Some give one for each layer: the widest decides.
                widest = max(value) if isinstance(value, list) and value else value
                if isinstance(widest, int):
                    return widest
        if default is None:
            message = f"the configuration of this {self.kind!r} says none of: {', '.join(names)}."
            raise UnsizableError(message)
        return default
