"""More work never takes less, and the longest context that is named is the longest that fits."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pytest_nixspec.performance.planning.peak import STEP_TOKENS, Workload, peak_bytes
from pytest_nixspec.performance.planning.planner import (
    bytes_per_decode_step,
    max_batch,
    max_context_tokens,
)
from pytest_nixspec.performance.planning.sharding import candidates, tensor_parallel
from pytest_nixspec.performance.planning.sizes import Cache, Experts, Linear, Sizes
from tests.performance.planning.planned import LLAMA_70B

caches = st.builds(
    Cache,
    heads=st.integers(1, 16),
    bytes_per_token=st.integers(0, 20_000),
    fixed_bytes=st.integers(0, 100_000),
    step=st.just(256),
    most_tokens=st.none() | st.integers(16, 8192),
)
models = st.builds(
    lambda kept, experts, most, context: replace(
        LLAMA_70B,
        caches=tuple(kept),
        experts=Experts(10**9, *experts) if experts else None,
        weight_bytes=10**9 + most,
        most_context=context,
    ),
    st.lists(caches, min_size=1, max_size=6),
    st.none() | st.sampled_from([(8, 2), (64, 6), (4, 4)]),
    st.integers(10**9, 10**11),
    st.none() | st.integers(1, 200_000),
)
workloads = st.builds(
    Workload,
    batch=st.integers(1, 64),
    context=st.integers(1, 100_000),
    prompt=st.none() | st.integers(1, 20_000),
    prefill=st.sampled_from([256, 2048, 5000]),
    limit_bytes=st.integers(1, 10**12),
    backend=st.sampled_from(["cpu", "metal"]),
)


@given(models, workloads, st.integers(0, 50_000))
def test_a_longer_context_never_takes_less(sizes, work, more):
    longer = replace(work, context=work.context + more)

    assert peak_bytes(sizes, longer) >= peak_bytes(sizes, work)


@given(models, workloads, st.integers(0, 50_000))
def test_a_longer_prompt_never_takes_less(sizes, work, more):
    work = replace(work, prompt=work.context)
    longer = replace(work, prompt=work.context + more, context=work.context + more)

    assert peak_bytes(sizes, longer) >= peak_bytes(sizes, work)


@given(models, workloads, st.integers(0, 64))
def test_a_larger_batch_never_takes_less(sizes, work, more):
    larger = replace(work, batch=work.batch + more)

    assert peak_bytes(sizes, larger) >= peak_bytes(sizes, work)


@given(models, workloads)
def test_attention_on_cpu_never_takes_less_than_on_metal(sizes, work):
    on_cpu, on_metal = replace(work, backend="cpu"), replace(work, backend="metal")

    assert peak_bytes(sizes, on_cpu) >= peak_bytes(sizes, on_metal)


@given(models, workloads)
def test_the_longest_context_fits_and_one_step_more_does_not(sizes, work):
    longest = max_context_tokens(sizes, work)
    most = sizes.most_context or 1 << 24

    assert 0 <= longest <= most
    assert not longest or peak_bytes(sizes, replace(work, context=longest)) <= work.limit_bytes
    if longest < most:
        more = replace(work, context=min(longest + STEP_TOKENS, most))
        assert peak_bytes(sizes, more) > work.limit_bytes


@given(models, workloads)
def test_the_largest_batch_fits_and_one_more_does_not(sizes, work):
    largest = max_batch(sizes, work)

    assert not largest or peak_bytes(sizes, replace(work, batch=largest)) <= work.limit_bytes
    if largest < 1 << 12:
        assert peak_bytes(sizes, replace(work, batch=largest + 1)) > work.limit_bytes


@given(models, st.integers(1, 64), st.integers(0, 64), st.integers(0, 100_000))
def test_a_sequence_more_is_read_and_never_costs_more_than_the_first(sizes, batch, more, context):
    one = bytes_per_decode_step(sizes, 1, context)
    some = bytes_per_decode_step(sizes, batch, context)
    larger = bytes_per_decode_step(sizes, batch + more, context)

    assert some <= larger
    # Half a byte of rounding for each.
    assert some <= batch * one + batch


@given(st.integers(1, 128), st.integers(1, 128), st.integers(1, 256))
def test_what_is_feasible_shares_all_heads(heads, kv_heads, requested):
    sizes: Sizes = replace(LLAMA_70B, heads=heads, kv_heads=kv_heads, linears=(), shards=())

    parallel = tensor_parallel(sizes, requested)

    assert parallel.feasible_values[0] == 1
    assert all(heads % n == 0 and kv_heads % n == 0 for n in parallel.feasible_values)
    assert parallel.feasible == (requested in parallel.feasible_values)
    assert requested in candidates(heads, kv_heads, requested, is_latent=False)


@given(st.integers(1, 1024), st.sampled_from([1, 32, 64, 128]), st.integers(1, 64))
def test_inputs_are_cut_between_groups_and_nowhere_else(groups, group_size, ranks):
    linear = Linear("down_proj", groups * group_size, is_row_parallel=True, group_size=group_size)
    sizes = replace(LLAMA_70B, heads=ranks, kv_heads=ranks, linears=(linear,), shards=())

    assert tensor_parallel(sizes, ranks).feasible == (groups % ranks == 0)
