"""What a failure of Nix means, and what to do about it."""

import pytest

from pytest_nixspec.errors import ShellNotEvaluatedError
from pytest_nixspec.nix import Flake, drv_path
from pytest_nixspec.nix.causes import blames_machine, cause_of


def cause(said):
    return cause_of(said, "/project", "aarch64-darwin") or ""


@pytest.mark.parametrize(
    ("said", "matter"),
    [
        ("error: could not find a flake.nix file", "invisible to a flake: `git add flake.nix`"),
        ("error: getting status of '/s/abc-source/flake.nix': No such file or directory",
         "/project has no flake.nix that Nix can see"),
        ("error: getting status of '/nix/store/abc-source/nix/shells.nix': No such file",
         "one that git does not track is invisible: `git add` it"),
        ("error: Path 'nix/x.nix' in the repository \"/p\" is not tracked by Git.",
         "git does not track is invisible"),
        ("error: unable to download 'https://x': Could not resolve host", "cannot be reached"),
        ("error: writing to file: No space left on device", "`nix-collect-garbage -d` makes room"),
        ("error: executing SQLite statement: database disk image is malformed", "--repair"),
        ("error: path '/nix/store/abc-x' is not valid", "`nix-store --verify --check-contents"),
        ("error: getting status of /nix/var/nix/daemon-socket/socket: Permission denied",
         "start nix-daemon"),
        ("error: Unsupported elixir and erlang OTP combination", "beam.packages.erlang_NN"),
        ("error: Package ‘x’ has an unfree license (‘unfree’), refusing to evaluate.",
         "config.allowUnfreePredicate"),
        ("error: Package ‘x’ is marked as insecure, refusing to evaluate.",
         "config.permittedInsecurePackages"),
        ("error: Package ‘x’ is marked as broken, refusing to evaluate.", "marked as broken"),
        ("error: Package ‘x’ is not available on the requested hostPlatform:",
         "not made for aarch64-darwin"),
        ("error: attribute 'mkShel' missing\n  Did you mean mkShell?",
         "an attribute that is not there: mkShel (is it mkShell?)"),
        ("error: undefined variable 'pkgs'", "a name that nothing binds: pkgs"),
        ("error: assertion '(lib.versionAtLeast x y)' failed", "asserts what does not hold"),
    ],
)  # fmt: skip
def test_a_failure_is_translated(said, matter):
    assert matter in cause(said)


def test_what_we_do_not_know_is_left_to_nixs_own_words():
    assert cause("error: infinite recursion encountered") == ""


@pytest.mark.parametrize(
    ("said", "machines"),
    [("unable to download", True), ("No space left on device", True),
     ("attribute 'x' missing", False), ("is marked as broken", False)],
)  # fmt: skip
def test_a_fault_of_the_machine_is_told_from_one_of_the_flake(said, machines):
    assert blames_machine(said) is machines


def test_a_shell_is_evaluated_for_a_system_that_is_not_ours(every_nix, gallery):
    flake = Flake(gallery, every_nix.system)

    assert drv_path(every_nix, flake, "aarch64-darwin", "default").endswith("-shell.drv")
    with pytest.raises(ShellNotEvaluatedError, match=r"not made for|not supported on"):
        drv_path(every_nix, flake, "aarch64-darwin", "for-linux-alone")


@pytest.mark.parametrize(
    ("flake", "matter"),
    [
        ("{ outputs = { self }: { devShells.SYSTEM.default = derivatio { }; }; }", "derivatio"),
        ("{ outputs = { self }: { devShells.SYSTEM.default = self.mkShel; }; }", "mkShel"),
        ("{ outputs = { self }: { devShells.SYSTEM.default = import ./gone.nix; }; }",
         "reads a file that is not in it"),
        ("{ outputs = { self }: { devShells.SYSTEM.default = assert builtins.isNull 3; 3; }; }",
         "asserts"),
    ],
)  # fmt: skip
def test_real_words_of_every_nix_are_understood(every_nix, tmp_path, flake, matter):
    directory = tmp_path.resolve()
    (directory / "flake.nix").write_text(flake.replace("SYSTEM", every_nix.system))

    with pytest.raises(ShellNotEvaluatedError) as error:
        drv_path(every_nix, Flake(directory, every_nix.system), every_nix.system, "default")

    assert matter in str(error.value).splitlines()[0]
