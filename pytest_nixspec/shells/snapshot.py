"""A shell as a reviewer reads it: tools, variables, hook and size, and nothing that is chance."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pytest_nixspec.errors import SnapshotError, ToolNotFoundError
from pytest_nixspec.shells.effects import HookEffects
from pytest_nixspec.shells.probes import PROBES
from pytest_nixspec.shells.shell import Shell

SCHEMA = 1
MEGABYTE = 1_000_000
_EPHEMERAL = frozenset(
    {"HOME", "NIX_BUILD_CORES", "OLDPWD", "PATH", "PWD", "SHLVL", "TERM", "shellHook"}
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a shell was.

    Attributes:
        tools: For each tool that the shell brings, its version and its package.
        variables: The variables after the hook, with hashes and directories folded into names.
        path: The entries of PATH that the shell brings, folded as well.
        hook: What the hook added, changed, removed and wrote, by name.
        closure_bytes: The size of all that the tools need.
    """

    tools: Mapping[str, str]
    variables: Mapping[str, str]
    path: tuple[str, ...]
    hook: Mapping[str, tuple[str, ...]]
    closure_bytes: int

    def to_json(self) -> str:
        """Return the snapshot as JSON, a line for each thing a reviewer may see changed."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2, sort_keys=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> "Snapshot | None":
        """Read a snapshot, or return None where there is none.

        Raises:
            SnapshotError: It is there, and cannot be read.
        """
        if not path.exists():
            return None
        try:
            read = json.loads(path.read_text())
            if read["schema"] != SCHEMA:
                message = f"{path} is of schema {read['schema']!r}, this version reads {SCHEMA}."
                raise SnapshotError(message)
            return cls(
                tools=dict(read["tools"]),
                variables=dict(read["variables"]),
                path=tuple(read["path"]),
                hook={name: tuple(said) for name, said in read["hook"].items()},
                closure_bytes=int(read["closure_bytes"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path} cannot be read: {error!r}. Record it again: pytest --nixspec-record."
            raise SnapshotError(message) from error


def take(shell: Shell, closure_bytes: int) -> Snapshot:
    """Return a shell's snapshot.

    Args:
        shell: The shell.
        closure_bytes: The size of all that its tools need.

    Raises:
        ProbeError: The version of a tool that it brings cannot be told.
        SnapshotError: It was entered in a way that tells nothing of a hook.
    """
    if shell.capture.effects is None:
        message = f"shell {shell.name!r} was entered without a hook of which anything could be told"
        raise SnapshotError(message)
    fold = _Folding(shell)
    variables = {
        name.decode(errors="surrogateescape"): value.decode(errors="surrogateescape")
        for name, value in shell.capture.environment.items()
    }
    outputs = variables.get("outputs", "").split()
    kept = variables.keys() - _EPHEMERAL - {*outputs}
    return Snapshot(
        tools=dict(_tools(shell)),
        variables={name: fold(variables[name]) for name in sorted(kept)},
        path=tuple(fold(str(entry)) for entry in shell.search_path.own),
        hook=_hook(shell.capture.effects),
        closure_bytes=closure_bytes,
    )


def differences(old: Snapshot, new: Snapshot) -> list[str]:
    """Return what changed from one snapshot to another, a line each."""
    lines = [*_changes("", old.tools, new.tools), *_changes("$", old.variables, new.variables)]
    if old.path != new.path:
        lines += [f"PATH - {entry}" for entry in old.path if entry not in new.path]
        lines += [f"PATH + {entry}" for entry in new.path if entry not in old.path]
        if {*old.path} == {*new.path}:
            lines.append("PATH has another order")
    for name in sorted(old.hook.keys() | new.hook.keys()):
        if (name in old.hook) != (name in new.hook):
            lines.append(f"hook {name} {'can' if name in new.hook else 'cannot'} be told now")
            continue
        before, after = old.hook[name], new.hook[name]
        lines += [f"hook {name} - {one}" for one in before if one not in after]
        lines += [f"hook {name} + {one}" for one in after if one not in before]
        if before != after and {*before} == {*after}:
            lines.append(f"hook {name} has another order or number: {', '.join(after)}")
    grown = new.closure_bytes - old.closure_bytes
    if grown:
        lines.append(f"closure {grown / MEGABYTE:+,.1f} MB")
    return lines


class _Folding:
    """Fold what differs between machines and runs into names."""

    def __init__(self, shell: Shell) -> None:
        store = re.escape(str(shell.search_path.store))
        self._store = re.compile(rf"{store}/[0-9a-z]{{32}}-")
        # Ours, and not what the hook may have made of HOME; Nix adds a part by chance.
        own = re.escape(shell.capture.scratch)
        self._temporary = re.compile(rf"{own}(?:/nix-shell[.-]\w+(?:-\w+)?)?")
        self._flake = str(shell.directory)

    def __call__(self, text: str) -> str:
        text = self._temporary.sub("<temporary>", text).replace(self._flake, "<flake>")
        return self._store.sub("<store>/", text)


def _tools(shell: Shell) -> Iterator[tuple[str, str]]:
    for name in sorted({*PROBES, *shell.probes}):
        try:
            tool = shell.tool(name)
            if tool.comes_from_shell:
                yield name, f"{tool.version} ({tool.package})"
        except ToolNotFoundError:
            continue


def _hook(effects: HookEffects) -> dict[str, tuple[str, ...]]:
    told = {
        "added": tuple(sorted(effects.added)),
        "changed": tuple(sorted(effects.changed)),
        "removed": effects.removed,
        "written": effects.written,
        "processes": effects.processes,
        "stdout": tuple(effects.stdout.splitlines()),
    }
    return {name: said for name, said in told.items() if said is not None}


def _changes(sign: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"- {sign}{name} (was {old[name]})"
        elif name not in old:
            yield f"+ {sign}{name} {new[name]}"
        elif old[name] != new[name]:
            yield f"{sign}{name} {old[name]} → {new[name]}"
