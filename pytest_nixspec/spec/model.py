"""What may stand in a specification."""

import datetime
import re
from collections.abc import Sequence
from typing import Annotated, Literal, Self, TypeAlias, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pytest_nixspec.agreement import Precision
from pytest_nixspec.spec.values import Line, No, Seconds, System, Yes, mistake, tolerance_fault
from pytest_nixspec.versions import DIALECTS

From: TypeAlias = Literal["shell", "host", "any"]
AgreedTool: TypeAlias = Literal["elixir", "erl", "node", "psql", "python3"]
Metric: TypeAlias = Literal["generation_tps", "prompt_tps", "peak_memory"]


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        fault = f"{text!r} is not a regular expression: {error}."
        raise mistake(fault) from error
    return text


def _without_nul(text: str) -> str:
    if "\0" in text:
        fault = f"{text!r} holds a NUL, which no command can be given."
        raise mistake(fault)
    return text


def _file_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        fault = f"{text!r} cannot name a baseline. Allowed: letters, digits, '-' and '_'."
        raise mistake(fault)
    return text


def _dialect(name: str) -> str:
    if name not in DIALECTS:
        fault = f"{name!r} is no version dialect. Allowed: {', '.join(DIALECTS)}."
        raise mistake(fault)
    return name


def _text_as(key: str) -> BeforeValidator:
    """Let a bare string stand for a table with that one key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


Pattern: TypeAlias = Annotated[str, AfterValidator(_regular_expression)]
DialectName: TypeAlias = Annotated[str, AfterValidator(_dialect)]
Word: TypeAlias = Annotated[str, AfterValidator(_without_nul)]
Argv: TypeAlias = Annotated[tuple[Word, ...], Field(min_length=1, strict=False)]


class Table(BaseModel):
    """A table of the specification; a key that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False, strict=True)

    @classmethod
    def keys(cls) -> dict[str, object]:
        """Return the keys it may have, as they are written, with what they hold."""
        return {f.alias or name: f.annotation for name, f in cls.model_fields.items()}


class FlakeTable(Table):
    """`[flake]`: the flake under test; `path` is relative to the specification."""

    path: Word = "."


class ToolTable(Table):
    """One tool of `[shell.X.tools]`: a requirement (`*` for any version), and who brings it."""

    requirement: str
    from_: From = Field(default="shell", alias="from")
    dialect: DialectName | None = None


