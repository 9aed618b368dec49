"""A first specification, from what the shells of a flake are today."""

import json
import re
from collections.abc import Iterator, Sequence

from pytest_nixspec.checks.run import Run
from pytest_nixspec.errors import InvalidVersionError, ProbeError, ToolNotFoundError
from pytest_nixspec.shells import PROBES, Shell, ShellOutcome
from pytest_nixspec.shells.beam import otps_of_elixir
from pytest_nixspec.versions import Version
from pytest_nixspec.versions.compatibility import one_otp

HEADER = """\
# What this project's development environment must be. `pytest --nixspec` checks it.
# Written from what the shells are today: loosen or tighten it.

[flake]
path = "."
"""


def propose(run: Run, shells: Sequence[str]) -> str:
    """Return the text of a specification that holds today.

    Args:
        run: The run over the flake.
        shells: The shells to state; none for all.

    Raises:
        ShellNotEnteredError: A shell that was named cannot be entered.
        ShellNotFoundError: The flake has no such shell.
    """
    if shells:
        tables = ["\n".join(_table(run.shells.shell(name))) for name in shells]
    else:
        tables = ["\n".join(_table_or_reason(run, name)) for name in run.shells.names()]
    return "\n".join([HEADER, *tables])


def _table_or_reason(run: Run, name: str) -> Iterator[str]:
    capture = run.shells.capture(name)
    if capture.outcome is ShellOutcome.RAN:
        yield from _table(run.shells.shell(name))
    else:
        yield f"# shell {json.dumps(name)} is left out: {capture.outcome}: {capture.reason}\n"


def _table(shell: Shell) -> Iterator[str]:
    is_bare = re.fullmatch(r"[A-Za-z0-9_-]+", shell.name) is not None
    # JSON's quoting of a key is TOML's.
    key = f"shell.{shell.name if is_bare else json.dumps(shell.name)}"
    if _has_one_otp(shell):
        yield f"[{key}]\none_otp = true\n"
    yield f"[{key}.tools]"
    for name in PROBES:
        requirement = _requirement(shell, name)
        if requirement is not None:
            yield f'{name} = "{requirement}"'
    yield ""


def _has_one_otp(shell: Shell) -> bool:
    """Tell whether the shell brings Elixir and Erlang, and they are of one OTP."""
    try:
        tools = [shell.tool(name) for name in ("elixir", "erl")]
        if not all(tool.comes_from_shell for tool in tools):
            return False
        elixir, erl = (tool.version for tool in tools)
        return one_otp(elixir, *otps_of_elixir(shell), erl).passed
    except (ToolNotFoundError, ProbeError, InvalidVersionError):
        return False


def _requirement(shell: Shell, name: str) -> str | None:
    """Return a requirement that the tool meets today; None where the shell brings no such tool."""
    try:
        tool = shell.tool(name)
        if not tool.comes_from_shell:
            return None
        numbers = Version.parse(tool.version, PROBES[name].dialect).parts.numbers
    except (ToolNotFoundError, ProbeError):
        return None
    kept = numbers[:2] if PROBES[name].dialect == "elixir" else numbers[:1]
    return f"~> {'.'.join(map(str, kept))}" if len(kept) > 1 else f">= {kept[0]}"
