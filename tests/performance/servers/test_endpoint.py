"""Endpoints: a real mlx_lm.server that is timed, and fakes for what goes wrong."""

import hashlib
import socket
import time

import pytest

from pytest_nixspec.errors import EndpointError, ModelError
from pytest_nixspec.performance.servers.endpoint import (
    Endpoint,
    EndpointRequest,
    generate,
    generate_batch,
    models,
    must_have,
)
from pytest_nixspec.performance.servers.streamed import EndpointBatch, EndpointSample
from tests.performance.servers.fake_servers import (
    Answer,
    chunked,
    faking,
    free_port,
    json_answer,
    stream,
    text,
    usage,
)

COMPLETIONS = "POST /v1/completions"
CHAT = "POST /v1/chat/completions"
MODELS = "GET /v1/models"
HAS_OTHERS = json_answer({"data": [{"id": "llama3:latest"}, {"id": "qwen3:8b"}]})


def request(model: str = "m", **more: object) -> EndpointRequest:
    given = {"prompt": "The capital of France is", "max_tokens": 12, "timeout_seconds": 5, **more}
    return EndpointRequest(model, **given)


def sample_of(answer: Answer, **more: object) -> EndpointSample:
    with faking({COMPLETIONS: answer}) as server:
        return generate(Endpoint.named(f"http://{server.host}", {}), request(**more))


def error_of(answers: dict[str, Answer], **more: object) -> str:
    with faking(answers) as server:
        with pytest.raises(EndpointError) as caught:
            generate(Endpoint.named(f"http://{server.host}", {}), request(**more))
        return str(caught.value).replace(server.host, "HOST")


def listing_error_of(answers: dict[str, Answer]) -> str:
    with faking(answers) as server, pytest.raises(EndpointError) as caught:
        models(Endpoint.named(server.host, {}))
    return str(caught.value)


def test_a_real_server_is_timed_as_its_text_arrives(real, model):
    asked = request(model, prompt="The sea is", max_tokens=16, timeout_seconds=120)

    sample = generate(real, asked)

    assert (sample.route, sample.completion_tokens) == ("completions", 16)
    assert (sample.finish_reason, sample.ended_early) == ("length", False)
    assert sample.prompt_tokens == 3
    assert sample.cached_prompt_tokens == 0
    assert list(sample.chunk_seconds) == sorted(sample.chunk_seconds)
    assert 0 < sample.prompt_tps < 1000
    assert 0 < sample.generation_tps < 1000
    assert set(sample.untold()) == {"peak_memory", "token_digest"}
    assert EndpointSample.from_json(sample.to_json()) == sample


def test_greedy_text_of_a_real_server_is_the_same_each_time_and_its_prompt_is_then_kept(
    real, model
):
    asked = request(model, prompt="Once upon a time there was", timeout_seconds=120)

    first, second = generate(real, asked), generate(real, asked)

    assert first.text_digest == second.text_digest
    assert second.cached_prompt_tokens > 0
    assert second.prompt_tps is None
    assert "of the prompt from before" in second.untold()["prompt_tps"]


def test_streams_of_a_real_server_run_at_once(real, model):
    prompts = ["One two three", "Red green blue"]
    asked = [request(model, prompt=p, max_tokens=24, timeout_seconds=120) for p in prompts]

    batch = generate_batch(real, asked)

    assert [sample.completion_tokens for sample in batch.samples] == [24, 24]
    assert min(batch.started_seconds) == 0
    assert batch.untold() is None
    assert 0 < batch.aggregate_tps < 1000
    assert EndpointBatch.from_json(batch.to_json()) == batch


def test_a_real_server_lists_its_model_and_tells_of_one_that_it_does_not_have(real, model):
    assert models(real) == [model]
    must_have(real, model)
    with pytest.raises(EndpointError, match=rf"did not generate with model 'a/b'.*\n.*{model}"):
        generate(real, request("a/b", timeout_seconds=60))
    with pytest.raises(EndpointError, match=rf"has no model 'a/b'. It lists {model}"):
        must_have(real, "a/b")


