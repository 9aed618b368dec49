"""The executable specification of a Nix development environment and of its models."""

from typing import Any

__all__ = [
    "InvalidRequirementError",
    "InvalidVersionError",
    "NixspecError",
    "Requirement",
    "Version",
]

_HOMES = {
    "InvalidRequirementError": "pytest_nixspec.errors",
    "InvalidVersionError": "pytest_nixspec.errors",
    "NixspecError": "pytest_nixspec.errors",
    "Requirement": "pytest_nixspec.versions",
    "Version": "pytest_nixspec.versions",
    "__version__": "pytest_nixspec.release",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the plugin is loaded into every pytest run."""
    import importlib  # noqa: PLC0415 - as above

    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)
