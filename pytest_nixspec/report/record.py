"""What a run found, as plain data that every renderer is given."""

from collections import Counter
from typing import Any, NamedTuple

SCHEMA = 1
"""1: the first layout."""


class Result(NamedTuple):
    """What became of one statement of the specification.

    Attributes:
        id: The statement, readable: `shell[default]::elixir ~> 1.17`.
        area: `nix_shell`, `nix_audit` or `mlx_profile`.
        subject: The shell, profile or policy it is about.
        location: File and line of the statement.
        outcome: `passed`, `failed` or `unknown`.
        skipped: Whether the specification lets this unknown pass by.
        reason: One sentence: the fact, with its value.
        evidence: Lines that show it.
        remedy: What to do; empty where nothing is to be done.
        facts: Named values behind the verdict: tool, version, store_path, samples…
        seconds: Wall time of the check.
    """

    id: str
    area: str
    subject: str
    location: str
    outcome: str
    reason: str
    skipped: bool = False
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    facts: dict[str, Any] = {}  # noqa: RUF012 - nobody writes into it
    seconds: float = 0.0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Result":
        """Read what `_asdict` made, evidence as a list or as a tuple."""
        return cls(**{**data, "evidence": tuple(data["evidence"])})


class Header(NamedTuple):
    """Where and with what a run took place.

    Attributes:
        plugin: The version of pytest-nixspec.
        nix: Nix's version and where it is.
        system: Nix's name of the system.
        device: The machine that models run on.
        flake: The directory of the flake.
        started: ISO 8601, UTC.
        substitutions: One line for each thing that stands in for another.
    """

    plugin: str
    nix: str
    system: str
    device: str
    flake: str
    started: str
    substitutions: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the header as lines, substitutions first: they change what all else means."""
        return [
            *(f"substituted {line}" for line in self.substitutions),
            f"Nix {self.nix}, {self.system}",
            f"device {self.device}",
            f"flake {self.flake}",
        ]


class Record(NamedTuple):
    """A whole run."""

    header: Header
    results: tuple[Result, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values, with the schema's number."""
        results = [result._asdict() for result in self.results]
        return {"schema": SCHEMA, "header": self.header._asdict(), "results": results}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Record":
        """Read what `to_json` made.

        Raises:
            ValueError: It is of another schema.
        """
        if data.get("schema") != SCHEMA:
            message = (
                f"the record is of schema {data.get('schema')!r}, this version reads {SCHEMA}."
            )
            raise ValueError(message)
        substitutions = tuple(data["header"]["substitutions"])
        header = Header(**{**data["header"], "substitutions": substitutions})
        return cls(header, tuple(map(Result.from_json, data["results"])))

    def counts(self) -> Counter[str]:
        """Return how many results have each outcome."""
        return Counter(result.outcome for result in self.results)

    def subjects(self) -> dict[tuple[str, str], list[Result]]:
        """Return the results by area and subject, in the order of the specification."""
        groups: dict[tuple[str, str], list[Result]] = {}
        for result in self.results:
            groups.setdefault((result.area, result.subject), []).append(result)
        return groups

    def not_passed(self) -> list[Result]:
        """Return the results that failed or are unknown."""
        return [result for result in self.results if result.outcome != "passed"]
