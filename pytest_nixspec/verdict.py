"""The three answers: passed, failed, unknown. Unknown is never a pass."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """One of the three answers."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer with its reason.

    Attributes:
        outcome: Which of the three answers.
        reason: One sentence: the fact, with its value.
        evidence: Lines that show it.
        remedy: What to do about it; empty where nothing is to be done.
        excuse: Of an unknown, the key by which a specification may let it pass by; empty where
            none may.
    """

    outcome: Outcome
    reason: str
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    excuse: str = ""

    @property
    def passed(self) -> bool:
        """Whether the statement was checked and holds."""
        return self.outcome is Outcome.PASSED

    def explain(self) -> str:
        """Return reason, evidence and remedy as lines of text."""
        remedy = [f"→ {self.remedy}"] if self.remedy else []
        return "\n".join([self.reason, *(f"  {line}" for line in self.evidence), *remedy])


def passed(reason: str, *evidence: str) -> Verdict:
    """Return the verdict of a statement that holds."""
    return Verdict(Outcome.PASSED, reason, evidence)


def failed(reason: str, *evidence: str, remedy: str = "") -> Verdict:
    """Return the verdict of a statement that does not hold."""
    return Verdict(Outcome.FAILED, reason, evidence, remedy)


def unknown(reason: str, *evidence: str, remedy: str = "", excuse: str = "") -> Verdict:
    """Return the verdict of a statement that could not be checked."""
    return Verdict(Outcome.UNKNOWN, reason, evidence, remedy, excuse)
