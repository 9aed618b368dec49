"""Whether all that is said of a tool can be true at once."""

import pytest

from pytest_nixspec import Requirement
from pytest_nixspec.agreement import Claim, agree, brought, environment_claims, project_claims
from pytest_nixspec.verdict import Outcome


def claim(source, *requirements: str, tool="elixir", is_range=False, said=""):
    meant = tuple(Requirement.parse(text) for text in requirements)
    return Claim(tool, said or " | ".join(requirements), source, 1, meant, is_range=is_range)


MIX = claim("mix.exs", "~> 1.17", is_range=True)
ASDF = claim(".tool-versions", "== 1.17.3")
CI = claim("ci.yml", "~> 1.17.0")


def test_places_that_can_all_be_true_agree_and_say_on_what():
    found = agree("elixir", [MIX, ASDF, CI, brought("elixir", "1.17.3", "default")])

    assert found.verdict.passed
    assert found.verdict.reason == "4 places agree on elixir == 1.17.3"
    assert found.table()[0] == "mix.exs:1         ~> 1.17"


def test_a_contradiction_names_the_two_places_and_who_is_alone():
    found = agree("elixir", [MIX, ASDF, CI, brought("elixir", "1.18.3", "default")])

    assert found.verdict.outcome is Outcome.FAILED
    assert found.verdict.reason == (
        "they contradict each other: .tool-versions:1 says == 1.17.3, and shell default says 1.18.3"
    )
    assert found.verdict.remedy == ("All others agree on elixir == 1.17.3: change shell default.")


def test_where_either_of_two_could_change_both_are_named():
    found = agree("elixir", [MIX, ASDF, brought("elixir", "1.18.3", "default")])

    assert found.verdict.remedy == ("Change .tool-versions:1 or shell default; all others agree.")


def test_an_alternative_outside_of_what_mix_allows_is_a_contradiction():
    matrix = claim("ci.yml", "== 1.14.5", "== 1.17.3")

    found = agree("elixir", [MIX, matrix])

    assert found.verdict.outcome is Outcome.FAILED
    assert "ci.yml:1 says == 1.14.5 | == 1.17.3" in found.verdict.reason


def test_what_one_place_means_is_unknown_and_so_is_the_whole():
    doubtful = Claim("elixir", "@elixir", "mix.exs", 4, (), "it is computed")

    found = agree("elixir", [doubtful, ASDF, CI])

    assert found.verdict.outcome is Outcome.UNKNOWN
    assert found.verdict.reason == "what mix.exs:4 means by '@elixir' is not known: it is computed"


def test_a_contradiction_is_told_though_another_place_is_unknown():
    doubtful = Claim("elixir", "@elixir", "mix.exs", 4, (), "it is computed")

    found = agree("elixir", [doubtful, ASDF, claim("ci.yml", "== 1.18.3")])

    assert found.verdict.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("claims", "who"), [([], "nothing speaks of"), ([ASDF], "only .tool-versions:1 speaks of")]
)
def test_a_comparison_that_compared_nothing_is_a_failure(claims, who):
    found = agree("elixir", claims)

    assert found.verdict.outcome is Outcome.FAILED
    assert found.verdict.reason == f"{who} elixir, so nothing was compared"


