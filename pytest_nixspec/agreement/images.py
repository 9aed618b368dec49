"""What container images say: Dockerfiles, and the tags of images everywhere."""

import re
from collections.abc import Iterator, Mapping

from pytest_nixspec.agreement.claim import TOOLS, Claim, Precision, pinned
from pytest_nixspec.errors import InvalidTextError

_IMAGE = re.compile(
    r"(?:(?:[\w.:-]+/(?:docker/)?)?library/|docker\.io/)?(?P<name>(?:hexpm/)?(?:elixir|erlang)|node|postgres|python)"
    r"(?::(?P<tag>[^@]*))?(?:@.*)?"
)
_TAG = re.compile(
    r"(?P<version>[0-9][0-9.]*(?:-rc\.?[0-9]+)?)"
    r"(?:-(?:otp|erlang)-(?P<otp>[0-9][0-9.]*(?:-rc[0-9]+)?))?(?:-.*)?"
)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<bare>\w+))")


def dockerfile_claims(text: str, source: str, precision: Precision) -> list[Claim]:
    """Return what the FROM lines of a Dockerfile say, with the ARGs before the first filled in."""
    claims: list[Claim] = []
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    for line, instruction, rest in _instructions(text):
        words = [word for word in rest.split() if not word.startswith("--")]
        # An ARG inside a stage is the stage's own: no FROM sees it.
        if instruction == "ARG" and not stages:
            for word in words:
                name, _, value = word.partition("=")
                arguments[name] = _filled(value.strip("\"'"), arguments) or ""
        elif instruction == "FROM" and words:
            image = _filled(words[0], arguments) or words[0]
            if image.lower() not in stages:
                claims += image_claims(image, (source, line), precision)
            stages.add(words[2].lower() if [w.upper() for w in words[1:2]] == ["AS"] else "")
    return claims


def image_claims(image: str, place: tuple[str, int], precision: Precision) -> list[Claim]:
    """Return what the name and tag of an image say; nothing of an image that we do not know."""
    found = _IMAGE.fullmatch(image)
    if found is None:
        return []
    source, line = place
    name = found["name"].removeprefix("hexpm/")
    tag = _TAG.fullmatch(found["tag"] or "")
    if tag is None:
        remark = "its tag names no version"
        return [Claim(TOOLS[name], image, source, line, (), remark)]
    said = {TOOLS[name]: tag["version"], **({"erl": tag["otp"]} if tag["otp"] else {})}
    # Docker's own images have a short tag that floats; those of Hex name one build.
    floats = not found["name"].startswith("hexpm/")
    claims = []
    for tool, version in said.items():
        try:
            meant = (pinned(tool, version, precision, floats=floats),)
        except InvalidTextError as error:
            claims.append(Claim(tool, image, source, line, (), str(error)))
        else:
            claims.append(Claim(tool, image, source, line, meant))
    return claims


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each instruction with its first line; a backslash goes on, a comment is none."""
    begun, held, heredoc = 0, "", ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.rstrip("\r")
        if heredoc:
            heredoc = "" if line.strip() == heredoc else heredoc
            continue
        if line.lstrip().startswith("#") or (held and not line.strip()):
            continue
        begun = begun or number
        held += line
        if held.rstrip().endswith("\\"):
            held = held.rstrip()[:-1] + " "
            continue
        instruction, *rest = held.split(None, 1)[:2] or [""]
        if instruction:
            yield begun, instruction.upper(), "".join(rest)
        opened = re.search(r"<<-?[\"']?(\w+)[\"']?", held)
        if opened and instruction.upper() in {"RUN", "COPY", "ADD"}:
            heredoc = opened[1]
        begun, held = 0, ""


def _filled(text: str, arguments: Mapping[str, str]) -> str | None:
    """Return a text with its variables filled in, or None where one has no value."""
    values = []
    for found in _VARIABLE.finditer(text):
        name = found["braced"] or found["bare"]
        value = arguments.get(name) or found["default"]
        if value is None:
            return None
        values.append(value)
    given = iter(values)
    return _VARIABLE.sub(lambda _: next(given), text)
