"""The summary at the end of a run, as lines of text that need no colour."""

from collections.abc import Iterator

from pytest_nixspec.report.record import Record, Result

WORDS = {"passed": "ok", "failed": "FAILED", "unknown": "UNKNOWN"}
KINDS = {
    "nix_shell": "shell",
    "nix_agreement": "agreement on",
    "nix_audit": "audit",
    "mlx_profile": "profile",
    "tests": "tests in",
}


def lines(record: Record) -> Iterator[str]:
    """Return the summary: what was substituted, a table a subject, then what is wrong."""
    yield from record.header.lines()
    for (area, subject), results in record.subjects().items():
        yield ""
        yield f"{KINDS[area]} {subject}"
        width = max(len(statement(result)) for result in results)
        for result in results:
            yield f"  {statement(result):<{width}}  {WORDS[result.outcome]:<7}  {brief(result)}"
    unknowns = [result for result in record.results if result.outcome == "unknown"]
    for result in unknowns:
        yield ""
        yield from explanation(result)


def statement(result: Result) -> str:
    """Return what is claimed, without the subject: `elixir ~> 1.17`."""
    return result.id.partition("::")[2]


def brief(result: Result) -> str:
    """Return the shortest useful words on a result: a version and its package, or the reason."""
    if result.outcome != "passed" or "tool" not in result.facts:
        return result.reason
    home = result.facts["package"] or result.facts["path"]
    version = result.facts.get("version")
    return f"{version}  {home}" if version else home


def explanation(result: Result) -> Iterator[str]:
    """Return a result in full: place, reason, evidence and remedy."""
    yield f"{result.location}: {result.id}"
    yield f"  {WORDS[result.outcome]}: {result.reason}"
    yield from (f"    {line}" for line in result.evidence)
    if result.remedy:
        yield f"  → {result.remedy}"
    if result.skipped:
        yield "  (asked for: this unknown does not fail the run, and is no pass)"
