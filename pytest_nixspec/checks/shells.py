"""The statements on shells: that they are entered, their tools, variables and commands."""

import re
import shlex
from collections.abc import Iterator
from functools import partial
from typing import Any

from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.commands import command_ends
from pytest_nixspec.checks.hooks import hook_checks
from pytest_nixspec.checks.run import Run
from pytest_nixspec.checks.snapshots import is_as_recorded
from pytest_nixspec.errors import ShellNotEvaluatedError
from pytest_nixspec.nix import drv_path
from pytest_nixspec.shells import Origin, ShellOutcome, Tool
from pytest_nixspec.shells.beam import otps_of_elixir
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import ToolTable, VariableTable
from pytest_nixspec.verdict import Verdict, failed, passed, unknown
from pytest_nixspec.versions import Requirement
from pytest_nixspec.versions.compatibility import one_otp


def shell_checks(spec: Spec) -> Iterator[Check]:
    """Return the statements on every shell, in the order of the specification."""
    for shell, table in spec.model.shell.items():
        new = partial(Check, Area.SHELL, shell)
        # The host is not entered: that it is there would be a pass with nothing checked.
        if table.via != "host":
            yield new("is entered", spec.line("shell", shell), partial(_is_entered, shell))
        if table.snapshot:
            line = spec.line("shell", shell, "snapshot")
            yield new("is as recorded", line, partial(is_as_recorded, shell))
        for system in table.systems:
            line = spec.line("shell", shell, "systems")
            yield new(f"evaluates for {system}", line, partial(_evaluates, shell, system))
        if table.one_otp:
            line = spec.line("shell", shell, "one_otp")
            yield new("Elixir has one OTP", line, partial(_has_one_otp, shell))
        for tool, wanted in table.tools.items():
            ask = partial(_has_tool, shell, tool, wanted, _requirement(spec, tool, wanted))
            line = spec.line("shell", shell, "tools", tool)
            yield new(f"{tool} {wanted.requirement}", line, ask)
        for variable, claim in table.env.items():
            line = spec.line("shell", shell, "env", variable)
            ask = partial(_has_variable, shell, variable, claim)
            yield new(f"${variable} {_wording(claim)}", line, ask)
        yield from hook_checks(spec, shell, table)
        for index, command in enumerate(table.command):
            line = spec.line("shell", shell, "command", index)
            name = command.name or f"`{shlex.join(command.argv)}`"
            yield new(name, line, partial(command_ends, shell, command))


def _is_entered(shell: str, run: Run) -> Checked:
    capture = run.shells.capture(shell)
    facts = {
        "outcome": capture.outcome.value,
        "seconds": capture.elapsed_seconds,
        "was_kept": capture.was_kept,
    }
    if capture.outcome is ShellOutcome.RAN:
        return Checked(passed(capture.reason, *capture.evidence), facts)
    reason = f"{capture.outcome}: {capture.reason}"
    return Checked(failed(reason, *capture.evidence, remedy=_REMEDIES[capture.outcome]), facts)


def _evaluates(shell: str, system: str, run: Run) -> Checked:
    facts = {"shell": shell, "system": system}
    try:
        path = drv_path(run.nix, run.flake, system, shell)
    except ShellNotEvaluatedError as error:
        reason, *evidence = str(error).splitlines()
        return Checked(failed(reason, *evidence), facts)
    said = f"it evaluates for {system}; it was neither built nor entered"
    return Checked(passed(said, path), facts)


_REMEDIES = {
    ShellOutcome.HOOK_EXITED: "Take the exit out of the shellHook; return from a function instead.",
    ShellOutcome.HOOK_FAILED: "Mend that command, or drop `set -e` from the shellHook.",
    ShellOutcome.HOOK_REPLACED_SHELL: "Take the exec out of the shellHook.",
    ShellOutcome.KILLED: "Look into the shellHook for what ends the shell.",
    ShellOutcome.TIMED_OUT: "Raise `timeout` of this shell, or mend what does not return.",
    ShellOutcome.NEVER_STARTED: "Enter it by hand: `nix develop`.",
    ShellOutcome.BUILD_FAILED: "Build it by hand and read the log: `nix develop -L`.",
    ShellOutcome.EVALUATION_FAILED: "Read Nix's own last lines above.",
}


