"""What is planned of known sizes: exact where it is exact, and the nearest that can be had."""

from dataclasses import replace

import pytest

from pytest_nixspec.performance.planning.peak import Workload, activation_bytes
from pytest_nixspec.performance.planning.planner import (
    bytes_per_decode_step,
    plan,
    roofline_tokens_per_second,
)
from pytest_nixspec.performance.planning.sizes import Cache, Experts
from pytest_nixspec.performance.units import gigabytes
from tests.performance.planning.planned import DEEPSEEK_16B, LLAMA_70B

LIMIT = 45_000_000_000
M2_MAX = Workload(
    limit_bytes=LIMIT, bandwidth_gbs=400, device="Apple M2 Max, 38 GPU cores", backend="metal"
)


@pytest.mark.parametrize(
    ("sizes", "batch", "context", "tokens_per_second"),
    [
        (LLAMA_70B, 1, 0, 10.23),
        (LLAMA_70B, 1, 8192, 9.57),
        (LLAMA_70B, 4, 2048, 38.3),
        (LLAMA_70B, 8, 32768, 25.6),
        (DEEPSEEK_16B, 1, 0, 289),
        (DEEPSEEK_16B, 4, 2048, 290),
        (DEEPSEEK_16B, 8, 0, 635),
        (DEEPSEEK_16B, 8, 32768, 41),
    ],
)
def test_the_roofline_is_that_of_the_bytes_read(sizes, batch, context, tokens_per_second):
    read = bytes_per_decode_step(sizes, batch, context)
    most = roofline_tokens_per_second(read, replace(M2_MAX, batch=batch))

    assert most == pytest.approx(tokens_per_second, rel=0.01)


def test_experts_are_read_as_often_as_routing_is_expected_to_choose_them():
    experts = Experts(64_000, count=64, per_token=6)

    assert [round(experts.read_bytes(n) / 1000, 1) for n in (1, 4, 8)] == [6.0, 20.8, 34.9]


def test_no_bandwidth_is_no_roofline():
    assert plan(LLAMA_70B, replace(M2_MAX, bandwidth_gbs=None)).roofline_tokens_per_second is None


@pytest.mark.parametrize(
    ("sizes", "batch", "most"),
    [
        (LLAMA_70B, 1, 15_872),
        (LLAMA_70B, 4, 3840),
        (LLAMA_70B, 8, 1792),
        (DEEPSEEK_16B, 4, 31_488),
        (DEEPSEEK_16B, 8, 15_616),
    ],
)
def test_the_longest_context_within_45_gb(sizes, batch, most):
    planned = plan(sizes, replace(M2_MAX, batch=batch))

    assert planned.max_context_tokens == most
    assert planned.max_prompt_tokens <= most


def test_gb_and_gib_make_another_context():
    in_gib = plan(LLAMA_70B, replace(M2_MAX, batch=8, limit_bytes=45 * 2**30))

    assert in_gib.max_context_tokens == 3072
    assert gigabytes(LIMIT) == "45.000 GB (41.91 GiB)"
    assert gigabytes(45 * 2**30) == "48.318 GB (45.00 GiB)"


def test_mode_plan_of_the_role_cannot_be_cut_by_five_and_one_mac_is_one_device():
    planned = plan(LLAMA_70B, replace(M2_MAX, ranks=5, context=64))

    assert not planned.feasible
    assert planned.faults == (
        "tensor_parallel 5 cannot shard this model: 64 attention heads are not divisible by 5; "
        "8192 outputs of self_attn.q_proj are not divisible by 5. Nearest: 4, of 1, 2, 4, 8.",
        "tensor_parallel 5 needs 5 devices, and Apple M2 Max, 38 GPU cores is 1: GPU cores are no "
        "devices of their own. Nearest: 1.",
    )
    # The rest is planned for what there is.
    assert planned.ranks == 1
    assert planned.rank_weight_bytes == planned.weight_bytes


def test_mode_build_of_the_role_cannot_be_cut_by_two_but_in_groups_of_32():
    planned = plan(DEEPSEEK_16B, replace(M2_MAX, batch=4, ranks=2, devices=2))

    assert planned.faults == (
        "tensor_parallel 2 cannot shard this model: the 10944 inputs of mlp.down_proj are 171 "
        "groups of 64, which 2 ranks cannot share. Nearest: 1, of 1; at group_size 32 it can.",
    )


