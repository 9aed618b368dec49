"""Build the model of a configuration as mlx-lm does, lazily: shapes and types, and no numbers."""

import difflib
import importlib.metadata
import json
import pkgutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import mlx.core as mx
import mlx_lm.models
from mlx.nn.layers.quantized import quantize
from mlx.utils import tree_map_with_path

# The private ones are how mlx-lm itself reads a configuration and finds its class.
from mlx_lm.utils import _decode_tagged_floats, _get_classes, load_model, quantize_model

from pytest_nixspec.performance.planning.sizes import BITS, UNQUANTIZED
from pytest_nixspec.performance.worker.configuration import UnsizableError, must_count

CONVERTED = {"float16", "bfloat16", "float32"}
CONFIGURATION_FAULTS = (
    AssertionError,
    RecursionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    ArithmeticError,
)


@dataclass(frozen=True, slots=True)
class Quantization:
    """What is asked for, where the model's own is not to be kept; None of both keeps it.

    Attributes:
        bits: Of a weight; 16 for no quantization.
        group_size: Weights that share a scale.
    """

    bits: int | None
    group_size: int | None

    def differs(self, config: dict[str, Any]) -> bool:
        """Tell whether the configuration says otherwise."""
        own = config.get("quantization") or {"bits": UNQUANTIZED}
        bits, group_size = own.get("bits"), own.get("group_size")
        return (self.bits or bits, self.group_size or group_size) != (bits, group_size)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A configuration and the way to build its model, as often as is needed.

    Attributes:
        config: The configuration, with the quantization that is meant.
        make: Returns a new lazy model.
        notes: What should be known of it.
    """

    config: dict[str, Any]
    make: Callable[[], Any]
    notes: tuple[str, ...]

    def build(self) -> Any:
        """Return a new lazy model; raises `UnsizableError` where mlx-lm cannot build it."""
        try:
            return self.make()
        except CONFIGURATION_FAULTS as error:
            message = (
                f"mlx-lm cannot build a {self.config['model_type']!r} from this configuration: "
                f"{type(error).__name__}: {error}. Compare it with the published one."
            )
            raise UnsizableError(message) from error

    def plain(self) -> Any:
        """Return a new lazy model without quantization."""
        return _empty(self.config)


def blueprint(reference: str, asked: Quantization) -> Blueprint:
    """Return how to build a model.

    Args:
        reference: A folder with a config.json, such a file, or a name on the hub, of which that
            one file is fetched.
        asked: The quantization that is asked for.

    Raises:
        UnsizableError: There is no such configuration, or mlx-lm cannot build it.
    """
    path = _config_path(reference)
    config = _read(path)
    _refuse(config)
    must_count(config)
    notes = []
    if "vision_config" in config or "audio_config" in config:
        notes.append("this model sees or hears as well: what mlx-lm keeps of it is what is sized")

    if asked.bits not in {None, *BITS, UNQUANTIZED}:
        message = f"{asked.bits} bits is nothing that MLX has: take {', '.join(map(str, BITS))}."
        raise UnsizableError(message)
    if asked.differs(config):
        meant = _unquantized(config)
        if asked.bits != UNQUANTIZED:
            bits = asked.bits or config.get("quantization", {}).get("bits", 4)
            meant["quantization"] = {"bits": bits, "group_size": asked.group_size or 64}
            notes.append("sized as mlx_lm.convert would make it")
        return Blueprint(meant, lambda: _converted(meant), tuple(notes))
    if _has_weights(path.parent):
        return Blueprint(config, lambda: _loaded(path.parent), tuple(notes))
    if "quantization" not in config and "quantization_config" in config:
        method = (config["quantization_config"] or {}).get("quant_method")
        message = (
            f"{reference} is quantized by {method!r}, and which of its layers are is told by its "
            "weights alone. Give a folder with the weights, or --bits for a conversion."
        )
        raise UnsizableError(message)
    return Blueprint(config, lambda: _built(config), tuple(notes))


def _config_path(reference: str) -> Path:
    path = Path(reference)
    if path.is_dir():
        return path / "config.json"
    return path if path.is_file() else _fetched(reference)


def _fetched(name: str) -> Path:
    from huggingface_hub import (  # noqa: PLC0415 - slow, and for the hub alone
        hf_hub_download,
        try_to_load_from_cache,
    )
    from huggingface_hub.constants import ENDPOINT, HF_HUB_OFFLINE  # noqa: PLC0415 - as above
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - as above

    kept = try_to_load_from_cache(name, "config.json") if "/" in name else None
    if isinstance(kept, str):
        return Path(kept)
    try:
        if not HF_HUB_OFFLINE:
            # The client would try five times, for 20 s, to reach what has no address.
            socket.getaddrinfo(urlsplit(ENDPOINT).hostname, None)
        return Path(hf_hub_download(name, "config.json"))
    except (OSError, ValueError, HfHubHTTPError) as error:
        message = (
            f"the configuration of {name!r} is not on this machine, and could not be fetched "
            f"({type(error).__name__}). Give --model CONFIG.json, or a folder that holds one."
        )
        raise UnsizableError(message) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        config = _decode_tagged_floats(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read as JSON: {error}. Restore it, or give another."
        raise UnsizableError(message) from error
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        message = f"{path} is no configuration of a model: it names no model_type."
        raise UnsizableError(message)
    return config


def _refuse(config: dict[str, Any]) -> None:
    if config.get("model_file"):
        message = (
            f"this model brings code of its own ({config['model_file']!r}), which is not run. "
            "Take a model of an architecture that mlx-lm has."
        )
        raise UnsizableError(message)


def _unquantized(config: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in config.items() if k not in {"quantization", "quantization_config"}}


def _has_weights(folder: Path) -> bool:
    """Tell whether all weights are there: a half-finished download has but its configuration."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        files = set(json.loads(index.read_text())["weight_map"].values())
        return all((folder / name).is_file() for name in files)
    return (folder / "model.safetensors").is_file()


