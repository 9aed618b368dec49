"""What mix.exs says of Elixir; its text is read, never run."""

import re

from pytest_nixspec.agreement.claim import Claim
from pytest_nixspec.agreement.elixir_source import masked
from pytest_nixspec.errors import InvalidRequirementError
from pytest_nixspec.versions import Requirement

_PROJECT = re.compile(r"\bdef[ \t]+project\b(?![?!])(?:[ \t]*\([ \t]*\))?(?=[ \t\n]*(?:,|do\b))")
_NEXT_DEFINITION = re.compile(r"^[ \t]*(?:def[a-z]*|@[a-z]\w*)[ \t]", re.MULTILINE)
_KEY = re.compile(r"(?<![\w@:.\"'])elixir:(?!:)|:elixir\b[ \t]*=>")
_COMPUTED = "it is computed, so what it says cannot be read from the text"
_OPENING, _CLOSING = "([{", ")]}"


def mix_claims(source_text: str, source: str) -> list[Claim]:
    """Return what the `elixir:` of `def project` says; nothing where its code speaks of none."""
    code = masked(source_text)
    project = _PROJECT.search(code)
    if project is None:
        return []
    following = _NEXT_DEFINITION.search(code, project.end())
    end = following.start() if following else len(code)
    body = code[project.end() : end]
    keys = [found for found in _KEY.finditer(body) if _depth(body[: found.start()]) == 1]
    if len(keys) != 1:
        # Of a nested list the key is another's, and a second one here is Elixir's to choose from.
        nested = [found for found in _KEY.finditer(body) if _depth(body[: found.start()]) > 1]
        spoken = len(re.findall(r"\belixir\b", body)) - len(nested)
        line = code.count("\n", 0, project.start()) + 1
        quoted = '"elixir":' in source_text[project.end() : end]
        return [_unknown("elixir", source, line)] if spoken > 0 or keys or quoted else []
    begins = project.end() + keys[0].end()
    line = code.count("\n", 0, begins) + 1
    return [_claim(source_text, code, (begins, end), (source, line))]


def _claim(text: str, code: str, span: tuple[int, int], place: tuple[str, int]) -> Claim:
    """Return the claim of the value that a key has."""
    begins, end = span
    value = re.match(r"[ \t\n]*(\"[^\"]*\"|@\w+)[ \t\n]*(?=[,\]\n]|\Z)", code[begins:end])
    source, line = place
    if value is None or not _ends(code, begins + value.end()):
        said = text[begins:end].strip().partition("\n")[0].rstrip(",]")
        return _unknown(said, source, line)
    start, stop = begins + value.start(1), begins + value.end(1)
    literal = _attribute(text, code[:begins], value[1]) if value[1][0] == "@" else text[start:stop]
    if literal is None or "\\" in literal or "#{" in literal:
        return _unknown(text[start:stop], source, line)
    said = literal[1:-1]
    try:
        meant = Requirement.parse(said)
    except InvalidRequirementError as error:
        return Claim("elixir", said, source, line, (), str(error), is_range=True)
    if meant.versions.is_empty:
        remark = f"no version meets it: {meant.why_empty()}"
        return Claim("elixir", said, source, line, (), remark, is_range=True)
    return Claim("elixir", said, source, line, (meant,), is_range=True)


def _attribute(text: str, before: str, name: str) -> str | None:
    """Return the string literal that a module attribute was last set to, or None."""
    settings = list(re.finditer(rf"^[ \t]*{re.escape(name)}[ \t]+(.*)$", before, re.MULTILINE))
    if not settings:
        return None
    last = settings[-1]
    literal = re.fullmatch(r"(\"[^\"]*\")[ \t]*", last[1])
    return text[last.start(1) : last.start(1) + len(literal[1])] if literal else None


def _ends(code: str, at: int) -> bool:
    """Tell whether an expression ends here: what follows begins a new one or closes the list."""
    following = code[at:].lstrip()
    return not following or following[0] in ",])" or following.startswith("end")


def _depth(code: str) -> int:
    return sum(code.count(sign) for sign in _OPENING) - sum(code.count(sign) for sign in _CLOSING)


def _unknown(said: str, source: str, line: int) -> Claim:
    return Claim("elixir", said, source, line, (), _COMPUTED, is_range=True)
