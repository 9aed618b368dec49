"""`nixspec plan`: its figures, its exit codes, and what it says to what it cannot read."""

import json
import shutil
from pathlib import Path

import pytest

from pytest_nixspec.cli import main

CONFIGS = Path(__file__).parent / "configs"

ROLE = """
[profile.plan]
model = "llama-3.1-70b.json"
tensor_parallel = 5
max_gpus = 5
vram_limit = 45_000_000_000
batch_size = 1
quantization_bits = 4

[profile.build]
model = "deepseek-coder-v2-lite.json"
tensor_parallel = 2
max_gpus = 5
vram_limit = 45_000_000_000
batch_size = 4
quantization_bits = 4

[profile.review]
model = "llama-3.1-70b.json"
tensor_parallel = 1
vram_limit = 45_000_000_000
batch_size = 8
quantization_bits = 4
prompt_tokens = 512
generation_tokens = 1536
"""


@pytest.fixture
def role(tmp_path, monkeypatch):
    """A project with the profiles of the role, and the two models' configurations."""
    for config in CONFIGS.iterdir():
        shutil.copy(config, tmp_path)
    (tmp_path / "nixspec.toml").write_text(ROLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(capsys, *arguments: str):
    code = main(["plan", "--json", "--device", "m2-max-38c", *arguments])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("role")
def test_mode_plan_is_infeasible_and_says_what_is_nearest(capsys):
    code, said = planned(capsys, "--profile", "plan")

    assert code == 1
    assert said["weight_bytes"] == 39_688_355_840
    assert said["kv_bytes_per_token"] == 327_680
    assert said["peak_bytes"] < 45_000_000_000
    assert said["max_context_tokens"] == 15_872
    assert said["bytes_per_decode_step"] == 39_097_352_192 + 64 * 327_680
    assert said["roofline_tokens_per_second"] == pytest.approx(10.23, rel=0.01)
    parallel = said["tensor_parallel"]
    assert (parallel["requested"], parallel["feasible"], parallel["nearest"]) == (5, False, 4)
    assert parallel["feasible_values"] == [1, 2, 4, 8]
    assert parallel["reason"].startswith("64 attention heads are not divisible by 5")
    assert [fault.split(":")[0] for fault in said["faults"]] == [
        "tensor_parallel 5 cannot shard this model",
        "tensor_parallel 5 needs 5 devices, and Apple M2 Max, 38 GPU cores is 1",
    ]


@pytest.mark.usefixtures("role")
def test_mode_build_is_feasible_in_groups_of_32_on_two_machines(capsys):
    code, said = planned(capsys, "--profile", "build", "--devices", "2")
    regrouped, better = planned(
        capsys, "--profile", "build", "--devices", "2", "--group-size", "32"
    )

    assert (code, regrouped) == (1, 0)
    assert said["tensor_parallel"]["feasible_group_size"] == 32
    assert better["tensor_parallel"]["feasible"]
    assert better["ranks"] == 2


@pytest.mark.usefixtures("role")
def test_mode_review_fits_up_to_its_longest_context_and_no_further(capsys):
    code, said = planned(capsys, "--profile", "review")
    shorter, fits = planned(
        capsys, "--profile", "review", "--context", str(said["max_context_tokens"])
    )

    assert (code, shorter) == (1, 0)
    assert said["max_context_tokens"] == 1792
    # As long as little of it is prompt: a prompt's activations are held for all of it at once.
    assert said["max_prompt_tokens"] == 768
    assert "Nearest:" in said["faults"][0]
    assert fits["faults"] == []


@pytest.mark.usefixtures("role")
def test_what_is_typed_wins_over_the_profile(capsys):
    _, said = planned(
        capsys, "--profile", "plan", "--batch", "2", "--bits", "8", "--tensor-parallel", "1",
        "--vram-limit", "90GB", "--context", "4096", "--model", "deepseek-coder-v2-lite.json",
    )  # fmt: skip

    assert (said["batch"], said["context_tokens"], said["vram_limit"]) == (2, 4096, 90 * 10**9)
    assert (said["model_type"], said["quantization"]) == (
        "deepseek_v2",
        "8 bits, group 64, affine",
    )


@pytest.mark.usefixtures("role")
def test_a_machine_that_is_not_in_the_table_needs_a_bandwidth(capsys, monkeypatch):
    monkeypatch.setattr("pytest_nixspec.cli.planning.here", lambda _: None)
    model = ["plan", "--json", "--model", "llama-3.1-70b.json"]

    assert main(model) == 0
    without = json.loads(capsys.readouterr().out)
    assert main([*model, "--bandwidth-gbs", "400"]) == 0
    given = json.loads(capsys.readouterr().out)

    assert without["roofline_tokens_per_second"] is None
    assert any(text.startswith("no bandwidth: ") for text in without["assumed"])
    assert given["roofline_tokens_per_second"] > 0


@pytest.mark.usefixtures("role")
def test_people_are_told_the_same_and_what_was_assumed(capsys):
    code = main(
        ["plan", "--model", "llama-3.1-70b.json", "--bits", "4", "--device", "m2-max-38c",
         "--batch", "8", "--vram-limit", "45e9", "--context", "1792"]
    )  # fmt: skip
    said = capsys.readouterr().out

    assert code == 0
    assert "weights          39.688 GB (36.96 GiB)" in said
    assert "most context     1,792 tokens each at batch 8" in said
    assert "roofline         73.0" in said
    assert "assumed: prompts of up to 512 tokens, since --prompt-tokens is not given" in said
    assert "assumed: activations are an estimate for metal" in said


WRONG = {
    "--batch -3": "--batch -3 is no count: it must be a whole number from 1 up.",
    "--context 0": "--context 0 is no count",
    "--batch many": "--batch many is no count",
    "--bits 7": "--bits 7 is nothing that MLX has: give one of 1, 2, 3, 4, 5, 6, 8, 16.",
    "--group-size 100": "--group-size 100 is nothing that MLX has: give one of 32, 64, 128.",
    "--device m9-max": "the device 'm9-max' is not in the table of Apple's chips. Near: ",
    "--device m3-max": "the device 'm3-max' is ambiguous",
    "--vram-limit lots": "--vram-limit lots is no number of bytes: write 45000000000, 45GB or",
    "--vram-limit 0": "--vram-limit 0 is no number of bytes",
    "--bandwidth-gbs fast": "--bandwidth-gbs fast is no bandwidth: give GB/s",
    "--prompt-tokens 999": "--prompt-tokens 999 is more than the context of 256",
    "--profile nope": "the specification has no profile 'nope'; it has: plan, build, review.",
    "--model gone.json": "there is no file",
    "--model broken.json": "broken.json cannot be read as JSON",
}


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize(("options", "said"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_is_one_sentence_and_exit_code_2(options, said, capsys, role):
    (role / "broken.json").write_text("{")

    assert main(["plan", "--model", "llama-3.1-70b.json", *options.split()]) == 2

    captured = capsys.readouterr()
    assert captured.err.startswith(f"nixspec: {'' if 'model' in options else said}")
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_without_a_model_there_is_nothing_to_plan(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["plan"]) == 2
    assert "there is no model to plan for. Give --model, or a --profile" in capsys.readouterr().err


def test_a_profile_without_a_specification_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["plan", "--profile", "plan"]) == 2
    assert "--profile plan needs a nixspec.toml" in capsys.readouterr().err


@pytest.mark.usefixtures("role")
def test_what_no_machine_of_that_name_can_hold_is_not_feasible(capsys):
    """Without any limit stated: a 70B of 16 bits takes 141 GB, and an M2 Max has 96 GiB at most."""
    code, said = planned(capsys, "--model", "llama-3.1-70b.json", "--bits", "16")

    assert code == 1
    assert any("has more than 103.079 GB (96.00 GiB)" in fault for fault in said["faults"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocab_size": -5}, "config.json says vocab_size = -5, which must be a whole number"),
        ({"num_hidden_layers": 0}, "config.json says num_hidden_layers = 0"),
        ({"num_hidden_layers": 10**7}, "config.json says 10000000 layers: more than 10000"),
        ({"max_position_embeddings": "many"}, "config.json says max_position_embeddings = 'many'"),
        ({"quantization": "4bit"}, "config.json says quantization = '4bit', which must be a table"),
    ],
)
def test_a_configuration_that_cannot_be_counted_is_one_sentence(role, capsys, change, message):
    config = json.loads((role / "llama-3.1-70b.json").read_text())
    (role / "odd.json").write_text(json.dumps({**config, **change}))

    assert main(["plan", "--model", "odd.json"]) == 2
    assert message in capsys.readouterr().err


def test_a_limit_with_a_stray_underscore_is_no_number_of_bytes(capsys):
    assert main(["plan", "--model", "x", "--vram-limit", "45__GB"]) == 2
    assert "--vram-limit 45__GB is no number of bytes" in capsys.readouterr().err


OF_A_SHELL = '[shell.mlx]\n[profile.plan]\nshell = "mlx"\nmodel = "llama-3.1-70b.json"\n'


@pytest.fixture
def of_a_shell(project, pytester):
    """A project whose shell exports MLX_TENSOR_PARALLEL=5 and MLX_VRAM_LIMIT=45000000000."""
    project(OF_A_SHELL + "vram_limit = 42_000_000_000\nquantization_bits = 4\n")
    shutil.copy(CONFIGS / "llama-3.1-70b.json", pytester.path)


@pytest.mark.usefixtures("of_a_shell")
def test_what_the_shell_of_a_profile_exports_is_planned_with(capsys):
    code, said = planned(capsys, "--profile", "plan")

    assert code == 1
    assert said["tensor_parallel"]["requested"] == 5
    assert said["vram_limit"] == 42_000_000_000
    assert (
        "the shell exports MLX_VRAM_LIMIT=45000000000, the specification says 42000000000: "
        "the specification wins"
    ) in said["assumed"]


@pytest.mark.usefixtures("of_a_shell")
def test_a_plan_without_nix_says_that_its_shell_could_not_be_asked(capsys, monkeypatch):
    monkeypatch.setenv("NIXSPEC_NIX", "/no/such/nix")

    _, said = planned(capsys, "--profile", "plan")

    assert said["tensor_parallel"]["requested"] == 1
    assert said["assumed"][0] == (
        "nothing that its shell exports, which could not be entered: "
        "/no/such/nix is named as the Nix to use, and is no program"
    )