def _has_tool(
    shell: str, name: str, wanted: ToolTable, requirement: Requirement | None, run: Run
) -> Checked:
    tool = run.shells.shell(shell).tool(name)
    facts = _tool_facts(shell, tool)
    if wanted.from_ not in {"any", tool.origin.value}:
        return Checked(_wrong_origin(tool, wanted), facts)
    if requirement is None:
        return Checked(passed(tool.explain().partition("\n")[0]), facts)
    facts["version"] = tool.version
    reason = requirement.explain(tool.version)
    if tool.version in requirement:
        return Checked(passed(reason, *_of(tool)), facts)
    remedy = f"Take another {name} into the shell, or change the requirement."
    return Checked(failed(reason, *_of(tool), remedy=remedy), facts)


def _has_one_otp(shell: str, run: Run) -> Checked:
    entered = run.shells.shell(shell)
    elixir, erl = entered.tool("elixir"), entered.tool("erl")
    compiled, running = otps_of_elixir(entered)
    facts = {"shell": shell, "compiled": compiled, "running": running, "on_path": erl.version}
    return Checked(one_otp(elixir.version, compiled, running, erl.version), facts)


def _wrong_origin(tool: Tool, wanted: ToolTable) -> Verdict:
    if tool.origin is Origin.UNKNOWN:
        reason = f"who brings {tool.name} cannot be told: {tool.path} is a file of the project"
        remedy = f'Add {tool.name} to the shell, or allow any: from = "any".'
        return unknown(reason, *tool.explain().splitlines(), remedy=remedy)
    if tool.origin is Origin.HOST:
        reason = f"the shell brings no {tool.name}; only the host has one"
        remedy = f'Add {tool.name} to the shell, or allow the host: from = "any".'
    else:
        reason = f"{tool.name} comes from the shell, and from = {wanted.from_!r} is required"
        remedy = f'Take {tool.name} out of the shell, or require from = "shell".'
    return failed(reason, *tool.explain().splitlines(), remedy=remedy)


def _of(tool: Tool) -> list[str]:
    return [f"{tool.path} ({tool.package})" if tool.package else f"{tool.path}"]


def _tool_facts(shell: str, tool: Tool) -> dict[str, Any]:
    return {
        "shell": shell,
        "tool": tool.name,
        "origin": tool.origin.value,
        "path": str(tool.path),
        "store_path": str(tool.store_path) if tool.store_path else None,
        "package": tool.package,
    }


def _has_variable(shell: str, name: str, claim: VariableTable, run: Run) -> Checked:
    value = run.shells.shell(shell).variable(name)
    facts = {"shell": shell, "variable": name}
    shown = "it is absent" if value is None else f"it is {value!r}"
    if claim.absent:
        holds = value is None
    elif claim.equals is not None:
        holds = value == claim.equals
    elif claim.pattern is not None:
        holds = value is not None and re.search(claim.pattern, value) is not None
    else:
        holds = value is not None
    if holds:
        return Checked(passed(f"${name}: {shown}"), facts)
    remedy = (
        "Unset it in the shellHook, or take it out of the shell."
        if claim.absent
        else "Set it so in the shellHook or in the shell, or change the specification."
    )
    return Checked(failed(f"${name} must be so: {_wording(claim)}; {shown}", remedy=remedy), facts)


def _requirement(spec: Spec, tool: str, wanted: ToolTable) -> Requirement | None:
    if wanted.requirement == "*":
        return None
    return Requirement.parse(wanted.requirement, spec.dialect(tool, wanted))


def _wording(claim: VariableTable) -> str:
    if claim.equals is not None:
        return f"is {claim.equals}"
    if claim.pattern is not None:
        return f"matches {claim.pattern}"
    return "is absent" if claim.absent else "is present"
