"""All statements of a specification, in its order."""

from collections import Counter
from dataclasses import replace

from pytest_nixspec.checks.agreement import agreement_checks
from pytest_nixspec.checks.audit import audit_checks
from pytest_nixspec.checks.check import Check
from pytest_nixspec.checks.plans import plan_checks
from pytest_nixspec.checks.profiles import profile_checks
from pytest_nixspec.checks.shells import shell_checks
from pytest_nixspec.spec import Spec


def statements(spec: Spec) -> list[Check]:
    """Return one check for each statement: shells, agreement, the audit, profiles."""
    checks = [
        *shell_checks(spec),
        *agreement_checks(spec),
        *audit_checks(spec),
        *plan_checks(spec),
        *profile_checks(spec),
    ]
    seen: Counter[str] = Counter()
    return [_unique(check, seen) for check in checks]


def _unique(check: Check, seen: Counter[str]) -> Check:
    """Return the check under a name of its own; one that occurs again is numbered."""
    while seen[check.id]:
        seen[check.id] += 1
        check = replace(check, statement=f"{check.statement} #{seen[check.id]}")
    seen[check.id] += 1
    return check
