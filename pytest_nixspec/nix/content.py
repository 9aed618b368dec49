"""What a flake is made of, as one key: the same key is the same evaluation, at any time.

Evaluating a locked flake is a pure function of the files that Nix sees, of what stands in for its
inputs, of Nix itself and of the system. So shells can be kept under that key, never under a time.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from pytest_nixspec.git import Tracked, tracked_in
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake

MOST_BYTES = 200_000_000
MOST_FILES = 50_000

# Without git Nix copies these too, and a shell that holds its whole directory would be another one
# after each run. Nothing could ever be kept then, so such a shell has them as they were once.
_WRITTEN_BY_RUNS = frozenset(
    {"nixspec.json", "nixspec.md", "nixspec.html", "__pycache__", ".pytest_cache"}
)


def content_key(nix: Nix, flake: Flake) -> str | None:
    """Return the key of all that a shell of the flake is made of.

    None where there is no such key: a substitute is no local path, the tree is too large to be read
    on every run, or the flake asks when it was changed.
    """
    digest = hashlib.sha256()
    said = [nix.version, nix.system, str(nix.store), os.fspath(nix.path.resolve())]
    digest.update(json.dumps([str(flake.directory), *said]).encode())
    contents = [_content(flake.directory, tracked_in(flake.directory))]
    for override in flake.overrides:
        substitute = override.directory
        if substitute is None or not substitute.is_dir():
            return None
        digest.update(json.dumps([override.input, override.reference]).encode())
        # `path:` takes everything, whatever git says of it.
        contents.append(_content(substitute, None))
    if None in contents:
        return None
    return hashlib.sha256(digest.digest() + "".join(map(str, contents)).encode()).hexdigest()


def _content(directory: Path, tracked: Tracked | None) -> str | None:
    """Return a digest of what Nix sees below a directory: what git tracks, else everything."""
    revision, files = tracked or ("", list(_walked(directory)))
    if len(files) > MOST_FILES:
        return None
    digest = hashlib.sha256(revision.encode())
    size = 0
    for path in sorted(files):
        try:
            content, mode = _read(path)
        except OSError:
            # What is tracked and gone is as good as content: Nix does not see it either.
            content, mode = b"", "absent"
        size += len(content)
        # A time is part of what is evaluated then, and by times nothing is kept. A name that is
        # put together is not found out; one half of it is.
        names_a_time = path.suffix == ".nix" and b"Modified" in content
        # Git tracks no directory but a submodule, whose own content is not listed.
        is_submodule = tracked is not None and mode == "directory"
        if size > MOST_BYTES or names_a_time or is_submodule or mode == "special":
            return None
        digest.update(json.dumps([os.fsencode(path).hex(), mode, len(content)]).encode())
        digest.update(content)
    return digest.hexdigest()


def _read(path: Path) -> tuple[bytes, str]:
    if path.is_symlink():
        return os.fsencode(path.readlink()), "link"
    if path.is_dir():
        return b"", "directory"
    if not path.is_file() and path.exists():
        # A pipe would have us wait for ever; Nix refuses it, and says so.
        return b"", "special"
    return path.read_bytes(), "program" if os.access(path, os.X_OK) else "file"


def _walked(directory: Path) -> Iterator[Path]:
    """Yield what is below a directory, but for what a run of ours writes."""
    try:
        with os.scandir(directory) as found:
            entries = list(found)
    except OSError:
        # What we may not read Nix may not read either, and says so.
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name in _WRITTEN_BY_RUNS:
            continue
        if entry.is_dir(follow_symlinks=False):
            below = list(_walked(path))
            # The directory of the reports comes and goes with them.
            if below or _is_empty(path):
                yield path
                yield from below
        else:
            yield path


def _is_empty(directory: Path) -> bool:
    return not os.access(directory, os.R_OK) or not any(directory.iterdir())
