"""Whether all that is said of a tool can be true at once, and who contradicts whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

from pytest_nixspec.agreement.claim import Claim
from pytest_nixspec.verdict import Verdict, failed, passed, unknown
from pytest_nixspec.versions import VersionSet

FEWEST = 2


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is said of one tool, and whether it agrees.

    Attributes:
        tool: The tool.
        claims: Who says what.
        verdict: Passed where all can be true at once, unknown where what is meant cannot be told of
            one, failed where two contradict each other or nothing was compared.
    """

    tool: str
    claims: tuple[Claim, ...]
    verdict: Verdict

    def table(self) -> list[str]:
        """Return who says what, a line each."""
        width = max((len(claim.place) for claim in self.claims), default=0)
        return [
            f"{claim.place:<{width}}  {claim.said}{f'  ({claim.remark})' if claim.remark else ''}"
            for claim in self.claims
        ]


def agree(tool: str, claims: Sequence[Claim]) -> Agreement:
    """Compare all that is said of a tool; claims on others are left out."""
    about = tuple(claim for claim in claims if claim.tool in {tool, ""})
    return Agreement(tool, about, _verdict(tool, about))


def _verdict(tool: str, about: tuple[Claim, ...]) -> Verdict:
    known = [claim for claim in about if claim.alternatives]
    clash = _clash(known) or _outside(known)
    if clash:
        listed = ", and ".join(map(str, clash))
        return failed(f"they contradict each other: {listed}", remedy=_remedy(tool, known))
    doubtful = [claim for claim in about if not claim.alternatives]
    if doubtful:
        one = doubtful[0]
        return unknown(f"what {one.place} means by {one.said!r} is not known: {one.remark}")
    if len(known) < FEWEST:
        who = f"only {known[0].place} speaks of {tool}" if known else f"nothing speaks of {tool}"
        remedy = f"Leave {tool} out of `tools`, or state it in a second place."
        return failed(f"{who}, so nothing was compared", remedy=remedy)
    return passed(f"{len(known)} places agree on {tool} {_common(known)}")


def _clash(known: Sequence[Claim]) -> Sequence[Claim]:
    """Return the fewest claims that cannot all be true; none where all can."""
    if not known or not _common(known).is_empty:
        return ()
    for count in (FEWEST, FEWEST + 1):
        for some in combinations(known, count):
            if _common(some).is_empty:
                return some
    # Of many at once, those are told that none can be left out of.
    needed = list(known)
    for claim in known:
        rest = [one for one in needed if one is not claim]
        if rest and _common(rest).is_empty:
            needed = rest
    return needed


def _outside(known: Sequence[Claim]) -> Sequence[Claim]:
    """Return a range and a place that names, beside others, a version outside it."""
    for bounds in (claim for claim in known if claim.is_range):
        for claim in known:
            for one in claim.alternatives:
                if (one.versions & bounds.versions).is_empty:
                    return (bounds, claim)
    return ()


def _common(claims: Sequence[Claim]) -> VersionSet:
    return reduce(lambda one, other: one & other, (claim.versions for claim in claims))


def _remedy(tool: str, known: Sequence[Claim]) -> str:
    """Return which place to change: one without which all others agree, where there is one."""
    # What bounds the others is the last to be blamed.
    alone = [one for one in known if not one.is_range and _agrees_without(one, known)]
    alone = alone or [one for one in known if _agrees_without(one, known)]
    if not alone:
        return f"Make them say the same of {tool}."
    if len(alone) == 1:
        common = _common([one for one in known if one is not alone[0]])
        return f"All others agree on {tool} {common}: change {alone[0].place}."
    return f"Change {' or '.join(one.place for one in alone)}; all others agree."


def _agrees_without(claim: Claim, known: Sequence[Claim]) -> bool:
    rest = [one for one in known if one is not claim]
    return len(rest) >= FEWEST and not _common(rest).is_empty and not _outside(rest)
