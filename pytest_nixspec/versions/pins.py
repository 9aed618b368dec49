"""What .tool-versions and mise.toml pin, line by line as asdf and mise read them; text only.

Sources: asdf-vm/asdf, internal/toolversions/toolversions.go and internal/resolve/resolve.go;
mise.jdx.dev/configuration.html.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_nixspec.errors import InvalidTextError
from pytest_nixspec.versions.asdf import Kind, Pin, pin

MOVED_IN = "0.16"


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a file pins for one tool.

    Attributes:
        tool: The name of the plugin, `erlang`.
        pins: The versions, the first preferred and the others its fallbacks.
        line: Where it says so, from 1; 0 for a variable.
        remark: What is not as it looks; empty where all is well.
        is_shadowed: Whether an earlier line of the same tool is taken, and this one is not.
    """

    tool: str
    pins: tuple[Pin, ...]
    line: int
    remark: str = ""
    is_shadowed: bool = False


def tool_versions(text: str) -> list[Pinned]:
    """Return what a .tool-versions pins, as asdf reads it, with a remark on what it passes over.

    Fields are divided by spaces only, a comment begins at the first `#`, and the first line of a
    tool wins; a line that asdf passes over has no pins.
    """
    pinned: list[Pinned] = []
    for number, line in enumerate(text.split("\n"), 1):
        tokens = _tokens(line.partition("#")[0])
        if not tokens:
            continue
        tool, *versions = tokens
        earlier = next((p for p in pinned if p.tool == tool and p.pins), None)
        if earlier is not None:
            remark = f"asdf takes line {earlier.line}, the first for {tool}"
            pinned.append(Pinned(tool, (), number, remark, is_shadowed=True))
        elif versions:
            pins = tuple(map(pin, versions))
            pinned.append(Pinned(tool, pins, number, "; ".join(_remarks(pins))))
        else:
            pinned.append(Pinned(tool.split()[0], (), number, _passed_over(tool)))
    return pinned


def mise_toml(text: str) -> list[Pinned]:
    """Return what the `[tools]` of a mise.toml pin.

    Raises:
        InvalidTextError: The text is no TOML, or its `tools` is no table.
    """
    try:
        tools = tomllib.loads(text).get("tools", {})
    except tomllib.TOMLDecodeError as error:
        message = f"it is no TOML: {error}"
        raise InvalidTextError(message) from error
    if not isinstance(tools, dict):
        message = f"its `tools` is no table but {tools!r}"
        raise InvalidTextError(message)
    return [
        # mise names its own plugins `core:erlang` as well.
        Pinned(name.removeprefix("core:"), tuple(_mise_pins(value)), _line_of(text, name))
        for name, value in tools.items()
    ]


def from_environment(environ: Mapping[str, str], tools: Mapping[str, str]) -> list[Pinned]:
    """Return what `ASDF_<TOOL>_VERSION` pins; such a variable wins over the file.

    Args:
        environ: Variables.
        tools: The plugins to look for, by name.
    """
    found = []
    for tool in tools:
        name = f"ASDF_{tool.upper().replace('-', '_')}_VERSION"
        versions = _tokens(environ.get(name, ""))
        if versions:
            pins = tuple(map(pin, versions))
            found.append(Pinned(tool, pins, 0, f"{name} wins over every file"))
    return found


def legacy_command(argv: Sequence[str]) -> str | None:
    """Return what to write for an asdf command that is no more; None for one that is.

    `asdf local`, `global` and `shell` went in 0.16; `asdf elixir local` never was one.
    """
    match list(argv):
        case ["asdf", ("local" | "global" | "shell") as verb, *rest]:
            return f"`asdf {verb}` is gone since asdf {MOVED_IN}: {_instead(verb, rest)}."
        case ["asdf", tool, ("local" | "global" | "shell") as verb, *rest]:
            return (
                f"`asdf {tool} {verb}` is no command of any asdf; the verb came first, and is gone "
                f"since {MOVED_IN}: {_instead(verb, [tool, *rest])}."
            )
    return None


def _instead(verb: str, words: list[str]) -> str:
    said = " ".join(words)
    if verb == "shell":
        tool, *versions = words or ["TOOL"]
        variable = f"ASDF_{tool.upper().replace('-', '_')}_VERSION"
        return f"export {variable}={' '.join(versions) or 'VERSION'}"
    return f"write `asdf set {'-u ' if verb == 'global' else ''}{said}`"


def _tokens(line: str) -> list[str]:
    """Divide as asdf does: at spaces; other blanks only fall off the ends."""
    return [token.strip() for token in line.split(" ") if token.strip()]


def _passed_over(token: str) -> str:
    if len(token.split()) > 1:
        sign = "a tab" if "\t" in token else "a sign that is no space"
        return f"asdf passes over this line: its fields are divided by {sign}, and only spaces do"
    return "asdf passes over this line: it names no version"


def _remarks(pins: tuple[Pin, ...]) -> Iterator[str]:
    for one in pins:
        if one.kind is Kind.LATEST:
            yield (
                f"asdf takes {one.text!r} in a file for the name of a version; it is for the "
                "command line only (mise reads it as the newest)"
            )


def _mise_pins(value: object) -> Iterator[Pin]:
    match value:
        case str():
            # mise takes a short version for the newest of its line: `1.17` for any 1.17.
            yield pin(value)
        case dict():
            yield from _mise_pins(value.get("version", "latest"))
        case list():
            for one in value:
                yield from _mise_pins(one)
        case _:
            yield pin(str(value))


def _line_of(text: str, key: str) -> int:
    lines = text.splitlines()
    starts = (f"{key}=", f'"{key}"=', f"'{key}'=", f"{key}.", f"[tools.{key}]")
    return next(
        (n for n, line in enumerate(lines, 1) if line.replace(" ", "").startswith(starts)), 1
    )
