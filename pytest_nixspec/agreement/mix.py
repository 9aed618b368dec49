"""What mix.exs says of Elixir; its text is read, never run."""

import re

from pytest_nixspec.agreement.claim import Claim
from pytest_nixspec.errors import InvalidRequirementError
from pytest_nixspec.versions import Requirement

# What a `#`, a quote or an `elixir:` means nothing in: comments, heredocs and characters.
_NOISE = re.compile(
    r'(?P<keep>"(?!"")(?:\\.|[^"\\])*")|"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|\?\\?.|#[^\n]*'
)
_KEY = re.compile(
    r"(?<![\w@:.])(?:elixir:|:elixir\s*=>)\s*(?P<value>\"(?:\\.|[^\"\\])*\"|@?[\w.]+)"
)


def mix_claims(text: str, source: str) -> list[Claim]:
    """Return what the `elixir:` of `def project` says; nothing where there is none."""
    quiet = _NOISE.sub(lambda found: found["keep"] or _blank(found[0]), text)
    project = re.search(r"\bdef\s+project\b", quiet)
    found = _KEY.search(quiet, project.end() if project else 0)
    if found is None:
        return []
    line = quiet.count("\n", 0, found.start()) + 1
    return [_claim(found["value"], _literal(found["value"], quiet), source, line)]


def _claim(said: str, literal: str | None, source: str, line: int) -> Claim:
    if literal is None:
        remark = "it is computed, so what it says cannot be read from the text"
        return Claim("elixir", said, source, line, (), remark, is_range=True)
    try:
        meant = (Requirement.parse(literal),)
    except InvalidRequirementError as error:
        return Claim("elixir", literal, source, line, (), str(error), is_range=True)
    return Claim("elixir", literal, source, line, meant, is_range=True)


def _literal(value: str, text: str) -> str | None:
    """Return the string that an expression is, or that the module attribute holds."""
    if value.startswith("@"):
        found = re.search(rf"^\s*{re.escape(value)}\s+(\"[^\"#]*\")", text, re.MULTILINE)
        value = found[1] if found else value
    is_plain = value.startswith('"') and "#{" not in value
    return value[1:-1] if is_plain else None


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
