"""Profiles as items: a missing baseline is no pass, and only a good run records one."""

import json
from collections.abc import Callable

import pytest

from tests.performance.servers.fake_servers import faking, json_answer, stream, text, usage

PROFILE = """
[profile.plan]
model = "{model}"
prompt_tokens = 8
generation_tokens = 8
processes = 2
repetitions = 1
vram_limit = {limit}
{more}
[profile.plan.gate]
generation_tps = "-99%"
peak_memory = "+50%"
greedy_tokens = "same"
structure = "same"
not_comparable = "{policy}"
unsound = "skip"
"""


@pytest.fixture
def profile(project, tiny_model) -> Callable[..., None]:
    """Make a project of one profile of a tiny model."""

    def make(limit: int = 10**9, policy: str = "fail", more: str = "", **files: str) -> None:
        spec = PROFILE.format(model=tiny_model(), limit=limit, policy=policy, more=more)
        project(spec, **files)

    return make


def test_a_missing_baseline_is_not_a_pass(profile, pytester):
    profile()

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*UNKNOWN: not comparable: there is no baseline*", "*4 unknown*"])


def test_a_missing_baseline_may_be_passed_by_and_still_is_unknown(profile, pytester):
    profile(policy="skip")

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*3 passed, 4 unknown*"])


def test_what_was_recorded_is_compared(profile, pytester):
    profile()

    recorded = pytester.runpytest("--nixspec-record")
    compared = pytester.runpytest("--nixspec", "-v")

    assert recorded.ret is pytest.ExitCode.OK
    recorded.stdout.fnmatch_lines(
        ["*UNKNOWN*not compared: this run records the baseline", "recorded: */plan.json"]
    )
    compared.stdout.fnmatch_lines(
        [
            "*peak_memory +50%*MB against*allowed +50%*",
            "*greedy decoding gives the tokens of the baseline*",
            "*a decode step has the operations of the baseline*",
        ]
    )
    record = json.loads(pytester.path.joinpath("reports", "nixspec.json").read_text())
    outcomes = {r["id"].partition("::")[2]: r["outcome"] for r in record["results"]}
    # How busy this machine is decides whether its speed can be told.
    assert outcomes.pop("generation_tps -99%") in {"passed", "unknown"}
    assert set(outcomes.values()) == {"passed"}


def test_a_model_that_says_something_else_is_seen(profile, pytester):
    profile()
    pytester.runpytest("--nixspec-record")
    (baseline,) = pytester.path.joinpath("baselines").rglob("plan.json")
    data = json.loads(baseline.read_text())
    data["benchmarks"][0]["extra_info"]["measurement"]["identity"]["greedy_digest"] = "0" * 64
    baseline.write_text(json.dumps(data))

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*greedy decoding gives other tokens: *, 000000000000 in the*"])
    result.stdout.fnmatch_lines(["*not to be told: greedy decoding gives other tokens*"])


def test_a_model_beyond_its_limit_fails_and_records_nothing(profile, pytester):
    profile(limit=1000)

    result = pytester.runpytest("--nixspec-record")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["*was ended at *MB*: its vram_limit is 1000 B*", "recorded: nothing, since the run*"]
    )
    assert not pytester.path.joinpath("baselines").exists()


def test_another_device_is_not_comparable_and_is_named(profile, pytester):
    profile()
    pytester.runpytest("--nixspec-record")
    (baseline,) = pytester.path.joinpath("baselines").rglob("plan.json")
    data = json.loads(baseline.read_text())
    data["benchmarks"][0]["extra_info"]["measurement"]["fingerprint"]["chip"] = "Apple M2 Max"
    baseline.write_text(json.dumps(data))

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["*not comparable: chip: '*' here, 'Apple M2 Max' in the baseline"])


def test_ranks_that_there_are_no_devices_for_are_unknown_and_not_scaled(profile, pytester):
    profile(more="tensor_parallel = 2\nmax_gpus = 5")

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["*UNKNOWN: not measured at 2 ranks: there was 1*"])


