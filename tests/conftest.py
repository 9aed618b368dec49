"""Real Nix for the tests: each version that is here, on a store of its own."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Pytester forgets what its runs import first, and a second run would get half of it anew.
import pytest_nixspec.session  # noqa: F401 - as above
from embedded.__main__ import cache_directory
from embedded.machine_nix import SUITES
from pytest_nixspec import process
from pytest_nixspec.nix import Flake, Nix, locate
from pytest_nixspec.performance import Measurement, Process, Sample
from pytest_nixspec.performance.measurement import Identity
from pytest_nixspec.settings import Substitutions
from pytest_nixspec.shells import Shell, ShellPool
from pytest_nixspec.shells.deadline import Limits
from tests.performance.tiny import ARCHITECTURES

pytest_plugins = ["pytester"]

settings.register_profile(
    "nightly", max_examples=100_000, deadline=None, suppress_health_check=list(HealthCheck)
)

REPOSITORY = Path(__file__).parent.parent
GALLERY = Path(__file__).parent / "gallery"

CONFIGURATION = """\
experimental-features = nix-command flakes
sandbox = false
build-users-group =
substituters =
flake-registry =
warn-dirty = false
download-attempts = 1
"""


def nix_programs() -> list[Path]:
    """Return the Nix of every Debian suite that is here, or else this machine's own."""
    prefixes = [cache_directory() / f"nix-{suite}" / "bin" / "nix" for suite in SUITES]
    return [path for path in prefixes if path.exists()] or [locate(os.environ).path]


def own_store(directory: Path) -> dict[str, str]:
    """Return the variables that give Nix a store, a state and caches of its own."""
    return {
        "NIX_STORE_DIR": str(directory / "store"),
        "NIX_STATE_DIR": str(directory / "var"),
        "NIX_LOG_DIR": str(directory / "log"),
        "NIX_CONF_DIR": str(directory / "conf"),
        "NIX_CONFIG": CONFIGURATION,
        "XDG_CACHE_HOME": str(directory / "cache"),
        "HOME": str(directory / "home"),
    }


def nix_at(program: Path, directory: Path) -> Nix:
    (directory / "home").mkdir(parents=True)
    # Locating it initialises the store, which must be done before two use it at once.
    return locate({"PATH": os.environ["PATH"], **own_store(directory)}, program)


@pytest.fixture(scope="session", params=nix_programs(), ids=lambda path: path.parent.parent.name)
def every_nix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Nix:
    """Each version of Nix in turn."""
    return nix_at(request.param, tmp_path_factory.mktemp("nix").resolve())


@pytest.fixture(scope="session")
def nix(tmp_path_factory: pytest.TempPathFactory) -> Nix:
    """One Nix, for what does not depend on its version: the one that the main job uses."""
    program = Substitutions.read(REPOSITORY).nix or locate(os.environ).path
    return nix_at(program, tmp_path_factory.mktemp("nix").resolve())


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flake of awkward shells, outside any git."""
    return Path(shutil.copytree(GALLERY, tmp_path_factory.mktemp("gallery").resolve() / "flake"))


@pytest.fixture
def pool(nix: Nix, gallery: Path, tmp_path: Path) -> ShellPool:
    """The shells of the gallery, none entered yet."""
    return pool_over(nix, gallery, tmp_path.resolve() / "run")


def pool_over(nix: Nix, flake: Path, directory: Path) -> ShellPool:
    return ShellPool(nix, Flake(flake, nix.system), directory, limits=Limits(hook_seconds=2))


@pytest.fixture(scope="session")
def own_pool(tmp_path_factory: pytest.TempPathFactory) -> ShellPool:
    """The shells of this repository itself, with real Elixir, Erlang and Node."""
    substitutions = Substitutions.read(REPOSITORY)
    own = locate(os.environ, substitutions.nix)
    flake = Flake(REPOSITORY, own.system, substitutions.inputs)
    return ShellPool(own, flake, tmp_path_factory.mktemp("own").resolve())


@pytest.fixture(scope="session")
def own_shell(own_pool: ShellPool) -> Shell:
    """The default shell of this repository."""
    return own_pool.shell("default")


@pytest.fixture
def disk_of(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return what mounts a small disk: so many kilobytes and files, 0 for no limit to these."""
    mounted = []

    def disk(kilobytes: int, inodes: int = 0) -> Path:
        place = tmp_path / "small disk"
        place.mkdir()
        options = f"size={kilobytes}k,nr_inodes={inodes}"
        mount = ["/bin/mount", "-t", "tmpfs", "-o", options, "nixspec-test", place]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("this machine lets nobody mount a small disk")
        mounted.append(place)
        return place

    yield disk
    for place in mounted:
        subprocess.run(["/bin/umount", place], check=True)


@pytest.fixture
def project(
    pytester: pytest.Pytester, nix: Nix, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Make a project of the gallery's flake and a specification, in pytester's directory."""
    for name, value in project_environment(nix).items():
        monkeypatch.setenv(name, value)

    def make(spec: str, **files: str) -> None:
        shutil.copytree(GALLERY, pytester.path, dirs_exist_ok=True)
        pytester.path.joinpath("nixspec.toml").write_text(spec)
        if files:
            pytester.makepyfile(**files)

    return make


def project_environment(nix: Nix) -> Mapping[str, str]:
    store = {name: nix.environment[name] for name in own_store(Path("/"))}
    return {**store, "NIXSPEC_NIX": str(nix.path)}


def is_gone(pid: int) -> bool:
    """Tell whether a process is gone soon; its new parent may take a moment to reap it."""
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes a tiny seeded model by mlx-lm's own conversion, once."""
    home = tmp_path_factory.mktemp("models")

    def make(name: str = "llama", bits: int = 4, group_size: int = 64) -> Path:
        folder = home / f"{name}-{bits}-{group_size}"
        if not folder.exists():
            config = home / f"{name}.json"
            config.write_text(json.dumps(ARCHITECTURES[name]))
            done = process.run(
                [sys.executable, "-m", "tests.performance.tiny", config, folder,
                 str(bits), str(group_size)],
                env=dict(os.environ), cwd=REPOSITORY, deadline=process.after(120),
            )  # fmt: skip
            assert done.ok, done.error_text
        return folder

    return make


def sample(tokens_per_second: float, peak: int = 100_000_000) -> Sample:
    times = tuple(1.0 + number / tokens_per_second for number in range(11))
    return Sample(1.0, times, peak, 0, 0, 1.0, "digest")


@pytest.fixture
def measured() -> Callable[..., Measurement]:
    """Make a measurement of processes with these rates, in tokens per second."""

    def make(
        *rates: float,
        peak: int = 100_000_000,
        faults: tuple[str, ...] = (),
        greedy: str = "tokens",
        **fingerprint: object,
    ) -> Measurement:
        processes = tuple(
            Process((sample(r, peak),), 0.5, faults=faults, read_bytes_per_second=7e9)
            for r in rates
        )
        known = {"chip": "Apple M2 Max", "model": "abc", **fingerprint}
        identity = Identity(greedy, {"Matmul": 60}, {"bits": 4}, 84_000_000, 80_000_000)
        return Measurement("plan", known, 32, 1, processes, identity)

    return make
