"""Each statement of a specification as one check: a name, a line, and a verdict on demand."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_nixspec.checks.check import Area, Check, Checked, perform
    from pytest_nixspec.checks.recording import record_baselines
    from pytest_nixspec.checks.run import FlakeUnderTest, Run, header
    from pytest_nixspec.checks.snapshots import record_snapshots

__all__ = [
    "Area",
    "Check",
    "Checked",
    "FlakeUnderTest",
    "Run",
    "header",
    "perform",
    "record_baselines",
    "record_snapshots",
]

_HOMES = {
    "Area": "check",
    "Check": "check",
    "Checked": "check",
    "FlakeUnderTest": "run",
    "Run": "run",
    "header": "run",
    "perform": "check",
    "record_baselines": "recording",
    "record_snapshots": "snapshots",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: a run without a specification needs the fewest."""
    import importlib  # noqa: PLC0415 - as above

    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
