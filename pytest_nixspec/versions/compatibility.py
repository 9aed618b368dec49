"""Whether an Elixir supports an OTP, and which of three OTPs an Elixir meets."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from pytest_nixspec.verdict import Verdict, failed, passed, unknown
from pytest_nixspec.versions.elixir_otp import LAST_OF_EACH_LINE, READ, ROWS, Row
from pytest_nixspec.versions.version import Version

_SUFFIX = re.compile(r"-otp-[0-9]+$")


def supports(elixir: Version, otp: Version) -> Verdict:
    """Tell whether an Elixir supports an OTP; beyond the table's end that is unknown.

    Args:
        elixir: A version of the dialect `elixir`.
        otp: A version of the dialect `otp`; only its first number counts.
    """
    return _supports(elixir, otp.parts.numbers[0])


@lru_cache(maxsize=1024)
def _supports(elixir: Version, major: int) -> Verdict:
    row = supported_by(elixir)
    if isinstance(row, str):
        return unknown(f"whether Elixir {elixir} supports OTP {major} is not known: {row}")
    if row.oldest <= major <= row.newest:
        return passed(f"Elixir {elixir} supports OTP {row.oldest} to {row.newest}")
    return failed(
        f"Elixir {elixir} supports OTP {row.oldest} to {row.newest}, not {major}",
        remedy=_other_pairs(major, row),
    )


def supported_by(elixir: Version) -> Row | str:
    """Return the row of the table that an Elixir is in, or why it is in none."""
    first, *_ = ROWS
    # asdf's suffix says what it was compiled with; it is no pre-release.
    suffix = _SUFFIX.search(elixir.text)
    if suffix:
        elixir = Version.parse(elixir.text[: suffix.start()])
    if elixir < Version.parse(first.since):
        return f"the table begins at {first.since}"
    last = next((v for v in _last_of_each_line() if _line(v) == _line(elixir)), None)
    if last is None or elixir > last:
        shown = _last_of_each_line()[-1] if last is None else last
        return f"the table of {READ} knows no release after {shown} of that line"
    return [row for row, since in _rows() if since <= elixir][-1]


def one_otp(elixir: str, compiled: str, running: str, on_path: str) -> Verdict:
    """Compare the OTP that Elixir was compiled with, the one it runs on, and `erl` on PATH.

    Args:
        elixir: The version of Elixir, to look up what it supports.
        compiled: The major version it was compiled with.
        running: The version it runs on.
        on_path: The version of `erl` on PATH.

    Raises:
        InvalidVersionError: One of them is no version.
    """
    read = Version.parse(elixir)
    majors = [Version.parse(text, "otp").parts.numbers[0] for text in (compiled, running, on_path)]
    facts = (
        f"compiled with OTP {compiled}",
        f"runs on OTP {running}",
        f"`erl` on PATH is OTP {on_path}",
    )
    faults = list(_mismatches(*majors))
    supported = supports(read, Version.parse(running, "otp"))
    if faults:
        remedy = "Take Elixir and Erlang from one set: beam.packages.erlang_NN."
        return failed("; ".join(faults), *facts, remedy=remedy)
    if not supported.passed:
        return Verdict(supported.outcome, supported.reason, facts, supported.remedy)
    return passed(f"Elixir {elixir} has one OTP: {majors[1]}", *facts)


def _mismatches(compiled: int, running: int, on_path: int) -> Iterator[str]:
    if compiled > running:
        yield (
            f"Elixir was compiled with OTP {compiled} and runs on the older {running}, "
            f"which cannot load its modules{_refusal(compiled)}"
        )
    if on_path > running:
        yield (
            f"`erl` on PATH is OTP {on_path} and Elixir runs on the older {running}, which cannot "
            f"load what erlc and rebar3 compile{_refusal(on_path)}"
        )
    elif on_path < running:
        yield (
            f"`erl` on PATH is OTP {on_path}, which cannot load what Elixir compiles on the newer "
            f"{running}{_refusal(running)}"
        )


def _refusal(newer: int) -> str:
    """Return what an older OTP says of a module that a newer one has compiled.

    For OTP 27 as OTP 25 says it, for 28 as in NixOS/nixpkgs#526423.
    """
    said = {27: "features_not_allowed", 28: "corrupt atom table"}.get(newer)
    return f": `{said}`" if said else ""


def _other_pairs(major: int, row: Row) -> str:
    lines = [r for r in ROWS if r.oldest <= major <= r.newest]
    nearest = row.newest if major > row.newest else row.oldest
    if not lines:
        return f"Take OTP {nearest}; no Elixir of the table of {READ} supports {major}."
    if major > row.newest:
        return f"Take OTP {nearest}, or Elixir {lines[0].since} or later for OTP {major}."
    latest = ".".join(lines[-1].since.split(".")[:2])
    return f"Take OTP {nearest}, or an Elixir {latest} for OTP {major}."


@cache
def _rows() -> tuple[tuple[Row, Version], ...]:
    return tuple((row, Version.parse(row.since)) for row in ROWS)


@cache
def _last_of_each_line() -> tuple[Version, ...]:
    return tuple(map(Version.parse, LAST_OF_EACH_LINE))


def _line(version: Version) -> tuple[int, ...]:
    return version.parts.numbers[:2]
