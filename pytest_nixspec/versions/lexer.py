"""The words of a requirement, each with its place: operators, joins and versions."""

import re
from typing import NamedTuple

from pytest_nixspec.errors import InvalidRequirementError
from pytest_nixspec.versions.dialect import Dialect

JOINS = ("and", "or")

# In the order in which Elixir's lexer tries them; whatever is none of these belongs to a version.
_SIGN = ">=|<=|~>|>|<|==|!=|!| or | and | "
_TOKEN = re.compile(rf"(?P<sign>{_SIGN})|(?:(?!{_SIGN})[\s\S])+")

# What people write who come from elsewhere, and what it is here.
_FOREIGN = re.compile(
    r"(?P<blank>[^\S ])|(?P<or>\|\|?)|(?P<and>&&?|,)|(?P<ge>=>)|(?P<le>=<)"
    r"|(?P<eq>(?<![=<>!~])=(?!=)|===)|(?P<caret>\^)|(?P<tilde>~(?!>))|(?P<upper>\b(?:AND|OR)\b)|(?P<parenthesis>[()])"
    r"|(?P<tight>(?<=[^ ])(?:and|or)(?= )|(?<= )(?:and|or)(?=[<>=~!0-9]))"
)
_HERE = {
    "blank": "only spaces between words",
    "or": "' or ' between alternatives",
    "and": "' and ' between terms",
    "ge": "'>='",
    "le": "'<='",
    "eq": "'=='",
    "caret": "{operators} (npm's ^1.2.3 is ~> 1.2 and >= 1.2.3)",
    "tilde": "'~>'",
    "upper": "'and' or 'or' in small letters",
    "parenthesis": "no parentheses ('and' binds tighter than 'or')",
    "tight": "a space on each side of 'and' and 'or'",
}


class Token(NamedTuple):
    """One word; its column is counted from 1, and a version may well be spelt `and`."""

    text: str
    column: int
    is_sign: bool = False


class RawTerm(NamedTuple):
    """One comparison as it was written; the join before it is empty for the first."""

    join: str
    operator: str
    operand: Token


def raw_terms(text: str, rules: Dialect) -> list[RawTerm]:
    """Return the comparisons of a requirement.

    Raises:
        InvalidRequirementError: They are not joined as requirements are.
    """
    tokens = _tokens(text)
    end = Token("", len(text) + 1, is_sign=True)
    terms = []
    join = ""
    while tokens:
        sign = tokens.pop(0) if tokens[0].is_sign and tokens[0].text not in JOINS else None
        if sign is not None and sign.text not in rules.operators:
            raise invalid(text, rules, sign.column, _operators(rules))
        operand = tokens.pop(0) if tokens else end
        if operand.is_sign:
            raise invalid(text, rules, operand.column, "a version")
        operator = sign.text if sign else "=="
        terms.append(RawTerm(join, "!=" if operator == "!" else operator, operand))
        if tokens:
            following = tokens.pop(0)
            join = following.text
            if join in JOINS and not tokens:
                raise invalid(text, rules, len(text) + 1, "a version")
            if not following.is_sign or join not in JOINS:
                raise invalid(text, rules, following.column, "'and' or 'or'")
    if not terms:
        raise invalid(text, rules, 1, "a version, or an operator and a version")
    return terms


def invalid(
    text: str, rules: Dialect, column: int, expected: str, hint: str = ""
) -> InvalidRequirementError:
    """Return the error of a requirement; what is foreign in it is named before anything else."""
    foreign = _FOREIGN.search(text)
    if foreign is not None and foreign.lastgroup is not None:
        column, hint = foreign.start() + 1, ""
        expected = _HERE[foreign.lastgroup].replace(
            "{operators}", " ".join(sorted(rules.operators))
        )
    found = f"{text[column - 1]!r}" if column <= len(text) else "the end"
    message = (
        f"{text!r} is not a requirement ({rules.name}): column {column}: "
        f"expected {expected}, found {found}. {hint}"
    )
    return InvalidRequirementError(message.rstrip(), column=column, expected=expected)


def _operators(rules: Dialect) -> str:
    return f"one of the operators {' '.join(sorted(rules.operators))}"


def _tokens(text: str) -> list[Token]:
    """Split into signs, joins and versions, as Elixir's lexer does."""
    return [
        Token(found[0].strip(" "), found.start() + 1, found["sign"] is not None)
        for found in _TOKEN.finditer(text)
        if found[0] != " "
    ]
