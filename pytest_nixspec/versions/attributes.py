"""What the names of nixpkgs attributes, and of shells, say about versions.

nixpkgs names the minor version of Elixir and the major version of Erlang, exactly. A common wish is
that `elixir_1_17` meant "1.17 and later". Both readings are given; where they differ, that is a
finding, never a silent choice.

Source: NixOS/nixpkgs, pkgs/top-level/beam-packages.nix and aliases.nix.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_nixspec.errors import InvalidTextError
from pytest_nixspec.versions.requirement import Requirement

# The name of a package, the tool it brings, its dialect, and how many numbers nixpkgs has in it.
_PACKAGES = {
    "elixir": ("elixir", "elixir", 2),
    "erlang": ("erl", "otp", 1),
    "beam": ("erl", "otp", 1),
    "postgresql": ("psql", "otp", 1),
    "nodejs": ("node", "otp", 1),
    "python3": ("python3", "otp", 2),
}
_VERSIONED = re.compile(r"(?P<name>[a-z][a-z0-9]*?)(?P<sign>[_=-])(?P<version>[0-9]+(?:_[0-9]+)*)")
_SET = re.compile(r"beam(?:Minimal)?(?P<version>[0-9]+)Packages")
_RELEASE = re.compile(r"(?P<name>elixir|erlang)R(?P<version>[0-9]+)")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name says about one tool.

    Attributes:
        tool: The tool, `elixir`.
        exact: What nixpkgs means by it.
        wished: What is wished of it: that version and later.
    """

    tool: str
    exact: Requirement
    wished: Requirement


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name, read.

    Attributes:
        text: As it was written.
        meanings: What it says, a tool at a time; none where it names no version.
        remarks: What is wrong with it as a name of nixpkgs.
    """

    text: str
    meanings: tuple[Meaning, ...]
    remarks: tuple[str, ...]

    def findings(self) -> list[str]:
        """Return where the two readings differ, and what to write to mean one of them."""
        found = [
            f"{self.text} is {m.tool} {m.exact} to nixpkgs, and {m.tool} {m.wished} to who reads "
            f'it as "that and later". Say which you mean: {m.tool} = "{m.exact}" or "{m.wished}".'
            for m in self.meanings
            if m.exact.versions != m.wished.versions
        ]
        return [*found, *self.remarks]


def read_attribute(text: str) -> Attribute:
    """Read the name of an attribute or a shell: `elixir_1_17`, `beam27Packages.elixir_1_18`."""
    meanings: dict[str, Meaning] = {}
    remarks: list[str] = []
    for part in text.removeprefix("pkgs.").split("."):
        name, sign, numbers = _named(part)
        meaning = _meaning(name, numbers) if name in _PACKAGES and numbers else None
        if meaning is not None:
            meanings[meaning.tool] = meaning
        if numbers:
            remarks += _remarks(part, name, sign, numbers)
    if re.search(r"beamPackages\.erlang_[0-9]", text):
        remarks.append("nixpkgs has beamPackages.erlang, and no beamPackages.erlang_NN.")
    return Attribute(text, tuple(meanings.values()), tuple(remarks))


def _named(part: str) -> tuple[str, str, list[str]]:
    """Return the name, the sign before the version, and its numbers; none where there are none."""
    if found := _SET.fullmatch(part):
        return "erlang", "", [found["version"]]
    if found := _RELEASE.fullmatch(part):
        return found["name"], "R", [found["version"]]
    if found := re.fullmatch(r"python3([0-9]+)", part):
        return "python3", "", ["3", found[1]]
    if found := _VERSIONED.fullmatch(part):
        return found["name"], found["sign"], found["version"].split("_")
    if found := re.fullmatch(r"([a-z]+(?:_[a-z]+)*)_([0-9]+(?:_[0-9]+)*)", part):
        return found[1], "_", found[2].split("_")
    return part, "", []


def _meaning(name: str, numbers: list[str]) -> Meaning | None:
    """Return what is meant by the numbers of a package, or None where they are no version."""
    tool, dialect, count = _PACKAGES[name]
    version = ".".join(numbers)
    if dialect == "elixir":
        version = ".".join([*numbers, "0", "0"][: max(3, len(numbers))])
    if len(numbers) > count:
        exact = f"== {version}"
    elif count > 1 and dialect == "otp":
        exact = f"~> {version}.0"
    else:
        exact = f"~> {version}"
    try:
        wished = Requirement.parse(f">= {version}", dialect)
        return Meaning(tool, Requirement.parse(exact, dialect), wished)
    except InvalidTextError:
        return None


def _remarks(part: str, name: str, sign: str, numbers: list[str]) -> Iterator[str]:
    if sign == "=":
        yield f"{part} is the name of a shell, if anything: no attribute of nixpkgs has a '='."
    if sign == "R":
        yield f"{part} is an old spelling; nixpkgs writes {name}_{numbers[0]}."
    if sign == "-":
        plain = "_".join(numbers)
        yield f"{part} is the name of a package; its attribute is {name}_{plain}."
    if name == "beam":
        yield f"{part} is no attribute of nixpkgs; it has beam{numbers[0]}Packages."
    if name in _PACKAGES and sign == "_" and len(numbers) > _PACKAGES[name][2]:
        short = "_".join([name, *numbers[: _PACKAGES[name][2]]])
        yield (
            f"nixpkgs has no {part}: it names no more than {short}, and which patch release that "
            "is depends on the nixpkgs that flake.lock pins."
        )
    if name not in _PACKAGES and sign == "_" and len(numbers) > 1:
        yield f"nixpkgs is not known to have {part}; what is a Hex package is pinned in mix.exs."
