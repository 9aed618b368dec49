"""A shell that was entered: its environment, its tools, and commands that run inside it."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_nixspec import process
from pytest_nixspec.errors import CommandNotStartedError, ProbeError, ToolNotFoundError
from pytest_nixspec.shells.capture import Capture
from pytest_nixspec.shells.memory import Memory
from pytest_nixspec.shells.probes import PROBES, Probe
from pytest_nixspec.shells.tools import Origin, SearchPath, Tool

if TYPE_CHECKING:
    from pytest_nixspec.nix.provenance import Provenance

COMMAND_SECONDS = 120.0
PROBE_SECONDS = 60.0


@dataclass(eq=False, repr=False)
class Shell:
    """A devShell after its hook; commands run in its environment without a further Nix.

    Attributes:
        name: The attribute of the devShell.
        capture: What entering it left.
        search_path: Its PATH, told apart from the host's.
        directory: Where its commands run: the flake's.
        memory: What probes have said before.
        probes: The probes of the specification, over the known ones.
        trace: Tells where the packages of the shell come from, by store path.
    """

    name: str
    capture: Capture
    search_path: SearchPath
    directory: Path
    memory: Memory
    probes: Mapping[str, Probe]
    trace: Callable[[], Mapping[str, "Provenance"]]

    def __repr__(self) -> str:
        return f"Shell({self.name!r})"

    @cached_property
    def provenances(self) -> "Mapping[str, Provenance]":
        """The derivation and the input of each package of the shell, by store path."""
        return self.trace()

    @cached_property
    def environment(self) -> Mapping[bytes, bytes]:
        """The variables as bytes; PATH holds only what the shell brings, never the host's."""
        own = os.pathsep.join(os.fspath(entry) for entry in self.search_path.own)
        return {**self.capture.environment, b"PATH": os.fsencode(own)}

    def variable(self, name: str) -> str | None:
        """Return a variable as the hook left it, or None where it is absent."""
        value = self.capture.environment.get(os.fsencode(name))
        return None if value is None else os.fsdecode(value)

    def tool(self, name: str) -> Tool:
        """Return the tool that a name leads to in this shell.

        Raises:
            ToolNotFoundError: Neither the shell nor the host has it.
        """
        probe = self._probe(name)
        found = self.search_path.find((probe and probe.program) or name)
        if found is None:
            entries = "\n".join(f"  {entry}" for entry in self.search_path.own)
            message = (
                f"{name!r} is neither in the shell {self.name!r} nor on the host\n"
                f"PATH of the shell:\n{entries}\n→ Add {name} to the shell's packages."
            )
            raise ToolNotFoundError(message)
        return replace(found, name=name, ask=self._version, trace=self._provenance)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = COMMAND_SECONDS,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        input: bytes = b"",  # noqa: A002 - as subprocess.run calls it
    ) -> process.Completed:
        """Run a command inside the shell; the host's programs are not found.

        Args:
            argv: The command, found on the shell's own PATH unless it names a path.
            timeout: Seconds until it and its whole process group are ended.
            cwd: Where to run it; by default the flake's directory.
            env: Variables beside the shell's.
            input: What it reads; by default nothing.

        Raises:
            ToolNotFoundError: The shell has no such program.
            CommandNotStartedError: It is there, but is no program.
        """
        program = self.program(argv[0])
        more = {os.fsencode(k): os.fsencode(v) for k, v in (env or {}).items()}
        try:
            return process.run(
                [program, *argv[1:]],
                env={**self.environment, **more},
                cwd=cwd or self.directory,
                deadline=process.after(timeout),
                stdin=input,
            )
        except (OSError, ValueError) as error:
            message = f"{program} cannot be started: {getattr(error, 'strerror', None) or error}."
            raise CommandNotStartedError(message) from error

    def program(self, name: str) -> Path:
        """Return the shell's own program of a name, or the one at a path.

        Raises:
            ToolNotFoundError: The shell has no such program.
        """
        if "/" in name:
            return self.directory / name
        tool = replace(self.search_path, entries=self.search_path.own, parents=()).find(name)
        if tool is None:
            host = self.search_path.find(name)
            only = f"; the host's {host.path} is not used" if host else ""
            message = f"the shell {self.name!r} has no program {name!r}{only}."
            raise ToolNotFoundError(message)
        return tool.path

    def _provenance(self, tool: Tool) -> "Provenance | None":
        # The package that PATH names, and not what its links lead to: that one the flake chose.
        path = self.search_path.store_path_of(tool.path)
        return self.provenances.get(str(path)) if path else None

    def _probe(self, name: str) -> Probe | None:
        return self.probes.get(name) or PROBES.get(name)

    def _version(self, tool: Tool) -> str:
        probe = self._probe(tool.name)
        if probe is None:
            known = ", ".join(sorted({*PROBES, *self.probes}))
            message = (
                f"no probe tells the version of {tool.name!r}. Known are {known}. "
                f"Add one to the specification: [probe.{tool.name}] with argv and pattern."
            )
            raise ProbeError(message)
        in_files = probe.version_in_files(tool)
        return in_files or probe.version_in_output(tool, self._answer(tool, probe))

    def _answer(self, tool: Tool, probe: Probe) -> str:
        if tool.store_path is None:
            return self._ask(tool, probe)
        # What a store path says may depend on what it is told, but for our own directories.
        told = [
            f"{os.fsdecode(name)}={os.fsdecode(value)}"
            for name, value in sorted(self.environment.items())
            if os.fsencode(self.capture.scratch) not in value
        ]
        question = [str(tool.real_path), *probe.arguments, *told]
        return self.memory.recall(question, lambda: self._ask(tool, probe))

    def _ask(self, tool: Tool, probe: Probe) -> str:
        # A tool of the host needs the host's PATH to find its own helpers.
        is_hosts = tool.origin is Origin.HOST
        entries = self.search_path.parents if is_hosts else self.search_path.own
        path = os.pathsep.join(map(str, entries))
        try:
            done = self.run(
                [str(tool.path), *probe.arguments], timeout=PROBE_SECONDS, env={"PATH": path}
            )
        except CommandNotStartedError as error:
            raise ProbeError(str(error)) from error
        if not done.ok:
            argv = " ".join([tool.name, *probe.arguments])
            how = "did not end" if done.timed_out else f"failed (exit code {done.returncode})"
            message = f"`{argv}` {how}: {done.error_text or done.text or 'it said nothing'}"
            raise ProbeError(message)
        return done.text
