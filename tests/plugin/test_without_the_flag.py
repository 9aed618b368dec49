"""A project that has the plugin installed, and does not ask for it, pays nothing."""

import pytest

HEAVY = ("mlx", "mlx_lm", "pandas", "scipy", "rich", "pydantic", "jinja2", "tomllib")


def test_nothing_heavy_is_imported(pytester):
    pytester.makepyfile(
        f"""
        import sys

        def test_it():
            loaded = {{name.split(".")[0] for name in sys.modules}}
            assert loaded & set({HEAVY!r}) <= {{"tomllib"}}
            ours = {{name for name in sys.modules if name.startswith("pytest_nixspec")}}
            assert ours == {{
                "pytest_nixspec", "pytest_nixspec.plugin", "pytest_nixspec.fixtures"
            }}
        """
    )

    pytester.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_a_specification_is_not_collected(pytester):
    pytester.path.joinpath("nixspec.toml").write_text("this is not even TOML")
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*nixspec:*")


def test_tests_that_enter_a_shell_are_left_out(pytester):
    pytester.makepyfile(
        """
        def test_plain(): pass
        def test_shell(nix_shell): pass
        def test_flake(nix_flake): pass
        """
    )

    pytester.runpytest("-p", "no:xdist").assert_outcomes(passed=1, deselected=2)


def test_no_nix_is_looked_for(pytester, monkeypatch):
    monkeypatch.setenv("NIXSPEC_NIX", "/no/such/nix")
    pytester.makepyfile("def test_it(): pass")

    pytester.runpytest().assert_outcomes(passed=1)


def test_the_plugin_can_be_switched_off(pytester):
    pytester.makepyfile("def test_it(): pass")

    pytester.runpytest("-p", "no:nixspec").assert_outcomes(passed=1)
    assert pytester.runpytest("-p", "no:nixspec", "--nixspec").ret is pytest.ExitCode.USAGE_ERROR


def test_the_options_explain_themselves(pytester):
    result = pytester.runpytest("--help")

    result.stdout.fnmatch_lines(
        ["*--nixspec *", "*--nixspec-record*", "*--nixspec-override-input*", "*--nixspec-reports*"]
    )


def test_the_markers_are_registered(pytester):
    result = pytester.runpytest("--markers")

    result.stdout.fnmatch_lines(["*nix_shell:*", "*nix_audit:*", "*mlx_profile(name):*"])
