"""What a stored measurement must be before anything is compared with it."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

from pytest_nixspec.performance.measurement import Measurement, Process, Sample

_REPEATED = ("prompt_tokens", "batch_size")


def fault_of(measurement: Measurement) -> str | None:
    """Return the first fault by which a measurement is none, or None."""
    return next(_faults(measurement), None)


def _faults(measurement: Measurement) -> Iterator[str]:
    # What was read may be anything, whatever its type is said to be.
    fingerprint: Any = measurement.fingerprint
    if not isinstance(fingerprint, dict) or not fingerprint:
        yield f"fingerprint is {fingerprint!r}"
        return
    for name in _REPEATED:
        value = getattr(measurement, name)
        if not _is_count(value):
            yield f"{name} is {value!r}"
        if fingerprint.get("backend") != "endpoint" and value != fingerprint.get(name, value):
            yield f"{name} is {value!r}, and {fingerprint[name]!r} in its fingerprint"
    if not measurement.processes:
        yield "it has no process"
    digest: Any = measurement.identity.greedy_digest
    if not isinstance(digest, str):
        yield f"greedy_digest is {digest!r}"
    structure: Any = measurement.identity.structure
    if not isinstance(structure, dict) or not all(map(_is_count, structure.values())):
        yield f"structure is {structure!r:.60}"
    for process in measurement.processes:
        yield from _faults_of_process(process)


def _faults_of_process(process: Process) -> Iterator[str]:
    if not _is_whole(process.warm_up) or not 0 <= process.warm_up < len(process.samples):
        yield f"warm_up is {process.warm_up!r} of {len(process.samples)} samples"
    for sample in process.samples:
        yield from _faults_of_sample(sample)


def _faults_of_sample(sample: Sample) -> Iterator[str]:
    times = sample.token_seconds
    numbers = [sample.prompt_seconds, *times]
    if not all(_is_positive(number) for number in numbers):
        yield "a time is no finite number above 0"
        return
    if len(times) < 2 or any(after <= before for before, after in itertools.pairwise(times)):  # noqa: PLR2004
        yield "the times of its tokens do not rise"
    if sample.tokens is not None and not (_is_positive(sample.tokens) and sample.tokens > 1):
        yield f"tokens is {sample.tokens!r}"
    peak = sample.peak_memory_bytes
    if peak is not None and not _is_count(peak):
        yield f"peak_memory_bytes is {peak!r}"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 63


def _is_positive(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < float(str(value)) < math.inf
