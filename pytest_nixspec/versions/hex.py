"""Hex: Elixir's versions, and a stricter reading of requirements.

Source: hexpm/hex_solver, lib/hex_solver/requirement.ex.
"""

from collections.abc import Sequence
from dataclasses import replace

from pytest_nixspec.versions.elixir import ELIXIR
from pytest_nixspec.versions.term import Term

HEX = replace(ELIXIR, name="hex", operators=ELIXIR.operators - {"!=", "!"})

_LOWER = frozenset({">", ">="})
_UPPER = frozenset({"<", "<="})
_LONGEST_GROUP = 2


def refusal(group: Sequence[Term]) -> str | None:
    """Return why Hex does not take terms joined by `and`, or None where it does."""
    if len(group) == 1:
        return None
    operators = {term.operator for term in group}
    if len(group) > _LONGEST_GROUP:
        return f"Hex joins no more than two terms by 'and', these are {len(group)}"
    if "==" in operators:
        return "Hex does not join == to another term by 'and'"
    if operators <= {"~>"}:
        return "Hex does not join ~> to ~> by 'and'"
    if operators <= _LOWER or operators <= _UPPER:
        return f"Hex does not join two bounds of one side by 'and': {group[0]} and {group[1]}"
    return None if _ascends(group) else f"nothing is both {group[0]} and {group[1]}"


def _ascends(group: Sequence[Term]) -> bool:
    """Tell whether the bounds ascend; Hex does not ask whether a version lies between them."""
    lows = [(t.lower, t.operator == ">") for t in group if t.operator in {*_LOWER, "~>"}]
    highs = [(t.lower, t.operator == "<=") for t in group if t.operator in _UPPER]
    highs += [(t.upper, False) for t in group if t.upper is not None]
    low, is_open = max(lows)
    high, is_closed = min(highs)
    return low < high or (low == high and is_closed and not is_open)
