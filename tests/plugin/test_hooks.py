"""`[shell.X.hook]` and `[shell.X.isolation]`."""

BUDGET = """
[shell.{name}.hook]
max_seconds = {seconds}
writes      = {writes}
stdout      = false
processes   = false
"""


def test_a_hook_within_its_budget_passes(project, pytester):
    project(BUDGET.format(name="default", seconds=2, writes=[]))

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        [
            "  hook takes at most 2 s  ok       the hook took 0.0* s",
            "  hook writes nothing     ok       it wrote nothing below the flake",
            "  hook prints nothing     ok *",
            "  hook leaves no process  ok *",
        ]
    )


def test_a_hook_beyond_its_budget_fails_in_each_point(project, pytester):
    project(BUDGET.format(name="changes-much", seconds=0.1, writes='["below/*"]'))

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=1, failed=4)
    result.stdout.fnmatch_lines(
        [
            "the hook took 0.* s, more than 0.1 s",
            "the hook wrote written-by-the-hook",
            "the hook prints on standard output",
            "  banner",
            "the hook left sleep 1000",
        ]
    )


def test_a_hook_that_did_not_return_keeps_its_budget_unknown(project, pytester):
    project("[shell.exits-3.hook]\nmax_seconds = 1\n")

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["*takes at most 1 s  UNKNOWN  *hook_exited*"])


def test_a_leak_fails_with_its_name_and_can_be_allowed(project, pytester):
    project("[shell.silent.isolation]\n")
    failing = pytester.runpytest("--nixspec")
    project("[shell.guards-itself.isolation]\n")
    passing = pytester.runpytest("--nixspec")

    failing.assert_outcomes(passed=1, failed=1)
    failing.stdout.fnmatch_lines(
        ["its parent changes asdf, direnv, elixir and * more",
         "  variable ERL_LIBS: absent becomes *",
         "→ Set or unset them in the shellHook, or allow them: *"]
    )  # fmt: skip
    passing.assert_outcomes(passed=2)
    passing.stdout.fnmatch_lines(["*no parent changes it, but for * that are allowed"])


def test_all_may_be_allowed(project, pytester):
    project('[shell.silent.isolation]\nallow = ["*"]\n')

    pytester.runpytest("--nixspec").assert_outcomes(passed=2)
