"""Statements on shells as pytest items, over real Nix."""

import json
import os
from xml.etree import ElementTree as Junit

import pytest

PROBE = '[probe.greet]\nargv = ["greet", "--version"]\npattern = "greet version (\\\\S+)"\n'
GOOD = (
    PROBE
    + """
[shell.default.tools]
greet = "~> 1.2"
git = "*"
[shell.default.env]
FROM_HOOK = "yes"
FROM_ATTRIBUTE = { pattern = "^s.t$" }
EMPTY = { present = true }
HOME = { present = true }
ERL_FLAGS = { absent = true }
[[shell.default.command]]
argv = ["greet"]
stdout = "^greet version 1"
[[shell.default.command]]
name = "leaves with seven"
argv = ["/bin/sh", "-c", "echo oh >&2; exit 7"]
exit = 7
stderr = "oh"
[shell.second.env]
FROM_HOOK = "second"
"""
)
BAD = (
    PROBE
    + """
[shell.default.tools]
greet = "~> 2.0"
python3 = "*"
direnv-that-nobody-has = "*"
[shell.default.env]
FROM_HOOK = "no"
EMPTY = { absent = true }
NOTHING = { present = true }
[[shell.default.command]]
argv = ["/bin/sh", "-c", "exit 3"]
[[shell.default.command]]
argv = ["greet"]
stdout = "nobody"
[[shell.default.command]]
argv = ["/bin/sh", "-c", "while :; do :; done"]
timeout = 0.5
"""
)


def test_what_holds_passes(project, pytester):
    project(GOOD)

    pytester.runpytest("--nixspec").assert_outcomes(passed=12)


def test_every_statement_is_an_item_with_a_readable_id(project, pytester):
    project(GOOD)

    result = pytester.runpytest("--nixspec", "--collect-only", "-q")

    result.stdout.fnmatch_lines(
        [
            "nixspec.toml::shell.default::is entered",
            "nixspec.toml::shell.default::greet ~> 1.2",
            "nixspec.toml::shell.default::git [*]",
            "nixspec.toml::shell.default::$FROM_HOOK is yes",
            "nixspec.toml::shell.default::$FROM_ATTRIBUTE matches ^s.t$",
            "nixspec.toml::shell.default::$EMPTY is present",
            "nixspec.toml::shell.default::$ERL_FLAGS is absent",
            "nixspec.toml::shell.default::`greet`",
            "nixspec.toml::shell.default::leaves with seven",
            "nixspec.toml::shell.second::is entered",
        ]
    )


def test_one_statement_can_be_run_by_its_id(project, pytester):
    project(GOOD)

    result = pytester.runpytest("--nixspec", "nixspec.toml::shell.default::greet ~> 1.2")

    result.assert_outcomes(passed=1)


def test_what_does_not_hold_fails_with_evidence_and_remedy(project, pytester):
    project(BAD)

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, failed=9)
    for words in (
        "nixspec.toml:6",
        "FAILED *::greet ~> 2.0 - 1.2.3 does not match*",
        "1.2.3 does not match ~> 2.0: 1.2.3 is less than 2.0",
        "*fake-greet-1.2.3/bin/greet (fake-greet-1.2.3)",
        "the shell brings no python3; only the host has one",
        '*→ Add python3 to the shell, or allow the host: from = "any".',
        "*'direnv-that-nobody-has' is neither in the shell 'default' nor on the host",
        "*$FROM_HOOK must be so: is no; it is 'yes'",
        "*$EMPTY must be so: is absent; it is ''",
        "*$NOTHING must be so: is present; it is absent",
        "*it ended with exit code 3, not 0",
        "*/nobody/ is not in its stdout",
        "*it did not end within 0.5 s",
    ):
        result.stdout.fnmatch_lines([words])


