"""Fake servers of OpenAI's API, for what a real one does only when it breaks."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["FakeHandler"], None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class FakeHandler(BaseHTTPRequestHandler):
    """Answers what its server was told to, for each method and path."""

    server: "FakeServer"

    def do_GET(self) -> None:
        """Answer what is asked."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer what is asked."""
        self._answer()

    def do_POST(self) -> None:
        """Keep what was sent, and answer."""
        length = int(self.headers["Content-Length"])
        self.server.bodies.append(json.loads(self.rfile.read(length)))
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing: a test's output is its own."""

    def say(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """Send one answer; an underscore in the name of a header is its hyphen."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _answer(self) -> None:
        asked = f"{self.command} {self.path}"
        self.server.asked.append(asked)
        answer = self.server.answers.get(asked) or self.server.answers.get("*")
        if answer is None:
            self.say(404, "text/plain", b"404 page not found")
        else:
            answer(self)


class FakeServer(ThreadingHTTPServer):
    """A server on the loopback; what it was asked is kept."""

    daemon_threads = True

    def __init__(self, answers: dict[str, Answer], address: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), FakeHandler)
        self.answers = answers
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []

    @property
    def host(self) -> str:
        """Its address, as a client writes it."""
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away."""


@contextmanager
def faking(answers: dict[str, Answer], address: str = "127.0.0.1") -> Iterator[FakeServer]:
    with FakeServer(answers, address) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def json_answer(value: object, status: int = 200) -> Answer:
    return lambda handler: handler.say(status, "application/json", json.dumps(value).encode())


def stream(*events: object, seconds: float = 0.0, done: bool = True) -> Answer:
    """Answer a stream: each event a JSON value, or bytes as they are."""

    def answer(handler: FakeHandler) -> None:
        handler.say(200, "text/event-stream", b": keepalive\n\n")
        for event in events:
            time.sleep(seconds)
            line = event if isinstance(event, bytes) else json.dumps(event).encode()
            handler.wfile.write(b"data: " + line + b"\n\n")
            handler.wfile.flush()
        if done:
            handler.wfile.write(b"data: [DONE]\n\n")

    return answer


def chunked(*pieces: bytes) -> Answer:
    """Answer a stream as most servers send one: by HTTP/1.1, in pieces that end anywhere."""

    def answer(handler: FakeHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.say(200, "text/event-stream; charset=utf-8", b"", Transfer_Encoding="chunked")
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            handler.wfile.flush()
            time.sleep(0.01)
        handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    return answer


def text(new: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "text": new, "finish_reason": finish}]}


def usage(prompt: int, completion: int, **more: object) -> dict[str, Any]:
    return {
        "choices": [],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, **more},
    }
