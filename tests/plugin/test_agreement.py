"""`[agreement]`: files and shells name the same versions."""

SPEC = '[agreement]\ntools = ["node"]\n'


def test_agreement_is_one_statement_a_tool(project, pytester):
    project('[agreement]\nshells = ["default", "exits-3"]\n')

    result = pytester.runpytest("--nixspec", "--collect-only", "-q")

    result.stdout.fnmatch_lines(
        [
            "nixspec.toml::agreement.elixir::is the same everywhere",
            "nixspec.toml::agreement.erl::is the same everywhere",
        ]
    )


def test_files_that_agree_pass_without_a_shell(project, pytester):
    project(SPEC + "shells = []\n")
    pytester.path.joinpath(".tool-versions").write_text("nodejs 22.1.0\n")
    pytester.path.joinpath("Dockerfile").write_text("FROM node:22\n")

    result = pytester.runpytest("--nixspec", "-m", "nix_agreement")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["agreement on node", "*is the same everywhere  ok *2 places agree*"]
    )


def test_files_that_do_not_agree_fail_with_a_table_of_who_says_what(project, pytester):
    project(SPEC + "shells = []\n")
    pytester.path.joinpath(".tool-versions").write_text("nodejs 22.1.0\n")
    pytester.path.joinpath("Dockerfile").write_text("\n\nFROM node:20\n")

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "they contradict each other: .tool-versions:1 says 22.1.0, and Dockerfile:3 says *",
            "  .tool-versions:1  22.1.0",
            "  Dockerfile:3      node:20",
            "→ Make them say the same of node.",
        ]
    )


def test_a_shell_that_cannot_be_entered_leaves_it_unknown(project, pytester):
    project(SPEC + 'shells = ["exits-3"]\n')
    pytester.path.joinpath(".tool-versions").write_text("nodejs 22.1.0\n")

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["*is the same everywhere  UNKNOWN *hook_exited*"])
    assert result.ret == 1


def test_a_shell_that_brings_no_such_tool_leaves_it_unknown(project, pytester):
    project(SPEC)
    pytester.path.joinpath(".tool-versions").write_text("nodejs 22.1.0\n")

    pytester.runpytest("--nixspec").stdout.fnmatch_lines(["*UNKNOWN *it brings no node*"])


def test_an_unknown_tool_is_a_mistake_of_the_specification(project, pytester):
    project('[agreement]\ntools = ["ruby"]\n')

    pytester.runpytest("--nixspec").stderr.fnmatch_lines(
        ["ERROR: nixspec.toml:2: agreement.tools.0: must be 'elixir', 'erl'*not 'ruby'."]
    )