def test_two_ranks_are_measured_where_a_hosts_file_names_them(profile, pytester):
    profile(more='tensor_parallel = 2\nmax_gpus = 2\nhosts = "hosts.json"', policy="skip")
    hosts = [{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}] * 2
    pytester.path.joinpath("hosts.json").write_text(json.dumps(hosts))

    result = pytester.runpytest("--nixspec", "-v")

    result.stdout.fnmatch_lines(["*tensor_parallel is 2*measured with 2 ranks*"])


def test_the_variables_of_a_shell_are_the_defaults_of_its_profiles(profile, pytester):
    profile(more='shell = "mlx"')
    result = pytester.runpytest("--nixspec", "-v")

    result.stdout.fnmatch_lines(
        ["*the shell exports MLX_VRAM_LIMIT=45000000000, the specification says 1000000000*"]
    )
    record = json.loads(pytester.path.joinpath("reports", "nixspec.json").read_text())
    measured = next(
        r["facts"]["measurement"] for r in record["results"] if "measurement" in r["facts"]
    )
    assert measured["world_size"] == {"requested": 5, "effective": 1}
    result.stdout.fnmatch_lines(
        ["*  runs *UNKNOWN*not measured at 5 ranks: there was 1, and no figure is scaled*"]
    )


def test_a_shell_that_exports_nothing_claims_nothing(profile, pytester):
    """No statement is made of what nobody said, so that none can pass with nothing checked."""
    profile(more='shell = "default"', policy="skip")

    result = pytester.runpytest("--nixspec", "-v")

    assert result.ret is pytest.ExitCode.OK
    assert not [line for line in result.outlines if "tensor_parallel" in line]


def test_a_server_beside_a_shell_is_measured_and_claims_no_ranks(project, pytester):
    said = {
        "GET /v1/models": json_answer({"data": [{"id": "m"}]}),
        "POST /v1/completions": stream(*[text(f"{n} ") for n in range(12)], usage(8, 12)),
    }
    with faking(said) as server:
        project(
            "[shell.default]\n[profile.chat]\nmodel = 'm'\ngeneration_tokens = 12\n"
            f"endpoint = 'http://{server.host}/v1'\n[profile.chat.gate]\ngeneration_tps = '-5%'\n"
        )
        result = pytester.runpytest("--nixspec", "-m", "mlx_profile", "-v")

    result.stdout.fnmatch_lines(
        ["*  runs *ok *", "*generation_tps -5%*UNKNOWN*there is no baseline*"]
    )
    assert not [line for line in result.outlines if "tensor_parallel" in line]
    result.stdout.no_fnmatch_line("*KeyError*")


def test_a_quick_run_is_no_baseline(profile, pytester):
    profile()

    result = pytester.runpytest("--nixspec-record", "--nixspec-quick")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--nixspec-quick measures too little for a baseline*"])


def test_a_missing_shell_of_a_profile_is_named(profile, pytester):
    profile(more='shell = "nowhere"')

    result = pytester.runpytest("--nixspec")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*the flake has no shell 'nowhere'*"])


GATE = """
    import pytest

    @pytest.mark.mlx_profile("plan")
    def test_gate(mlx_profile, mlx_plan, mlx_measurement, mlx_gate):
        assert mlx_plan.weight_bytes == mlx_measurement.identity.weight_bytes
        assert mlx_profile.profile.prompt_tokens == 8
        assert mlx_measurement.typical("generation_tps") > 0
        assert not mlx_gate.verdict.passed
        assert "there is no baseline" in mlx_gate.explain()

    @pytest.mark.mlx_profile("plam")
    def test_no_such_profile(mlx_gate):
        pass

    def test_no_marker(mlx_gate):
        pass
"""