class VariableTable(Table):
    """One variable of `[shell.X.env]`: one of four claims."""

    equals: str | None = None
    present: Yes | None = None
    absent: Yes | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _one_claim(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            fault = "needs exactly one of: equals, present = true, absent = true, pattern."
            raise mistake(fault)
        return self


class CommandTable(Table):
    """`[[shell.X.command]]`: a command, and how it must end; patterns are searched for."""

    argv: Argv
    name: str | None = None
    exit: int = 0
    stdout: Pattern | None = None
    stderr: Pattern | None = None
    timeout: Seconds = 120.0
    max_seconds: Seconds | None = None
    retries: int = Field(default=0, ge=0)


class HookTable(Table):
    """`[shell.X.hook]`: what the hook may cost and do; `writes` are globs below the flake."""

    max_seconds: Seconds | None = None
    writes: tuple[str, ...] | None = Field(default=None, strict=False)
    stdout: No | None = None
    processes: No | None = None

    @model_validator(mode="after")
    def _states_something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            fault = f"the table is empty, and states nothing. Allowed: {', '.join(self.keys())}."
            raise mistake(fault)
        return self


class IsolationTable(Table):
    """`[shell.X.isolation]`: the shell is not changed by its parent, but for what is allowed."""

    allow: tuple[str, ...] = Field(default=(), strict=False)


class ShellTable(Table):
    """`[shell.X]`: what one devShell must be; `timeout` is for its hook, in seconds."""

    timeout: Seconds = 120.0
    via: Literal["flake", "shell.nix", "direnv", "host"] = "flake"
    one_otp: Yes | None = None
    snapshot: Yes | None = None
    systems: tuple[System, ...] = Field(default=(), strict=False)
    tools: dict[str, Annotated[ToolTable, _text_as("requirement")]] = {}
    env: dict[str, Annotated[VariableTable, _text_as("equals")]] = {}
    command: tuple[CommandTable, ...] = Field(default=(), strict=False)
    hook: HookTable | None = None
    isolation: IsolationTable | None = None


class ProbeTable(Table):
    """`[probe.X]`: how to ask a tool of your own; the pattern's first group is the version."""

    argv: Argv
    pattern: Pattern
    dialect: DialectName = "otp"

    @model_validator(mode="after")
    def _has_a_group(self) -> Self:
        if re.compile(self.pattern).groups < 1:
            fault = f"pattern {self.pattern!r} has no group: put the version in parentheses."
            raise mistake(fault, "pattern")
        return self


class GateTable(Table):
    """`[profile.X.gate]`: the worst change against the baseline that may pass, in percent."""

    generation_tps: str | None = None
    prompt_tps: str | None = None
    peak_memory: str | None = None
    greedy_tokens: Literal["same"] | None = None
    structure: Literal["same"] | None = None
    min_bandwidth_utilisation: float | None = Field(default=None, gt=0, lt=1)
    not_comparable: Literal["fail", "skip"] = "fail"
    unsound: Literal["fail", "skip"] = "fail"

    @model_validator(mode="after")
    def _worse_is_signed(self) -> Self:
        for metric, tolerance in self.tolerances().items():
            fault = tolerance_fault(tolerance, is_memory=metric == "peak_memory")
            if fault is not None:
                raise mistake(fault, metric)
        return self

    def tolerances(self) -> dict[Metric, str]:
        """Return the gated metrics with their tolerances."""
        metrics: tuple[Metric, ...] = ("generation_tps", "prompt_tps", "peak_memory")
        return {m: getattr(self, m) for m in metrics if getattr(self, m) is not None}


MOST_TOKENS = 10_000_000
OURS_ALONE = frozenset(
    {
        "tensor_parallel", "max_gpus", "hosts", "vram_limit", "quantization_bits", "prompts",
        "prefill_step_size", "processes",
    }
)  # fmt: skip
"""What is ours to decide only where we run the model."""


class ProfileTable(Table):
    """`[profile.X]`: how a model is to be run; `vram_limit` in bytes."""

    model: Line
    endpoint: Line | None = None
    shell: Word | None = None
    tensor_parallel: int = Field(default=1, ge=1)
    max_gpus: int = Field(default=1, ge=1)
    hosts: Line | None = None
    vram_limit: int | None = Field(default=None, gt=0)
    batch_size: int = Field(default=1, ge=1)
    quantization_bits: int | None = Field(default=None, ge=2, le=16)
    temperature: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    prompts: Literal["text", "random"] = "text"
    prompt_tokens: int = Field(default=32, ge=2, le=MOST_TOKENS)
    generation_tokens: int = Field(default=32, ge=2, le=MOST_TOKENS)
    prefill_step_size: int = Field(default=2048, ge=1, le=MOST_TOKENS)
    processes: int = Field(default=3, ge=1, le=1000)
    repetitions: int = Field(default=2, ge=1, le=1000)
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    timeout: Seconds = 900.0
    gate: GateTable = GateTable()

    @model_validator(mode="after")
    def _leaves_the_server_its_own(self) -> Self:
        stated = sorted(self.model_fields_set & OURS_ALONE) if self.endpoint else []
        if stated:
            fault = (
                f"{stated[0]} says nothing beside endpoint: the server runs the model as it does, "
                "and does not tell. Leave it out, or leave out endpoint."
            )
            raise mistake(fault, stated[0])
        return self


class WaiverTable(Table):
    """`[[audit.waiver]]`: an accepted finding, with who accepts it, why and until when."""

    rule: str
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    until: datetime.date


class AgreementTable(Table):
    """`[agreement]`: the files of the project and its shells name the same versions."""

    tools: tuple[AgreedTool, ...] = Field(default=("elixir", "erl"), strict=False, min_length=1)
    shells: tuple[str, ...] = Field(default=("default",), strict=False)
    precision: Precision = "exact"


class AuditTable(Table):
    """`[audit]`: a named policy, and what of it is waived."""

    policy: Literal["nix-specialist"]
    waiver: tuple[WaiverTable, ...] = Field(default=(), strict=False)


class SpecModel(Table):
    """A whole specification."""

    flake: FlakeTable = FlakeTable()
    shell: dict[str, ShellTable] = {}
    probe: dict[str, ProbeTable] = {}
    profile: dict[Annotated[str, AfterValidator(_file_name)], ProfileTable] = {}
    agreement: AgreementTable | None = None
    audit: AuditTable | None = None


def table_at(path: Sequence[str | int]) -> type[Table]:
    """Return the kind of table that a path of keys leads to."""
    table: type[Table] = SpecModel
    keys = iter(path)
    for key in keys:
        held = table.keys().get(str(key))
        # A table by name, or one of several: the next key is that name or number.
        if get_origin(held) in {dict, tuple}:
            next(keys, None)
        table = _table_in(held) or table
    return table


def _table_in(annotation: object) -> type[Table] | None:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((t for t in map(_table_in, get_args(annotation)) if t is not None), None)
