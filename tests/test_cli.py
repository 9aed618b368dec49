"""The console script, as a user types it."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.spec import load
from tests.conftest import GALLERY, project_environment

NIXSPEC = Path(sys.executable).with_name("nixspec")


@pytest.fixture
def nixspec(nix, tmp_path):
    """Run `nixspec` in a project of the gallery."""
    project = Path(shutil.copytree(GALLERY, tmp_path / "project"))
    environment = {"PATH": "/usr/bin:/bin", **project_environment(nix)}

    def run(*arguments: str) -> process.Completed:
        return process.run(
            [NIXSPEC, *arguments], env=environment, cwd=project, deadline=process.after(60)
        )

    run.project = project  # type: ignore[attr-defined]
    return run


def test_init_writes_a_specification_that_holds(nixspec):
    done = nixspec("init", "--shell", "default")

    assert done.ok, done.error_text
    text = (nixspec.project / "nixspec.toml").read_text()
    assert text.endswith('[shell.default.tools]\ngit = ">= 99"\n')


def test_init_never_overwrites(nixspec):
    (nixspec.project / "nixspec.toml").write_text("# mine\n")

    done = nixspec("init")

    assert done.returncode == 2
    assert "is there already; move it away first" in done.error_text
    assert (nixspec.project / "nixspec.toml").read_text() == "# mine\n"


def test_init_of_an_unknown_shell_writes_nothing(nixspec):
    done = nixspec("init", "--shell", "defualt")

    assert done.returncode == 2
    assert "Did you mean 'default'?" in done.error_text
    assert not (nixspec.project / "nixspec.toml").exists()


def test_init_leaves_out_what_cannot_be_entered_and_says_so(nixspec):
    flake = nixspec.project / "flake.nix"
    # The shell that never returns would take its two minutes.
    flake.write_text(flake.read_text().replace("sleep 1000", "exit 9"))

    done = nixspec("init")

    assert done.ok, done.error_text
    text = (nixspec.project / "nixspec.toml").read_text()
    assert '# shell "exits-3" is left out: hook_exited: the hook called exit 3' in text
    assert '[shell."with=equals".tools]\ngit = ">= 99"\n' in text
    assert load(nixspec.project / "nixspec.toml")


def test_doctor_says_what_there_is(nixspec):
    done = nixspec("doctor")

    assert done.ok, done.error_text
    assert "specification none: write one with nixspec init" in done.text
    assert "shells awkward-values, " in done.text


def test_report_of_nothing_is_an_error(nixspec):
    done = nixspec("report")

    assert done.returncode == 2
    assert "there is no record at reports/nixspec.json" in done.error_text


def test_report_of_something_else_is_an_error(nixspec):
    (nixspec.project / "record.json").write_text(json.dumps({"schema": 2}))

    done = nixspec("report", "record.json")

    assert "nixspec: the record is of schema 2, this version reads 1." in done.error_text


def test_no_command_is_wrong_use(nixspec):
    assert nixspec().returncode == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["~> 1.17", "1.18.3"], 0, "1.18.3 matches ~> 1.17: 1.17.0 or later, before 2.0.0"),
        (["~> 1.17", "1.16.3"], 1, "1.16.3 does not match ~> 1.17: 1.16.3 is less than 1.17.0"),
        (["~> 1.17", "1.18.0-rc.1"], 0, "matches"),
        (["~> 1.17", "1.18.0-rc.1", "--no-pre"], 1, "is a pre-release"),
        (["~> 27", "27.3.4.2", "--dialect", "otp"], 0, "matches"),
        ([">= 2.24", "2.24pre1", "--dialect", "nix"], 1, "does not match"),
        (["~> 1.17", "1.17.3-otp-27", "--dialect", "asdf"], 0, "matches"),
        (["~> 1.0 and ~> 1.1", "1.2.0", "--dialect", "hex"], 2, "Hex does not join ~> to ~>"),
        ([">= 1.17", "1.18.3"], 2, "column 8: expected '.' and a patch number"),
        (["~> 1.17", "1.18"], 2, "'1.18' is not an Elixir version: column 5"),
    ],
)
def test_match_answers_by_its_exit_code_and_says_why(nixspec, arguments, code, said):
    done = nixspec("match", *arguments)

    assert done.returncode == code
    assert said in (done.error_text if code == 2 else done.text)


def test_match_answers_in_json(nixspec):
    answer = json.loads(nixspec("match", "~> 1.17", "1.16.3", "--json").text)
    error = json.loads(nixspec("match", ">= 1.17", "1.16.3", "--json").text)

    assert (answer["matches"], answer["dialect"]) == (False, "elixir")
    assert (error["column"], error["expected"]) == (8, "'.' and a patch number")


@pytest.mark.parametrize(
    ("one", "other", "dialect", "said"),
    [
        ("1.18.0-rc.0", "1.18.0", "elixir", "1.18.0-rc.0 < 1.18.0"),
        ("1.18.0-rc.0", "1.18.0", "nix", "1.18.0-rc.0 > 1.18.0"),
        ("27", "27.0", "otp", "27 = 27.0"),
        ("1.0", "1.0.0", "nix", "1.0 < 1.0.0"),
    ],
)
def test_versions_are_compared_in_a_dialect(nixspec, one, other, dialect, said):
    done = nixspec("compare-versions", one, other, "--dialect", dialect)

    assert (done.returncode, done.text) == (0, said)


def test_a_range_is_resolved_to_a_shell_and_each_other_one_is_explained(nixspec):
    done = nixspec("resolve", "git >= 99", "--shell", "default", "--shell", "exits-3")

    assert done.returncode == 0, done.error_text
    assert done.text == (
        "wanted: git >= 99\n"
        "  default (git 99.1): meets everything\n"
        "  exits-3 (nothing known): UNKNOWN\n"
        "    hook_exited: the hook called exit 3, so no command ran\n"
        "→ default meets everything"
    )


def test_a_range_that_nothing_meets_is_exit_1_with_the_conflict_in_json(nixspec):
    done = nixspec("resolve", "git >= 100", "--shell", "default", "--json")

    (found,) = json.loads(done.text)["resolutions"]
    assert done.returncode == 1
    assert (found["chosen"], found["conflict"]) == (None, ["git >= 100"])
    assert found["candidates"][0]["reasons"] == [
        "git 99.1 does not match >= 100: 99.1 is less than 100"
    ]


def test_an_attribute_name_is_a_requirement_and_its_other_reading_a_finding(nixspec):
    done = nixspec("resolve", "elixir_1_17", "--shell", "default")

    assert done.returncode == 1
    assert "it brings no elixir" in done.text
    assert 'Say which you mean: elixir = "~> 1.17.0" or ">= 1.17.0".' in done.error_text


def test_without_requirements_those_of_the_files_are_resolved(nixspec):
    assert "there is nothing to resolve" in nixspec("resolve").error_text

    (nixspec.project / "mix.exs").write_text('def project do\n[elixir: "~> 1.17"]\nend')
    done = nixspec("resolve", "--shell", "default")

    assert done.returncode == 1
    assert done.text.startswith("wanted: elixir ~> 1.17 (mix.exs:2)\n")


@pytest.mark.parametrize("text", ["elixir", "elixir >= 1.17", "no-such-thing", ""])
def test_a_requirement_that_is_none_is_exit_2(nixspec, text):
    assert nixspec("resolve", text).returncode == 2


def test_files_that_agree_are_exit_0_and_others_a_table_and_exit_1(nixspec):
    (nixspec.project / "mix.exs").write_text('def project do\n[elixir: "~> 1.17"]\nend')
    (nixspec.project / ".tool-versions").write_text("elixir 1.17.3-otp-27\n")
    well = nixspec("agree", "--no-shells", "--tool", "elixir")
    (nixspec.project / ".tool-versions").write_text("elixir 1.16.3-otp-26\n")
    badly = nixspec("agree", str(nixspec.project), "--no-shells", "--tool", "elixir", "--json")

    assert (well.returncode, well.text.splitlines()[0]) == (
        0,
        "elixir agrees: 2 places agree on elixir == 1.17.3",
    )
    (answer,) = json.loads(badly.text)
    assert badly.returncode == 1
    assert answer["verdict"] == "failed"
    assert [claim["says"] for claim in answer["claims"]] == ["~> 1.17", "1.16.3-otp-26"]


def test_agree_in_a_directory_that_is_none_is_exit_2(nixspec):
    assert "/no/such is no directory" in nixspec("agree", "/no/such").error_text


def test_a_shell_is_shown_with_its_tools_hook_and_leaks(nixspec):
    done = nixspec("shell", "changes-much")

    assert done.returncode == 0, done.error_text
    assert done.text.startswith("shell changes-much: ran: the hook returned")
    for said in (
        "  git       99.1         shell  ",
        "  + ADDED='new'",
        "  ~ FROM_ATTRIBUTE: 'set' → 'changed'",
        "  - GONE",
        "  wrote written-by-the-hook",
        "  left running sleep 1000",
        "  printed 'banner'",
        "  variable ERL_LIBS: absent becomes 'nixspec-hostile-ERL_LIBS'",
    ):
        assert said in done.text


def test_a_shell_is_shown_as_json(nixspec):
    done = nixspec("shell", "default", "--json", "--flake", str(nixspec.project))

    shown = json.loads(done.text)
    assert (shown["verdict"], shown["hook"]["added"]) == ("ran", {"FROM_HOOK": "yes"})
    assert {"name": "ERL_LIBS", "kind": "variable", "quiet": "absent"}.items() <= next(
        leak for leak in shown["leaks"] if leak["name"] == "ERL_LIBS"
    ).items()
    (git,) = [tool for tool in shown["tools"] if tool["name"] == "git"]
    assert (git["version"], git["origin"], git["package"]) == ("99.1", "shell", "fake-git-99.1")


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("exits-0", "hook_exited"),
        ("fails-under-set-e", "hook_failed"),
        ("replaces-itself", "hook_replaced_shell"),
        ("is-killed", "killed"),
        ("cannot-be-built", "build_failed"),
        ("cannot-be-evaluated", "evaluation_failed"),
    ],
)
def test_a_shell_that_was_not_entered_is_exit_1_with_its_verdict(nixspec, name, verdict):
    done = nixspec("shell", name, "--json")

    assert done.returncode == 1
    assert json.loads(done.text)["verdict"] == verdict


def test_an_unknown_shell_or_flake_is_exit_2(nixspec):
    assert "Did you mean 'default'?" in nixspec("shell", "defualt").error_text
    assert nixspec("shell", "default", "--flake", "path:/no/such").returncode == 2


def test_what_is_kept_is_shown_and_forgotten(nixspec):
    nixspec("cache", "--clear")
    nixspec("shell", "default", "--no-leaks")
    nixspec("shell", "with.dot", "--no-leaks")

    shown = nixspec("cache")
    cleared = json.loads(nixspec("cache", "--clear", "--json").text)

    assert shown.text.splitlines()[1].endswith(": default, with.dot")
    assert str(nixspec.project) in shown.text
    assert [entry["shells"] for entry in cleared["entries"]] == [["default", "with.dot"]]
    assert nixspec("cache").text.endswith(": 0 flake contents")
