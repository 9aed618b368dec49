"""What GitHub workflows say."""

import pytest

from pytest_nixspec.agreement.workflows import workflow_claims
from pytest_nixspec.errors import InvalidTextError


def workflow(steps, job="", top=""):
    return f"on: push\n{top}\njobs:\n  test:\n{job}\n    steps:\n{steps}"


SETUP = """\
      - uses: erlef/setup-beam@v1
        with:
          elixir-version: {elixir}
          otp-version: {otp}
"""


def claims_of(text):
    return workflow_claims(text, "ci.yml", "exact")


def said(claims):
    return {claim.tool: str(claim.versions) for claim in claims if claim.alternatives}


@pytest.mark.parametrize(
    ("elixir", "otp", "expected"),
    [
        ("'1.17.3'", "'27.3.4.2'", {"elixir": "== 1.17.3", "erl": "== 27.3.4.2"}),
        ("'1.17'", "27", {"elixir": "~> 1.17.0", "erl": "~> 27"}),
        ("1.17.x", "27.1", {"elixir": "~> 1.17.0", "erl": ">= 27.1 and < 27.2-a"}),
        ("1.17.3-otp-27", "OTP-27.1", {"elixir": "== 1.17.3", "erl": ">= 27.1 and < 27.2-a"}),
        # setup-beam takes the newest of 27.3.4, which is 27.3.4.something.
        ("1.17.3", "27.3.4", {"elixir": "== 1.17.3", "erl": ">= 27.3.4 and < 27.3.5-a"}),
        ("1.17.3", "<=27.3.4", {"elixir": "== 1.17.3", "erl": "< 27.3.5-a"}),
        ("1.17.3", "28.0-rc2", {"elixir": "== 1.17.3", "erl": "== 28-rc.2"}),
        ("1.17.3", "27.0", {"elixir": "== 1.17.3", "erl": "~> 27"}),
        ("'>=1.16'", "'27.3.4.2'", {"elixir": ">= 1.16.0", "erl": "== 27.3.4.2"}),
        ("'^1.16'", "'>25'", {"elixir": "~> 1.16", "erl": ">= 26"}),
    ],
)
def test_what_setup_beam_is_given_is_read(elixir, otp, expected):
    assert said(claims_of(workflow(SETUP.format(elixir=elixir, otp=otp)))) == expected


def test_a_matrix_gives_alternatives_with_the_line_of_the_step():
    job = """\
    strategy:
      matrix:
        elixir: ['1.16.3', '1.17.3']
        include:
          - {otp: 27, pair: {node: 22}}
          - {otp: 26}"""
    steps = SETUP.format(elixir="${{ matrix.elixir }}", otp="${{matrix.otp}}")

    elixir, erl = claims_of(workflow(steps, job))

    assert (elixir.said, str(elixir.versions)) == ("1.16.3 | 1.17.3", "== 1.16.3 or == 1.17.3")
    assert [str(one) for one in erl.alternatives] == ["~> 27", "~> 26"]
    assert elixir.place == "ci.yml:14"


def test_variables_of_workflow_and_job_are_filled_in():
    steps = SETUP.format(elixir="${{ env.ELIXIR }}", otp="${{ env.OTP }}")

    found = claims_of(workflow(steps, "    env: {OTP: '27.1'}", "env: {ELIXIR: 1.17.3, OTP: 25}"))

    assert said(found) == {"elixir": "== 1.17.3", "erl": ">= 27.1 and < 27.2-a"}


@pytest.mark.parametrize("value", ["${{ needs.x.outputs.elixir }}", "${{ matrix.nothing }}"])
def test_an_expression_that_the_text_does_not_tell_is_unknown(value):
    elixir, _ = claims_of(workflow(SETUP.format(elixir=value, otp=27)))

    assert elixir.alternatives == ()
    assert "it is computed" in elixir.remark


def test_an_expression_of_itself_ends():
    steps = SETUP.format(elixir="${{ env.A }}", otp=27)

    elixir, _ = claims_of(workflow(steps, top="env: {A: '${{ env.A }}'}"))

    assert elixir.alternatives == ()


