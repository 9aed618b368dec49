"""Whether an Elixir supports an OTP, and which of three OTPs an Elixir meets."""

from collections.abc import Iterator
from functools import cache

from pytest_nixspec.verdict import Verdict, failed, passed, unknown
from pytest_nixspec.versions.elixir_otp import LAST_OF_EACH_LINE, READ, ROWS, Row
from pytest_nixspec.versions.version import Version


def supports(elixir: Version, otp: Version) -> Verdict:
    """Tell whether an Elixir supports an OTP; beyond the table's end that is unknown.

    Args:
        elixir: A version of the dialect `elixir`.
        otp: A version of the dialect `otp`; only its first number counts.
    """
    major = otp.parts.numbers[0]
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
            f"Elixir was compiled with OTP {compiled} and runs on the older {running}: its modules "
            "do not load there (`corrupt atom table`, or `please re-compile this module`)"
        )
    if on_path > running:
        yield (
            f"`erl` on PATH is OTP {on_path} and Elixir runs on the older {running}: what erlc and "
            "rebar3 compile, Elixir cannot load (`corrupt atom table`)"
        )
    elif on_path < running:
        yield (
            f"`erl` on PATH is OTP {on_path} and Elixir runs on the newer {running}: what Elixir "
            "compiles, that `erl` cannot load (`corrupt atom table`)"
        )


def _other_pairs(major: int, row: Row) -> str:
    lines = [r for r in ROWS if r.oldest <= major <= r.newest]
    nearest = row.newest if major > row.newest else row.oldest
    since = [line.since.partition("-")[0] for line in lines]
    if not since:
        return f"Take OTP {nearest}; no Elixir of the table of {READ} supports {major}."
    which = f"{since[0]} or later" if major > row.newest else f"the line of {since[-1]}"
    return f"Take OTP {nearest}, or for OTP {major} Elixir {which}."


@cache
def _rows() -> tuple[tuple[Row, Version], ...]:
    return tuple((row, Version.parse(row.since)) for row in ROWS)


@cache
def _last_of_each_line() -> tuple[Version, ...]:
    return tuple(map(Version.parse, LAST_OF_EACH_LINE))


def _line(version: Version) -> tuple[int, ...]:
    return version.parts.numbers[:2]
