"""Tiny models with seeded random weights, made by mlx-lm's own conversion; loads MLX.

Run by itself, in a process of its own: `python tiny.py CONFIG.json FOLDER [bits group_size]`.
"""

import json
import sys
from pathlib import Path
from typing import Any

LLAMA = {
    "model_type": "llama",
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "intermediate_size": 384,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "rms_norm_eps": 1e-5,
    "vocab_size": 512,
    "max_position_embeddings": 32768,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
}
"""Dense, with a head of its own."""

GROUPED = {**LLAMA, "num_key_value_heads": 2, "tie_word_embeddings": True}
"""Grouped queries; the embedding is the head."""

EXPERTS = {
    **LLAMA,
    "model_type": "qwen3_moe",
    "head_dim": 32,
    "num_key_value_heads": 2,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 128,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "norm_topk_prob": True,
    "rope_theta": 10000.0,
    "rms_norm_eps": 1e-6,
}
"""A mixture of experts; its own predicate keeps the router at 8 bits."""

LATENT = {
    **LLAMA,
    "model_type": "deepseek_v2",
    "moe_intermediate_size": 128,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 2,
    "first_k_dense_replace": 1,
    "moe_layer_freq": 1,
    "n_group": 1,
    "topk_group": 1,
    "topk_method": "greedy",
    "routed_scaling_factor": 1.0,
    "q_lora_rank": None,
    "kv_lora_rank": 64,
    "qk_rope_head_dim": 32,
    "qk_nope_head_dim": 64,
    "v_head_dim": 64,
    "rope_theta": 10000.0,
    "attention_bias": False,
    "rope_scaling": {
        "type": "yarn",
        "factor": 40,
        "beta_fast": 32,
        "beta_slow": 1,
        "mscale": 0.707,
        "mscale_all_dim": 0.707,
        "original_max_position_embeddings": 4096,
    },
}
"""Latent attention, whose keys and values mlx-lm caches expanded."""

FIVE_MILLION = {
    **LLAMA,
    "hidden_size": 256,
    "num_hidden_layers": 6,
    "intermediate_size": 768,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "vocab_size": 1024,
    "tie_word_embeddings": True,
}
"""5.0 million weights: large enough for its memory to be told from the noise."""

ARCHITECTURES = {"llama": LLAMA, "grouped": GROUPED, "experts": EXPERTS, "latent": LATENT}


def write_checkpoint(config: dict[str, Any], folder: Path, seed: int = 0) -> None:
    """Write a checkpoint as the hub has them: configuration, weights, tokenizer."""
    import mlx.core as mx  # noqa: PLC0415 - MLX is loaded where models are made, and only there
    from mlx.utils import tree_flatten  # noqa: PLC0415 - as above
    from mlx_lm.utils import _get_classes  # noqa: PLC0415 - as above; as the planner does

    model_class, args_class = _get_classes(config)
    mx.random.seed(seed)
    dtype = getattr(mx, config["torch_dtype"])
    shapes = tree_flatten(model_class(args_class.from_dict(config)).parameters())
    weights = {
        name: (mx.random.normal(w.shape) * 0.02 if w.ndim > 1 else mx.ones(w.shape)).astype(dtype)
        for name, w in shapes
    }
    folder.mkdir(parents=True)
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config))
    _write_tokenizer(folder, config["vocab_size"])


def _write_tokenizer(folder: Path, size: int) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415 - as above

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<s>", "</s>", "<unk>", *letters]
    tokens += [f"<{number}>" for number in range(size - len(tokens))]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "bos_token": "<s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))


def convert(config: dict[str, Any], folder: Path, bits: int | None, group_size: int) -> None:
    """Make a model as `mlx_lm.convert` makes it; the folder must not exist.

    Args:
        config: What config.json is to say.
        folder: Where the model is put.
        bits: Of a weight; None for no quantization.
        group_size: Weights that share a scale.
    """
    from mlx_lm import convert as mlx_convert  # noqa: PLC0415 - as above

    checkpoint = folder.with_name(f"{folder.name}-checkpoint")
    write_checkpoint(config, checkpoint)
    mlx_convert(
        str(checkpoint),
        str(folder),
        quantize=bits is not None,
        q_bits=bits,
        q_group_size=group_size,
    )


if __name__ == "__main__":
    _bits = int(sys.argv[3]) if len(sys.argv) > 3 else None
    _group_size = int(sys.argv[4]) if len(sys.argv) > 4 else 64
    convert(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), _bits, _group_size)
