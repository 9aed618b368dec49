"""npm's ranges, which setup-beam and setup-node take, as requirements of ours.

Source: npm/node-semver, README.md, "Ranges".
"""

import re

from pytest_nixspec.errors import InvalidTextError

_NUMBER = "(?:0|[1-9][0-9]*)"
_PART = re.compile(
    rf"(?P<sign>>=|<=|>|<|=|\^|~>?)?v?(?P<numbers>{_NUMBER}(?:\.{_NUMBER}){{0,2}}|[*xX])"
    r"(?P<wild>(?:\.[xX*]){0,2})(?P<pre>-[0-9A-Za-z.-]+)?"
)
_HYPHEN = re.compile(r"\s+-\s+")
_LOOSE_SIGN = re.compile(r"(>=|<=|>|<|=|\^|~>?)\s+")


def as_requirement(text: str, dialect: str) -> str:
    """Return the requirement that means what a range of npm means.

    Raises:
        InvalidTextError: The text is no range that can be told in numbers, `latest` for one.
    """
    alternatives = [_alternative(part.strip(), dialect) for part in text.split("||")]
    return " or ".join(alternatives)


def _alternative(text: str, dialect: str) -> str:
    ends = _HYPHEN.split(text)
    if len(ends) == len(("low", "high")):
        return f"{_bound(ends[0], '>=', dialect)} and {_bound(ends[1], '<=', dialect)}"
    parts = _LOOSE_SIGN.sub(r"\1", text).split()
    if not parts:
        message = f"{text!r} is no range of versions"
        raise InvalidTextError(message)
    return " and ".join(_bound(part, "", dialect) for part in parts)


def _bound(text: str, sign: str, dialect: str) -> str:
    found = _PART.fullmatch(text.strip())
    if found is None or (sign and found["sign"]):
        message = f"{text!r} is no range of versions"
        raise InvalidTextError(message)
    sign = sign or found["sign"] or "="
    if not found["numbers"][0].isdigit():
        if sign in {"<", ">"}:
            message = f"{text!r} is a range of no version"
            raise InvalidTextError(message)
        return f">= {_whole([0], dialect)}"
    numbers = [int(number) for number in found["numbers"].split(".")]
    if found["pre"] and len(numbers) < len("xyz"):
        message = f"{text!r} is no range of versions"
        raise InvalidTextError(message)
    # OTP's 27.3.4 has releases of its own, 27.3.4.2; setup-beam takes the newest of them.
    is_whole = len(numbers) == len("xyz") and (dialect == "elixir" or bool(found["pre"]))
    low = _whole(numbers, dialect) + (found["pre"] or "")
    below_low = f"< {low}" if found["pre"] or is_whole else f"< {_before(numbers, dialect)}"
    end = _next(numbers)
    meant = {
        "=": f"== {low}" if is_whole else f">= {low} and < {_before(end, dialect)}",
        ">=": f">= {low}",
        ">": f"> {low}" if is_whole else f">= {_whole(end, dialect)}",
        "<=": f"<= {low}" if is_whole else f"< {_before(end, dialect)}",
        "<": below_low,
        "^": f">= {low} and < {_before(_caret(numbers), dialect)}",
        "~": f">= {low} and < {_before(_next(numbers[:2]), dialect)}",
    }
    return meant[sign.removesuffix(">") if sign == "~>" else sign]


def _before(numbers: list[int], dialect: str) -> str:
    """Return the least pre-release of a version, below which nothing of that version is."""
    return f"{_whole(numbers, dialect)}-{'0' if dialect == 'elixir' else 'a'}"


def _next(numbers: list[int]) -> list[int]:
    return [*numbers[:-1], numbers[-1] + 1]


def _caret(numbers: list[int]) -> list[int]:
    """Return where ^ ends: the first number that is not zero may not change."""
    first = next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
    return _next(numbers[: first + 1])


def _whole(numbers: list[int], dialect: str) -> str:
    full = [*numbers, 0, 0][:3] if dialect == "elixir" else numbers
    return ".".join(map(str, full))
