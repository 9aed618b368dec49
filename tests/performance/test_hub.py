"""Fetching a model: by the real client, from a fake hub on the loopback."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance.hub import fetch
from tests.performance.servers.fake_servers import (
    FakeHandler,
    FakeServer,
    faking,
    free_port,
    json_answer,
)

NAME = "owner/tiny"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
# The client writes ten megabytes at a time, and only then knows where to go on.
WEIGHTS = bytes(range(256)) * 4096 * 25
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": WEIGHTS,
    "tokenizer.json": b"{}",
    "chat_template.jinja": b"{{ messages }}",
    "modeling_tiny.py": b"raise SystemExit",
    "tokenizer.py": b"raise SystemExit",
    "pytorch_model.bin": b"pickle",
    "consolidated.safetensors": b"the weights again",
    "original/model.safetensors": b"the weights once more",
    "README.md": b"# Tiny",
}
TAKEN = {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"}


class FakeHub:
    """As much of a hub as its client needs: the list, the tree and the files of one model."""

    def __init__(self, files: dict[str, bytes], claimed: dict[str, int] | None = None) -> None:
        self.files = files
        self.sizes = {**{name: len(body) for name, body in files.items()}, **(claimed or {})}
        self.cuts = 0
        self.slow_seconds = 0.0
        self.ranges: list[str] = []

    def answer(self, handler: FakeHandler) -> None:
        """Answer one request as a hub does."""
        path = handler.path.partition("?")[0]
        if path == f"/api/models/{NAME}/revision/main":
            json_answer({"id": NAME, "sha": COMMIT, "siblings": self.listed("rfilename")})(handler)
        elif path == f"/api/models/{NAME}/tree/{COMMIT}":
            json_answer(self.listed("path"))(handler)
        elif path.startswith(f"/{NAME}/resolve/{COMMIT}/"):
            self.file(handler, path.removeprefix(f"/{NAME}/resolve/{COMMIT}/"))
        else:
            handler.say(404, "text/plain", b"", X_Error_Code="RepoNotFound")

    def listed(self, key: str) -> list[dict[str, Any]]:
        """Return the files, as the list and as the tree name them."""
        return [
            {key: n, "type": "file", "size": size, "oid": hashlib.sha1(n.encode()).hexdigest()}  # noqa: S324 - as git names it
            for n, size in self.sizes.items()
        ]

    def file(self, handler: FakeHandler, name: str) -> None:
        """Answer with a file, or with the rest of it."""
        whole = self.files[name]
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "")
        start = int(asked[1]) if asked else 0
        if asked:
            self.ranges.append(asked[0])
        handler.send_response(206 if asked else 200)
        handler.send_header("Content-Length", str(len(whole) - start))
        if asked:
            handler.send_header("Content-Range", f"bytes {start}-{len(whole) - 1}/{len(whole)}")
        handler.send_header("ETag", f'"{hashlib.sha256(whole).hexdigest()}"')
        handler.send_header("X-Repo-Commit", COMMIT)
        handler.end_headers()
        if handler.command == "GET":
            self.body(handler, whole[start:])

    def body(self, handler: FakeHandler, rest: bytes) -> None:
        """Send it, slowly or not to its end where that is wanted."""
        half = len(rest) // 2
        if len(rest) > 1000:
            handler.wfile.write(rest[:half])
            handler.wfile.flush()
            time.sleep(self.slow_seconds)
            rest = rest[half:]
            if self.cuts:
                self.cuts -= 1
                return
        handler.wfile.write(rest)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, and nothing of this machine's settings of the hub."""
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HF_HUB_CACHE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    return tmp_path / "hf" / "hub"


