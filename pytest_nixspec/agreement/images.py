"""What container images say: Dockerfiles, and the tags of images everywhere."""

import re
from collections.abc import Iterator, Mapping

from pytest_nixspec.agreement.claim import TOOLS, Claim, Precision, pinned
from pytest_nixspec.errors import InvalidTextError

_IMAGE = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?P<name>(?:hexpm/)?(?:elixir|erlang)|node|postgres|python)"
    r"(?::(?P<tag>[^@]*))?(?:@.*)?"
)
_TAG = re.compile(
    r"(?P<version>[0-9][0-9.]*(?:-rc\.?[0-9]+)?)"
    r"(?:-(?:otp|erlang)-(?P<otp>[0-9][0-9.]*(?:-rc[0-9]+)?))?(?:-.*)?"
)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<bare>\w+))")


def dockerfile_claims(text: str, source: str, precision: Precision) -> list[Claim]:
    """Return what the FROM lines of a Dockerfile say, with its ARGs filled in."""
    claims: list[Claim] = []
    arguments: dict[str, str] = {}
    for line, instruction, rest in _instructions(text):
        words = [word for word in rest.split() if not word.startswith("--")]
        if instruction == "ARG":
            for word in words:
                name, equals, value = word.partition("=")
                if equals:
                    arguments[name] = _filled(value.strip("\"'"), arguments) or value
        elif instruction == "FROM" and words:
            image = _filled(words[0], arguments)
            claims += image_claims(image or words[0], (source, line), precision)
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
    return [_claim(tool, version, image, place, precision) for tool, version in said.items()]


def _claim(
    tool: str, version: str, image: str, place: tuple[str, int], precision: Precision
) -> Claim:
    source, line = place
    try:
        meant = (pinned(tool, version, precision, floats=True),)
    except InvalidTextError as error:
        return Claim(tool, image, source, line, (), str(error))
    return Claim(tool, image, source, line, meant)


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each instruction with its first line; a backslash goes on, a comment is none."""
    begun, held = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        begun = begun or number
        held += line
        if held.rstrip().endswith("\\"):
            held = held.rstrip()[:-1] + " "
            continue
        instruction, _, rest = held.strip().partition(" ")
        if instruction:
            yield begun, instruction.upper(), rest
        begun, held = 0, ""


def _filled(text: str, arguments: Mapping[str, str]) -> str | None:
    """Return a text with its variables filled in, or None where one has no value."""
    values = []
    for found in _VARIABLE.finditer(text):
        name = found["braced"] or found["bare"]
        values.append(arguments.get(name, found["default"]))
    if None in values:
        return None
    given = iter(values)
    return _VARIABLE.sub(lambda _: next(given) or "", text)
