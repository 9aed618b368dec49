"""Servers that speak OpenAI's API: Ollama, LM Studio, mlx_lm.server; named, asked and timed."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pytest_nixspec.errors import EndpointError
from pytest_nixspec.performance.servers.event_stream import Answer, asked
from pytest_nixspec.performance.servers.streamed import EndpointBatch, EndpointSample

LIST_SECONDS = 10.0
ENV = "env:"
HIDDEN = "What was given"

# As Ollama and LM Studio themselves fill what their variable leaves out.
_OWN_PORTS = {"OLLAMA_HOST": 11434, "LMSTUDIO_HOST": 1234}
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what it is turned from
_NO_SUCH_ROUTE = (
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_IMPLEMENTED,
)


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """One generation to ask for.

    Attributes:
        model: As the server names it.
        prompt: Its text; where only a chat is served, the one message of a user.
        max_tokens: Where it ends at the latest.
        temperature: Of the sampler; 0 is greedy.
        seed: Of the sampler, sent where it is not greedy; a server may not heed it.
        timeout_seconds: For the whole of it, from the connection to the last token.
    """

    model: str
    prompt: str
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    timeout_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server.

    Attributes:
        url: Where its API is, without a slash at the end: `http://127.0.0.1:11434/v1`.
        name: How it was named, for messages.
    """

    url: str
    name: str

    @classmethod
    def named(cls, text: str, environ: Mapping[str, str]) -> "Endpoint":
        """Return what is meant by a URL, or by `env:` and the name of a variable.

        A variable may hold what Ollama and LM Studio put in theirs: a host, with or without scheme,
        port and path; an address that stands for all of them is asked on the loopback.

        Raises:
            EndpointError: The variable is not set, or there is no URL in it.
        """
        if not text.startswith(ENV):
            return cls(_normal(text, text, None), text)
        variable = text.removeprefix(ENV)
        value = environ.get(variable, "").strip()
        if not value:
            message = f"{variable} is not set, so there is no endpoint {text!r}. Set it to the "
            raise EndpointError(message + "server's address, such as http://127.0.0.1:8080/v1.")
        return cls(_normal(value, f"{variable}={value}", variable), text)

    def __str__(self) -> str:
        return f"{self.name} ({self.url})" if self.name.startswith(ENV) else self.url


def models(endpoint: Endpoint, timeout_seconds: float = LIST_SECONDS) -> list[str]:
    """Return the names of the models that a server has.

    Raises:
        EndpointError: It does not answer in time, or not with a list.
    """
    try:
        with asked(f"{endpoint.url}/models", None, timeout_seconds) as answer:
            data = answer.json()
        return [str(model["id"]) for model in data["data"]]
    except (KeyError, TypeError) as error:
        message = f"{endpoint} does not list its models: {data!r:.200}"
        raise EndpointError(message) from error
    except EndpointError as refused:
        message = f"{endpoint} does not list its models: {refused}"
        raise EndpointError(message) from refused


def must_have(endpoint: Endpoint, model: str) -> None:
    """Raise unless a server has a model: some fetch what they lack, and take hours for it.

    Raises:
        EndpointError: It does not list the model, or does not answer.
    """
    has = models(endpoint)
    if not _is_among(model, has):
        message = f"{endpoint} has no model {model!r}. {_lists(has)}"
        raise EndpointError(message)


def generate(endpoint: Endpoint, request: EndpointRequest) -> EndpointSample:
    """Let a server generate once, and note when each chunk came.

    Raises:
        EndpointError: It is not there, refuses, breaks off, does not stream, does not end in time,
            or does not have the model.
    """
    return _generated(endpoint, request)[1]


def generate_batch(endpoint: Endpoint, requests: Sequence[EndpointRequest]) -> EndpointBatch:
    """Ask for several generations at once, one at the least, each on a connection of its own.

    Raises:
        EndpointError: As for `generate`; one that fails is the failure of all.
    """
    with ThreadPoolExecutor(max_workers=len(requests)) as threads:
        done = list(threads.map(lambda request: _generated(endpoint, request), requests))
    first = min(started for started, _ in done)
    return EndpointBatch(
        tuple(sample for _, sample in done), tuple(started - first for started, _ in done)
    )


def _generated(endpoint: Endpoint, request: EndpointRequest) -> tuple[float, EndpointSample]:
    deadline = time.perf_counter() + request.timeout_seconds
    try:
        return _on_route(endpoint, "completions", request, request.timeout_seconds)
    except EndpointError as refused:
        if refused.status not in _NO_SUCH_ROUTE or refused.has_reason:
            raise _explained(endpoint, request, refused) from refused
    try:
        left = max(deadline - time.perf_counter(), 0.001)
        return _on_route(endpoint, "chat/completions", request, left)
    except EndpointError as refused:
        raise _explained(endpoint, request, refused) from refused


