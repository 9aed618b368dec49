"""What names of attributes say about versions, and where two readings differ."""

import pytest

from pytest_nixspec.versions.attributes import read_attribute


@pytest.mark.parametrize(
    ("text", "exact", "wished"),
    [
        ("elixir_1_17", {"elixir": "~> 1.17.0"}, {"elixir": ">= 1.17.0"}),
        ("pkgs.elixir_1_17", {"elixir": "~> 1.17.0"}, {"elixir": ">= 1.17.0"}),
        ("erlang_27", {"erl": "~> 27"}, {"erl": ">= 27"}),
        ("beam_27", {"erl": "~> 27"}, {"erl": ">= 27"}),
        ("beam27Packages", {"erl": "~> 27"}, {"erl": ">= 27"}),
        ("beamMinimal28Packages.erlang", {"erl": "~> 28"}, {"erl": ">= 28"}),
        ("beamPackages.erlang_27", {"erl": "~> 27"}, {"erl": ">= 27"}),
        ("elixir=1_16", {"elixir": "~> 1.16.0"}, {"elixir": ">= 1.16.0"}),
        ("elixir_1_17_3", {"elixir": "== 1.17.3"}, {"elixir": ">= 1.17.3"}),
        ("elixir-1_4", {"elixir": "~> 1.4.0"}, {"elixir": ">= 1.4.0"}),
        ("erlangR26", {"erl": "~> 26"}, {"erl": ">= 26"}),
        ("elixirR1", {"elixir": "~> 1.0.0"}, {"elixir": ">= 1.0.0"}),
        (
            "beam.packages.erlang_27.elixir_1_18",
            {"erl": "~> 27", "elixir": "~> 1.18.0"},
            {"erl": ">= 27", "elixir": ">= 1.18.0"},
        ),
        ("postgresql_16", {"psql": "~> 16"}, {"psql": ">= 16"}),
        ("nodejs_22", {"node": "~> 22"}, {"node": ">= 22"}),
        ("python312", {"python3": "~> 3.12.0"}, {"python3": ">= 3.12"}),
        ("elixir", {}, {}),
        ("git", {}, {}),
    ],
)
def test_both_readings_of_a_name_are_given(text, exact, wished):
    meanings = read_attribute(text).meanings

    assert {m.tool: str(m.exact) for m in meanings} == exact
    assert {m.tool: str(m.wished) for m in meanings} == wished


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("elixir_1_17", 'Say which you mean: elixir = "~> 1.17.0" or ">= 1.17.0".'),
        ("elixir=1_16", "no attribute of nixpkgs has a '='"),
        ("elixir_1_17_3", "nixpkgs has no elixir_1_17_3: it names no more than elixir_1_17"),
        ("beam_27", "it has beam27Packages"),
        (
            "beamPackages.erlang_27",
            "nixpkgs has beamPackages.erlang, and no beamPackages.erlang_NN",
        ),
        ("erlangR26", "an old spelling; nixpkgs writes erlang_26"),
        ("elixir-1_4", "its attribute is elixir_1_4"),
        ("phoenix_1_7_14", "a Hex package is pinned in mix.exs"),
        ("asdf_elixir_1_17_3", "not known to have asdf_elixir_1_17_3"),
    ],
)
def test_a_difference_is_a_finding_and_never_a_silent_choice(text, finding):
    assert any(finding in one for one in read_attribute(text).findings())


def test_a_name_without_a_version_has_no_finding():
    assert read_attribute("git").findings() == []
