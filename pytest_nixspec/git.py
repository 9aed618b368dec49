"""Ask git of the repository that a directory is in, whatever repository the environment names."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from pytest_nixspec import process

SECONDS = 60

# Set where git runs a hook; with them it would answer for that repository. As git itself lists
# them (`git rev-parse --local-env-vars`), but for those of its configuration.
_OF_ONE_REPOSITORY = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


def git(directory: Path, *arguments: str) -> process.Completed | None:
    """Return what `git -C DIRECTORY …` leaves; None where git is not installed."""
    program = shutil.which("git")
    if program is None:
        return None
    return process.run(
        [program, "-C", directory, *arguments],
        env={n: v for n, v in os.environ.items() if n not in _OF_ONE_REPOSITORY},
        deadline=process.after(SECONDS),
    )


class Tracked(NamedTuple):
    """What git tracks: the revision, empty before the first, and the files of the work tree.

    A flake can name its own revision, so that is part of what it is made of.
    """

    revision: str
    files: list[Path]


def tracked_in(directory: Path) -> Tracked | None:
    """Return what git tracks in the repository of a directory; None where it tracks nothing."""
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
    return Tracked(head.text if head and head.ok else "", [root / name for name in names])
