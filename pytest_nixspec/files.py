"""Write a file whole or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write a file beside its place and then put it there, and return its path.

    Whoever reads it finds what was there before or all of this, whenever the writer is killed.

    Raises:
        OSError: It cannot be written; what was there before is left.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    try:
        new.write_bytes(data)
        return new.replace(path)
    finally:
        new.unlink(missing_ok=True)
