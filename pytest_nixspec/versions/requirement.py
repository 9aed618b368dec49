"""A requirement: terms joined by `and` and `or`, of which `and` binds tighter."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations

from pytest_nixspec.errors import InvalidRequirementError, InvalidVersionError
from pytest_nixspec.versions import hex as hex_dialect
from pytest_nixspec.versions.dialect import Dialect
from pytest_nixspec.versions.lexer import RawTerm, invalid, raw_terms
from pytest_nixspec.versions.ordering import Key
from pytest_nixspec.versions.term import Term
from pytest_nixspec.versions.version import Version, dialect_named, read_key, read_parts
from pytest_nixspec.versions.version_set import Interval, VersionSet

LONGEST = 10_000


@dataclass(frozen=True, slots=True, repr=False)
class Requirement:
    """A requirement of one dialect; `version in requirement` asks whether it matches.

    Attributes:
        text: As it was written.
        dialect: The name of its dialect.
        alternatives: Groups of terms; one group must hold in all its terms.
        versions: The set of versions that match, pre-releases included.
    """

    text: str
    dialect: str
    alternatives: tuple[tuple[Term, ...], ...]
    versions: VersionSet = field(compare=False)

    @classmethod
    def parse(cls, text: str, dialect: str = "elixir") -> "Requirement":
        """Read a requirement.

        Args:
            text: Terms such as `~> 1.17` or `>= 1.17.0 and < 1.19.0 or == 1.16.3`.
            dialect: `elixir`; `hex`, which is stricter; `otp`, `nix` or `asdf`.

        Raises:
            InvalidRequirementError: The text is not a requirement of the dialect.
        """
        rules = _rules(text, dialect)
        groups: list[list[Term]] = [[]]
        for raw in raw_terms(text, rules):
            if raw.join == "or":
                groups.append([])
            groups[-1].append(_term(text, rules, raw))
        if rules is hex_dialect.HEX:
            _must_suit_hex(text, groups)
        versions = VersionSet.of(rules, chain.from_iterable(map(_met_by, groups)))
        return cls(text, dialect, tuple(tuple(group) for group in groups), versions)

    def matches(self, version: "str | Version", *, allow_pre: bool = True) -> bool:
        """Tell whether a version matches.

        Args:
            version: A version, or its text.
            allow_pre: Whether a pre-release may match `~>`, `>` and `>=` though the operand is
                none, as in `Version.match?/3`. In the dialect `hex` it never may.

        Raises:
            InvalidVersionError: The text is not a version of this dialect.
        """
        if allow_pre and self.dialect != "hex":
            return self.versions.holds(self._key(version))
        read = self._read(version)
        refuses_pre = self._refuses(read, allow_pre=allow_pre)
        return any(
            all(term.holds(read.key, refuses_pre=refuses_pre) for term in group)
            for group in self.alternatives
        )

    def explain(self, version: "str | Version", *, allow_pre: bool = True) -> str:
        """Return one sentence on why a version matches, or why it does not.

        Raises:
            InvalidVersionError: The text is not a version of this dialect.
        """
        read = self._read(version)
        refuses_pre = self._refuses(read, allow_pre=allow_pre)
        reasons: list[str] = []
        for group in self.alternatives:
            faults = [term.fault(read.text, read.key, refuses_pre=refuses_pre) for term in group]
            said = [fault for fault in faults if fault is not None]
            if not said:
                return f"{read} matches {self.text}{_meaning(group)}"
            reasons += said
        return f"{read} does not match {self.text}: {', and '.join(dict.fromkeys(reasons))}"

    def why_empty(self) -> str | None:
        """Return which terms leave no version between them; None where some version matches."""
        if not self.versions.is_empty:
            return None
        clashes = (" and ".join(map(str, _clash(group))) for group in self.alternatives)
        return "; ".join(f"nothing is {clash}" for clash in clashes)

    def __contains__(self, version: "str | Version") -> bool:
        return self.matches(version)

    def __repr__(self) -> str:
        return f"Requirement({self.text!r}, {self.dialect!r})"

    def __str__(self) -> str:
        return self.text

    def _refuses(self, version: Version, *, allow_pre: bool) -> bool:
        return (not allow_pre or self.dialect == "hex") and version.is_prerelease

    def _key(self, version: "str | Version") -> Key:
        if isinstance(version, str):
            return read_key(version, self.versions.rules)
        return self._read(version).key

    def _read(self, version: "str | Version") -> Version:
        if isinstance(version, str):
            return Version.parse(version, self.dialect)
        if not isinstance(version, Version):
            message = f"a version or its text is needed, not {version!r}"  # type: ignore[unreachable]
            raise TypeError(message)
        if version.order != self.versions.rules.order:
            message = (
                f"{version.text!r} is a version of the dialect {version.dialect!r}, "
                f"and {self.text!r} is a requirement of {self.dialect!r}: they cannot be compared."
            )
            raise InvalidVersionError(message)
        return version


def _rules(text: str, dialect: str) -> Dialect:
    try:
        rules = dialect_named(dialect)
    except InvalidVersionError as error:
        raise InvalidRequirementError(str(error)) from error
    if len(text) > LONGEST:
        message = f"a text of {len(text)} characters is no requirement: {text[:20]!r}…"
        raise InvalidRequirementError(message)
    return rules


def _term(text: str, rules: Dialect, raw: RawTerm) -> Term:
    operand = raw.operand
    try:
        parts = read_parts(operand.text, rules, patch_optional=raw.operator == "~>")
    except InvalidVersionError as error:
        column = operand.column + error.column - 1
        hint = _hint(raw, rules) or error.hint
        raise invalid(text, rules, column, error.expected or "a version", hint) from error
    return Term.of(raw.operator, operand.text, parts, rules)


def _hint(raw: RawTerm, rules: Dialect) -> str:
    """Return what was likely meant by an operand with too few numbers."""
    text = raw.operand.text
    wild = re.fullmatch(r"([0-9]+)(\.[0-9]+)?\.[xX*]", text)
    if wild and raw.operator in {"==", "~>"}:
        return f"Write ~> {wild[1]}{wild[2] or ''}.0."
    if rules.order != "elixir" or not re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?", text):
        return ""
    major, *minor = text.split(".")
    if raw.operator == "~>":
        return f"Write ~> {major}.0."
    short = ".".join([major, *(minor or ["0"])])
    if raw.operator == "==":
        return f"Write ~> {short}.0 for any {short}, or == {short}.0 for that one."
    if raw.operator == ">=":
        end = f"{int(major) + 1}.0.0"
        return f"Write >= {short}.0, or ~> {short}, which ends before {end}."
    return f"Write {raw.operator} {short}.0."


def _must_suit_hex(text: str, groups: Sequence[Sequence[Term]]) -> None:
    for group in groups:
        fault = hex_dialect.refusal(group)
        if fault is not None:
            message = f"{text!r} is not a requirement (hex): {fault}."
            raise InvalidRequirementError(message)


def _meaning(group: Sequence[Term]) -> str:
    meanings = [term.meaning for term in group if term.meaning is not None]
    return f": {', and '.join(meanings)}" if meanings else ""


def _met_by(group: Sequence[Term]) -> tuple[Interval, ...]:
    """Return the intervals of the versions that meet every term."""
    rules = group[0].rules
    common = VersionSet.of(rules, group[0].intervals())
    for term in group[1:]:
        common &= VersionSet.of(rules, term.intervals())
    return common.intervals


def _clash(group: Sequence[Term]) -> Sequence[Term]:
    """Return the fewest of its terms that no version meets together."""
    counts = range(1, len(group) + 1)
    subsets = chain.from_iterable(combinations(group, count) for count in counts)
    return next(some for some in subsets if not _met_by(some))
