"""All statements of a specification, in its order."""

from pytest_nixspec.checks.audit import audit_checks
from pytest_nixspec.checks.check import Check
from pytest_nixspec.checks.profiles import profile_checks
from pytest_nixspec.checks.shells import shell_checks
from pytest_nixspec.spec import Spec


def statements(spec: Spec) -> list[Check]:
    """Return one check for each statement: shells, then the audit, then profiles."""
    return [*shell_checks(spec), *audit_checks(spec), *profile_checks(spec)]
