"""Which model is meant, and what exactly it is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec.errors import ModelError

_CHUNK_BYTES = 1 << 20
_DECIDING = (
    "config.json", "*.safetensors", "tokenizer*", "vocab*", "merges.txt", "*.model", "*.tiktoken",
    "*.jinja",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the loader is told of it: a local folder, or a name on the hub."""

    name: str
    path: Path | None

    @property
    def reference(self) -> str:
        """What the loader is given."""
        return str(self.path) if self.path else self.name

    def identity(self) -> str:
        """Return the SHA-256 over all of a local folder that decides what it says, else the name.

        That is configuration, weights, and what makes tokens of text.
        """
        if self.path is None:
            return self.name
        digest = hashlib.sha256()
        deciding = {file for pattern in _DECIDING for file in self.path.glob(pattern)}
        for file in sorted(deciding):
            digest.update(file.name.encode())
            with file.open("rb") as opened:
                while chunk := opened.read(_CHUNK_BYTES):
                    digest.update(chunk)
        return digest.hexdigest()


def locate(name: str, substitutes: Mapping[str, Path], directory: Path) -> Model:
    """Find a model: what stands in for it, else a local folder, else the hub.

    Raises:
        ModelError: A local folder is meant, and holds no model.
    """
    if name in substitutes:
        return Model(name, substitutes[name])
    folder = directory / _expanded(name)
    if (folder / "config.json").is_file():
        return Model(name, folder)
    if folder.exists() or name.startswith((".", "/", "~")):
        message = f"{folder} holds no model: there is no config.json in it."
        raise ModelError(message)
    return Model(name, None)


def _expanded(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        message = f"model {name!r} names a user that this machine does not have: {error}"
        raise ModelError(message) from error
