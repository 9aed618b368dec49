"""A model behind a server: the same measurement, as far as a client can take it."""

import os

from pytest_nixspec.errors import EndpointError
from pytest_nixspec.performance.machine.device import Device
from pytest_nixspec.performance.measurement import Identity, Measurement, Process, Sample
from pytest_nixspec.performance.profile import Profile
from pytest_nixspec.performance.servers.endpoint import (
    Endpoint,
    EndpointRequest,
    generate_batch,
    must_have,
)
from pytest_nixspec.performance.servers.streamed import EndpointBatch
from pytest_nixspec.performance.texts import text_for

ONE_PROCESS = "a server is one process: how it varies from start to start is not in its samples"
WORDS_PER_TOKEN = 0.75


def measure_server(profile: Profile, named: str) -> Measurement:
    """Return the measurement of a model behind an endpoint.

    Every repetition asks another prompt, since servers keep what they have read.

    Raises:
        EndpointError: The server is not there, has no such model, or does not answer as it must.
    """
    endpoint = Endpoint.named(named, os.environ)
    must_have(endpoint, profile.model)
    _asked(endpoint, profile, 0)
    count = profile.processes * profile.repetitions
    batches = [_asked(endpoint, profile, number) for number in range(1, count + 1)]
    prompt_tokens = batches[0].samples[0].prompt_tokens or 0
    caveats = {said for b in batches for s in b.samples for said in s.caveats()}
    untold = {said for b in batches for s in b.samples for said in s.untold().values()}
    process = Process(tuple(map(_sample, batches)), 0.0, faults=(ONE_PROCESS,))
    return Measurement(
        profile=profile.name,
        fingerprint=_fingerprint(profile, endpoint),
        prompt_tokens=prompt_tokens,
        batch_size=profile.batch_size,
        processes=(process,),
        identity=Identity(batches[0].samples[0].text_digest, {}, {"bits": None}, None, None),
        untold=tuple(sorted(caveats | untold)),
    )


def _asked(endpoint: Endpoint, profile: Profile, number: int) -> EndpointBatch:
    requests = [
        EndpointRequest(
            model=profile.model,
            prompt=_prompt(profile, number * profile.batch_size + sequence),
            max_tokens=profile.generation_tokens,
            temperature=profile.temperature,
            seed=profile.seed,
            timeout_seconds=profile.timeout_seconds,
        )
        for sequence in range(profile.batch_size)
    ]
    return generate_batch(endpoint, requests)


def _prompt(profile: Profile, number: int) -> str:
    """Return a text of about as many tokens as asked for; how many they are, the server counts."""
    words = text_for(profile.name).split()
    count = max(1, round(profile.prompt_tokens * WORDS_PER_TOKEN))
    return " ".join([str(number), *(words * (1 + count // len(words)))[:count]])


def _sample(batch: EndpointBatch) -> Sample:
    """Return what a server generated at once as one sample.

    Raises:
        EndpointError: No rate can be told of it.
    """
    firsts = [sample.first_token_seconds for sample in batch.samples]
    alone = batch.samples[0]
    rate = batch.aggregate_tps if len(batch.samples) > 1 else alone.generation_tps
    if rate is None or None in firsts:
        why = batch.untold() or alone.untold().get("generation_tps", "no text came")
        message = f"no rate can be told of what the server generated: {why}"
        raise EndpointError(message)
    times = alone.chunk_seconds
    return Sample(
        prompt_seconds=max(first for first in firsts if first is not None),
        token_seconds=times,
        peak_memory_bytes=None,
        cache_memory_bytes=None,
        footprint_bytes=None,
        cpu_seconds=None,
        token_digest=alone.text_digest,
        tokens=1 + rate / len(batch.samples) * (times[-1] - times[0]),
    )


def _fingerprint(profile: Profile, endpoint: Endpoint) -> dict[str, object]:
    device = Device.here()
    return {
        "chip": device.chip,
        "gpu_cores": device.gpu_cores,
        "system": device.system,
        "backend": "endpoint",
        "endpoint": str(endpoint),
        "model": profile.model,
        "prompt_tokens": profile.prompt_tokens,
        "generation_tokens": profile.generation_tokens,
        "batch_size": profile.batch_size,
        "temperature": profile.temperature,
        "seed": profile.seed,
    }
