"""What one place says of the version of one tool."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Literal, TypeAlias

from pytest_nixspec.errors import InvalidTextError
from pytest_nixspec.versions import Requirement, VersionSet
from pytest_nixspec.versions.asdf import Kind
from pytest_nixspec.versions.pins import Pinned

Precision: TypeAlias = Literal["exact", "minor", "major"]

# The names that others have for a tool of ours.
TOOLS = MappingProxyType(
    {
        "elixir": "elixir",
        "erlang": "erl",
        "otp": "erl",
        "nodejs": "node",
        "node": "node",
        "postgres": "psql",
        "postgresql": "psql",
        "python": "python3",
    }
)

# How many numbers name one release.
_RELEASE = MappingProxyType({"elixir": 3, "erl": 2, "node": 3, "psql": 2, "python3": 3})
_KEPT: MappingProxyType[Precision, int] = MappingProxyType({"exact": 9, "minor": 2, "major": 1})
_NUMBERS = re.compile(r"(?:v|OTP-)?(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?P<tail>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one place says.

    Attributes:
        tool: The tool, `elixir`.
        said: What it says, as it is written there.
        source: The file, the shell or the variable.
        line: Where in the file; 0 where there are no lines.
        alternatives: What is meant: any of these; none where that cannot be told.
        remark: What is not as it looks, or why it cannot be told what is meant.
        is_range: Whether it bounds the others, as mix.exs does, and is no choice of a version.
    """

    tool: str
    said: str
    source: str
    line: int
    alternatives: tuple[Requirement, ...]
    remark: str = ""
    is_range: bool = False

    @property
    def place(self) -> str:
        """The source with its line."""
        return f"{self.source}:{self.line}" if self.line else self.source

    @property
    def versions(self) -> VersionSet:
        """All versions that are meant; only where `alternatives` has any."""
        return reduce(lambda one, other: one | other, (a.versions for a in self.alternatives))

    def __str__(self) -> str:
        return f"{self.place} says {self.said}"


def dialect_of(tool: str) -> str:
    """Return the dialect of a tool's versions."""
    return "elixir" if tool == "elixir" else "otp"


def pinned(
    tool: str, text: str, precision: Precision = "exact", *, floats: bool = False
) -> Requirement:
    """Return what is meant by a version that a file or an image names.

    A whole version is that one; a shorter one, `1.17` or `27`, any that begins so. With a precision
    of `minor` or `major` a whole version, too, means any that begins with as many numbers.

    Args:
        tool: The tool.
        text: The version.
        precision: How much of it counts.
        floats: Whether `27.1` means the newest of 27.1 there, and not the release of that name.

    Raises:
        InvalidTextError: The text is no version.
    """
    found = _NUMBERS.fullmatch(text)
    if found is None:
        message = f"{text!r} is no version"
        raise InvalidTextError(message)
    numbers = found["numbers"].split(".")
    kept = numbers[: _KEPT[precision]]
    whole = len("xyz") if floats and tool == "erl" else _RELEASE.get(tool, 2)
    if len(kept) == len(numbers) and len(numbers) >= whole:
        return Requirement.parse(f"== {found['numbers']}{found['tail']}", dialect_of(tool))
    return _beginning(tool, kept)


def brought(tool: str, version: str, shell: str, precision: Precision = "exact") -> Claim:
    """Return the claim of a shell, which says what it brings.

    Raises:
        InvalidTextError: What it brings has no version of the tool's dialect.
    """
    kept = version.split(".")[: _KEPT[precision]]
    if precision == "exact":
        meant = Requirement.parse(f"== {version}", dialect_of(tool))
    else:
        meant = _beginning(tool, kept)
    return Claim(tool, version, f"shell {shell}", 0, (meant,))


def claim_of_pins(
    tool: str, line: Pinned, source: str, precision: Precision, *, floats: bool
) -> Claim:
    """Return the claim of version strings of asdf or mise, of which each is a fallback."""
    remarks = [line.remark] if line.remark else []
    meant: list[Requirement] = []
    for pin in line.pins:
        if pin.kind is Kind.VERSION or (pin.kind is Kind.LATEST and pin.value):
            try:
                meant.append(pinned(tool, pin.value, precision, floats=floats))
            except InvalidTextError as error:
                remarks.append(str(error))
        else:
            remarks.append(f"{pin.text!r} names no version")
    said = " ".join(pin.text for pin in line.pins) or "nothing"
    return Claim(tool, said, source, line.line, tuple(meant), "; ".join(remarks))


def _beginning(tool: str, numbers: Sequence[str]) -> Requirement:
    """Return the requirement of every version that begins with these numbers."""
    if tool == "elixir":
        operand = f"{numbers[0]}.0" if len(numbers) == 1 else f"{numbers[0]}.{numbers[1]}.0"
    else:
        operand = numbers[0] if len(numbers) == 1 else f"{'.'.join(numbers)}.0"
    return Requirement.parse(f"~> {operand}", dialect_of(tool))
