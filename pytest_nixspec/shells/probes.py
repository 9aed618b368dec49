"""How each tool is asked for its version; where a file says it, no process is started."""

import re
from types import MappingProxyType
from typing import NamedTuple

from pytest_nixspec.errors import ProbeError
from pytest_nixspec.shells.tools import Tool


class Probe(NamedTuple):
    """A question that tells a tool's version.

    Attributes:
        arguments: What the tool is run with.
        pattern: A regular expression; its first group in what the tool prints is the version.
        dialect: The dialect of that version.
        files: Globs below the tool's prefix, for a file that says the version.
        file_pattern: As `pattern`, for the file.
        program: The program to run, where it is not called as the tool is.
    """

    arguments: tuple[str, ...]
    pattern: str
    dialect: str
    files: tuple[str, ...] = ()
    file_pattern: str = ""
    program: str | None = None

    def version_in_files(self, tool: Tool) -> str | None:
        """Return the version that a file beside the tool says; None where none or several do."""
        # The prefix of PREFIX/bin/tool, and of PREFIX/lib/elixir/bin/tool alike.
        prefixes = dict.fromkeys(path.parent.parent for path in (tool.real_path, tool.path))
        found = {p for prefix in prefixes for glob in self.files for p in prefix.glob(glob)}
        if len({path.resolve() for path in found}) != 1:
            return None
        said = re.search(self.file_pattern, found.pop().read_text(errors="replace"))
        return said[1] if said else None

    def version_in_output(self, tool: Tool, output: str) -> str:
        """Return the version in what the tool printed.

        Raises:
            ProbeError: The pattern is not in it.
        """
        said = re.search(self.pattern, output, re.MULTILINE)
        if said is None or said[1] is None:
            argv = " ".join([tool.name, *self.arguments])
            message = f"`{argv}` printed no version: /{self.pattern}/ is not in {output[:200]!r}."
            raise ProbeError(message)
        return said[1]


def _application(name: str, title: str) -> Probe:
    """Return the probe of one of Elixir's programs; the application beside it says its version."""
    return Probe(
        arguments=("--version",),
        pattern=rf"^{title} (\S+)",
        dialect="elixir",
        files=(f"lib/{name}/ebin/{name}.app", f"lib/elixir/lib/{name}/ebin/{name}.app"),
        file_pattern=r'\{vsn,\s*"([^"]+)"\}',
    )


# `erl` alone prints only the major number: the whole version is in a file of the release.
_OTP_VERSION = (
    'R = filename:join([code:root_dir(), "releases", erlang:system_info(otp_release), '
    '"OTP_VERSION"]), {ok, V} = file:read_file(R), io:put_chars(V), halt().'
)

PROBES = MappingProxyType(
    {
        "elixir": _application("elixir", "Elixir"),
        "mix": _application("mix", "Mix"),
        "iex": _application("iex", "IEx"),
        "erl": Probe(
            arguments=("-noshell", "-eval", _OTP_VERSION),
            pattern=r"^(\d\S*)",
            dialect="otp",
            files=("releases/*/OTP_VERSION", "lib/erlang/releases/*/OTP_VERSION"),
            file_pattern=r"^(\S+)",
        ),
        "node": Probe(("--version",), r"^v(\S+)", "otp"),
        "npm": Probe(
            arguments=("--version",),
            pattern=r"^(\d\S+)",
            dialect="otp",
            files=("package.json",),
            file_pattern=r'"version":\s*"([^"]+)"',
        ),
        "psql": Probe(("--version",), r"^psql \(PostgreSQL\) (\S+)", "otp"),
        "postgres": Probe(("--version",), r"^postgres \(PostgreSQL\) (\S+)", "otp"),
        "git": Probe(("--version",), r"^git version (\d+(?:\.\d+)+)", "otp"),
        "python": Probe(("--version",), r"^Python (\S+)", "otp"),
        "python3": Probe(("--version",), r"^Python (\S+)", "otp"),
        "direnv": Probe(("--version",), r"^v?(\d\S+)", "otp"),
        "asdf": Probe(("--version",), r"v?(\d+(?:\.\d+)+)", "otp"),
        "nix": Probe(("--version",), r"\(.*\) (\d+(?:\.\d+)+)", "otp"),
    }
)
"""The tools that we know, by the name of their program."""
