"""Apple's chips as they were published: a dated table, each line with its sources."""

import difflib
import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_nixspec.errors import SpecError
from pytest_nixspec.performance.machine.device import Device

TABLE = "chips.json"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure was read: title, address, and the day (ISO 8601)."""

    title: str
    url: str
    read: str


@dataclass(frozen=True, slots=True)
class Chip:
    """One chip; several that differ in nothing that matters may stand as one.

    Attributes:
        name: `Apple M2 Max`.
        gpu_cores: Cores of its GPU; None where parts with several numbers are meant at once.
        bandwidth_gbs: Of its memory, in GB/s (1e9), as announced.
        fp32_tflops: In 1e12 operations per second; None where no source states it.
        memory_gb: The sizes it is sold with, or the one that is meant.
        working_sets: Bytes that the system lets the GPU have by default, by size of memory; of
            several that were seen the smallest.
        sources: Where all this was read.
    """

    name: str
    gpu_cores: int | None
    bandwidth_gbs: float
    fp32_tflops: float | None
    memory_gb: tuple[int, ...]
    working_sets: Mapping[int, int]
    sources: tuple[Source, ...]

    @property
    def slug(self) -> str:
        """Its name as `--device` takes it, and as folders of baselines have it without `apple-`."""
        cores = f"-{self.gpu_cores}c" if self.gpu_cores else ""
        return self.name.removeprefix("Apple ").lower().replace(" ", "-") + cores

    def __str__(self) -> str:
        return f"{self.name}, {self.gpu_cores} GPU cores" if self.gpu_cores else self.name

    def working_sets_by_name(self) -> dict[str, int]:
        """Return the default working sets by the name of the machine, for messages."""
        return {f"an {self.name} with {gb} GB": size for gb, size in self.working_sets.items()}


@functools.cache
def chips() -> tuple[Chip, ...]:
    """Return all that the table has, in its order."""
    text = importlib.resources.files(__package__).joinpath(TABLE).read_text(encoding="utf-8")
    table = json.loads(text)
    return tuple(_chips(table))


def _chips(table: dict[str, Any]) -> Iterator[Chip]:
    for line in table["chips"]:
        seen = [w for w in table["working_sets"] if w["chip"] == line["chip"]]
        named = [*line["sources"], *(w["source"] for w in seen)]
        sources = (Source(**table["sources"][name], read=table["read"]) for name in named)
        yield Chip(
            name=line["chip"],
            gpu_cores=line["gpu_cores"],
            bandwidth_gbs=line["bandwidth_gbs"],
            fp32_tflops=line["fp32_tflops"],
            memory_gb=tuple(line["memory_gb"]),
            working_sets={
                w["memory_gb"]: w["bytes"] for w in seen if w["memory_gb"] in line["memory_gb"]
            },
            sources=tuple(dict.fromkeys(sources)),
        )


def find(text: str) -> Chip:
    """Return the chip of a name: `m2-max-38c`, `Apple M2 Max`, `M2 Max 30`, `m2 max 64GB`.

    Parts of one name that have the same bandwidth need no number of cores.

    Raises:
        SpecError: The table has none of that name, or several whose bandwidths differ.
    """
    found = re.fullmatch(
        r"(?:apple\W+)?(m\d+)\W*(pro|max|ultra)?((?:\W*\d+(?:\W*(?:gb|g|gpu|cores?|c)\b)*)*)\W*",
        text.strip().lower(),
    )
    if found is None:
        raise _unknown(text)
    name = " ".join(filter(None, ("Apple", found[1].upper(), (found[2] or "").title())))
    numbers = re.findall(r"(\d+)\W*(gb?\b)?", found[3])
    cores = [int(number) for number, unit in numbers if not unit]
    memory = [int(number) for number, unit in numbers if unit]
    parts = [c for c in chips() if c.name == name and (not cores or c.gpu_cores == cores[0])]
    if not parts or len(cores) > 1 or (memory and memory[0] not in parts[-1].memory_gb):
        raise _unknown(text)
    if len({part.bandwidth_gbs for part in parts}) > 1:
        choices = " or ".join(f"{part.slug} ({part.bandwidth_gbs:g} GB/s)" for part in parts)
        message = f"the device {text!r} is ambiguous: its parts differ in bandwidth. Say {choices}."
        raise SpecError(message)
    return _with_memory(_merged(parts), memory)


def here(device: Device) -> Chip | None:
    """Return the chip of a machine; None where the table does not have it."""
    cores = f" {device.gpu_cores}" if device.gpu_cores else ""
    try:
        chip = find(f"{device.chip}{cores}")
    except SpecError:
        return None
    held = round(device.memory_bytes / 2**30)
    return _with_memory(chip, [held] if held in chip.memory_gb else [])


def _merged(parts: Sequence[Chip]) -> Chip:
    """Return parts of one name and bandwidth as one, without what they differ in."""
    if len(parts) == 1:
        return parts[0]
    memory = sorted({size for part in parts for size in part.memory_gb})
    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    last = parts[-1]
    return replace(last, gpu_cores=None, fp32_tflops=None, memory_gb=tuple(memory), sources=sources)


def _with_memory(chip: Chip, memory: Sequence[int]) -> Chip:
    if not memory:
        return chip
    sets = {size: held for size, held in chip.working_sets.items() if size == memory[0]}
    return replace(chip, memory_gb=(memory[0],), working_sets=sets)


def _unknown(text: str) -> SpecError:
    slugs = [chip.slug for chip in chips()]
    asked = re.sub(r"[^a-z0-9]+", "-", text.lower()).removeprefix("apple-")
    near = difflib.get_close_matches(asked, slugs, n=4, cutoff=0.5) or ["m2-max-38c", "m4-pro-20c"]
    return SpecError(
        f"the device {text!r} is not in the table of Apple's chips. Near: {', '.join(near)}; or "
        "give --bandwidth-gbs instead of --device."
    )