def test_the_fixtures_give_profile_measurement_and_gate(profile, pytester):
    profile(test_gate=GATE)

    result = pytester.runpytest("--nixspec", "test_gate.py")

    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*has no profile 'plam'; it has: plan. Did you mean 'plan'?*"])
    result.stdout.fnmatch_lines(['*name the profile: @pytest.mark.mlx_profile("plan")*'])


def test_one_area_is_selected_by_its_marker(profile, pytester):
    profile()

    result = pytester.runpytest("--nixspec", "-m", "mlx_profile", "--collect-only", "-q")

    result.stdout.fnmatch_lines(["*profile.plan::runs"])
    selected = [line for line in result.outlines if "::" in line]
    assert selected
    assert all("::profile." in line for line in selected)


def test_workers_measure_one_after_the_other_and_each_profile_once(profile, pytester):
    profile(policy="skip")

    result = pytester.runpytest_subprocess("--nixspec", "-n", "2")

    assert result.ret is pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*3 passed, 4 unknown*"])


def test_pytest_benchmark_sees_what_was_measured(profile, pytester, monkeypatch):
    # It does nothing under xdist, which these tests may run under.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    profile(policy="skip", test_more="def test_more(benchmark):\n    benchmark(sum, [1])\n")

    result = pytester.runpytest_subprocess(
        "--nixspec", "nixspec.toml", "test_more.py", "--benchmark-json=all.json"
    )

    assert result.ret is pytest.ExitCode.OK
    written = json.loads(pytester.path.joinpath("all.json").read_text())
    names = {entry["name"]: entry for entry in written["benchmarks"]}
    assert set(names) == {"test_more", "plan[decode]", "plan[prefill]"}
    assert names["plan[decode]"]["stats"]["rounds"] == 2
    assert names["plan[decode]"]["extra_info"]["fingerprint"]["prompt_tokens"] == 8


def test_pytest_benchmark_compares_with_a_stored_baseline(profile, pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    profile()
    pytester.runpytest("--nixspec-record")
    (baseline,) = pytester.path.joinpath("baselines").rglob("plan.json")

    result = pytester.runpytest_subprocess("--nixspec", f"--benchmark-compare={baseline}")

    result.stdout.fnmatch_lines(["*plan?decode?*NOW*"])


def test_other_tokens_are_never_let_pass_by(profile, pytester):
    """`unsound = "skip"` is for a busy machine, and not for a model that says something else."""
    profile()
    spec = pytester.path / "nixspec.toml"
    spec.write_text(spec.read_text().replace('greedy_tokens = "same"\n', ""))
    pytester.runpytest("--nixspec-record")
    (baseline,) = pytester.path.joinpath("baselines").rglob("plan.json")
    data = json.loads(baseline.read_text())
    data["benchmarks"][0]["extra_info"]["measurement"]["identity"]["greedy_digest"] = "0" * 64
    baseline.write_text(json.dumps(data))

    assert pytester.runpytest("--nixspec").ret is pytest.ExitCode.TESTS_FAILED


def test_a_test_of_the_gate_does_not_keep_a_run_from_recording(profile, pytester):
    profile(
        test_gate="""
        import pytest

        @pytest.mark.mlx_profile("plan")
        def test_gate(mlx_gate):
            assert mlx_gate.verdict.passed
    """
    )

    result = pytester.runpytest("--nixspec-record", "nixspec.toml", "test_gate.py")

    assert result.ret is pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["recorded: */plan.json"])


def test_baselines_that_cannot_be_written_fail_the_run_in_one_line(profile, pytester):
    profile()
    pytester.path.joinpath("baselines").touch()

    result = pytester.runpytest("--nixspec-record")

    assert result.ret is pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["recorded: NOT WRITTEN: the baseline * cannot be written: *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_recording_without_its_statement_says_why_nothing_was_stored(profile, pytester):
    profile()

    result = pytester.runpytest("--nixspec-record", "-k", "generation_tps")

    result.stdout.fnmatch_lines(["recorded: nothing: no `runs` of a profile*was part of this run"])
