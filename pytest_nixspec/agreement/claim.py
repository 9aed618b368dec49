"""What one place says of the version of one tool."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Literal, TypeAlias

from pytest_nixspec.errors import InvalidTextError
from pytest_nixspec.versions import Requirement, Version, VersionSet
from pytest_nixspec.versions.asdf import Kind, Pin
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

# How many numbers name one release, and how many do where a shorter name floats.
_RELEASE = MappingProxyType({"elixir": 3, "erl": 2, "node": 3, "psql": 2, "python3": 3})
_FLOATING_RELEASE = MappingProxyType({**_RELEASE, "erl": 4})
_KEPT: MappingProxyType[Precision, int] = MappingProxyType({"exact": 9, "minor": 2, "major": 1})
_NUMBERS = re.compile(r"(?:v|OTP-)?([0-9]+(?:\.[0-9]+)*)")


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
        # A pre-release is always that one; what else has a tail is no version.
        return _exactly(tool, text)
    numbers = found[1].split(".")
    kept = numbers[: _KEPT[precision]]
    whole = (_FLOATING_RELEASE if floats else _RELEASE)[tool]
    if len(kept) == len(numbers) >= whole:
        return _exactly(tool, found[1])
    return _beginning(tool, kept)


def brought(tool: str, version: str, shell: str, precision: Precision = "exact") -> Claim:
    """Return the claim of a shell, which says what it brings.

    Raises:
        InvalidTextError: What it brings has no version of the tool's dialect.
    """
    if precision == "exact" or _NUMBERS.fullmatch(version) is None:
        meant = _exactly(tool, version)
    else:
        meant = _beginning(tool, version.split(".")[: _KEPT[precision]])
    return Claim(tool, version, f"shell {shell}", 0, (meant,))


def claim_of_pins(
    tool: str, line: Pinned, source: str, precision: Precision, *, floats: bool
) -> Claim:
    """Return the claim of version strings of asdf or mise, of which the first is preferred."""
    remarks = [line.remark] if line.remark else []
    meant: list[Requirement] = []
    for number, pin in enumerate(line.pins):
        try:
            meant.append(_pinned_by(tool, pin, precision, floats=floats))
        except InvalidTextError as error:
            remarks.append(str(error))
            if number == 0:
                # What is preferred is not known; that a fallback is does not help.
                break
    said = " ".join(pin.text for pin in line.pins) or "nothing"
    return Claim(tool, said, source, line.line, tuple(meant), "; ".join(remarks))


def _pinned_by(tool: str, pin: Pin, precision: Precision, *, floats: bool) -> Requirement:
    if pin.kind is Kind.VERSION or (pin.kind is Kind.LATEST and pin.value):
        return pinned(tool, pin.value, precision, floats=floats)
    message = f"{pin.text!r} names no version"
    raise InvalidTextError(message)


def is_release(tool: str, numbers: str) -> bool:
    """Tell whether so many numbers name one release of a tool."""
    return numbers.count(".") + 1 >= _RELEASE[tool]


def _exactly(tool: str, text: str) -> Requirement:
    try:
        return Requirement.parse(f"== {Version.parse(text, dialect_of(tool))}", dialect_of(tool))
    except InvalidTextError as error:
        message = f"{text!r} is no version of {tool}"
        raise InvalidTextError(message) from error


def _beginning(tool: str, numbers: Sequence[str]) -> Requirement:
    """Return the requirement of every version that begins with these numbers."""
    if tool == "elixir":
        operand = f"{numbers[0]}.0" if len(numbers) == 1 else f"{numbers[0]}.{numbers[1]}.0"
    else:
        operand = numbers[0] if len(numbers) == 1 else f"{'.'.join(numbers)}.0"
    return Requirement.parse(f"~> {operand}", dialect_of(tool))
