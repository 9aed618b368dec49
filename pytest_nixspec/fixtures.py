"""The objects of a specification as fixtures, for tests in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_nixspec.checks import FlakeUnderTest, Run
    from pytest_nixspec.checks.gates import Gate
    from pytest_nixspec.checks.matrix import VersionMatrix
    from pytest_nixspec.checks.tested import ProfileUnderTest
    from pytest_nixspec.performance import Measurement, Plan
    from pytest_nixspec.shells import Shell
    from pytest_nixspec.shells.services import Service

FIXTURES = frozenset(
    {
        "mlx_gate",
        "mlx_measurement",
        "mlx_plan",
        "mlx_profile",
        "nix_flake",
        "nix_service",
        "nix_shell",
        "version_matrix",
    }
)
"""Those that need a run with --nixspec."""


def _run(config: pytest.Config) -> Run:
    session = config.pluginmanager.get_plugin("nixspec-session")
    if session is None:
        pytest.fail(
            "this fixture needs --nixspec: without it nothing enters a shell", pytrace=False
        )
    run: Run = session.run
    return run


@pytest.fixture(scope="session")
def nix_flake(pytestconfig: pytest.Config) -> FlakeUnderTest:
    """The flake under test: its directory, system and the names of its shells."""
    return _run(pytestconfig).flake_under_test


@pytest.fixture(scope="session")
def nix_shell(pytestconfig: pytest.Config) -> Callable[[str], Shell]:
    """Return a shell by its name; each is entered once, however many tests ask for it."""
    return _run(pytestconfig).shells.shell


@pytest.fixture(scope="session")
def version_matrix(pytestconfig: pytest.Config) -> VersionMatrix:
    """The versions that the flake's shells bring; `resolve` says which shell meets a range."""
    return _run(pytestconfig).version_matrix


@pytest.fixture(scope="session")
def nix_service(pytestconfig: pytest.Config) -> Iterator[Callable[..., Service]]:
    """Return a function that starts a service of a shell, `nix_service("postgres")`.

    Each is started once for a worker, on a temporary directory, and stopped at the end.
    """
    from pytest_nixspec.shells.services import start_service  # noqa: PLC0415 - seldom needed

    started: dict[tuple[str, str], Service] = {}

    def start(name: str, shell: str = "default") -> Service:
        if (name, shell) not in started:
            entered = _run(pytestconfig).shells.shell(shell)
            started[name, shell] = start_service(entered, name)
        return started[name, shell]

    yield start
    for service in started.values():
        service.stop()


@pytest.fixture
def mlx_profile(request: pytest.FixtureRequest) -> ProfileUnderTest:
    """The profile that `@pytest.mark.mlx_profile("plan")` names, with what the run knows of it."""
    from pytest_nixspec.checks.tested import profile_named  # noqa: PLC0415 - seldom needed

    marker = request.node.get_closest_marker("mlx_profile")
    if marker is None or not marker.args:
        pytest.fail('name the profile: @pytest.mark.mlx_profile("plan")', pytrace=False)
    return profile_named(_run(request.config), marker.args[0])


@pytest.fixture
def mlx_plan(mlx_profile: ProfileUnderTest) -> Plan:
    """What the profile will take, and how fast it can be at best; nothing is loaded for it."""
    from pytest_nixspec.checks.plans import plan_of  # noqa: PLC0415 - seldom needed

    return plan_of(mlx_profile)


@pytest.fixture
def mlx_measurement(mlx_profile: ProfileUnderTest) -> Measurement:
    """The measurement of the profile; it is taken once a run, whoever asks first."""
    return mlx_profile.measurement


@pytest.fixture
def mlx_gate(mlx_profile: ProfileUnderTest) -> Gate:
    """The measurement against the stored baseline, by the tolerances of the specification."""
    from pytest_nixspec.checks.gates import Gate  # noqa: PLC0415 - seldom needed

    if mlx_profile.run.settings.record:
        pytest.skip("not compared: this run records the baseline")
    return Gate(mlx_profile)