@pytest.mark.parametrize(
    ("text", "variables", "url"),
    [
        ("http://127.0.0.1:8080/v1", {}, "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/v1/", {}, "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080", {}, "http://127.0.0.1:8080/v1"),
        ("127.0.0.1:8080", {}, "http://127.0.0.1:8080/v1"),
        ("https://models.example/openai/v1", {}, "https://models.example/openai/v1"),
        ("http://[::1]:8080/v1", {}, "http://[::1]:8080/v1"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "0.0.0.0:11434"}, "http://127.0.0.1:11434/v1"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "127.0.0.1"}, "http://127.0.0.1:11434/v1"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "::1"}, "http://[::1]:11434/v1"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "[::]:11434"}, "http://[::1]:11434/v1"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "http://gpu:9000/"}, "http://gpu:9000/v1"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "http://gpu:9000/o"}, "http://gpu:9000/o/v1"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "https://gpu"}, "https://gpu/v1"),
        ("env:LMSTUDIO_HOST", {"LMSTUDIO_HOST": "http://gpu:1234/v1"}, "http://gpu:1234/v1"),
        ("env:LMSTUDIO_HOST", {"LMSTUDIO_HOST": "localhost"}, "http://localhost:1234/v1"),
    ],
)
def test_a_server_is_named_by_a_url_or_by_the_variable_of_its_program(text, variables, url):
    assert Endpoint.named(text, variables).url == url


