"""What a flake is made of, as one key: the same key is the same evaluation, at any time.

Evaluating a locked flake is a pure function of the files that Nix sees, of what stands in for its
inputs, of Nix itself and of the system. So shells can be kept under that key, never under a time.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pytest_nixspec import process
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake

MOST_BYTES = 200_000_000
MOST_FILES = 50_000
GIT_SECONDS = 60
METADATA_SECONDS = 120


def content_key(nix: Nix, flake: Flake) -> str | None:
    """Return the key of all that a shell of the flake is made of.

    None where there is no such key: a substitute is no local path, or the tree is too large to be
    read on every run.
    """
    digest = hashlib.sha256()
    said = [nix.version, nix.system, str(nix.store), os.fspath(nix.path.resolve())]
    digest.update(json.dumps([str(flake.directory), *said]).encode())
    directories = [flake.directory]
    for override in flake.overrides:
        if not override.reference.startswith("path:"):
            return None
        digest.update(json.dumps([override.input, override.reference]).encode())
        directories.append(Path(override.reference.removeprefix("path:")))
    contents = [_content(directory) for directory in directories]
    if None in contents:
        return None
    return hashlib.sha256(digest.digest() + "".join(map(str, contents)).encode()).hexdigest()


def is_locked(nix: Nix, flake: Flake) -> bool:
    """Tell whether flake.lock locks every input; otherwise an evaluation is not the same again."""
    done = nix.run(
        *("flake", "metadata", "--json", "--no-write-lock-file", "."),
        deadline=process.after(METADATA_SECONDS),
        cwd=flake.directory,
    )
    if not done.ok:
        return False
    needed = json.loads(done.text)["locks"]["nodes"]
    lock = flake.directory / "flake.lock"
    if not lock.is_file():
        return len(needed) == len(["root"])
    nodes: object = json.loads(lock.read_text())["nodes"]
    return bool(needed == nodes)


def _content(directory: Path) -> str | None:
    """Return a digest of the files below a directory that Nix sees."""
    files = _tracked(directory)
    if files is None:
        files = list(_walked(directory))
    if len(files) > MOST_FILES:
        return None
    digest = hashlib.sha256()
    size = 0
    for path in sorted(files):
        try:
            content, mode = _read(path)
        except OSError:
            # What is tracked and gone is as good as content: Nix does not see it either.
            content, mode = b"", "absent"
        size += len(content)
        if size > MOST_BYTES:
            return None
        digest.update(json.dumps([os.fsencode(path).hex(), mode, len(content)]).encode())
        digest.update(content)
    return digest.hexdigest()


def _read(path: Path) -> tuple[bytes, str]:
    if path.is_symlink():
        return os.fsencode(path.readlink()), "link"
    return path.read_bytes(), "program" if os.access(path, os.X_OK) else "file"


def _tracked(directory: Path) -> list[Path] | None:
    """Return the files that git tracks around a directory, or None where git does not."""
    git = shutil.which("git")
    if git is None or not any((d / ".git").exists() for d in (directory, *directory.parents)):
        return None
    top = _git(git, directory, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    root = Path(os.fsdecode(top.rstrip(b"\n")))
    listed = _git(git, root, "ls-files", "-z")
    if listed is None:
        return None
    return [root / os.fsdecode(name) for name in listed.split(b"\0") if name]


def _git(git: str, directory: Path, *arguments: str) -> bytes | None:
    done = process.run(
        [git, "-C", directory, *arguments],
        env=dict(os.environ),
        deadline=process.after(GIT_SECONDS),
    )
    return done.stdout if done.ok else None


def _walked(directory: Path) -> Iterator[Path]:
    for root, _, names in os.walk(directory):
        yield from (Path(root, name) for name in names)
