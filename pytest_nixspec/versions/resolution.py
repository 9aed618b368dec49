"""Which shell, or which attributes, meet requirements on several tools; and if none does, why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

from pytest_nixspec.errors import InvalidVersionError
from pytest_nixspec.verdict import Outcome, Verdict, failed, passed, unknown
from pytest_nixspec.versions.compatibility import supports
from pytest_nixspec.versions.conflict import fewest_that_clash
from pytest_nixspec.versions.requirement import Requirement
from pytest_nixspec.versions.version import Version
from pytest_nixspec.versions.version_set import VersionSet

COMPATIBLE = "Elixir supports its OTP"
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A requirement on a tool.

    Attributes:
        tool: The tool, `elixir`.
        requirement: What its version must meet.
        source: Who says so: a file with its line, or the command line.
    """

    tool: str
    requirement: Requirement
    source: str = ""

    def __str__(self) -> str:
        said = f"{self.tool} {self.requirement}"
        return f"{said} ({self.source})" if self.source else said


@dataclass(frozen=True, slots=True)
class Candidate:
    """A shell, or an attribute of a package set.

    Attributes:
        name: Its name.
        versions: The version of each tool that it brings.
        unknown: Why the versions of further tools cannot be told; under the empty name, of any.
    """

    name: str
    versions: Mapping[str, str]
    unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a candidate.

    Attributes:
        candidate: The candidate.
        broken: The requirements that it breaks, by number; the last is that Elixir supports OTP.
        doubts: Why it cannot be told of others.
        wanted: The requirements.
        rank: What the best is chosen by: versions, in the order of the requirements.
    """

    candidate: Candidate
    broken: frozenset[int]
    doubts: tuple[str, ...]
    wanted: Sequence[Wanted]
    rank: tuple[object, ...]

    @property
    def outcome(self) -> Outcome:
        """Passed where it meets everything, unknown where nothing speaks against it but doubt."""
        if self.broken:
            return Outcome.FAILED
        return Outcome.UNKNOWN if self.doubts else Outcome.PASSED

    def reasons(self) -> list[str]:
        """Return why it is rejected or in doubt, a requirement at a time."""
        told = [self._reason(number) for number in sorted(self.broken)]
        return told or list(self.doubts)

    def _reason(self, number: int) -> str:
        versions = self.candidate.versions
        if number == len(self.wanted):
            return supports(*_pair(versions)).reason
        one = self.wanted[number]
        if one.tool not in versions:
            return f"it brings no {one.tool}"
        return f"{one.tool} {one.requirement.explain(versions[one.tool])}"


@dataclass(frozen=True)
class Resolution:
    """The answer.

    Attributes:
        wanted: The requirements.
        judged: Every candidate, the best first: those that meet all, those in doubt, the others by
            how little they break.
    """

    wanted: tuple[Wanted, ...]
    judged: tuple[Judged, ...]

    @property
    def chosen(self) -> Candidate | None:
        """The best candidate that meets everything, or None."""
        first = next(iter(self.judged), None)
        return first.candidate if first and first.outcome is Outcome.PASSED else None

    @cached_property
    def clash(self) -> tuple[int, ...]:
        """The fewest requirements that no candidate meets together, by number."""
        if any(not one.broken for one in self.judged):
            return ()
        return fewest_that_clash([one.broken for one in self.judged])

    @property
    def conflict(self) -> tuple[str, ...]:
        """The fewest requirements that no candidate meets together, in words."""
        named = [*map(str, self.wanted), COMPATIBLE]
        return tuple(named[number] for number in self.clash)

    @property
    def verdict(self) -> Verdict:
        """Passed with the best candidate, unknown where only doubt is left, else failed."""
        if not self.judged:
            return failed("there is nothing to choose from")
        best = self.judged[0]
        if best.outcome is Outcome.PASSED:
            return passed(f"{best.candidate.name} meets everything", *_brings(best.candidate))
        if best.outcome is Outcome.UNKNOWN:
            return unknown(f"{best.candidate.name} may do, but {'; '.join(best.doubts)}")
        nearest = [f"{j.candidate.name}: {'; '.join(j.reasons())}" for j in self.judged[:NEAREST]]
        reason = f"nothing meets {' and '.join(self.conflict)}"
        return failed(reason, *nearest, remedy=self._remedy())

    def _remedy(self) -> str:
        """Return what versions would do, or of which tool none can."""
        if len(self.wanted) in self.clash:
            unfit = next(one for one in self.judged if len(self.wanted) in one.broken)
            return supports(*_pair(unfit.candidate.versions)).remedy
        tools = dict.fromkeys(one.tool for one in self._clashing())
        would = {tool: self._would_do(tool) for tool in tools}
        for tool, versions in would.items():
            if versions.is_empty:
                return f"What is said of {tool} contradicts itself: no version meets all of it."
        listed = " and ".join(f"{tool} {versions}" for tool, versions in would.items())
        return f"Add one with {listed}." if listed else ""

    def _clashing(self) -> list[Wanted]:
        return [self.wanted[number] for number in self.clash if number < len(self.wanted)]

    def _would_do(self, tool: str) -> VersionSet:
        said = (one.requirement.versions for one in self._clashing() if one.tool == tool)
        return reduce(lambda one, other: one & other, said)


def resolve(wanted: Sequence[Wanted], candidates: Iterable[Candidate]) -> Resolution:
    """Find the best candidate that meets every requirement by itself, as a shell must.

    Where a candidate brings both, its Elixir must support its OTP, too. The best has the latest
    releases, in the order in which tools are first required; of equal ones `default`, then the
    first by name.
    """
    judged = [_judge(wanted, candidate) for candidate in candidates]
    # Sorted from the least important on: Python's sort keeps what is equal as it was.
    judged.sort(key=lambda one: (one.candidate.name != "default", one.candidate.name))
    judged.sort(key=lambda one: one.rank, reverse=True)
    order = {Outcome.PASSED: 0, Outcome.UNKNOWN: 1, Outcome.FAILED: 2}
    judged.sort(key=lambda one: (order[one.outcome], len(one.broken)))
    return Resolution(tuple(wanted), tuple(judged))


def resolve_apart(wanted: Sequence[Wanted], candidates: Sequence[Candidate]) -> list[Resolution]:
    """Find the best attribute for each tool, as from a package set.

    Tools that some candidate brings together, as an Elixir brings the OTP that it runs on, are
    taken from one candidate.
    """
    asked = {one.tool for one in wanted}
    groups: list[set[str]] = []
    for tools in ({one.tool} for one in wanted):
        if not any(tools <= group for group in groups):
            groups.append(_brought_together(tools, candidates))
    return [
        resolve(
            [one for one in wanted if one.tool in group],
            [one for one in candidates if group & asked & {*one.versions, *one.unknown}],
        )
        for group in groups
    ]


def _brought_together(tools: set[str], candidates: Sequence[Candidate]) -> set[str]:
    while True:
        more = {t for one in candidates if tools & one.versions.keys() for t in one.versions}
        if more <= tools:
            return tools
        tools |= more


def _judge(wanted: Sequence[Wanted], candidate: Candidate) -> Judged:
    broken: set[int] = set()
    doubts: list[str] = []
    rank: dict[str, tuple[object, ...]] = {}
    for number, one in enumerate(wanted):
        try:
            meets = _meets(one, candidate, rank)
        except InvalidVersionError as error:
            doubts.append(str(error))
            continue
        if meets is False:
            broken.add(number)
        elif isinstance(meets, str):
            doubts.append(meets)
    _judge_pair(candidate, len(wanted), broken, doubts)
    unique = tuple(dict.fromkeys(doubts))
    return Judged(candidate, frozenset(broken), unique, wanted, tuple(rank.values()))


def _meets(one: Wanted, candidate: Candidate, rank: dict[str, tuple[object, ...]]) -> bool | str:
    """Tell whether a candidate meets a requirement, or why it cannot be told; rank its version."""
    rank.setdefault(one.tool, ())
    text = candidate.versions.get(one.tool)
    if text is None:
        return candidate.unknown.get(one.tool, candidate.unknown.get("", False))
    version = Version.parse(text, one.requirement.dialect)
    # Releases before pre-releases, then the latest.
    rank[one.tool] = rank[one.tool] or (not version.is_prerelease, version.key)
    return one.requirement.matches(version)


def _judge_pair(candidate: Candidate, number: int, broken: set[int], doubts: list[str]) -> None:
    if not {"elixir", "erl"} <= candidate.versions.keys():
        return
    try:
        verdict = supports(*_pair(candidate.versions))
    except InvalidVersionError as error:
        doubts.append(str(error))
        return
    if verdict.outcome is Outcome.FAILED:
        broken.add(number)
    elif verdict.outcome is Outcome.UNKNOWN:
        doubts.append(verdict.reason)


def _pair(versions: Mapping[str, str]) -> tuple[Version, Version]:
    return Version.parse(versions["elixir"]), Version.parse(versions["erl"], "otp")


def _brings(candidate: Candidate) -> list[str]:
    return [f"{tool} {version}" for tool, version in candidate.versions.items()]