def test_the_files_of_a_project_are_found(tmp_path):
    files = {
        "mix.exs": 'def project do\n[elixir: "~> 1.17"]\nend',
        "apps/web/mix.exs": 'def project do\n[elixir: "~> 1.16"]\nend',
        ".tool-versions": "elixir 1.17.3-otp-27\nerlang 27.1.2\nruby 3.3.0\n",
        "mise.toml": '[tools]\nelixir = "1.17"\nerlang = "27.1"\n',
        ".github/workflows/ci.yml": "jobs: {a: {container: 'elixir:1.17.3-otp-27'}}",
        "Dockerfile.prod": "FROM hexpm/elixir:1.17.3-erlang-27.1.2-alpine-3.20\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    claims = project_claims(tmp_path)

    assert {claim.source for claim in claims} == set(files)
    assert agree("elixir", claims).verdict.passed
    assert agree("erl", claims).verdict.reason == "5 places agree on erl == 27.1.2"


@pytest.mark.parametrize(
    ("name", "content"),
    [("mise.toml", b"[tools"), (".tool-versions", b"\xff\xfe"),
     (".github/workflows/ci.yml", b"jobs: [")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_leaves_every_tool_unknown(tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

    for tool in ("elixir", "erl"):
        found = agree(tool, [*project_claims(tmp_path), MIX, ASDF])
        assert found.verdict.outcome is Outcome.UNKNOWN
        assert name in found.verdict.reason


def test_a_line_that_asdf_passes_over_is_unknown_with_the_reason(tmp_path):
    (tmp_path / ".tool-versions").write_text("elixir\t1.17.3\n")

    found = agree("elixir", [*project_claims(tmp_path), MIX])

    assert "its fields are divided by a tab" in found.verdict.reason


def test_a_variable_of_asdf_speaks_as_well():
    (elixir,) = environment_claims({"ASDF_ELIXIR_VERSION": "1.16.3"}, "variable", "exact")

    assert "variable says 1.16.3" in agree("elixir", [MIX, elixir]).verdict.reason


def test_a_precision_widens_releases_and_leaves_ranges():
    claims = [
        brought("elixir", "1.17.3", "default", "minor"),
        *environment_claims({"ASDF_ELIXIR_VERSION": "1.17.1"}, "variable", "minor"),
    ]

    assert agree("elixir", claims).verdict.reason == "2 places agree on elixir ~> 1.17.0"


def test_a_pre_release_agrees_with_itself_and_with_no_other(tmp_path):
    (tmp_path / ".tool-versions").write_text("erlang 28.0-rc2\npostgres 17beta1\n")
    (tmp_path / "Dockerfile").write_text("FROM erlang:28.0-rc2\n")
    claims = project_claims(tmp_path)

    assert agree("erl", claims).verdict.reason == "2 places agree on erl == 28-rc.2"
    assert agree("psql", [*claims, brought("psql", "17beta1", "default")]).verdict.passed
    for precision in ("exact", "minor", "major"):
        shell = brought("psql", "17.2", "default", precision)
        assert not agree("psql", [*claims, shell]).verdict.passed


@pytest.mark.parametrize("text", ["27garbage", "20-lts", "27 || 26", "1.17{{x}}"])
def test_what_is_no_version_is_unknown_and_never_a_part_of_it(tmp_path, text):
    (tmp_path / "mise.toml").write_text(f'[tools]\nerlang = "{text}"\n')

    found = agree("erl", [*project_claims(tmp_path), brought("erl", "27.1", "default")])

    assert found.verdict.outcome is Outcome.UNKNOWN


def test_a_line_that_asdf_shadows_says_nothing(tmp_path):
    (tmp_path / ".tool-versions").write_text("elixir 1.17.3\nelixir 1.18.0\n")

    assert agree("elixir", [*project_claims(tmp_path), MIX]).verdict.passed


def test_an_elixir_compiled_with_an_older_otp_runs_on_a_later_one(tmp_path):
    (tmp_path / ".tool-versions").write_text("elixir 1.17.3-otp-26\nerlang 27.1\n")
    well = agree("erl", project_claims(tmp_path))
    (tmp_path / ".tool-versions").write_text("elixir 1.17.3-otp-27\nerlang 26.2\n")
    badly = agree("erl", project_claims(tmp_path))

    assert well.verdict.passed
    assert badly.verdict.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mise.toml", "elixir=" + "[" * 3000),
        (".github/workflows/ci.yml", "jobs: " + "[" * 2000),
        (".tool-versions", "elixir 1.17.3-otp-" + "9" * 5000),
    ],
)
def test_what_is_too_deep_or_too_long_is_unknown_and_no_crash(tmp_path, name, text):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)

    found = agree("elixir", [*project_claims(tmp_path), MIX, ASDF])

    assert found.verdict.outcome is Outcome.UNKNOWN
