"""Versions in tests of the user's own: explanations, strategies and the matrix of shells."""


def test_a_failing_membership_says_why(pytester):
    pytester.makepyfile(
        """
        from pytest_nixspec import Requirement, Version

        def test_in():
            assert "1.16.3" in Requirement.parse("~> 1.17")

        def test_not_in():
            assert Version.parse("1.18.0") not in Requirement.parse("~> 1.17")
        """
    )

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(
        [
            "E *assert '1.16.3' in Requirement('~> 1.17', 'elixir')",
            "E * 1.16.3 does not match ~> 1.17: 1.16.3 is less than 1.17.0",
            "E *assert Version('1.18.0', 'elixir') not in Requirement('~> 1.17', 'elixir')",
            "E * 1.18.0 matches ~> 1.17: 1.17.0 or later, before 2.0.0",
        ]
    )


def test_other_assertions_are_left_to_pytest(pytester):
    pytester.makepyfile("def test_it():\n    import pytest_nixspec.versions\n    assert 1 in [2]")

    pytester.runpytest().stdout.fnmatch_lines(["E*assert 1 in [[]2[]]"])


def test_the_matrix_of_shells_resolves_a_range(project, pytester):
    project(
        "",
        test_matrix="""
        def test_a_shell_is_found(version_matrix):
            found = version_matrix.resolve({"git": ">= 99"}, ["default", "exits-3"])
            assert found.chosen.name == "default", found.verdict.explain()

        def test_none_is_found(version_matrix):
            found = version_matrix.resolve({"git": ">= 100"}, ["default"])
            assert found.verdict.reason == "nothing meets git >= 100"
        """,
    )

    result = pytester.runpytest("--nixspec", "test_matrix.py")

    result.assert_outcomes(passed=2)


def test_without_the_flag_tests_of_the_matrix_are_deselected(pytester):
    pytester.makepyfile("def test_it(version_matrix): ...")

    pytester.runpytest().assert_outcomes(deselected=1)


def test_an_empty_range_is_a_mistake_of_the_specification(project, pytester):
    project(
        '[shell.default.tools]\ngit = "~> 99"\n'
        '[shell."with=equals".tools]\ngit = "~> 99 and < 99"\n'
    )

    result = pytester.runpytest("--nixspec")

    result.stderr.fnmatch_lines(
        ["ERROR: nixspec.toml:4: shell.with=equals.tools.git: '~> 99 and < 99' matches no version: "
         "nothing is ~> 99 and < 99."]
    )  # fmt: skip