def test_the_host_may_be_allowed(project, pytester):
    project(
        '[shell.default.tools]\npython3 = { requirement = ">= 3", from = "any" }\n'
        'sh = { requirement = "*", from = "host" }\ngit = { requirement = "*", from = "host" }\n'
    )

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*git comes from the shell, and from = 'host' is required"])


@pytest.mark.parametrize(
    ("shell", "outcome"),
    [
        ("exits-0", "hook_exited: the hook called exit 0, so no command ran"),
        ("exits-3", "hook_exited: the hook called exit 3"),
        ("fails-under-set-e", "hook_failed: the hook ended the shell: `false`"),
        ("replaces-itself", "hook_replaced_shell"),
        ("has-a-syntax-error", "hook_failed: bash gave up the hook before its end"),
    ],
)
def test_a_shell_that_did_not_run_fails_and_its_tools_are_unknown(
    project, pytester, shell, outcome
):
    project(PROBE + f'[shell.{shell}.tools]\ngreet = ">= 1"\n')

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{outcome}*", "*UNKNOWN: shell*", "*1 unknown*"])


def test_a_hook_that_never_returns_ends_at_its_deadline(project, pytester):
    project("[shell.never-returns]\ntimeout = 0.5\n")

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["timed_out: the hook did not return within*"])


def test_an_unknown_shell_is_named_with_what_there_is(project, pytester):
    project("[shell.defualt]\n")

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the flake has no shell 'defualt'*", "*Did you mean 'default'?"])


def test_fixtures_give_the_same_objects(project, pytester):
    project(
        GOOD,
        test_shell="""
        def test_flake(nix_flake, pytestconfig):
            assert nix_flake.directory == pytestconfig.rootpath
            assert "with=equals" in nix_flake.shells

        def test_tool(nix_shell):
            greet = nix_shell("default").tool("greet")
            assert greet.comes_from_shell, greet.explain()
            assert greet.version == "1.2.3"

        def test_command(nix_shell):
            assert nix_shell("second").run(["greet"]).text == "greet version 1.2.3"
        """,
    )

    pytester.runpytest("--nixspec", "test_shell.py").assert_outcomes(passed=3)


def test_tests_in_python_are_results_as_well(project, pytester):
    project(
        "",
        test_shell="""
        def test_good(nix_shell): nix_shell("default")
        def test_bad(nix_shell): assert nix_shell("default").tool("greet").name == "other"
        def test_missing(nix_shell): nix_shell("default").tool("no-such-tool")
        def test_not_entered(nix_shell): nix_shell("exits-0")
        """,
    )

    result = pytester.runpytest("--nixspec", "test_shell.py")

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*'no-such-tool' is neither in the shell*", "tests in Python"])
    result.stdout.fnmatch_lines(["*test_good*ok*", "*test_not_entered*UNKNOWN*", "*1 unknown*"])
    result.stdout.no_fnmatch_line("*pool.py*")


def test_what_failed_last_can_be_run_again(project, pytester):
    project(BAD)
    pytester.runpytest("--nixspec")

    again = pytester.runpytest("--nixspec", "--lf")

    again.assert_outcomes(failed=9)


def test_results_are_the_same_with_many_workers(project, pytester):
    project(GOOD)

    result = pytester.runpytest_subprocess("--nixspec", "-n", "4")

    result.assert_outcomes(passed=12)
    result.stdout.fnmatch_lines(["shell default", "*is entered*ok*", "*greet ~> 1.2*1.2.3*"])


def test_each_shell_is_entered_once_by_many_workers(project, pytester):
    project(
        "",
        test_shell="""
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_entered(nix_shell, number):
            with open("entered", "a") as file:
                file.write(nix_shell("default").variable("TMPDIR") + "\\n")
        """,
    )

    pytester.runpytest_subprocess("--nixspec", "-n", "4", "test_shell.py").assert_outcomes(
        passed=12
    )

    assert len(set(pytester.path.joinpath("entered").read_text().splitlines())) == 1


