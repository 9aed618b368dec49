"""The pytest plugin: options, markers, and the session of a run that asked for one."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from pytest_nixspec.fixtures import (
    FIXTURES,
    mlx_gate,
    mlx_measurement,
    mlx_plan,
    mlx_profile,
    nix_flake,
    nix_service,
    nix_shell,
    version_matrix,
)

if TYPE_CHECKING:
    import pytest

__all__ = [
    "mlx_gate",
    "mlx_measurement",
    "mlx_plan",
    "mlx_profile",
    "nix_flake",
    "nix_service",
    "nix_shell",
    "version_matrix",
]

MARKERS = (
    "nix_shell: a statement on a development shell, or a test that enters one",
    "nix_agreement: a statement on what the files of a project and its shells say alike",
    "nix_audit: a rule of an audit",
    "mlx_profile(name): a statement on how a model runs",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options; nothing is read or started here."""
    group = parser.getgroup("nixspec", "specification of Nix development environments")
    group.addoption("--nixspec", action="store_true", help="check the statements of nixspec.toml")
    group.addoption(
        "--nixspec-record",
        action="store_true",
        help="as --nixspec, and store what is measured as the baseline of this machine",
    )
    group.addoption(
        "--nixspec-quick",
        action="store_true",
        help="measure models with two processes and one sample each: gates then seldom can tell",
    )
    group.addoption(
        "--nixspec-override-input",
        action="append",
        default=[],
        metavar="INPUT=REFERENCE",
        help="let another flake stand in for an input of the flake (may be repeated)",
    )
    group.addoption(
        "--nixspec-reports",
        default="reports",
        metavar="DIR",
        help="where to write nixspec.json, .md and .html (default: reports)",
    )
    parser.addini("nixspec_paths", "tests that --nixspec runs beside nixspec.toml", type="paths")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the session where one is asked for."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("nixspec") or config.getoption("nixspec_record"):
        if not gc.get_freeze_count():
            # What is imported by now stays. To go through it again, five times over as pytest ends
            # and once more as Python does, is a good part of a short run.
            gc.freeze()
        from pytest_nixspec.session import register  # noqa: PLC0415 - heavy, and seldom needed

        register(config)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Say why, where `assert version in requirement` fails."""
    versions = sys.modules.get("pytest_nixspec.versions")
    if (
        versions is None
        or op not in {"in", "not in"}
        or not isinstance(right, versions.Requirement)
    ):
        return None
    return [f"{left!r} {op} {right!r}", right.explain(left)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the flag, leave out the tests that would enter a shell."""
    if not config.pluginmanager.has_plugin("nixspec-session"):
        needing = [i for i in items if FIXTURES & set(getattr(i, "fixturenames", ()))]
        if needing:
            config.hook.pytest_deselected(items=needing)
            items[:] = [item for item in items if item not in needing]
