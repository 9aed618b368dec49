"""The version strings of asdf and mise: 1.17.3-otp-27, 27.3.4.2, latest:1.17, ref:…, system.

Sources: asdf-vm/asdf, internal/toolversions/toolversions.go; asdf-elixir's README on `-otp-`.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from pytest_nixspec.versions.ordering import Fault, Key, Parts
from pytest_nixspec.versions.otp import OTP

_SUFFIX = re.compile(r"(?P<version>.*)-otp-(?P<otp>[0-9]+)", re.DOTALL)


class Kind(StrEnum):
    """What a version string asks for."""

    VERSION = "version"
    LATEST = "latest"
    REF = "ref"
    PATH = "path"
    SYSTEM = "system"


_NO_VERSION = {
    Kind.REF: "names a commit or a tag to build",
    Kind.PATH: "names a directory",
    Kind.SYSTEM: "takes what the host has",
    Kind.LATEST: "asks for the newest one",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """One version string, read.

    Attributes:
        text: As it was written.
        kind: What it asks for.
        value: The version without its suffix, the prefix after `latest:`, the ref or the path.
        otp: The OTP that an Elixir was compiled with, as `-otp-27` says it; else None.
    """

    text: str
    kind: Kind
    value: str
    otp: int | None = None


def pin(text: str) -> Pin:
    """Read a version string of .tool-versions, mise.toml or the command line."""
    head, colon, rest = text.partition(":")
    if colon and head in {"ref", "path", "latest"}:
        return Pin(text, Kind(head), rest)
    # mise's own words for a range of which the newest is meant.
    if colon and head in {"prefix", "tag"}:
        return Pin(text, Kind.LATEST if head == "prefix" else Kind.REF, rest)
    if text in {"system", "latest"}:
        return Pin(text, Kind(text), "")
    suffixed = _SUFFIX.fullmatch(text)
    if suffixed is None:
        return Pin(text, Kind.VERSION, text)
    return Pin(text, Kind.VERSION, suffixed["version"], int(suffixed["otp"]))


def _parse(text: str, *, patch_optional: bool = False) -> Parts | Fault:
    """Read a version; the suffix `-otp-27` is no part of it, and `ref:` and its like are none."""
    read = pin(text)
    if read.kind is not Kind.VERSION:
        return Fault(0, f"a version ({text!r} {_NO_VERSION[read.kind]})")
    return OTP.parse(read.value, patch_optional=patch_optional)


def _key_of(text: str) -> Key | Fault:
    parts = _parse(text)
    return OTP.key(parts) if isinstance(parts, Parts) else parts


ASDF = replace(
    OTP, name="asdf", title="an asdf version", order="asdf", parse=_parse, key_of=_key_of
)
