"""What cannot be begun is one usage error: the fact, the cause, the remedy."""

import json
import os

import pytest

from tests.plugin.test_shells import GOOD


def test_no_nix_is_one_usage_error(project, pytester, monkeypatch):
    project(GOOD)
    monkeypatch.setenv("NIXSPEC_NIX", "/no/such/nix")
    own = pytester.mkdir("temporary")
    monkeypatch.setenv("TMPDIR", str(own))

    result = pytester.runpytest_subprocess("--nixspec")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: /no/such/nix is named as the Nix to use, and is no program."]
    )
    result.stderr.no_fnmatch_line("*Traceback*")
    assert [path.name for path in own.rglob("*")] == [f"nixspec-{os.getuid()}"]


@pytest.mark.parametrize("arguments", [(), ("-q",), ("-n", "2"), ("--collect-only", "-q")])
@pytest.mark.parametrize("program", ["/no/such/nix", "/bin/true"])
def test_without_a_nix_nothing_is_run_however_it_is_asked_for(
    project, pytester, monkeypatch, program, arguments
):
    project(GOOD)
    monkeypatch.setenv("NIXSPEC_NIX", program)

    result = pytester.runpytest_subprocess("--nixspec", *arguments)

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    assert [line[:6] for line in result.errlines if line] == ["ERROR:"]
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(("flag", "frozen"), [("--nixspec", True), ("-q", False)])
def test_only_a_run_with_the_flag_sets_imports_aside(project, pytester, flag, frozen):
    project(GOOD)
    pytester.makepyfile(
        f"import gc\ndef test_frozen(): assert (gc.get_freeze_count() > 0) is {frozen}"
    )

    result = pytester.runpytest_subprocess(
        flag, "test_only_a_run_with_the_flag_sets_imports_aside.py"
    )

    result.assert_outcomes(passed=1)


def test_no_place_for_temporary_files_is_one_usage_error(project, pytester, monkeypatch):
    project(GOOD)
    own = pytester.mkdir("temporary")
    (own / f"nixspec-{os.getuid()}").touch()
    monkeypatch.setenv("TMPDIR", str(own))

    result = pytester.runpytest_subprocess("--nixspec")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: no temporary directory can be made (*Set TMPDIR*"])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_no_specification_is_one_usage_error(pytester):
    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*there is no nixspec.toml in *", "*nixspec init*"])


def test_a_mistake_in_the_specification_is_one_usage_error(project, pytester):
    project("[shell.default]\ntolls = {}\n")

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: nixspec.toml:2: shell.default.tolls: unknown key 'tolls'*"]
    )


def test_an_override_without_a_reference_is_one_usage_error(project, pytester):
    project(GOOD)

    result = pytester.runpytest("--nixspec", "--nixspec-override-input", "nixpkgs")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*takes INPUT=REFERENCE, not 'nixpkgs'."])


def test_a_substitution_that_is_gone_is_one_usage_error(project, pytester):
    project(GOOD)
    pytester.mkdir(".nixspec").joinpath("substitutions.json").write_text(
        '{"nix": null, "models": [], "inputs": '
        '[{"input": "nixpkgs", "reference": "path:/no/such/stand-in", "what": "x"}]}'
    )

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*names /no/such/stand-in, which is gone. Run `make spec` again*"])


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "{",
        '{"nix": 3, "inputs": [], "models": []}',
        '{"nix": null, "models": [], "inputs": [{"input": "a", "reference": 1, "what": "x"}]}',
        '{"nix": null, "inputs": [], "models": [{"model": "m"}]}',
    ],
)
def test_broken_substitutions_are_one_usage_error(project, pytester, text):
    project(GOOD)
    pytester.mkdir(".nixspec").joinpath("substitutions.json").write_text(text)

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*substitutions.json cannot be read: * Run `make spec` again*"])


def test_an_override_of_no_input_is_one_usage_error(project, pytester):
    project(GOOD)
    lock = {"nodes": {"root": {"inputs": {"nixpkgs": "nixpkgs"}}}, "root": "root", "version": 7}
    pytester.path.joinpath("flake.lock").write_text(json.dumps(lock))

    result = pytester.runpytest("--nixspec", "--nixspec-override-input", "nixpkg=path:/x")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the flake has no input 'nixpkg'; it has: nixpkgs."])


def test_an_input_that_cannot_be_reached_is_said_and_not_a_stack_trace(project, pytester):
    project('[shell.default.tools]\ngit = "*"\n')
    pytester.path.joinpath("flake.nix").write_text(
        '{ inputs.far.url = "http://127.0.0.1:9/far.tar.gz"; outputs = { self, far }: far; }'
    )

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*UNKNOWN: an input of the flake cannot be reached*", "*2 unknown*"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_an_overridden_input_is_said_first(project, pytester):
    project("[shell.default]\n")
    pytester.path.joinpath("flake.nix").rename(pytester.mkdir("inner") / "flake.nix")
    pytester.path.joinpath("stdenv").rename(pytester.path / "inner" / "stdenv")
    pytester.path.joinpath("flake.nix").write_text(
        '{ inputs.far.url = "http://127.0.0.1:9/far.tar.gz";'
        " outputs = { self, far }: { inherit (far) devShells; }; }"
    )
    override = f"far=path:{pytester.path / 'inner'}"

    result = pytester.runpytest("--nixspec", "--nixspec-override-input", override)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"nixspec: substituted input far: path:{pytester.path}/inner*"])


def test_a_cache_on_a_full_disk_keeps_nobody_from_entering(project, pytester, monkeypatch, disk_of):
    project("[shell.default]\n")
    small = disk_of(kilobytes=8)
    monkeypatch.setenv("XDG_CACHE_HOME", str(small / "cache"))
    (small / "filling").write_bytes(b"x" * 4096)

    result = pytester.runpytest("--nixspec", "--nixspec-reports=reports")

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.fixture
def unknown_on_a_disk_of(project, pytester, monkeypatch, disk_of):
    """Return what checks that all statements are unknown with temporary files on a small disk."""

    def check(kilobytes: int, spec: str, statements: int) -> None:
        project(spec)
        small = disk_of(kilobytes)
        monkeypatch.setenv("TMPDIR", str(small))

        result = pytester.runpytest_subprocess("--nixspec")

        here = f"*UNKNOWN*this machine cannot check it: No space left on device: {small}*"
        result.stdout.fnmatch_lines([here, f"* {statements} unknown in *"])
        assert result.ret is pytest.ExitCode.TESTS_FAILED

    return check


def test_on_a_full_disk_of_temporary_files_nothing_can_be_told(unknown_on_a_disk_of):
    unknown_on_a_disk_of(256, "[shell.writes-a-lot.env]\nNOT_THERE = { absent = true }\n", 2)


def test_nothing_is_entered_where_there_is_no_room_to_begin_with(unknown_on_a_disk_of):
    unknown_on_a_disk_of(16, "[shell.default]\n", 1)
