"""Which candidate meets requirements: complete, deterministic, and with reasons."""

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_nixspec import Requirement
from pytest_nixspec.verdict import Outcome
from pytest_nixspec.versions import Candidate, Wanted, resolve, resolve_apart
from pytest_nixspec.versions.conflict import fewest_that_clash

DEFAULT = Candidate("default", {"elixir": "1.18.3", "erl": "27.3.4", "node": "22.1.0"}, {})
OLD = Candidate("old", {"elixir": "1.14.5", "erl": "25.2"}, {})
UNFIT = Candidate("unfit", {"elixir": "1.17.3", "erl": "28.0", "node": "22.0.0"}, {})
NEW = Candidate("new", {"elixir": "1.20.4", "erl": "29.0", "node": "22.3.0"}, {})
BROKEN = Candidate("broken", {}, {"": "hook_exited: the hook called exit 3"})


def want(**requirements):
    return [
        Wanted(tool, Requirement.parse(text, "elixir" if tool == "elixir" else "otp"))
        for tool, text in requirements.items()
    ]


def reasons(resolution):
    return {one.candidate.name: one.reasons() for one in resolution.judged}


def test_the_best_shell_is_found_and_each_other_one_has_its_reason():
    found = resolve(want(elixir="~> 1.14", erl=">= 27"), [OLD, UNFIT, DEFAULT])

    assert found.chosen == DEFAULT
    assert found.verdict.passed
    assert reasons(found) == {
        "default": [],
        "unfit": ["Elixir 1.17.3 supports OTP 25 to 27, not 28"],
        "old": ["erl 25.2 does not match >= 27: 25.2 is less than 27"],
    }


def test_the_latest_release_is_the_best_in_the_order_of_what_is_wanted():
    older, newer = (
        Candidate("a", {"erl": "27.1", "node": "24.0.0"}, {}),
        Candidate("b", {"erl": "27.2", "node": "22.0.0"}, {}),
    )

    assert resolve(want(erl="~> 27", node=">= 22"), [older, newer]).chosen == newer
    assert resolve(want(node=">= 22", erl="~> 27"), [newer, older]).chosen == older


def test_a_pre_release_is_no_better_than_any_release():
    early = Candidate("early", {"erl": "28.0-rc1"}, {})

    assert resolve(want(erl=">= 25"), [early, OLD]).chosen == OLD


def test_of_equal_shells_default_is_the_best_and_then_the_first_by_name():
    twin = Candidate("alias", DEFAULT.versions, {})
    twins = [Candidate(name, OLD.versions, {}) for name in ("z", "a")]

    assert resolve(want(erl="~> 27"), [twin, DEFAULT]).chosen == DEFAULT
    assert resolve(want(erl="~> 25"), twins).chosen == twins[1]


def test_what_is_in_doubt_is_never_chosen():
    found = resolve(want(elixir=">= 1.20.0"), [NEW, OLD])

    assert found.chosen is None
    assert found.verdict.outcome is Outcome.UNKNOWN
    assert "new may do, but whether Elixir 1.20.4 supports OTP 29" in found.verdict.reason
    assert resolve(want(elixir="~> 1.14"), [NEW, DEFAULT]).chosen == DEFAULT


def test_a_shell_that_could_not_be_entered_is_unknown():
    found = resolve(want(elixir="~> 1.14"), [BROKEN])

    assert found.verdict.outcome is Outcome.UNKNOWN
    assert "hook_exited" in found.verdict.reason


def test_a_failure_names_the_fewest_requirements_that_clash_and_the_nearest_shells():
    found = resolve(want(elixir="~> 1.14", erl=">= 25", node=">= 24"), [DEFAULT, OLD, UNFIT])

    assert found.conflict == ("node >= 24",)
    assert found.verdict.reason == "nothing meets node >= 24"
    assert found.verdict.evidence[0].startswith("default: node 22.1.0 does not match >= 24")
    assert found.verdict.remedy == "Add one with node >= 24."


def test_requirements_that_no_version_meets_are_told_from_shells_that_are_missing():
    wanted = [*want(erl="~> 27"), *want(erl="~> 26")]

    found = resolve(wanted, [DEFAULT])

    assert found.verdict.remedy == "Add one with erl ~> 26."
    assert "contradicts itself" in resolve(wanted, [DEFAULT, Candidate("x", {"erl": "26"}, {})]
                                           ).verdict.remedy  # fmt: skip


def test_elixir_that_does_not_support_its_otp_is_part_of_a_conflict():
    found = resolve(want(elixir="~> 1.17.0"), [UNFIT, DEFAULT])

    assert found.conflict == ("elixir ~> 1.17.0", "Elixir supports its OTP")


