"""`nixspec shell`: what a shell is, where its tools come from, and what its hook does."""

import argparse
import json
from pathlib import Path
from typing import Any

from pytest_nixspec.checks import Run
from pytest_nixspec.cli.running import Commands, add_json, add_override, run_here
from pytest_nixspec.errors import NixspecError, ToolNotFoundError
from pytest_nixspec.nix import flake_directory
from pytest_nixspec.shells import PROBES, Shell, ShellOutcome, Tool
from pytest_nixspec.shells.leaks import Leak, not_allowed
from pytest_nixspec.temporary import own_directory


def add(commands: Commands) -> None:
    """Add the command."""
    shell = commands.add_parser(
        "shell", help="show a shell: verdict, tools, leaks, hook; exit 0 if it can be entered"
    )
    shell.add_argument("name", metavar="NAME", help="the devShell, `default`")
    shell.add_argument("--flake", metavar="REF", help="a directory or a reference; by default here")
    shell.add_argument("--no-leaks", action="store_true", help="do not enter it a second time")
    add_override(shell)
    add_json(shell)
    shell.set_defaults(command=_shell)


def _shell(options: argparse.Namespace) -> int:
    with own_directory() as directory:
        run = _run(options, directory)
        shown = _shown(run, options.name, with_leaks=not options.no_leaks)
    if options.json:
        print(json.dumps(shown, indent=2))
    else:
        print("\n".join(_lines(shown)))
    return 0 if shown["verdict"] == ShellOutcome.RAN else 1


def _run(options: argparse.Namespace, directory: Path) -> Run:
    if options.flake is None:
        return run_here(options, directory)
    local = Path(options.flake.removeprefix("path:"))
    if local.is_dir():
        return run_here(options, directory, local)
    here = run_here(options, directory)
    return run_here(options, directory, flake_directory(here.nix, options.flake))


def _shown(run: Run, name: str, *, with_leaks: bool) -> dict[str, Any]:
    capture = run.shells.capture(name)
    ran = capture.outcome is ShellOutcome.RAN
    tools = _tools(run, run.shells.shell(name)) if ran else []
    is_flakes = name not in run.shells.ways
    leaks = run.shells.leaks(name) if ran and with_leaks and is_flakes else None
    return {
        "shell": name,
        "flake": str(run.flake.directory),
        "verdict": capture.outcome.value,
        "reason": capture.reason,
        "evidence": list(capture.evidence),
        "tools": tools,
        "leaks": None if leaks is None else [_leak(leak) for leak in not_allowed(leaks, ())],
        "hook": capture.effects.to_json() if capture.effects else None,
    }


def _tools(run: Run, shell: Shell) -> list[dict[str, Any]]:
    found = []
    for name in sorted({*PROBES, *(run.spec.probes if run.spec else {})}):
        try:
            found.append(_tool(shell.tool(name)))
        except ToolNotFoundError:
            continue
    return found


def _tool(tool: Tool) -> dict[str, Any]:
    try:
        version, why = tool.version, None
    except NixspecError as error:
        version, why = None, str(error).partition("\n")[0]
    return {
        "name": tool.name,
        "version": version,
        "unknown": why,
        "origin": tool.origin.value,
        "path": str(tool.path),
        "store_path": str(tool.store_path) if tool.store_path else None,
        "package": tool.package,
        **_provenance(tool),
    }


def _provenance(tool: Tool) -> dict[str, str | None]:
    try:
        found = tool.provenance
    except NixspecError:
        # What a tool is remains true where Nix cannot say where it comes from.
        found = None
    return {
        "derivation": found.derivation if found else None,
        "input": found.source if found else None,
    }


def _leak(leak: Leak) -> dict[str, str]:
    return {"name": leak.name, "kind": leak.kind, "quiet": leak.quiet, "hostile": leak.hostile}


def _lines(shown: dict[str, Any]) -> list[str]:
    lines = [f"shell {shown['shell']}: {shown['verdict']}: {shown['reason']}"]
    lines += [f"  {line}" for line in shown["evidence"]]
    if shown["tools"]:
        lines += ["", "tools"]
    for tool in shown["tools"]:
        version = tool["version"] or f"version unknown: {tool['unknown']}"
        lines.append(f"  {tool['name']:<9} {version:<12} {tool['origin']:<6} {tool['path']}")
    if shown["hook"] is not None:
        lines += ["", "hook", *_hook_lines(shown["hook"])]
    if shown["leaks"] is not None:
        lines += ["", f"leaks of its parent, as `nix develop` enters it: {len(shown['leaks'])}"]
        lines += [f"  {Leak(**leak)}" for leak in shown["leaks"]]
    return lines


def _hook_lines(hook: dict[str, Any]) -> list[str]:
    seconds = "unknown" if hook["seconds"] is None else f"{hook['seconds']:.3f} s"
    lines = [f"  took {seconds}"]
    lines += [f"  + {name}={value!r}" for name, value in hook["added"].items()]
    lines += [f"  ~ {name}: {old!r} → {new!r}" for name, (old, new) in hook["changed"].items()]
    lines += [f"  - {name}" for name in hook["removed"]]
    lines += [f"  PATH + {entry}" for entry in hook["path_entries"]]
    for key, word in (("written", "wrote"), ("processes", "left running")):
        said = hook[key]
        lines += [f"  {word}: unknown"] if said is None else [f"  {word} {one}" for one in said]
    return lines + [f"  printed {line!r}" for line in hook["stdout"].splitlines()]
