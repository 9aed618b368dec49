"""The files of a project that speak of versions."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from pytest_nixspec.agreement.claim import TOOLS, Claim, Precision, claim_of_pins
from pytest_nixspec.agreement.images import dockerfile_claims
from pytest_nixspec.agreement.mix import mix_claims
from pytest_nixspec.agreement.workflows import workflow_claims
from pytest_nixspec.versions import Requirement
from pytest_nixspec.versions.pins import Pinned, from_environment, mise_toml, tool_versions

Reader: TypeAlias = Callable[[str, str, Precision], list[Claim]]


def project_claims(directory: Path, precision: Precision = "exact") -> list[Claim]:
    """Return what the files of a project say, in the order of `FILES` and of their lines."""
    claims: list[Claim] = []
    for globs, read in FILES:
        found = {path for glob in globs for path in directory.glob(glob) if path.is_file()}
        for path in sorted(path for path in found if path.suffix != ".dockerignore"):
            claims += _read(path, path.relative_to(directory).as_posix(), read, precision)
    return claims


def environment_claims(environ: Mapping[str, str], where: str, precision: Precision) -> list[Claim]:
    """Return what the variables `ASDF_<TOOL>_VERSION` say."""
    return list(_claims_of(from_environment(environ, TOOLS), where, precision))


def _read(path: Path, source: str, read: Reader, precision: Precision) -> list[Claim]:
    try:
        return read(path.read_text(encoding="utf-8-sig"), source, precision)
    except (OSError, ValueError, RecursionError) as error:
        # It may speak of any tool; that it cannot be read is for each of them to know.
        return [Claim("", "nothing that can be read", source, 0, (), str(error))]


def _mix(text: str, source: str, precision: Precision) -> list[Claim]:
    del precision
    return mix_claims(text, source)


def _tool_versions(text: str, source: str, precision: Precision) -> list[Claim]:
    return list(_claims_of(tool_versions(text), source, precision))


def _mise(text: str, source: str, precision: Precision) -> list[Claim]:
    return list(_claims_of(mise_toml(text), source, precision, floats=True))


def _claims_of(
    lines: list[Pinned], source: str, precision: Precision, *, floats: bool = False
) -> Iterator[Claim]:
    """Yield the claims on tools that we know; an Elixir's suffix speaks of Erlang as well."""
    for line in lines:
        tool = TOOLS.get(line.tool)
        if tool is None or line.is_shadowed:
            continue
        yield claim_of_pins(tool, line, source, precision, floats=floats)
        majors = [pin for pin in line.pins if pin.otp is not None]
        if tool == "elixir" and majors:
            # What was compiled with OTP 26 runs on it and on later ones.
            meant = tuple(Requirement.parse(f">= {pin.otp}", "otp") for pin in majors)
            said = " ".join(pin.text for pin in majors)
            yield Claim("erl", said, source, line.line, meant, is_range=True)


FILES: tuple[tuple[tuple[str, ...], Reader], ...] = (
    (("mix.exs", "apps/*/mix.exs"), _mix),
    ((".tool-versions",), _tool_versions),
    (("mise.toml", ".mise.toml", "mise/config.toml", ".config/mise.toml"), _mise),
    ((".github/workflows/*.yml", ".github/workflows/*.yaml"), workflow_claims),
    (
        ("Dockerfile*", "*.Dockerfile", "Containerfile", ".devcontainer/Dockerfile"),
        dockerfile_claims,
    ),
)
"""The files that are looked for, and how each is read."""