@contextmanager
def serving(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    with faking({"*": hub.answer}) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://{server.host}")
        yield server


def error_of(directory: Path, name: str = NAME) -> str:
    with pytest.raises(ModelError) as caught:
        fetch(name, directory, print)
    return str(caught.value)


def names_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def events_in(directory: Path) -> list[dict[str, Any]]:
    lines = [f.read_text().splitlines() for f in sorted(directory.glob("fetching-*.events"))]
    return [json.loads(line) for line in lines[-1]]


def test_a_model_is_fetched_whole_and_nothing_of_it_that_runs(tmp_path, monkeypatch):
    with serving(FakeHub(FILES), monkeypatch) as server:
        folder = fetch(NAME, tmp_path, print)

    assert folder.name == COMMIT
    assert names_in(folder) == TAKEN
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    got = {asked.rpartition("/")[2] for asked in server.asked if "/resolve/" in asked}
    assert got == TAKEN
    assert events_in(tmp_path)[-1] == {
        "event": "result",
        "path": str(folder),
        "revision": COMMIT,
    }


def test_it_is_told_how_much_has_come(tmp_path, monkeypatch):
    hub = FakeHub(FILES)
    hub.slow_seconds = 1.5

    with serving(hub, monkeypatch):
        fetch(NAME, tmp_path, print)

    told = [event["text"] for event in events_in(tmp_path) if event["event"] == "progress"]
    assert told[0] == "asking the hub"
    assert "10.5 of 26.2 MB" in told
    come = [float(text.split()[0]) for text in told[1:]]
    assert come == sorted(come)


def test_what_is_here_is_not_fetched_again_and_serves_offline(tmp_path, monkeypatch):
    with serving(FakeHub(FILES), monkeypatch) as server:
        folder = fetch(NAME, tmp_path, print)
        before = len(server.asked)
        assert fetch(NAME, tmp_path, print) == folder
        assert not [asked for asked in server.asked[before:] if "/resolve/" in asked]
    # The hub is gone now.
    assert fetch(NAME, tmp_path, print) == folder
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch(NAME, tmp_path, print) == folder


def test_a_file_that_breaks_off_goes_on_where_it_did(tmp_path, monkeypatch):
    hub = FakeHub(FILES)
    hub.cuts = 1

    with serving(hub, monkeypatch):
        folder = fetch(NAME, tmp_path, print)

    assert hub.ranges == ["bytes=10485760-"]
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS


def test_after_an_attempt_that_failed_only_what_is_missing_is_fetched(tmp_path, monkeypatch):
    hub = FakeHub({**FILES, "model-2.safetensors": WEIGHTS[1:]})
    with serving(hub, monkeypatch) as server:
        hub.files.pop("model-2.safetensors")
        assert "was not fetched" in error_of(tmp_path)
        hub.files["model-2.safetensors"] = WEIGHTS[1:]
        before = len(server.asked)

        folder = fetch(NAME, tmp_path, print)

    got = {a.rpartition("/")[2] for a in server.asked[before:] if a.startswith("GET /owner")}
    assert got == {"model-2.safetensors"}
    assert names_in(folder) == {*TAKEN, "model-2.safetensors"}


def test_offline_and_not_here_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    started = time.monotonic()

    message = error_of(tmp_path)

    assert time.monotonic() - started < 15
    assert "model 'owner/tiny' was not fetched from https://huggingface.co" in message
    assert "HF_HUB_OFFLINE is set, and the model is not in the cache. Unset it" in message


def test_a_hub_that_cannot_be_reached_is_told_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    started = time.monotonic()

    message = error_of(tmp_path)

    assert time.monotonic() - started < 15
    assert "the hub cannot be reached, and the model is not in the cache" in message
    assert "HF_ENDPOINT" in message
    assert "Connection refused" in message


def test_a_model_that_the_hub_does_not_have_is_told(tmp_path, monkeypatch):
    with serving(FakeHub(FILES), monkeypatch):
        message = error_of(tmp_path, "owner/other")

    assert "the hub has no such model" in message
    assert "Correct the name; if it is private, log in with `hf auth login`" in message


def test_a_name_that_no_hub_can_have_is_told(tmp_path):
    assert "the hub has no such model" in error_of(tmp_path, "a/b/c")


@pytest.mark.parametrize(("status", "code"), [(403, "GatedRepo"), (401, "GatedRepo"), (403, "")])
def test_a_model_that_is_not_for_everybody_is_told(tmp_path, monkeypatch, status, code):
    hub = FakeHub(FILES)
    hub.file = lambda handler, _: handler.say(status, "text/plain", b"", X_Error_Code=code)

    with serving(hub, monkeypatch):
        message = error_of(tmp_path)

    assert "the hub does not let us have it. Accept its conditions on its page" in message


def test_what_has_no_room_is_not_begun(tmp_path, monkeypatch):
    with serving(FakeHub(FILES, {"model.safetensors": 10**18}), monkeypatch) as server:
        message = error_of(tmp_path)

    assert "there is no room for it. Make room, or set HF_HOME" in message
    assert "1000000000.0 GB are to come" in message
    assert not [asked for asked in server.asked if "/resolve/" in asked]


def test_a_model_without_weights_that_can_be_loaded_is_told(tmp_path, monkeypatch):
    files = {"config.json": b"{}", "pytorch_model.bin": b"pickle"}

    with serving(FakeHub(files), monkeypatch):
        message = error_of(tmp_path)

    assert "no whole model in MLX's layout" in message
    assert "lacks model*.safetensors" in message


def test_a_model_that_lacks_a_part_of_its_weights_is_told(tmp_path, monkeypatch):
    index = json.dumps({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}})
    files = {
        "config.json": b"{}",
        "model.safetensors.index.json": index.encode(),
        "model-1.safetensors": b"weights",
    }

    with serving(FakeHub(files), monkeypatch):
        assert "lacks model-2.safetensors" in error_of(tmp_path)