def _loaded(folder: Path) -> Any:
    return load_model(folder, lazy=True)[0]


def _converted(config: dict[str, Any]) -> Any:
    """Return the model as `mlx_lm.convert` makes it, with mlx-lm's own predicates."""
    model = _empty(config)
    quantization = config.get("quantization")
    if quantization:
        quantize_model(model, {}, quantization["group_size"], quantization["bits"])
    return model


def _built(config: dict[str, Any]) -> Any:
    """Return the model as `mlx_lm.load` makes it, had it the weights."""
    model = _empty(config)
    quantization = config.get("quantization")
    if not quantization:
        return model
    own = getattr(model, "quant_predicate", None)

    def predicate(path: str, module: Any) -> bool | dict[str, Any]:
        if path in quantization:
            said: bool | dict[str, Any] = quantization[path]
            return said
        if not hasattr(module, "to_quantized"):
            return False
        divides = module.weight.shape[-1] % quantization["group_size"] == 0
        return divides and (own is None or bool(own(path, module)))

    quantize(
        model,
        group_size=quantization["group_size"],
        bits=quantization["bits"],
        mode=quantization.get("mode", "affine"),
        class_predicate=predicate,
    )
    return model


def _empty(config: dict[str, Any]) -> Any:
    kind = config["model_type"]
    try:
        model_class, args_class = _get_classes(config)
        model = model_class(args_class.from_dict(config))
    except ValueError as error:
        if "not supported" not in str(error):
            raise
        raise UnsizableError(_unknown(kind, config)) from error
    _tie(model, config)
    casts = getattr(model, "cast_predicate", lambda _: True)
    dtype = getattr(mx, dtype_name(config))

    def cast(path: str, value: Any) -> Any:
        floats = mx.issubdtype(value.dtype, mx.floating)
        return value.astype(dtype) if floats and casts(path) else value

    model.update(tree_map_with_path(cast, model.parameters()))
    return model


def _tie(model: Any, config: dict[str, Any]) -> None:
    """Drop the head that these make and then lose, when their weights turn out to have none."""
    text = config.get("text_config") or {}
    tied = config.get("tie_word_embeddings", text.get("tie_word_embeddings", True))
    if tied and config["model_type"].startswith(("gemma3", "recurrent_gemma")):
        for part in (model, getattr(model, "language_model", None)):
            if part is not None and "lm_head" in part:
                part.tie_word_embeddings = True
                part.pop("lm_head")


def _unknown(kind: str, config: dict[str, Any]) -> str:
    known = [module.name for module in pkgutil.iter_modules(mlx_lm.models.__path__)]
    near = difflib.get_close_matches(kind, known, n=3, cutoff=0.4)
    parts = [name for name in ("vision_config", "audio_config", "text_config") if name in config]
    also = f" (it has {' and '.join(parts)}: a multimodal model)" if parts else ""
    version = importlib.metadata.version("mlx-lm")
    said = f" Near: {', '.join(near)}." if near else ""
    return f"mlx-lm {version} knows no architecture {kind!r}{also}, so it cannot run it.{said}"


def dtype_name(config: dict[str, Any]) -> str:
    """Return the type of what is not quantized: as the configuration says, else bfloat16.

    `mlx_lm.convert` keeps the type of the weights then, and published weights of configurations
    that say nothing are bfloat16 with few exceptions.
    """
    text = config.get("text_config") or {}
    said = (source.get(key) for source in (config, text) for key in ("torch_dtype", "dtype"))
    name = next((str(value).removeprefix("torch.") for value in said if value), "bfloat16")
    return name if name in CONVERTED else "bfloat16"