def test_nothing_to_choose_from_is_a_failure():
    assert resolve(want(erl="~> 27"), []).verdict.reason == "there is nothing to choose from"


def test_attributes_are_chosen_apart_but_an_elixir_with_its_otp():
    candidates = [
        Candidate("nodejs_22", {"node": "22.1.0"}, {}),
        Candidate("nodejs_24", {"node": "24.1.0"}, {}),
        Candidate("beam.interpreters.erlang_28", {"erl": "28.1"}, {}),
        Candidate("beam.packages.erlang_27.elixir_1_18", {"elixir": "1.18.4", "erl": "27.3"}, {}),
        Candidate("beam.packages.erlang_28.elixir_1_18", {"elixir": "1.18.4", "erl": "28.1"}, {}),
    ]

    beam, node = resolve_apart(want(elixir="~> 1.18", node="~> 22"), candidates)

    assert beam.chosen == candidates[3] or beam.chosen == candidates[4]
    assert node.chosen == candidates[0]
    (alone,) = resolve_apart(want(erl=">= 27"), candidates)
    assert alone.chosen == candidates[2]


TOOLS = ("elixir", "erl", "node")
VERSIONS = {
    "elixir": ["1.14.5", "1.17.3", "1.18.4", "1.18.0-rc.0"],
    "erl": ["25.3", "27.0", "28.1", "28.0-rc1"],
    "node": ["20.1.0", "22.1.0", "24.0.0"],
}
RANGES = {
    "elixir": ["~> 1.17", "~> 1.14.0", "< 1.18.0", "== 1.18.4"],
    "erl": ["~> 27", ">= 27", "< 28", "~> 25.3"],
    "node": [">= 22", "~> 20.0", "!= 22.1.0"],
}
catalogues = st.lists(
    st.fixed_dictionaries({}, optional={t: st.sampled_from(VERSIONS[t]) for t in TOOLS}),
    max_size=7,
).map(lambda brought: [Candidate(f"s{n}", one, {}) for n, one in enumerate(brought)])
ranges = st.sampled_from(TOOLS).flatmap(
    lambda tool: st.sampled_from(RANGES[tool]).map(lambda text: want(**{tool: text})[0])
)


@given(st.lists(ranges, min_size=1, max_size=4), catalogues)
def test_resolution_agrees_with_brute_force(wanted, candidates):
    def meets(candidate, some):
        pair = {"elixir", "erl"} <= candidate.versions.keys()
        fits = not pair or not resolve([], [candidate]).judged[0].broken
        return all(
            (fits if one is None else
             one.tool in candidate.versions and candidate.versions[one.tool] in one.requirement)
            for one in some
        )  # fmt: skip

    everything = [*wanted, None]
    solutions = [one for one in candidates if meets(one, everything)]
    found = resolve(wanted, candidates)

    assert (found.chosen is not None) is bool(solutions)
    assert found.chosen is None or found.chosen in solutions
    if not solutions and candidates:
        counts = range(1, len(everything) + 1)
        subsets = chain.from_iterable(combinations(everything, count) for count in counts)
        smallest = next(s for s in subsets if not any(meets(one, s) for one in candidates))
        assert len(found.conflict) == len(smallest)


@given(st.lists(ranges, min_size=1, max_size=4), catalogues, st.randoms())
def test_the_order_of_candidates_does_not_matter(wanted, candidates, random):
    shuffled = random.sample(candidates, len(candidates))

    assert resolve(wanted, shuffled).judged == resolve(wanted, candidates).judged


@given(st.lists(st.frozensets(st.integers(0, 6), min_size=1), min_size=1, max_size=8))
def test_the_fewest_that_clash_are_the_fewest(broken):
    found = fewest_that_clash(broken)

    assert all(one.intersection(found) for one in broken)
    smaller = combinations(range(7), len(found) - 1)
    assert not any(all(one.intersection(some) for one in broken) for some in smaller)


@pytest.mark.parametrize("count", [1, 40])
def test_many_requirements_that_all_hold_are_no_conflict(count):
    found = resolve(want(erl="~> 27") * count, [DEFAULT])

    assert found.conflict == ()


def test_a_clash_with_compatibility_proposes_a_pair_that_there_is():
    found = resolve(want(elixir="~> 1.17.0", erl=">= 28"), [UNFIT, DEFAULT])

    assert found.verdict.remedy == "Take OTP 27, or Elixir 1.18.4 or later for OTP 28."


def test_many_requirements_that_clash_are_told_soon():
    broken = [frozenset({n % 24, (n * 7 + 1) % 24, (n * 5 + 2) % 24}) for n in range(200)]

    assert all(one.intersection(fewest_that_clash(broken)) for one in broken)
