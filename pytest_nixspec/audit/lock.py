"""Rules on flake.lock."""

from collections.abc import Iterator

from pytest_nixspec.audit.rule import Evidence, Finding, Rule


def _committed(evidence: Evidence) -> Iterator[Finding]:
    if "flake.lock" in evidence.tracked:
        yield Finding("flake.lock", "git tracks it")


NEVER_COMMITTED = Rule(
    id="NS108",
    statement="Never commit flake.lock to the repository",
    reason="The policy wants each project pinned by its own .direnv instead.",
    remedy=(
        "Waive this rule: without a committed lock nothing says which nixpkgs was meant, and the "
        "policy's own 'deterministic builds' cannot hold. Or `git rm --cached flake.lock`."
    ),
    find=_committed,
)