@pytest.mark.parametrize(
    ("text", "variables", "message"),
    [
        ("env:OLLAMA_HOST", {}, "OLLAMA_HOST is not set, so there is no endpoint"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": " "}, "OLLAMA_HOST is not set"),
        ("env:OLLAMA_HOST", {"OLLAMA_HOST": "h:port"}, "OLLAMA_HOST=h:port is no URL of a server"),
        ("env:LMSTUDIO_HOST", {"LMSTUDIO_HOST": "two words"}, "it names no host"),
        ("ollama", {}, "ollama is no URL of a server: it names no host"),
        ("", {}, "it names no host"),
        ("ftp://h/v1", {}, "'ftp' is neither http nor https. Say http://127.0.0.1:8080/v1"),
        ("http://h:99999", {}, "Port out of range"),
    ],
)
def test_what_names_no_server_is_told_with_the_remedy(text, variables, message):
    with pytest.raises(EndpointError) as caught:
        Endpoint.named(text, variables)

    assert message in str(caught.value)


def test_a_password_in_a_url_is_refused_and_not_said_again():
    with pytest.raises(EndpointError, match="holds a user or a password") as caught:
        Endpoint.named("http://me:secret@host/v1", {})

    assert "secret" not in str(caught.value)


def test_an_endpoint_says_how_it_was_named():
    assert str(Endpoint.named("http://h:1/v1", {})) == "http://h:1/v1"
    named = Endpoint.named("env:OLLAMA_HOST", {"OLLAMA_HOST": "h"})
    assert str(named) == "env:OLLAMA_HOST (http://h:11434/v1)"


def test_nobody_listening_is_one_clear_error_of_a_model():
    endpoint = Endpoint.named(f"127.0.0.1:{free_port()}", {})

    with pytest.raises(ModelError, match=r"nobody listens there\. Start the server"):
        generate(endpoint, request())
    with pytest.raises(EndpointError, match="does not list its models: nobody listens"):
        models(endpoint)


def test_a_fake_that_gives_one_token_a_chunk_has_an_exact_rate():
    events = [text(f" {n}") for n in range(9)]

    sample = sample_of(stream(*events, text(" 9", "length"), usage(5, 10), seconds=0.02))

    assert len(sample.chunk_seconds) == sample.completion_tokens == 10
    assert sample.generation_tps == pytest.approx(
        9 / (sample.chunk_seconds[-1] - sample.chunk_seconds[0])
    )
    assert 10 < sample.generation_tps <= 50
    assert len(sample.between_chunks_seconds) == 9
    assert min(sample.between_chunks_seconds) > 0.01
    assert sample.text_digest == hashlib.sha256(b" 0 1 2 3 4 5 6 7 8 9").hexdigest()
    assert sample.caveats() == [
        "it ended early: 10 of 12 tokens",
        "the server does not tell whether it had kept a part of the prompt",
    ]


def test_several_tokens_in_a_chunk_are_counted_by_usage_and_the_rate_says_so():
    events = [text("a b c"), text("d e f"), text("g h i", "length")]

    sample = sample_of(stream(*events, usage(5, 9), seconds=0.02), max_tokens=9)

    assert sample.generation_tps == pytest.approx(
        8 / (sample.chunk_seconds[-1] - sample.chunk_seconds[0])
    )
    assert "9 tokens came in 3 chunks: the rate may be up to 300% too high" in sample.caveats()


def test_without_usage_there_is_no_rate_but_a_reason():
    sample = sample_of(stream(*[text("a")] * 11, text("b", "length")))

    assert (sample.generation_tps, sample.prompt_tps, sample.completion_tokens) == (None,) * 3
    assert sample.first_token_seconds is not None
    assert "sent no usage" in sample.untold()["generation_tps"]
    assert sample.peak_memory_bytes is None
    assert "does not tell the memory" in sample.untold()["peak_memory"]


def test_a_model_that_ends_early_is_told_and_a_few_tokens_have_no_rate():
    sample = sample_of(stream(text("Yes"), text(".", "stop"), usage(5, 3), seconds=0.01))

    assert sample.ended_early
    assert sample.finish_reason == "stop"
    assert sample.generation_tps is None
    assert sample.untold()["generation_tps"] == "3 tokens are too few for a rate, which takes 8"
    assert "it ended early: 3 of 12 tokens" in sample.caveats()


def test_tokens_that_come_at_once_have_no_rate():
    sample = sample_of(stream(text("all of it", "length"), usage(5, 12)))

    assert sample.generation_tps is None
    assert sample.untold()["generation_tps"] == "all 12 tokens came at once"


def test_nothing_generated_is_a_sample_without_times():
    sample = sample_of(stream(text("", "stop"), usage(5, 0)))

    assert sample.first_token_seconds is None
    assert sample.untold()["prompt_tps"] == "no text came"


def test_what_a_model_thinks_aloud_counts_as_text():
    delta = {"choices": [{"delta": {"content": "", "reasoning": "hm"}, "finish_reason": None}]}

    assert len(sample_of(stream(delta, text("", "stop"))).chunk_seconds) == 1


def test_an_event_that_comes_in_two_pieces_is_one_event():
    pieces = (
        b'data: {"choices": [{"te',
        b'xt": "\xc3',
        b'\xa4"}]}\r\n\r\nda',
        b"ta: [DONE]\r\n\r\n",
    )

    sample = sample_of(chunked(*pieces))

    assert len(sample.chunk_seconds) == 1
    assert sample.text_digest == hashlib.sha256("ä".encode()).hexdigest()


def test_a_server_that_listens_everywhere_is_asked_on_the_loopback():
    with faking({COMPLETIONS: stream(text("a", "length"))}) as server:
        everywhere = {"OLLAMA_HOST": f"0.0.0.0:{server.server_port}"}

        sample = generate(Endpoint.named("env:OLLAMA_HOST", everywhere), request())

    assert len(sample.chunk_seconds) == 1


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_server_on_ipv6_is_asked():
    with faking({COMPLETIONS: stream(text("a", "length"))}, "::1") as server:
        endpoint = Endpoint.named(f"http://[::]:{server.server_port}", {})

        assert len(generate(endpoint, request()).chunk_seconds) == 1


def test_a_server_without_completions_is_asked_by_chat():
    delta = {"choices": [{"delta": {"content": "Yes"}, "finish_reason": "stop"}]}
    with faking({CHAT: stream(delta)}) as server:
        sample = generate(Endpoint.named(server.host, {}), request())

        assert sample.route == "chat/completions"
        assert len(sample.chunk_seconds) == 1
        assert server.asked == [COMPLETIONS, CHAT]
        assert server.bodies[0]["prompt"] == "The capital of France is"
        assert server.bodies[1] == {
            "model": "m",
            "max_tokens": 12,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "messages": [{"role": "user", "content": "The capital of France is"}],
        }


def test_a_model_that_the_server_does_not_have_is_told_with_those_that_it_has():
    no_model = json_answer({"error": {"message": "model 'm' not found"}}, 404)

    assert error_of({COMPLETIONS: no_model, MODELS: HAS_OTHERS}) == (
        "http://HOST/v1 did not generate with model 'm': HTTP 404 Not Found: "
        "model 'm' not found\nIt lists llama3:latest, qwen3:8b."
    )


def test_a_refusal_of_a_model_that_is_there_does_not_blame_the_model():
    full = json_answer({"error": "too long"}, 400)

    assert "It lists" not in error_of({COMPLETIONS: full, MODELS: HAS_OTHERS}, model="llama3")


def test_an_error_of_the_server_is_told_with_its_status_and_its_message():
    out = json_answer({"error": {"message": "out of memory"}}, 500)

    assert "HTTP 500 Internal Server Error: out of memory" in error_of({COMPLETIONS: out})


def test_a_stream_that_breaks_off_is_no_sample():
    cut = stream(text("a"), text("b"), done=False)

    assert "the stream broke off after 2 events" in error_of({COMPLETIONS: cut})


def test_a_connection_that_is_cut_within_a_chunk_is_no_sample():
    def cut(handler):
        handler.protocol_version = "HTTP/1.1"
        handler.say(200, "text/event-stream", b"20\r\ndata: {", Transfer_Encoding="chunked")
        handler.close_connection = True

    assert "the stream broke off after 0 events: IncompleteRead" in error_of({COMPLETIONS: cut})


def test_an_answer_that_is_no_stream_is_told_with_what_was_said():
    whole = json_answer({"error": "Unexpected endpoint or method"})

    message = error_of({COMPLETIONS: whole})

    assert "answered application/json, not a stream of events: Unexpected endpoint" in message


@pytest.mark.parametrize("wrong", [b"{", b"[1]", b'{"choices": "none"}', b'{"choices": ["a"]}'])
def test_events_that_are_not_of_the_api_are_told(wrong):
    message = error_of({COMPLETIONS: stream(text("a"), wrong)})

    assert "did not generate with model 'm': " in message
    assert wrong.decode() in message


def test_an_error_within_the_stream_is_told():
    message = error_of({COMPLETIONS: stream(text("a"), {"error": {"message": "GPU was lost"}})})

    assert message.endswith("it ended the stream: GPU was lost")


def test_a_deadline_is_of_the_whole_generation():
    slow = stream(*[text("a")] * 100, seconds=0.1)
    started = time.monotonic()

    message = error_of({COMPLETIONS: slow}, timeout_seconds=0.5)

    assert message.endswith("it did not end within 0.5 s; 4 events had come")
    assert time.monotonic() - started < 3


def test_a_server_that_says_nothing_is_left_at_the_deadline():
    message = error_of({"*": lambda _: time.sleep(1)}, timeout_seconds=0.2)

    assert "nothing came within 0.2 s" in message


def test_what_is_no_list_of_models_is_told():
    page = {"*": lambda handler: handler.say(200, "text/html", b"<html>")}

    assert "does not list its models: {'models': []}" in listing_error_of(
        {MODELS: json_answer({"models": []})}
    )
    assert "answered what is not JSON: <html>" in listing_error_of(page)


def sample_at(*seconds: float, tokens: int | None) -> EndpointSample:
    return EndpointSample("completions", 8, seconds, 5, 0, tokens, "length", "digest")


def test_an_aggregate_rate_is_of_the_time_in_which_all_streams_ran():
    one = sample_at(1.0, 2.0, 3.0, 4.0, tokens=4)
    other = sample_at(1.0, 1.5, 2.0, 2.5, 3.0, tokens=5)

    batch = EndpointBatch((one, other), (0.0, 0.5))

    # From 1.5 s to 3.5 s: two tokens of one, four of the other.
    assert batch.aggregate_tps == pytest.approx(6 / 2.0)


def test_streams_one_after_another_have_no_aggregate_rate():
    batch = EndpointBatch((sample_at(1, 2, tokens=2), sample_at(3, 4, tokens=2)), (0.0, 0.0))

    assert batch.aggregate_tps is None
    assert batch.untold() == "the streams did not run at once: the server answers one after another"


def test_streams_without_usage_have_no_aggregate_rate():
    batch = EndpointBatch((sample_at(1, 2, tokens=None),), (0.0,))

    assert batch.aggregate_tps is None
    assert "no usage" in batch.untold()


def test_a_failure_of_one_stream_is_the_failure_of_all():
    busy = {COMPLETIONS: json_answer({"error": "busy"}, 503)}
    refused = pytest.raises(EndpointError, match="HTTP 503 Service Unavailable: busy")

    with faking(busy) as server, refused:
        generate_batch(Endpoint.named(server.host, {}), [request(), request()])


def test_a_seed_is_sent_only_where_it_matters():
    with faking({COMPLETIONS: stream(text("a", "length"))}) as server:
        for temperature in (0.0, 0.7):
            asked = request(temperature=temperature, seed=5)
            generate(Endpoint.named(server.host, {}), asked)

    assert [body.get("seed") for body in server.bodies] == [None, 5]