def test_mode_review_of_the_role_does_not_fit_with_2048_tokens_and_the_nearest_is_named():
    planned = plan(LLAMA_70B, replace(M2_MAX, batch=8, context=2048))

    assert planned.faults == (
        "batch 8 at 2048 tokens takes 45.132 GB (42.03 GiB), and vram_limit is 45.000 GB "
        "(41.91 GiB). Nearest: 1792 tokens each, or batch 7 at 2048.",
    )


def test_a_model_that_is_too_large_has_no_context_at_all():
    planned = plan(LLAMA_70B, replace(M2_MAX, limit_bytes=39 * 10**9))

    assert planned.max_context_tokens == planned.max_batch == 0
    assert planned.faults[0].endswith(
        "Not even one step of 256 tokens fits: take fewer bits, or a smaller model."
    )


def test_a_model_over_two_machines_takes_half_of_each():
    planned = plan(LLAMA_70B, replace(M2_MAX, ranks=2, devices=2, batch=8, context=2048))

    assert planned.feasible
    assert planned.ranks == 2
    assert planned.rank_weight_bytes == 20_436_500_480
    assert planned.kv_bytes * 2 == 8 * 2048 * 327_680
    assert planned.roofline_tokens_per_second > 1.9 * 71.97


def test_more_ranks_than_max_gpus_are_a_fault():
    planned = plan(LLAMA_70B, replace(M2_MAX, ranks=4, devices=4, most_ranks=3))

    assert planned.faults == ("tensor_parallel 4 exceeds max_gpus = 3. Nearest: 2.",)


def test_no_limit_is_no_fault_and_no_longest_context():
    planned = plan(LLAMA_70B, replace(M2_MAX, limit_bytes=None, batch=100, context=8192))

    assert planned.feasible
    assert planned.max_context_tokens is None


def test_the_working_set_of_the_machine_is_a_warning():
    sets = {"an Apple M2 Max with 32 GB": 22_906_499_236}

    planned = plan(LLAMA_70B, replace(M2_MAX, working_sets=sets))

    assert planned.feasible
    assert planned.warnings == (
        "the peak exceeds the default working set of an Apple M2 Max with 32 GB, 22.906 GB "
        "(21.33 GiB)",
    )


def test_a_limit_beyond_the_working_set_is_a_warning():
    planned = plan(DEEPSEEK_16B, replace(M2_MAX, working_sets={"this machine": 40 * 10**9}))

    assert "vram_limit exceeds the default working set of this machine" in planned.warnings[0]


def test_a_context_beyond_the_model_is_a_warning():
    work = replace(M2_MAX, context=200_000, limit_bytes=None)

    assert plan(LLAMA_70B, work).warnings == (
        "a context of 200000 exceeds the 131072 of the model",
    )


def test_scores_are_held_on_cpu_and_not_on_metal():
    cpu = activation_bytes(LLAMA_70B, 2048, 8192, "cpu")
    metal = activation_bytes(LLAMA_70B, 2048, 8192, "metal")

    assert cpu - metal == pytest.approx(1.06 * 64 * 2048 * 8192 * 4, rel=1e-6)


def test_a_rotating_cache_keeps_its_window_and_the_chunk_that_is_put_in():
    cache = Cache(heads=8, bytes_per_token=100, fixed_bytes=0, step=256, most_tokens=1024)

    assert cache.bytes_at(100) == 256 * 100
    assert cache.bytes_at(5000) == 1024 * 100
    assert cache.bytes_at(5000, chunk=512) == (1024 + 511) * 100


def test_a_state_does_not_grow():
    state = Cache(heads=1, bytes_per_token=0, fixed_bytes=777, step=1, most_tokens=None)

    assert state.bytes_at(1) == state.bytes_at(100_000) == 777


def test_an_architecture_that_mlx_lm_cannot_cut_says_so():
    planned = plan(replace(LLAMA_70B, can_shard=False), replace(M2_MAX, ranks=2, devices=2))

    assert planned.tensor_parallel.feasible_values == (1,)
    assert planned.tensor_parallel.reason == "mlx-lm cannot cut 'llama': it has no shard()"
