"""The versions that the shells of a flake bring, and which shell meets a range."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_nixspec.errors import NixspecError, ToolNotFoundError
from pytest_nixspec.shells import PROBES, ShellOutcome, ShellPool
from pytest_nixspec.shells.ways import Way
from pytest_nixspec.versions import Candidate, Requirement, Resolution, Wanted, resolve


@dataclass(frozen=True)
class VersionMatrix:
    """The shells of a flake against their tools; each is entered when it is first asked for.

    Attributes:
        shells: The shells.
    """

    shells: ShellPool

    def versions(self, shell: str, tools: Sequence[str]) -> Candidate:
        """Return what a shell brings of some tools, and why that cannot be told of others."""
        capture = self.shells.capture(shell)
        if capture.outcome is not ShellOutcome.RAN:
            return Candidate(shell, {}, {"": f"{capture.outcome}: {capture.reason}"})
        versions: dict[str, str] = {}
        unknown: dict[str, str] = {}
        for name in dict.fromkeys(tools):
            try:
                tool = self.shells.shell(shell).tool(name)
                # Of the host it is the host's own that are compared.
                if tool.comes_from_shell or self.shells.ways.get(shell) is Way.HOST:
                    versions[name] = tool.version
            except ToolNotFoundError:
                continue
            except NixspecError as error:
                unknown[name] = str(error).partition("\n")[0]
        return Candidate(shell, versions, unknown)

    def resolve(
        self, wanted: Mapping[str, str] | Sequence[Wanted], shells: Sequence[str] = ()
    ) -> Resolution:
        """Return the best shell that meets all, and why each other one does not.

        Args:
            wanted: Requirements by tool, `{"elixir": "~> 1.17"}`; or each with its source.
            shells: The shells to choose from; none for all.

        Raises:
            InvalidRequirementError: One of them is no requirement of its tool's dialect.
            NixCommandError: The shells of the flake cannot be listed.
        """
        if isinstance(wanted, Mapping):
            wanted = [self.wanted(tool, text) for tool, text in wanted.items()]
        # Elixir and Erlang must fit each other, whichever of them was asked for.
        tools = [one.tool for one in wanted]
        tools += [tool for tool in ("elixir", "erl") if {"elixir", "erl"} & {*tools}]
        names = shells or [*self.shells.names(), *self.shells.ways]
        return resolve(wanted, [self.versions(name, tools) for name in names])

    def wanted(self, tool: str, text: str, source: str = "") -> Wanted:
        """Return a requirement on a tool, read in the tool's own dialect.

        Raises:
            InvalidRequirementError: It is none.
        """
        probe = {**PROBES, **self.shells.probes}.get(tool)
        return Wanted(tool, Requirement.parse(text, probe.dialect if probe else "otp"), source)
