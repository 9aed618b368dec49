"""The rules of an audit as items."""

import shutil

import pytest

from pytest_nixspec import process

POLICY = '[audit]\npolicy = "nix-specialist"\n'
WAIVER = '[[audit.waiver]]\nrule = "NS108"\nreason = "it pins us"\nowner = "us"\nuntil = {until}\n'


@pytest.fixture
def tracked(project, pytester):
    """Make a project in git with a committed flake.lock."""

    def make(spec: str) -> None:
        project(spec)
        pytester.path.joinpath("flake.lock").write_text("{}")
        git = shutil.which("git") or "git"
        for argv in (["init", "-q"], ["add", "flake.lock", "flake.nix", "stdenv"]):
            done = process.run(
                [git, "-C", pytester.path, *argv], env={"PATH": ""}, deadline=process.after(30)
            )
            assert done.ok, done.error_text

    return make


def test_a_committed_lock_breaks_the_rule_of_the_role_document(tracked, pytester):
    tracked(POLICY)

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["NS108: Never commit flake.lock*", "*git tracks it"])


def test_a_waiver_accepts_it(tracked, pytester):
    tracked(POLICY + WAIVER.format(until="9999-12-31"))

    pytester.runpytest("--nixspec").assert_outcomes(passed=1)


def test_a_waiver_that_has_ended_fails(tracked, pytester):
    tracked(POLICY + WAIVER.format(until="2020-01-01"))

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NS108: its waiver ended * day(s) ago"])


def test_outside_of_git_the_rule_is_unknown(project, pytester, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(pytester.path.parent))
    project(POLICY)

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*UNKNOWN: what git tracks cannot be told", "*1 unknown*"])
