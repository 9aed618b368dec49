"""Read a specification, or say all that is wrong with it."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pytest_nixspec.audit import POLICIES
from pytest_nixspec.errors import InvalidRequirementError, SpecError, did_you_mean
from pytest_nixspec.shells.probes import PROBES, Probe
from pytest_nixspec.spec.model import SpecModel, ToolTable, table_at
from pytest_nixspec.spec.position import Key, lines_of, nearest_line
from pytest_nixspec.spec.values import shown
from pytest_nixspec.versions import Requirement

SPEC_NAME = "nixspec.toml"
PYPROJECT = "pyproject.toml"


# What pydantic says of these is about Python.
_SHORT = MappingProxyType(
    {
        "model_type": "must be a table",
        "dict_type": "must be a table",
        "tuple_type": "must be an array",
        "too_short": "must not be empty",
        "string_too_short": "must not be empty",
        "string_type": "must be a string",
        "int_type": "must be an integer",
        "date_type": "must be a date, as in 2027-03-31",
    }
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A specification that was read.

    Attributes:
        path: The file it is in.
        text: The file's text.
        prefix: Where in the file it is: nowhere special, or below `tool.nixspec`.
        model: What it says.
        lines: On which line each key begins.
    """

    path: Path
    text: str
    prefix: tuple[str, ...]
    model: SpecModel
    lines: Mapping[tuple[Key, ...], int]

    def line(self, *path: Key) -> int:
        """Return the line of one of its keys."""
        return nearest_line(self.lines, (*self.prefix, *path))

    @property
    def flake_directory(self) -> Path:
        """The directory of the flake under test."""
        return (self.path.parent / self.model.flake.path).resolve()

    @property
    def probes(self) -> dict[str, Probe]:
        """The probes it brings."""
        return {
            name: Probe(table.argv[1:], table.pattern, table.dialect, program=table.argv[0])
            for name, table in self.model.probe.items()
        }

    def dialect(self, tool: str, table: ToolTable) -> str:
        """Return the dialect of a tool's requirement."""
        return table.dialect or {**PROBES, **self.probes}[tool].dialect


def find(directory: Path) -> Path | None:
    """Return the specification of a directory: nixspec.toml, or a pyproject.toml that has one."""
    if (directory / SPEC_NAME).is_file():
        return directory / SPEC_NAME
    pyproject = directory / PYPROJECT
    if pyproject.is_file() and _below(_read_toml(pyproject)[1], ("tool", "nixspec")) is not None:
        return pyproject
    return None


def load(path: Path) -> Spec:
    """Read a specification.

    Raises:
        SpecError: It has mistakes; all that can be told at once are.
    """
    text, document = _read_toml(path)
    prefix = ("tool", "nixspec") if path.name == PYPROJECT else ()
    table = _below(document, prefix)
    try:
        model = SpecModel.model_validate(table)
    except ValidationError as error:
        mistakes = [(_where(details), _message(details)) for details in error.errors()]
        raise _spec_error(path, text, prefix, mistakes) from error
    spec = Spec(path, text, prefix, model, lines_of(text))
    wrong = [
        *_flake_mistakes(spec),
        *_way_mistakes(spec),
        *_tool_mistakes(spec),
        *_rule_mistakes(spec),
    ]
    if wrong:
        raise _spec_error(path, text, prefix, wrong)
    return spec


def _read_toml(path: Path) -> tuple[str, dict[str, object]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path} cannot be read: {error}."
        raise SpecError(message) from error


def _below(document: object, prefix: Sequence[str]) -> object:
    for key in prefix:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _flake_mistakes(spec: Spec) -> Iterator[tuple[list[Key], str]]:
    if not spec.flake_directory.is_dir():
        yield ["flake", "path"], f"{spec.flake_directory} is no directory."


def _way_mistakes(spec: Spec) -> Iterator[tuple[list[Key], str]]:
    """Yield what is stated of a shell that the way into it cannot tell."""
    for shell, table in spec.model.shell.items():
        stated = {
            "hook": table.hook is not None and table.via in {"direnv", "host"},
            "isolation": table.isolation is not None and table.via != "flake",
            "systems": bool(table.systems) and table.via != "flake",
            "snapshot": table.snapshot is not None and table.via in {"direnv", "host"},
        }
        for key in (key for key, is_wrong in stated.items() if is_wrong):
            message = f'cannot be told of a shell that is entered via = "{table.via}".'
            yield ["shell", shell, key], message


def _tool_mistakes(spec: Spec) -> Iterator[tuple[list[Key], str]]:
    known = {**PROBES, **spec.probes}
    for shell, table in spec.model.shell.items():
        for tool, wanted in table.tools.items():
            path: list[Key] = ["shell", shell, "tools", tool]
            if wanted.requirement == "*":
                continue
            if tool not in known:
                message = (
                    f"no probe tells the version of {tool!r}. Known: {', '.join(sorted(known))}. "
                    f"Add [probe.{tool}] with argv and pattern, or require '*'."
                )
                yield path, message
                continue
            try:
                read = Requirement.parse(wanted.requirement, spec.dialect(tool, wanted))
            except InvalidRequirementError as error:
                yield path, str(error)
                continue
            if read.versions.is_empty:
                yield path, f"{wanted.requirement!r} matches no version: {read.why_empty()}."


def _rule_mistakes(spec: Spec) -> Iterator[tuple[list[Key], str]]:
    audit = spec.model.audit
    if audit is None:
        return
    known = [rule.id for rule in POLICIES[audit.policy].rules]
    for index, waiver in enumerate(audit.waiver):
        if waiver.rule not in known:
            message = f"unknown rule {waiver.rule!r}. Allowed: {', '.join(known)}."
            yield ["audit", "waiver", index, "rule"], message


def _where(error: ErrorDetails) -> list[Key]:
    context = error.get("ctx", {})
    return [*error["loc"], *([str(context["key"])] if "key" in context else [])]


def _unknown_key(path: Sequence[Key]) -> str:
    *table, key = path
    allowed = list(table_at(table).keys())
    return f"unknown key {key!r}. Allowed: {', '.join(allowed)}.{did_you_mean(str(key), allowed)}"


def _message(error: ErrorDetails) -> str:
    if error["type"] == "mistake":
        return str(error["msg"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(error["loc"])
    if error["type"] == "missing":
        return "this key is missing."
    if error.get("ctx", {}).get("class_name") in {"ToolTable", "VariableTable"}:
        return f"must be a string or a table, not {shown(error['input'])}."
    if error["type"] in _SHORT:
        return f"{_SHORT[error['type']]}, not {shown(error['input'])}."
    message = error["msg"].removeprefix("Input ").replace("should be", "must be")
    return f"{message}, not {shown(error['input'])}."


def _spec_error(
    path: Path, text: str, prefix: Sequence[str], mistakes: Sequence[tuple[list[Key], str]]
) -> SpecError:
    index = lines_of(text)
    lines = [
        f"{path.name}:{nearest_line(index, (*prefix, *where))}: {_dotted(where)}: {message}"
        for where, message in mistakes
    ]
    return SpecError("\n".join(lines))


def _dotted(path: Sequence[Key]) -> str:
    return ".".join(str(key) for key in path) or "the specification"