def _on_route(
    endpoint: Endpoint, route: str, request: EndpointRequest, seconds: float
) -> tuple[float, EndpointSample]:
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature > 0:
        # Greedy tokens need no seed, and mlx_lm.server runs what has one after all others.
        body["seed"] = request.seed
    if route == "completions":
        body["prompt"] = request.prompt
    else:
        body["messages"] = [{"role": "user", "content": request.prompt}]
    with asked(f"{endpoint.url}/{route}", body, seconds) as answer:
        return answer.started, _sample(route, request.max_tokens, answer)


def _sample(route: str, asked_tokens: int, answer: Answer) -> EndpointSample:
    times, text = [], hashlib.sha256()
    usage: dict[str, Any] = {}
    reason = None
    for arrived, event in answer.events():
        usage = event.get("usage") or usage
        for choice in event.get("choices") or []:
            reason = choice.get("finish_reason") or reason
            if new := _text(choice):
                times.append(arrived)
                text.update(new.encode())
    answer.must_be_whole(ended=reason is not None)
    return EndpointSample(
        route=route,
        asked_tokens=asked_tokens,
        chunk_seconds=tuple(times),
        prompt_tokens=_counted(usage, "prompt_tokens"),
        cached_prompt_tokens=_counted(usage.get("prompt_tokens_details"), "cached_tokens"),
        completion_tokens=_counted(usage, "completion_tokens"),
        finish_reason=reason,
        text_digest=text.hexdigest(),
    )


def _counted(counts: Any, name: str) -> int | None:
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if isinstance(value, int) else None


def _text(choice: dict[str, Any]) -> str:
    """Return what a chunk brings; what a model thinks aloud has other names, and takes as long."""
    delta = choice.get("delta") or choice
    return "".join(
        delta.get(k) or "" for k in ("text", "reasoning", "reasoning_content", "content")
    )


def _explained(
    endpoint: Endpoint, request: EndpointRequest, refused: EndpointError
) -> EndpointError:
    """Return the error, with what the server has where it does not have the model."""
    message = f"{endpoint} did not generate with model {request.model!r}: {refused}"
    if not refused.status or refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return EndpointError(message)
    try:
        has = models(endpoint)
    except EndpointError:
        return EndpointError(message)
    if _is_among(request.model, has):
        return EndpointError(message)
    return EndpointError(f"{message}\n{_lists(has)}")


def _is_among(model: str, has: list[str]) -> bool:
    """Tell whether a server has a model; Ollama leaves out the tag of what is latest."""
    return bool({model, f"{model}:latest"} & set(has))


def _lists(has: list[str]) -> str:
    return f"It lists {', '.join(has) or 'no model at all'}."


def _normal(text: str, said: str, variable: str | None) -> str:
    """Return the base of an API, from what may lack a scheme, a port and a path."""
    scheme, separator, rest = text.strip().rpartition("://")
    host, slash, path = rest.partition("/")
    if "@" in host:
        # Not said again: it would stand in every report.
        raise _no_url(HIDDEN, "it holds a user or a password")
    if host.count(":") > 1 and "[" not in host:
        host = f"[{host}]"
    try:
        parts = urlsplit(f"{scheme or 'http'}://{host}{slash}{path}")
        port = parts.port or (None if separator else _OWN_PORTS.get(variable or ""))
    except ValueError as error:
        raise _no_url(said, str(error)) from error
    _must_be_a_server(parts, said, by_itself=bool(separator or port or variable))
    name = _ANY_ADDRESS.get(parts.hostname or "", parts.hostname or "")
    where = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{where}{f':{port}' if port else ''}{_api_path(parts, variable)}"


def _api_path(parts: SplitResult, variable: str | None) -> str:
    path = parts.path.rstrip("/")
    # Ollama's variable names the server, of which the API is a part.
    of_server = variable == "OLLAMA_HOST" and not path.endswith("/v1")
    return f"{path}/v1" if not path or of_server else path


def _must_be_a_server(parts: SplitResult, said: str, *, by_itself: bool) -> None:
    if parts.scheme not in {"http", "https"}:
        raise _no_url(said, f"{parts.scheme!r} is neither http nor https")
    if not parts.hostname or any(letter.isspace() for letter in parts.netloc) or not by_itself:
        raise _no_url(said, "it names no host")


def _no_url(said: str, why: str) -> EndpointError:
    return EndpointError(f"{said} is no URL of a server: {why}. Say http://127.0.0.1:8080/v1.")