def test_warnings_may_be_errors(project, pytester):
    project(GOOD)

    pytester.runpytest_subprocess("--nixspec", "-W", "error").assert_outcomes(passed=12)


def test_quiet_still_says_what_was_found(project, pytester):
    project(GOOD)

    result = pytester.runpytest("--nixspec", "-q")

    result.stdout.fnmatch_lines(["shell default", "*greet ~> 1.2*ok*1.2.3*"])


def test_junit_carries_shell_tool_version_and_store_path(project, pytester):
    project(GOOD)

    pytester.runpytest("--nixspec", "--junitxml=junit.xml")

    cases = Junit.parse(pytester.path / "junit.xml").iter("testcase")  # noqa: S314 - our own file
    (greet,) = [
        {element.get("name"): element.get("value") for element in case.iter("property")}
        for case in cases
        if case.get("name") == "greet ~> 1.2"
    ]
    assert (greet["shell"], greet["tool"], greet["version"]) == ("default", "greet", "1.2.3")
    assert str(greet["store_path"]).endswith("-fake-greet-1.2.3")
    assert greet["verdict"] == "passed"


def test_reports_are_written(project, pytester):
    project(GOOD)

    pytester.runpytest("--nixspec", "--nixspec-reports", "out")

    record = json.loads(pytester.path.joinpath("out/nixspec.json").read_text())
    assert [result["outcome"] for result in record["results"]] == ["passed"] * 12
    assert pytester.path.joinpath("out/nixspec.html").exists()
    assert pytester.path.joinpath("out/nixspec.md").exists()


def test_a_hook_that_puts_the_host_first_fails_its_tools(project, pytester):
    project('[shell.puts-the-host-first.tools]\ngit = "*"\ngreet = "*"\n' + PROBE)

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*git comes from the host: /usr/bin/git", "*shadows*fake-git*"])


def test_reports_that_cannot_be_written_are_said_and_fail_the_run(project, pytester):
    project(GOOD)
    pytester.path.joinpath("taken").write_text("a file\n")

    result = pytester.runpytest("--nixspec", "--nixspec-reports", "taken")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*greet ~> 1.2*ok*", "reports: NOT WRITTEN: *taken*"])


def test_statements_of_one_name_are_numbered(project, pytester):
    command = '[[shell.default.command]]\nname = "{}"\nargv = ["greet"]\n'
    project("".join(map(command.format, ["x", "x", "x #2", "is entered"])))

    result = pytester.runpytest("--nixspec", "--collect-only", "-q")

    ids = [line for line in result.outlines if line.startswith("nixspec.toml::")]
    assert len(ids) == len(set(ids)) == 5


def test_a_name_with_control_characters_does_not_speak_to_the_terminal(project, pytester):
    project('[[shell.default.command]]\nname = "a\\u001b[31mb"\nargv = ["greet"]\n')

    result = pytester.runpytest("--nixspec", "-v")

    result.assert_outcomes(passed=2)
    assert "\x1b[31mb" not in result.stdout.str()


def test_nothing_is_left_in_the_tree_or_beside_it(project, pytester, monkeypatch):
    project(GOOD)
    own = pytester.path.parent / "temporary"
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))

    pytester.runpytest_subprocess("--nixspec", "-p", "no:cacheprovider", "-p", "no:benchmark")

    assert [path.name for path in own.rglob("*")] == [f"nixspec-{os.getuid()}"]
    pytesters = {"runpytest-0", "runpytest-current", "stdout", "stderr"}
    left = {path.name for path in pytester.path.iterdir()} - pytesters
    assert left == {"flake.nix", "stdenv", "nixspec.toml", "reports"}


def test_a_command_may_be_tried_again_and_says_how_often(project, pytester):
    project(
        """
        [[shell.default.command]]
        name    = "third time lucky"
        argv    = ["/bin/sh", "-c", "echo x >> tries; [ $(wc -l < tries) -ge 3 ]"]
        retries = 2

        [[shell.default.command]]
        name    = "never"
        argv    = ["/bin/sh", "-c", "exit 3"]
        retries = 1
        """.replace("wc", "/usr/bin/wc")
    )

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*third time lucky  ok       it ended with exit code 0 (attempt 3)",
            "*never             FAILED   it ended with exit code 3, not 0 (attempt 2)",
        ]
    )


