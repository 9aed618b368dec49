"""One HTTP request whose answer is a stream of events, each stamped as it arrives."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from pytest_nixspec.errors import EndpointError

_BLOCK_BYTES = 1 << 16
_SAID_LETTERS = 300


@dataclass(slots=True)
class Answer:
    """An answer that is being read.

    Attributes:
        started: When it was asked for, by `time.perf_counter`.
    """

    started: float
    _deadline: float
    _socket: Any
    _response: http.client.HTTPResponse
    _events: int = 0
    _is_done: bool = False

    def body(self) -> bytes:
        """Return all of it."""
        return b"".join(block for _, block in self._blocks())

    def json(self) -> Any:
        """Return the whole answer, which is JSON.

        Raises:
            EndpointError: It is not.
        """
        body = self.body()
        try:
            return json.loads(body)
        except ValueError as error:
            message = f"it answered what is not JSON: {_said(body)}"
            raise EndpointError(message) from error

    def events(self) -> Iterator[tuple[float, dict[str, Any]]]:
        """Yield each event with its arrival, in seconds from the request.

        Raises:
            EndpointError: It is no stream of JSON objects, breaks off, takes too long, or tells an
                error.
        """
        kind = self._response.headers.get_content_type()
        if kind != "text/event-stream":
            message = f"it answered {kind}, not a stream of events: {_reason(self.body())}"
            raise EndpointError(message)
        for arrived, line in self._lines():
            field, _, value = line.partition(b":")
            if field != b"data":
                # Comments keep the connection alive; other fields are not of this API.
                continue
            if value.strip() == b"[DONE]":
                self._is_done = True
                return
            self._events += 1
            yield arrived - self.started, self._event(value)

    def must_be_whole(self, *, ended: bool) -> None:
        """Raise for a stream that was cut: neither a mark of its end, nor a reason for one."""
        if not (ended or self._is_done):
            message = f"the stream broke off after {self._events} events"
            raise EndpointError(message)

    def _event(self, value: bytes) -> dict[str, Any]:
        try:
            event = json.loads(value)
        except ValueError as error:
            where = f"event {self._events} of the stream"
            message = f"{where} is not JSON: {_said(value)}"
            raise EndpointError(message) from error
        if not _is_event(event):
            message = f"it ended the stream: {_reason(value)}"
            raise EndpointError(message)
        found: dict[str, Any] = event
        return found

    def _lines(self) -> Iterator[tuple[float, bytes]]:
        rest = b""
        for arrived, block in self._blocks():
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield arrived, line.rstrip(b"\r")

    def _seconds_left(self) -> float:
        left = self._deadline - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        return left

    def _blocks(self) -> Iterator[tuple[float, bytes]]:
        """Yield what arrives as it arrives: no reader may wait for more than there is."""
        try:
            while True:
                self._socket.settimeout(self._seconds_left())
                block = self._response.read1(_BLOCK_BYTES)
                if not block:
                    return
                yield time.perf_counter(), block
        except TimeoutError as error:
            seconds = self._deadline - self.started
            how = f"it did not end within {seconds:g} s; {self._events} events had come"
            raise EndpointError(how) from error
        except (OSError, http.client.HTTPException) as error:
            how = f"the stream broke off after {self._events} events: {error!r}"
            raise EndpointError(how) from error


@contextmanager
def asked(url: str, body: dict[str, Any] | None, seconds: float) -> Iterator[Answer]:
    """Ask, and give the answer once its headers are there.

    Args:
        url: Where.
        body: Sent as JSON by POST; None asks by GET.
        seconds: For all of it, the reading included.

    Raises:
        EndpointError: Nobody listens there, nothing comes in time, or the answer is an error.
    """
    parts = urlsplit(url)
    is_secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    started = time.perf_counter()
    try:
        with closing(connection):
            response, socket = _response(connection, parts.path, body)
            with closing(response):
                answer = Answer(started, started + seconds, socket, response)
                if response.status != HTTPStatus.OK:
                    raise _refusal(response, answer.body())
                yield answer
    except TimeoutError as error:
        message = f"nothing came within {seconds:g} s"
        raise EndpointError(message) from error
    except ConnectionRefusedError as error:
        message = "nobody listens there. Start the server, or correct its address"
        raise EndpointError(message) from error
    except (OSError, http.client.HTTPException) as error:
        message = f"the connection failed: {error!r}"
        raise EndpointError(message) from error


def _response(
    connection: http.client.HTTPConnection, path: str, body: dict[str, Any] | None
) -> tuple[http.client.HTTPResponse, Any]:
    headers = {"Accept": "text/event-stream, application/json", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    connection.connect()
    # Kept, since the connection forgets it where the server will close it.
    socket = connection.sock
    connection.request("GET" if sent is None else "POST", path, sent, headers)
    return connection.getresponse(), socket


def _refusal(response: http.client.HTTPResponse, body: bytes) -> EndpointError:
    status = f"HTTP {response.status} {response.reason}"
    has_reason = _error_of(body) is not None
    message = f"{status}: {_reason(body)}"
    return EndpointError(message, status=response.status, has_reason=has_reason)


def _reason(body: bytes) -> str:
    """Return the message of an error, as OpenAI's API and its likes put it, or what was said."""
    error = _error_of(body)
    if error is None:
        return _said(body)
    return str(error.get("message") or error) if isinstance(error, dict) else str(error)


def _error_of(body: bytes) -> Any:
    try:
        read = json.loads(body)
    except ValueError:
        return None
    return read.get("error") if isinstance(read, dict) else None


def _said(body: bytes) -> str:
    return body.decode(errors="replace").strip()[:_SAID_LETTERS] or "nothing"


def _is_event(event: Any) -> bool:
    """Tell whether this is an event of the API: an error is none, nor is other JSON."""
    if not isinstance(event, dict) or event.get("error"):
        return False
    choices = event.get("choices") or []
    return isinstance(choices, list) and all(isinstance(choice, dict) for choice in choices)
