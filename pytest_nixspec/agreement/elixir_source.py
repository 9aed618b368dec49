"""Elixir source with everything blanked that is no code: comments, strings, sigils, characters.

The text keeps its length, so that a place in it is the same place in the source.
"""

import re

_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_SIGIL = re.compile(r"~([a-z]|[A-Z][A-Z0-9]*)(\"\"\"|'''|[(\[{<|/\"'])")
_HEREDOC = re.compile(r"\"\"\"|'''")
# What stands for something that was text, but not a plain string.
QUOTED = "\N{SUBSTITUTE}"


def masked(source: str) -> str:
    """Return the source with comments as blanks and quoted text as placeholders.

    Of a plain string its quotes are kept, around blanks; anything else that is quoted, a sigil or a
    heredoc or a character, is a placeholder as a whole.
    """
    out: list[str] = []
    at = 0
    while at < len(source):
        end, fill = _next(source, at)
        piece = source[at:end]
        if fill is None:
            out.append(piece)
        elif fill == '"' and len(piece) > 1 and piece.endswith('"'):
            out.append(f'"{_blank(piece[1:-1], " ")}"')
        else:
            out.append(_blank(piece, " " if fill == " " else QUOTED))
        at = end
    return "".join(out)


def _next(source: str, at: int) -> tuple[int, str | None]:
    """Return where the piece that begins here ends, and what it is filled with; None for code."""
    character = source[at]
    if character == "#":
        end = source.find("\n", at)
        return (len(source) if end < 0 else end), " "
    if character == "?" and not (at and re.match(r"[\w?!)\]}]", source[at - 1])):
        return min(len(source), at + (3 if source.startswith("\\", at + 1) else 2)), QUOTED
    sigil = _SIGIL.match(source, at)
    if sigil:
        opening = sigil[2]
        closing = _CLOSING.get(opening, opening)
        return _end_of(source, sigil.end(), closing, interpolates=sigil[1].islower()), QUOTED
    heredoc = _HEREDOC.match(source, at)
    if heredoc:
        return _end_of(source, heredoc.end(), heredoc[0], interpolates=True), QUOTED
    if character in "\"'":
        end = _end_of(source, at + 1, character, interpolates=True)
        return end, '"' if character == '"' else QUOTED
    return at + 1, None


def _end_of(source: str, at: int, closing: str, *, interpolates: bool) -> int:
    """Return where a quoted piece ends, past its closing sign."""
    while at < len(source):
        if source.startswith("\\", at):
            at += 2
        elif source.startswith(closing, at):
            return at + len(closing)
        elif interpolates and source.startswith("#{", at):
            at = _end_of_interpolation(source, at + 2)
        else:
            at += 1
    return len(source)


def _end_of_interpolation(source: str, at: int) -> int:
    depth = 1
    while at < len(source) and depth:
        end, fill = _next(source, at)
        if fill is None:
            depth += {"{": 1, "}": -1}.get(source[at], 0)
        at = end
    return at


def _blank(text: str, fill: str) -> str:
    return re.sub(r"[^\n]", fill, text)