def test_a_command_that_takes_too_long_fails_though_it_ended_well(project, pytester):
    project('[[shell.default.command]]\nargv = ["/bin/sleep", "0.3"]\nmax_seconds = 0.1\n')

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["it took 0.* s, more than 0.1 s"])


@pytest.mark.parametrize(
    "argv",
    ['["bash", "-lc", "erl"]', '["/bin/sh", "--login", "-c", "x"]',
     '["bash", "-o", "pipefail", "-lc", "x"]', '["/usr/bin/env", "A=b", "bash", "-lc", "x"]'],
)  # fmt: skip
def test_a_login_shell_is_no_test_of_the_shell(project, pytester, argv):
    project(f"[[shell.default.command]]\nargv = {argv}\n")

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["it is a login shell, which reads /etc/profile; that resets PATH*", "→ Write `bash -c …`*"]
    )


def test_a_legacy_command_of_asdf_that_fails_says_what_to_write(project, pytester):
    project('[[shell.default.command]]\nargv = ["/bin/false"]\n'
            '[probe.asdf]\nargv = ["asdf"]\npattern = "(.*)"\n')  # fmt: skip
    (pytester.path / "asdf").write_text("#!/bin/sh\nexit 1\n")
    (pytester.path / "asdf").chmod(0o755)
    flake = pytester.path / "flake.nix"
    flake.write_text(flake.read_text().replace('"export FROM_HOOK=yes"', '"PATH=$PWD:$PATH"'))
    spec = pytester.path / "nixspec.toml"
    spec.write_text('[[shell.default.command]]\nargv = ["asdf", "local", "elixir", "1.17.3"]\n')

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["→ `asdf local` is gone since asdf 0.16: write `asdf set elixir*"])


def test_a_shell_is_evaluated_for_other_systems_and_not_entered(project, pytester):
    project('[shell.default]\nsystems = ["aarch64-darwin"]\n'
            '[shell.for-linux-alone]\nsystems = ["aarch64-darwin"]\n')  # fmt: skip

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        ["*evaluates for aarch64-darwin  ok       it evaluates *; it was neither built nor entered"]
    )


def test_another_way_in_is_stated_by_via(project, pytester):
    project('[shell.without-nix]\nvia = "host"\n'
            '[shell.without-nix.tools]\ngit = { requirement = "*", from = "host" }\n'
            '[shell.with-direnv]\nvia = "direnv"\n')  # fmt: skip

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["shell without-nix", "  git [*]  ok *", "*FAILED   never_started: *direnv*"]
    )
    result.stdout.no_fnmatch_line("*is entered*the host*")


def test_devenv_is_no_way_in(project, pytester):
    project('[shell.default]\nvia = "devenv"\n')

    pytester.runpytest("--nixspec").stderr.fnmatch_lines(
        ["ERROR: nixspec.toml:2: shell.default.via: must be 'flake', 'shell.nix', *not 'devenv'."]
    )


@pytest.mark.parametrize(
    ("via", "key"),
    [("host", "hook = { stdout = false }"), ("direnv", "snapshot = true"),
     ("shell.nix", "isolation = { }"), ("direnv", 'systems = ["x86_64-linux"]')],
)  # fmt: skip
def test_what_a_way_in_cannot_tell_is_a_mistake_of_the_specification(project, pytester, via, key):
    project(f'[shell.default]\nvia = "{via}"\n{key}\n')

    name = key.partition(" ")[0]
    pytester.runpytest("--nixspec").stderr.fnmatch_lines(
        [f"ERROR: nixspec.toml:3: shell.default.{name}: cannot be told of a shell *"]
    )
