"""Hypothesis strategies for versions and requirements, for tests of your own.

    from hypothesis import given
    from pytest_nixspec import strategies

    @given(strategies.versions("elixir"))
    def test_a_version_is_printed_as_it_was_read(version): ...

They need Hypothesis, which pytest-nixspec does not install. All shrink towards `0.0.0`.
"""

from collections.abc import Callable
from types import MappingProxyType

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pytest_nixspec.versions import Requirement, Version
from pytest_nixspec.versions.version import dialect_named

__all__ = [
    "nearly_requirements",
    "nearly_versions",
    "requirement_texts",
    "requirements",
    "version_texts",
    "versions",
    "versions_around",
]

_NUMBERS = st.integers(0, 3) | st.integers(0, 40) | st.integers(0, 2**64)
_WORDS = st.sampled_from(["rc", "dev", "alpha", "beta", "a", "b", "pre", "otp-27", "A", "-"])
_ALPHABET = "0123456789.-+~<>=! \tabcdevxrABZ_é"
_PIECES = st.sampled_from(
    ["0", "1", "10", "01", ".", "-", "+", " ", "  ", "and", "or", " and ", " or ", ">", "<", "=",
     "==", "!=", "!", "~", "~>", ">=", "<=", "a", "rc", "\t", "é", "1.0.0", "1.0"]
)  # fmt: skip


def version_texts(dialect: str = "elixir") -> SearchStrategy[str]:
    """Return texts that are versions of a dialect."""
    return _VERSION_TEXTS[dialect_named(dialect).name]()


def versions(dialect: str = "elixir") -> SearchStrategy[Version]:
    """Return versions of a dialect."""
    return version_texts(dialect).map(lambda text: Version.parse(text, dialect))


def nearly_versions(dialect: str = "elixir") -> SearchStrategy[str]:
    """Return texts that are one edit away from a version; some are versions still."""
    return _edited(version_texts(dialect))


def requirement_texts(dialect: str = "elixir") -> SearchStrategy[str]:
    """Return texts that are requirements of a dialect, up to four terms long."""
    joins = st.just(" or ") if dialect == "hex" else st.sampled_from([" and ", " or "])
    joined = st.tuples(joins, _terms(dialect)).map("".join)
    return st.tuples(_terms(dialect), st.lists(joined, max_size=3).map("".join)).map("".join)


def requirements(dialect: str = "elixir") -> SearchStrategy[Requirement]:
    """Return requirements of a dialect."""
    return requirement_texts(dialect).map(lambda text: Requirement.parse(text, dialect))


def nearly_requirements(dialect: str = "elixir") -> SearchStrategy[str]:
    """Return texts that are one edit away from a requirement, or made of its pieces at random."""
    return _edited(requirement_texts(dialect)) | st.lists(_PIECES, max_size=8).map("".join)


def versions_around(requirement: Requirement) -> SearchStrategy[Version]:
    """Return versions at and near the operands of a requirement, where it decides."""
    dialect = requirement.dialect
    numbers = sorted({t.parts.numbers for group in requirement.alternatives for t in group})
    operands = [t.operand for group in requirement.alternatives for t in group]
    at = [operand for operand in operands if _is_version(operand, dialect)]
    near = st.builds(
        lambda base, change, tail: _near(base, change) + tail,
        st.sampled_from(numbers),
        st.tuples(st.integers(0, 2), st.integers(-1, 1)),
        st.sampled_from(["", "-rc.1", "-0", "-rc1"]),
    ).filter(lambda text: _is_version(text, dialect))
    texts = st.sampled_from(at) | near if at else near
    return texts.map(lambda text: Version.parse(text, dialect))


def _near(numbers: tuple[int, ...], change: tuple[int, int]) -> str:
    full = [*numbers, 0, 0, 0][: max(3, len(numbers))]
    place, by = change
    full[place] = max(0, full[place] + by)
    return ".".join(map(str, full))


def _is_version(text: str, dialect: str) -> bool:
    try:
        Version.parse(text, dialect)
    except ValueError:
        return False
    return True


def _terms(dialect: str) -> SearchStrategy[str]:
    operators = sorted(dialect_named(dialect).operators - {"~>"})
    exact = st.tuples(st.sampled_from(["", *operators]), _SPACES, version_texts(dialect))
    if "~>" not in dialect_named(dialect).operators:
        return exact.map("".join)
    operands = _short_elixir() if dialect in {"elixir", "hex"} else version_texts(dialect)
    return (exact | st.tuples(st.just("~>"), _SPACES, operands)).map("".join)


def _edited(texts: SearchStrategy[str]) -> SearchStrategy[str]:
    def edit(text: str, at: int, length: int, new: str) -> str:
        at = min(at, len(text))
        return text[:at] + new + text[at + length :]

    new = st.text(_ALPHABET, max_size=2)
    return st.builds(edit, texts, st.integers(0, 30), st.integers(0, 2), new)


def _dotted(least: int, most: int) -> SearchStrategy[str]:
    numbers = st.lists(_NUMBERS.map(str), min_size=least, max_size=most)
    return numbers.map(".".join)


def _elixir_tail() -> SearchStrategy[str]:
    identifiers = st.lists(_NUMBERS.map(str) | _WORDS, min_size=1, max_size=3).map(".".join)
    pre = st.just("") | identifiers.map("-{}".format)
    build = st.just("") | identifiers.map("+{}".format)
    return st.tuples(pre, build).map("".join)


def _elixir() -> SearchStrategy[str]:
    return st.tuples(_dotted(3, 3), _elixir_tail()).map("".join)


def _short_elixir() -> SearchStrategy[str]:
    return st.tuples(_dotted(2, 3), _elixir_tail()).map("".join)


def _otp() -> SearchStrategy[str]:
    pre = st.sampled_from(["", "", "", "-rc1", "-rc3", "rc1", "beta1", "-rc.0", "-a", "-dev"])
    return st.tuples(_dotted(1, 5), pre).map("".join)


def _nix() -> SearchStrategy[str]:
    pieces = st.sampled_from(
        [".", "-", "pre", "rc", "a", "git", "+", "_", "0", "00", "1", "2147483647", "2147483648"]
    )
    return st.lists(pieces | _NUMBERS.map(str), max_size=7).map("".join).filter(_is_one_word)


def _is_one_word(text: str) -> bool:
    """Tell whether a Nix version can stand in a requirement, which other signs would divide."""
    return text != "" and not text.startswith("=")


def _asdf() -> SearchStrategy[str]:
    return st.tuples(_otp(), st.sampled_from(["", "", "-otp-26", "-otp-27"])).map("".join)


_VERSION_TEXTS: MappingProxyType[str, Callable[[], SearchStrategy[str]]] = MappingProxyType(
    {"elixir": _elixir, "hex": _elixir, "otp": _otp, "nix": _nix, "asdf": _asdf}
)
_SPACES = st.sampled_from([" ", "", "  "])
