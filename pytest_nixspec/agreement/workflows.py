"""What GitHub workflows say: setup-beam's versions, setup-node's, and the images of containers.

Sources: erlef/setup-beam, README.md and src/setup-beam.js.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_nixspec.agreement.claim import Claim, Precision, dialect_of, is_release, pinned
from pytest_nixspec.agreement.images import image_claims
from pytest_nixspec.agreement.semver import as_requirement
from pytest_nixspec.errors import InvalidTextError
from pytest_nixspec.versions import Requirement

if TYPE_CHECKING:
    import yaml

_ACTIONS = {
    "erlef/setup-beam": {"elixir-version": "elixir", "otp-version": "erl"},
    "erlef/setup-elixir": {"elixir-version": "elixir", "otp-version": "erl"},
    "actions/setup-elixir": {"elixir-version": "elixir", "otp-version": "erl"},
    "actions/setup-node": {"node-version": "node"},
    "actions/setup-python": {"python-version": "python3"},
}
_EXPRESSION = re.compile(r"\$\{\{\s*(?P<inside>[^}]*?)\s*\}\}")


class Scalar(str):
    """A value of a workflow as GitHub has it, with its line and what was written for it."""

    __slots__ = ("line", "written")
    line: int
    written: str


Contexts: TypeAlias = Mapping[str, list[Scalar]]


def workflow_claims(text: str, source: str, precision: Precision) -> list[Claim]:
    """Return what the jobs of a workflow say.

    Raises:
        InvalidTextError: The text is no YAML.
    """
    import yaml  # noqa: PLC0415 - it takes long to import, and few runs read a workflow

    try:
        document = _plain(yaml.compose(text, Loader=yaml.SafeLoader), {})
    except yaml.YAMLError as error:
        message = f"{source} is no YAML: {error}"
        raise InvalidTextError(message) from error
    jobs = _table(_table(document).get("jobs"))
    found = []
    for job in map(_table, jobs.values()):
        contexts = _contexts(_table(document), job)
        for image in _images(job):
            for value in _filled(image, contexts) or [str(image)]:
                found += image_claims(value, (source, image.line), precision)
        for step in map(_table, _list(job.get("steps"))):
            found += _step_claims(step, contexts, source, precision)
    return found


def _step_claims(
    step: Mapping[str, Any], contexts: Contexts, source: str, precision: Precision
) -> Iterator[Claim]:
    action = str(step.get("uses", "")).partition("@")[0]
    given = _table(step.get("with"))
    is_strict = given.get("version-type") == "strict"
    for key, tool in _ACTIONS.get(action, {}).items():
        value = given.get(key)
        if not isinstance(value, Scalar):
            continue
        texts = _filled(value, contexts)
        remarks = [*map(_yaml_remark, _sources(value, contexts))]
        meant: list[Requirement] = []
        try:
            meant += [_meant(tool, text, precision, is_strict=is_strict) for text in texts or []]
        except InvalidTextError as error:
            # One of several that is not known leaves the whole unknown.
            meant = []
            remarks.append(str(error))
        if texts is None:
            remarks.append("it is computed, so what it says cannot be read from the text")
        said = " | ".join(texts or [value])
        remark = "; ".join(filter(None, remarks))
        yield Claim(tool, said, source, value.line, tuple(meant), remark)


def _meant(tool: str, text: str, precision: Precision, *, is_strict: bool) -> Requirement:
    plain = re.sub(r"-otp-[0-9]+$", "", text.strip())
    numbers = re.fullmatch(r"(?:v|OTP-)?([0-9]+(?:\.[0-9]+)*)", plain)
    if is_strict:
        # Taken as the name of a release; a shorter one is a branch, or none.
        if numbers and not is_release(tool, numbers[1]):
            message = f"{plain!r} names no release, and version-type is strict"
            raise InvalidTextError(message)
        return pinned(tool, plain, precision)
    if numbers or re.search(r"[0-9]-rc\.?[0-9]+$", plain):
        return pinned(tool, plain, precision, floats=True)
    meant = Requirement.parse(as_requirement(plain, dialect_of(tool)), dialect_of(tool))
    if meant.versions.is_empty:
        message = f"no version meets {plain!r}"
        raise InvalidTextError(message)
    return meant


def _yaml_remark(value: Scalar) -> str:
    if value.written == str(value):
        return ""
    return f"YAML reads the unquoted {value.written} as the number {value}: quote it"


def _images(job: Mapping[str, Any]) -> Iterator[Scalar]:
    container = job.get("container")
    services = [_table(service).get("image") for service in _table(job.get("services")).values()]
    for value in (container, _table(container).get("image"), *services):
        if isinstance(value, Scalar):
            yield value


def _contexts(document: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, list[Scalar]]:
    """Return the values that `env.X` and `matrix.X` can have in a job."""
    values: dict[str, list[Scalar]] = {}
    for table in (_table(document.get("env")), _table(job.get("env"))):
        values |= {f"env.{key}": [v] for key, v in table.items() if isinstance(v, Scalar)}
    matrix = _table(_table(job.get("strategy")).get("matrix"))
    excluded = [entry for entry in map(_table, _list(matrix.get("exclude"))) if len(entry) == 1]
    for key, axis in matrix.items():
        if key == "exclude":
            continue
        entries = [{key: entry} for entry in _list(axis)] if key != "include" else _list(axis)
        for entry in map(_table, entries):
            for path, value in _leaves("matrix", entry):
                if entry not in excluded and value not in values.setdefault(path, []):
                    values[path].append(value)
    # An axis that is computed has values that the text does not tell.
    computed = {f"matrix.{key}" for key, axis in matrix.items() if isinstance(axis, Scalar)}
    return {path: [] if path in computed else found for path, found in values.items()}


def _leaves(path: str, value: object) -> Iterator[tuple[str, Scalar]]:
    if isinstance(value, Scalar):
        yield path, value
    for key, inner in _table(value).items():
        yield from _leaves(f"{path}.{key}", inner)


def _sources(value: Scalar, contexts: Contexts) -> list[Scalar]:
    """Return what was written for a value: itself, or what its expressions stand for."""
    names = [found["inside"] for found in _EXPRESSION.finditer(value)]
    return [value, *(one for name in names for one in contexts.get(name, []))]


def _filled(value: Scalar, contexts: Contexts) -> list[str] | None:
    """Return the texts that a value can be, or None where an expression is not known."""
    texts = [line for line in value.split("\n") if line.strip()]
    while any(_EXPRESSION.search(text) for text in texts):
        more = []
        for text in texts:
            found = _EXPRESSION.search(text)
            if found is None:
                more.append(text)
                continue
            options = contexts.get(found["inside"])
            # An option that is an expression itself could be this one again.
            if not options or any(_EXPRESSION.search(option) for option in options):
                return None
            more += [text[: found.start()] + option + text[found.end() :] for option in options]
        texts = more
    return texts


def _plain(node: "yaml.Node | None", known: dict[int, Any]) -> Any:
    """Return a node as tables, lists and scalars; one that is named twice is converted once."""
    if node is None or id(node) in known:
        return known.get(id(node))
    kind = getattr(node, "id", "scalar")
    if kind == "mapping":
        table: dict[str, Any] = {}
        known[id(node)] = table
        table.update({str(_plain(k, known)): _plain(v, known) for k, v in node.value})
        return table
    if kind == "sequence":
        entries: list[Any] = []
        known[id(node)] = entries
        entries.extend(_plain(inner, known) for inner in node.value)
        return entries
    # GitHub, too, takes an unquoted 1.10 for the number 1.1, and 27.0 for 27.
    is_float = re.fullmatch(r"[0-9]+\.[0-9]+", node.value) and node.tag.endswith(":float")
    scalar = Scalar(f"{float(node.value):.15g}" if is_float else node.value)
    scalar.line, scalar.written = node.start_mark.line + 1, node.value
    known[id(node)] = scalar
    return scalar


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []
