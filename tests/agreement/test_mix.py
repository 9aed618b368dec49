"""What mix.exs says of Elixir, read from its text."""

import pytest

from pytest_nixspec.agreement.mix import mix_claims


def project(body):
    return f"defmodule A.MixProject do\n  use Mix.Project\n{body}\nend\n"


def claim(body):
    (found,) = mix_claims(project(body), "mix.exs")
    return found


def test_the_requirement_of_the_project_is_found_with_its_line():
    found = claim('  def project do\n    [app: :a,\n     elixir: "~> 1.17", deps: deps()]\n  end')

    assert (found.tool, found.said, found.place) == ("elixir", "~> 1.17", "mix.exs:5")
    assert str(found.alternatives[0]) == "~> 1.17"
    assert found.is_range


@pytest.mark.parametrize(
    "noise",
    [
        '# elixir: "~> 1.0"',
        '@doc """\nelixir: "~> 1.0"\n"""',
        '@x ?"\n# elixir: "~> 1.0"',
        "@doc '''\nelixir: \"~> 1.0\"\n'''",
        'def other, do: [elixir: "~> 1.0"]',
        '@text "# no comment"',
    ],
)
def test_what_only_looks_like_it_is_passed_over(noise):
    found = claim(f'{noise}\n  def project do\n    [elixir: "~> 1.17"]\n  end')

    assert found.said == "~> 1.17"


def test_a_module_attribute_is_followed():
    found = claim('  @elixir "~> 1.17"\n  def project, do: [app: :a, elixir: @elixir]')

    assert found.said == "~> 1.17"
    assert found.line == 4


@pytest.mark.parametrize("value", ["version()", "@unknown", '"~> #{x}"', 'System.get_env("E")'])
def test_what_is_computed_is_unknown(value):
    found = claim(f"  def project do\n    [elixir: {value}]\n  end")

    assert found.alternatives == ()
    assert "it is computed" in found.remark


def test_what_elixir_refuses_is_unknown_with_its_reason():
    found = claim('  def project do\n    [elixir: ">= 1.17"]\n  end')

    assert found.alternatives == ()
    assert "column 8: expected '.' and a patch number" in found.remark


def test_a_project_that_names_no_elixir_says_nothing():
    assert mix_claims(project("  def project do\n    [app: :a]\n  end"), "mix.exs") == []


@pytest.mark.parametrize(
    "before",
    [
        "description: 'a # b',",
        'a: ~s(#1 "q),',
        'a: ~r/#.*"/,',
        'a: "#{x("a # b")}",',
        'a: prod?"a", y: "b # c",',
        'docs: [elixir: "~> 1.1"],',
        'd: ~s(elixir: "~> 1.1"),',
        "a: ?\\n, b: ?#,",
        'a: "elixir: 1.1",',
    ],
)
def test_nothing_before_it_hides_the_key(before):
    found = claim(f'  def project do\n    [{before} elixir: "~> 1.17"]\n  end')

    assert [str(one) for one in found.alternatives] == ["~> 1.17"]


@pytest.mark.parametrize(
    "value",
    ["elixir: ~s(~> 1.17)", 'elixir: "~> 1.16" <> " or ~> 2.0"', "elixir: '~> 1.17'",
     '{:elixir, "~> 1.17"}', '"elixir": "~> 1.17"', 'elixir: "\\u007e> 1.17"',
     'elixir: System.get_env("V") || "~> 1.17"'],
)  # fmt: skip
def test_what_is_not_plainly_said_is_unknown_and_never_passed_over(value):
    found = claim(f"  def project do\n    [{value}]\n  end")

    assert found.alternatives == ()


def test_the_key_of_another_list_or_function_is_not_the_projects():
    body = (
        '  def project do\n    [app: :a, docs: [elixir: "~> 1.1"]]\n  end\n\n'
        '  defp deps do\n    [{:x, "1", elixir: "~> 1.1"}]\n  end'
    )

    assert mix_claims(project(body), "mix.exs") == []


def test_the_attribute_is_what_it_was_last_set_to():
    body = '  @v "~> 1.1"\n  @v "~> 1.17"\n  def project, do: [elixir: @v]\n  @v "~> 1.2"'

    assert claim(body).said == "~> 1.17"


def test_a_range_that_nothing_meets_blames_itself():
    found = claim('  def project do\n    [elixir: "~> 1.17 and < 1.17.0"]\n  end')

    assert found.remark == "no version meets it: nothing is ~> 1.17 and < 1.17.0"
