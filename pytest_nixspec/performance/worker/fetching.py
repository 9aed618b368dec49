"""Fetch a model of the hub into the cache of this machine."""

import errno
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias

Tell: TypeAlias = Callable[..., None]

# What mlx-lm loads, and nothing that runs code; `model*`, since some have their weights twice.
WANTED = [
    *("*.json", "model*.safetensors", "tokenizer*", "vocab*", "merges.txt"),
    *("*.jinja", "*.model", "*.tiktoken"),
]
UNWANTED = ["*/*", "*.py", "*.pyc", "*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.gguf"]

TELL_SECONDS = 0.5
ANSWER_SECONDS = 10.0
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def answer(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Fetch what is not here yet.

    Files that came whole in an earlier attempt are kept; within one attempt a file goes on where it
    broke off. Where the hub cannot be asked, what was fetched before is taken.

    Args:
        request: `name` of the model on the hub, and its `revision`.
        tell: Told how much has come.

    Returns:
        `path` of the local folder and `revision`, the hash of its commit; or `error`, the kind of
        failure, and `said`, the client's own words.
    """
    try:
        path = _fetched(request["name"], request["revision"], tell)
    except _failures() as error:
        return {"error": _kind(error), "said": str(error)}
    missing = _missing(path)
    if missing:
        return {"error": "incomplete", "said": f"{path} lacks {', '.join(missing)}"}
    return {"path": str(path), "revision": path.name}


def _fetched(name: str, revision: str, tell: Tell) -> Path:
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415 - takes a second
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415 - as above

    what: dict[str, Any] = {"allow_patterns": WANTED, "ignore_patterns": UNWANTED}
    tell("progress", text="asking the hub")
    try:
        info = HfApi().model_info(
            name, revision=revision, files_metadata=True, timeout=ANSWER_SECONDS
        )
    except _failures() as error:
        if _kind(error) not in {"offline", "unreachable"}:
            raise
        try:
            kept = snapshot_download(name, revision=revision, local_files_only=True, **what)
        except LocalEntryNotFoundError:
            raise error from None
        return Path(kept)
    cache = _cache_of(name)
    total, missing = _sizes(info, cache)
    _must_have_room(cache, missing)
    with _watched(cache, total, missing, tell):
        return Path(snapshot_download(name, revision=revision, **what))


def _cache_of(name: str) -> Path:
    """Return the folder of a model in the client's cache, made where there is none."""
    from huggingface_hub.constants import HF_HUB_CACHE  # noqa: PLC0415 - as above

    folder = Path(HF_HUB_CACHE).expanduser() / f"models--{name.replace('/', '--')}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sizes(info: Any, cache: Path) -> tuple[int, int]:
    """Return the bytes of what is wanted, and of what of it is not here."""
    sizes = {f.rfilename: f.size or 0 for f in info.siblings or [] if _is_wanted(f.rfilename)}
    here = cache / "snapshots" / str(info.sha)
    absent = [size for name, size in sizes.items() if not (here / name).exists()]
    return sum(sizes.values()), sum(absent)


def _is_wanted(name: str) -> bool:
    return any(fnmatch(name, p) for p in WANTED) and not any(fnmatch(name, p) for p in UNWANTED)


def _must_have_room(cache: Path, needed: int) -> None:
    free = shutil.disk_usage(cache).free
    if needed > free:
        message = f"{needed / 1e9:.1f} GB are to come, and {free / 1e9:.1f} GB are free at {cache}"
        raise OSError(errno.ENOSPC, message)


@contextmanager
def _watched(cache: Path, total: int, missing: int, tell: Tell) -> Iterator[None]:
    """Tell how much has come, by what lies in the cache: so it is told whoever writes there."""
    ended = threading.Event()
    before = _held(cache)

    def watch() -> None:
        told = ""
        while True:
            come = total - missing + _held(cache) - before
            text = _progress(min(come, total), total)
            if text != told:
                # Only what is new: who waits reads all of it again and again.
                tell("progress", text=text)
                told = text
            if ended.wait(TELL_SECONDS):
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _held(cache: Path) -> int:
    held = 0
    for file in (cache / "blobs").glob("*"):
        try:
            held += file.stat().st_size
        except FileNotFoundError:
            # It got its final name as we looked.
            continue
    return held


def _progress(come: int, total: int) -> str:
    scale, unit = next(((s, u) for s, u in _UNITS if total >= s), (1, "bytes"))
    return f"{come / scale:.1f} of {total / scale:.1f} {unit}"


def _missing(path: Path) -> list[str]:
    """Return what a model cannot be loaded without, and is not in its folder."""
    needed = {"config.json"}
    index = path / "model.safetensors.index.json"
    if index.exists():
        needed |= set(json.loads(index.read_text())["weight_map"].values())
    elif not any(path.glob("model*.safetensors")):
        needed.add("model*.safetensors")
    return sorted(name for name in needed if not (path / name).exists())


def _failures() -> tuple[type[Exception], ...]:
    """Return what the client raises: its own error is of its HTTP library, and of the system."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415 - as above

    bases: tuple[type[Exception], ...] = HfHubHTTPError.__bases__
    return (*bases, HFValidationError)


def _kind(error: Exception) -> str:
    """Return which failure it is, each of which has a remedy of its own."""
    from huggingface_hub import errors  # noqa: PLC0415 - as above

    by_type = (
        (errors.GatedRepoError, "gated"),
        ((errors.RepositoryNotFoundError, errors.RevisionNotFoundError), "missing"),
        (errors.HFValidationError, "missing"),
        (errors.OfflineModeIsEnabled, "offline"),
        (PermissionError, "unwritable"),
    )
    for kinds, word in by_type:
        if isinstance(error, kinds):
            return word
    if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
        return "full"
    # Where one file is denied, the client says that it is not here, and why only behind that.
    denied = {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}
    return "gated" if {_status(error), _status(error.__cause__)} & denied else "unreachable"


def _status(error: BaseException | None) -> int | None:
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status
