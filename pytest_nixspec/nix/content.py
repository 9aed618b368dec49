"""What a flake is made of, as one key: the same key is the same evaluation, at any time.

Evaluating a locked flake is a pure function of the files that Nix sees, of what stands in for its
inputs, of Nix itself and of the system. So shells can be kept under that key, never under a time.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.git import git
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.nix.lock import (
    LOCK,
    UnreadableLockError,
    below,
    inputs_in,
    inputs_of,
    is_flake,
    put,
)

MOST_BYTES = 200_000_000
MOST_FILES = 50_000

# Without git Nix copies these too, and a shell that holds its whole directory would be another one
# after each run. Nothing could ever be kept then, so such a shell has them as they were once.
_WRITTEN_BY_RUNS = frozenset(
    {"nixspec.json", "nixspec.md", "nixspec.html", "__pycache__", ".pytest_cache"}
)
METADATA_SECONDS = 120


def content_key(nix: Nix, flake: Flake) -> str | None:
    """Return the key of all that a shell of the flake is made of.

    None where there is no such key: a substitute is no local path, the tree is too large to be read
    on every run, or the flake asks when it was changed.
    """
    digest = hashlib.sha256()
    said = [nix.version, nix.system, str(nix.store), os.fspath(nix.path.resolve())]
    digest.update(json.dumps([str(flake.directory), *said]).encode())
    contents = [_content(flake.directory, _tracked(flake.directory))]
    for override in flake.overrides:
        substitute = flake.substitute(override)
        if substitute is None or not substitute.is_dir():
            return None
        digest.update(json.dumps([override.input, override.reference]).encode())
        # `path:` takes everything, whatever git says of it.
        contents.append(_content(substitute, None))
    if None in contents:
        return None
    return hashlib.sha256(digest.digest() + "".join(map(str, contents)).encode()).hexdigest()


def is_locked(nix: Nix, flake: Flake) -> bool:
    """Tell whether every input is locked; otherwise an evaluation is not the same again."""
    return ask_whether_locked(nix, flake)()


def ask_whether_locked(nix: Nix, flake: Flake) -> Callable[[], bool]:
    """Begin to ask what `is_locked` tells; what is returned waits for the answer."""
    asked = nix.begin(
        *("flake", "metadata", "--json", *flake.arguments, "."),
        deadline=process.after(METADATA_SECONDS),
        cwd=flake.directory,
    )
    return lambda: _is_locked(flake, asked.completed())


def _is_locked(flake: Flake, done: process.Completed) -> bool:
    """Tell whether the inputs that Nix finds are those of the lock files, of substitutes too."""
    if not done.ok:
        return False
    needed = inputs_of(json.loads(done.text)["locks"])
    is_seen = _is_seen(flake.directory / LOCK, _tracked(flake.directory))
    try:
        locked = inputs_in(flake.directory) if is_seen else {}
        for override in flake.overrides:
            path, directory = override.input.split("/"), flake.substitute(override)
            is_read = directory is not None and is_flake(needed, path)
            # What it is itself is content; only what it needs in turn can float.
            put(needed, path, below(needed, path))
            put(locked, path, inputs_in(directory, path) if directory and is_read else {})
    except UnreadableLockError:
        return False
    return needed == locked


def _is_seen(file: Path, tracked: "tuple[str, list[Path]] | None") -> bool:
    """Tell whether Nix sees a file: where git tracks anything, what it does not is not there."""
    return tracked is None or file.resolve() in {path.resolve() for path in tracked[1]}


def _content(directory: Path, tracked: "tuple[str, list[Path]] | None") -> str | None:
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


def _tracked(directory: Path) -> "tuple[str, list[Path]] | None":
    """Return the revision and the files that git tracks, or None where git does not.

    A flake can name its own revision, so that is part of what it is made of.
    """
    if not any((d / ".git").exists() for d in (directory, *directory.parents)):
        return None
    top = git(directory, "rev-parse", "--show-toplevel")
    if top is None or not top.ok:
        return None
    root = Path(os.fsdecode(top.stdout.rstrip(b"\n")))
    listed = git(root, "ls-files", "-z")
    if listed is None or not listed.ok:
        return None
    head = git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    return head.text if head and head.ok else "", [root / name for name in names]


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