@pytest.mark.parametrize("is_matrix", [True, False])
def test_an_unquoted_1_10_is_read_as_github_reads_it_and_said_so(is_matrix):
    job = "    strategy: {matrix: {elixir: [1.10]}}" if is_matrix else ""
    value = "${{ matrix.elixir }}" if is_matrix else "1.10"

    elixir, _ = claims_of(workflow(SETUP.format(elixir=value, otp=27), job))

    assert str(elixir.versions) == "~> 1.1.0"
    assert "YAML reads the unquoted 1.10 as the number 1.1: quote it" in elixir.remark


def test_strict_versions_are_taken_as_they_are():
    steps = SETUP.format(elixir="'1.17.3'", otp="'27.1'") + "          version-type: strict\n"

    assert said(claims_of(workflow(steps))) == {"elixir": "== 1.17.3", "erl": "== 27.1"}


def test_what_names_no_version_is_unknown():
    elixir, _ = claims_of(workflow(SETUP.format(elixir="latest", otp=27)))

    assert elixir.alternatives == ()
    assert "'latest' is no range of versions" in elixir.remark


def test_images_of_containers_and_services_are_read():
    job = "    container: elixir:1.17.3-otp-27\n    services: {db: {image: 'postgres:16'}}"

    found = said(claims_of(workflow("      - run: mix test", job)))

    assert found == {"elixir": "== 1.17.3", "erl": "~> 27", "psql": "~> 16"}


def test_aliases_are_followed_without_growing():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + "".join(
        f"d{n}: &d{n} [*{'c' if n == 0 else f'd{n - 1}'}, *c]\n" for n in range(60)
    )

    assert claims_of(bomb + workflow(SETUP.format(elixir="1.17.3", otp="27"))) != []


@pytest.mark.parametrize(
    "text",
    ["", "[]", "jobs: 3", "jobs: {a: 3}", "jobs: {a: {steps: {}}}",
     "jobs: {a: {steps: [3, {uses: [x]}, {uses: x, with: 3}]}}"],
)  # fmt: skip
def test_a_workflow_of_another_shape_says_nothing(text):
    assert claims_of(text) == []


def test_what_is_no_yaml_is_an_error():
    with pytest.raises(InvalidTextError, match=r"ci.yml is no YAML"):
        claims_of("jobs: [")


@pytest.mark.parametrize("value", ["27", "27 || 26", "24 - 25"])
def test_strict_takes_a_text_for_the_name_of_a_release(value):
    steps = SETUP.format(elixir="1.17.3", otp=f"'{value}'") + "          version-type: strict\n"

    _, erl = claims_of(workflow(steps))

    assert erl.alternatives == ()


def matrix_of(matrix):
    steps = SETUP.format(elixir="1.17.3", otp="${{ matrix.otp }}")
    _, erl = claims_of(workflow(steps, f"    strategy: {{matrix: {matrix}}}"))
    return [str(one) for one in erl.alternatives]


def test_what_a_matrix_leaves_out_is_not_said():
    assert matrix_of("{otp: [26, 27], exclude: [{otp: 26}]}") == ["~> 27"]


@pytest.mark.parametrize(
    "matrix", ['{otp: "${{ fromJson(x) }}", include: [{otp: 27}]}', "{otp: [27, latest]}"]
)
def test_a_matrix_of_which_a_part_is_not_known_is_unknown(matrix):
    assert matrix_of(matrix) == []


def test_several_lines_are_several_versions():
    steps = (
        "      - uses: actions/setup-python@v5\n"
        "        with:\n          python-version: |\n            3.10\n            3.11\n"
    )

    (python,) = claims_of(workflow(steps))

    assert [str(one) for one in python.alternatives] == ["~> 3.10.0", "~> 3.11.0"]


@pytest.mark.parametrize("value", [".inf", "190:20:30.15"])
def test_a_number_that_is_none_of_ours_is_text(value):
    steps = SETUP.format(elixir="1.17.3", otp="27")

    assert said(claims_of(workflow(steps, top=f"x: {value}")))["erl"] == "~> 27"
