"""Single values of a specification: what is none is a mistake, shown as TOML writes it."""

import math
import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError


def mistake(message: str, key: str | None = None) -> PydanticCustomError:
    """Return the error of a mistake, at a key of the table at hand where one is to blame."""
    context = {} if key is None else {"key": key}
    return PydanticCustomError("mistake", message.replace("{", "{{").replace("}", "}}"), context)


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        fault = f"{seconds!r} is no length of time. Write seconds, as in 120, or leave it out."
        raise mistake(fault)
    return seconds


def tolerance_fault(text: str, *, is_memory: bool) -> str | None:
    """Return why a text is no tolerance of a gate, or None: `-5%` of a rate, `+2%` of memory."""
    sign, example, most = (r"\+", "+2%", 1000) if is_memory else ("-", "-5%", 100)
    if not re.fullmatch(rf"{sign}[0-9]+(\.[0-9]+)?%", text):
        return f"{text!r} is no tolerance: worse is written as in {example!r}."
    if abs(float(text[:-1])) >= most:
        return f"{text!r} lets everything pass: write less than {most} %, as in {example!r}."
    return None


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        fault = f"{text!r} holds nothing, or what cannot be printed. Write one line of text."
        raise mistake(fault)
    return text


def _system(name: str) -> str:
    if not re.fullmatch(r"\w+-\w+", name):
        fault = f'{name!r} is no system. Write one as Nix names it, as in "aarch64-darwin".'
        raise mistake(fault)
    return name


def _only(*, allowed: bool) -> BeforeValidator:
    """Take one of the two booleans, and no number that Python holds equal to it."""

    def check(value: object) -> object:
        if value is not allowed:
            fault = f"{shown(value)} says nothing here: write {shown(allowed)}, or leave it out."
            raise mistake(fault)
        return value

    return BeforeValidator(check)


def shown(value: object) -> str:
    """Return a value as a specification has it, where Python writes it otherwise."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(shown, value))}]"
    return repr(value)


Seconds: TypeAlias = Annotated[float, AfterValidator(_finite), Field(gt=0)]
Line: TypeAlias = Annotated[str, AfterValidator(_line)]
System: TypeAlias = Annotated[str, AfterValidator(_system)]
Yes: TypeAlias = Annotated[Literal[True], _only(allowed=True)]
No: TypeAlias = Annotated[Literal[False], _only(allowed=False)]
