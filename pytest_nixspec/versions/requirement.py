"""A requirement: terms joined by `and` and `or`, of which `and` binds tighter."""

from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType

from pytest_nixspec.errors import InvalidRequirementError, InvalidVersionError
from pytest_nixspec.versions.ordering import Key, Parts
from pytest_nixspec.versions.version import Version, dialect_named, read_parts

# In the order in which Elixir's lexer tries them: `>=` before `>`, `!=` before `!`.
_TOKENS = (">=", "<=", "~>", ">", "<", "==", "!=", "!", " or ", " and ", " ")
_COMPARE = MappingProxyType({"==": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le})
_JOINS = ("and", "or")


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison.

    Attributes:
        operator: One of `== != > >= < <= ~>`.
        operand: The version as it was written.
        parts: The operand, read.
        lower: What the operand is ordered by.
        upper: Where `~>` ends; None for every other operator.
    """

    operator: str
    operand: str
    parts: Parts
    lower: Key
    upper: Key | None

    def fault(self, version: Version, *, allow_pre: bool) -> str | None:
        """Return why the version does not match, or None where it does."""
        if self.upper is not None:
            if version.key < self.lower:
                return f"{version} is less than {self.operand}"
            if version.key >= self.upper:
                return f"{version} is past the end of ~> {self.operand}"
        elif not _COMPARE[self.operator](version.key, self.lower):
            return f"{version} is not {self.operator} {self.operand}"
        if not allow_pre and self.operator in {"~>", ">", ">="} and not self.parts.pre:
            return f"{version} is a pre-release" if version.is_prerelease else None
        return None

    def __str__(self) -> str:
        return f"{self.operator} {self.operand}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement of one dialect; `version in requirement` asks whether it matches.

    Attributes:
        text: As it was written.
        dialect: The name of its dialect.
        alternatives: Groups of terms; one group must hold in all its terms.
    """

    text: str
    dialect: str
    alternatives: tuple[tuple[Term, ...], ...]

    @classmethod
    def parse(cls, text: str, dialect: str = "elixir") -> "Requirement":
        """Read a requirement.

        Raises:
            InvalidRequirementError: The text is not a requirement of the dialect.
        """
        alternatives: list[list[Term]] = [[]]
        for join, operator, operand in _terms(text, dialect):
            if join == "or":
                alternatives.append([])
            alternatives[-1].append(_term(text, dialect, operator, operand))
        return cls(text, dialect, tuple(tuple(group) for group in alternatives))

    def matches(self, version: "str | Version", *, allow_pre: bool = True) -> bool:
        """Tell whether a version matches.

        Args:
            version: A version, or its text.
            allow_pre: Whether a pre-release may match `~>`, `>` and `>=` though the operand is
                none, as in `Version.match?/3`. Hex says no.

        Raises:
            InvalidVersionError: The text is not a version of this dialect.
        """
        parsed = self._read(version)
        return any(
            all(term.fault(parsed, allow_pre=allow_pre) is None for term in group)
            for group in self.alternatives
        )

    def explain(self, version: "str | Version") -> str:
        """Return one sentence on why a version matches, or why it does not.

        Raises:
            InvalidVersionError: The text is not a version of this dialect.
        """
        parsed = self._read(version)
        if self.matches(parsed):
            return f"{parsed} matches {self.text}"
        faults = [
            fault
            for group in self.alternatives
            for fault in [term.fault(parsed, allow_pre=True) for term in group]
            if fault is not None
        ]
        return f"{parsed} does not match {self.text}: {', and '.join(faults)}"

    def __contains__(self, version: "str | Version") -> bool:
        return self.matches(version)

    def __str__(self) -> str:
        return self.text

    def _read(self, version: "str | Version") -> Version:
        parsed = Version.parse(version, self.dialect) if isinstance(version, str) else version
        if parsed.dialect != self.dialect:
            message = (
                f"{parsed.text!r} is a version of the dialect {parsed.dialect!r}, "
                f"and {self.text!r} is a requirement of {self.dialect!r}: they cannot be compared."
            )
            raise InvalidVersionError(message)
        return parsed


def _terms(text: str, dialect: str) -> list[tuple[str, str, str]]:
    """Return (join, operator, operand) for each term; the first join is empty."""
    tokens = _tokens(text)
    terms = []
    join = ""
    while tokens:
        operator = tokens.pop(0) if tokens[0] in {*_COMPARE, "~>", "!"} else "=="
        if not tokens or tokens[0] in {*_JOINS, *_COMPARE, "~>", "!"}:
            raise _invalid(text, dialect, f"a version is missing after {operator!r}")
        terms.append((join, "!=" if operator == "!" else operator, tokens.pop(0)))
        if tokens:
            join = tokens.pop(0)
            if join not in _JOINS:
                raise _invalid(text, dialect, f"'and' or 'or' is missing before {join!r}")
            if not tokens:
                raise _invalid(text, dialect, f"a version is missing after {join!r}")
    if not terms:
        raise _invalid(text, dialect, "it is empty")
    return terms


def _tokens(text: str) -> list[str]:
    """Split into operators, joins and versions, as Elixir's lexer does."""
    tokens: list[str] = []
    position = 0
    in_version = False
    while position < len(text):
        piece = next((t for t in _TOKENS if text.startswith(t, position)), text[position])
        position += len(piece)
        if piece == " ":
            pass
        elif piece in _TOKENS:
            tokens.append(piece.strip())
        elif in_version:
            tokens[-1] += piece
        else:
            tokens.append(piece)
        in_version = piece not in _TOKENS
    return tokens


def _term(text: str, dialect: str, operator: str, operand: str) -> Term:
    rules = dialect_named(dialect)
    try:
        parts = read_parts(operand, dialect, patch_optional=operator == "~>")
    except InvalidVersionError as error:
        raise _invalid(text, dialect, str(error)) from error
    upper = rules.key(rules.upper_bound(parts)) if operator == "~>" else None
    return Term(operator, operand, parts, rules.key(parts), upper)


def _invalid(text: str, dialect: str, fault: str) -> InvalidRequirementError:
    return InvalidRequirementError(f"{text!r} is not a requirement ({dialect}): {fault}")
