"""The sizes that a worker tells, against models that mlx-lm really made, loaded and ran."""

import json
import shutil
from pathlib import Path

import pytest

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance.planning.sharding import tensor_parallel
from pytest_nixspec.performance.planning.sizings import Asked, Sizings
from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY
from tests.performance import tiny
from tests.performance.planning.held import ask

CONFIGS = Path(__file__).parent / "configs"
LLAMA_70B = str(CONFIGS / "llama-3.1-70b.json")
DEEPSEEK = str(CONFIGS / "deepseek-coder-v2-lite.json")
LENGTHS = (1, 256, 257, 700)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The tiny models, converted once."""
    place = tmp_path_factory.mktemp("models")
    ask("make", place)
    return place


@pytest.fixture(scope="session")
def held(folder):
    """What each of them holds when it is really loaded and run."""
    return ask("held", folder, *LENGTHS)


@pytest.fixture(scope="session")
def sizings(tmp_path_factory):
    substitutes = Substitutions.read(REPOSITORY).model_paths
    directory = tmp_path_factory.mktemp("sizings")
    return Sizings(directory, substitutes, REPOSITORY, print)


@pytest.fixture(scope="session")
def sized(folder, sizings, tmp_path_factory):
    """The sizes of each, told of a configuration that lies in a folder without weights."""

    def of(name):
        alone = tmp_path_factory.mktemp("alone") / "config.json"
        shutil.copy(folder / name / "config.json", alone)
        return sizings.of(Asked(str(alone))).sizes

    return {name: of(name) for name in tiny.ARCHITECTURES}


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_weights_are_told_to_the_byte_without_any(name, sized, held):
    assert sized[name].weight_bytes == held[name]["weights"]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_caches_are_what_mlx_lm_really_keeps(name, length, sized, held):
    assert sized[name].kv_bytes(length) == held[name]["caches"][str(length)]


@pytest.mark.parametrize("name", ["llama", "experts"])
def test_a_conversion_is_foretold_to_the_byte(name, folder, sizings, held):
    unquantized = str(folder / f"{name}-checkpoint")

    foretold = sizings.of(Asked(unquantized, bits=4, group_size=64)).sizes

    assert foretold.weight_bytes == held[name]["weights"]
    assert foretold.notes == ("sized as mlx_lm.convert would make it",)


def test_a_folder_with_weights_is_sized_by_them(folder, sizings, tmp_path):
    copy = Path(shutil.copytree(folder / "llama", tmp_path / "copy"))
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "torch_dtype": "bfloat16"}))

    # Scales are in the type that the weights have, whatever the configuration says.
    assert sizings.of(Asked(str(copy))).sizes.dtype == "float32"


def test_the_embedding_is_read_where_it_is_the_head_and_not_where_it_is_not(sized):
    assert sized["grouped"].embedding_bytes == 0
    # 512 tokens of 128 numbers: 4 bits each, and two 4-byte numbers for each group of 64.
    assert sized["llama"].embedding_bytes == 512 * 128 // 2 + 512 * 2 * 2 * 4


def test_experts_are_told_apart(sized):
    experts = sized["experts"].experts

    assert (experts.count, experts.per_token) == (8, 2)
    # Three matrices of 128 by 128 in each of 8 experts and 2 layers.
    assert experts.weight_bytes == 3 * 8 * 2 * (128 * 128 // 2 + 128 * 2 * 2 * 4)
    assert sized["llama"].experts is None


def test_the_70b_of_the_role_is_told_to_the_byte(sizings):
    sizes = sizings.of(Asked(LLAMA_70B, bits=4, group_size=64, ranks=5)).sizes
    parallel = tensor_parallel(sizes, 5)

    assert sizes.weight_bytes == 39_688_355_840
    assert sizes.kv_bytes_per_token == 327_680
    assert parallel.feasible_values == (1, 2, 4, 8)
    assert parallel.nearest == 4
    assert parallel.reason == (
        "64 attention heads are not divisible by 5; "
        "8192 outputs of self_attn.q_proj are not divisible by 5"
    )


def test_mlx_lm_would_cut_the_70b_into_half_heads_and_we_do_not(sizings):
    sizes = sizings.of(Asked(LLAMA_70B, bits=4, group_size=64, ranks=16)).sizes

    # mlx-lm raises nothing, and each rank would have half a key and value head.
    assert next(shard.error for shard in sizes.shards if shard.ranks == 16) is None
    assert tensor_parallel(sizes, 16).reason == "8 key and value heads are not divisible by 16"


@pytest.mark.parametrize(
    ("group_size", "weights", "feasible"),
    [(64, 8_839_977_984, (1,)), (32, 9_821_412_352, (1, 2))],
)
def test_the_16b_of_the_role_can_be_cut_at_group_32_alone(sizings, group_size, weights, feasible):
    sizes = sizings.of(Asked(DEEPSEEK, bits=4, group_size=group_size, ranks=2)).sizes
    parallel = tensor_parallel(sizes, 2)

    assert sizes.weight_bytes == weights
    assert sizes.kv_bytes_per_token == 276_480
    assert parallel.feasible_values == feasible
    assert parallel.feasible == (2 in feasible)


def test_the_groups_that_cannot_be_shared_are_named(sizings):
    parallel = tensor_parallel(sizings.of(Asked(DEEPSEEK, bits=4, group_size=64, ranks=2)).sizes, 2)

    assert parallel.reason == (
        "the 10944 inputs of mlp.down_proj are 171 groups of 64, which 2 ranks cannot share"
    )
    assert parallel.regrouped == 32


def test_our_rule_and_mlx_lm_agree_on_every_number_of_ranks(sized):
    for name, sizes in sized.items():
        for shard in sizes.shards:
            ours = tensor_parallel(sizes, shard.ranks)
            assert ours.feasible == (shard.error is None), f"{name}, {shard}, {ours}"
            assert ours.feasible or "mlx-lm says" not in ours.reason


def test_one_rank_holds_its_part_of_what_is_cut(sized):
    sizes = sized["grouped"]
    rank = sizes.of_rank(2)

    assert sizes.weight_bytes / 2 < rank.weight_bytes < sizes.weight_bytes
    assert rank.kv_bytes_per_token * 2 == sizes.kv_bytes_per_token


def test_a_rotating_cache_stops_growing(sizings, tmp_path):
    config = {
        **tiny.LLAMA,
        "layer_types": ["sliding_attention", "full_attention"],
        "sliding_window": 300,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))

    windowed, growing = sizings.of(Asked(str(tmp_path))).sizes.caches

    assert (windowed.most_tokens, growing.most_tokens) == (300, None)
    assert windowed.bytes_at(10_000) == 300 * windowed.bytes_per_token
    assert growing.bytes_at(10_000) == 10_240 * growing.bytes_per_token


FAULTS = {
    "an unknown architecture": (
        {"model_type": "lamma"},
        r"mlx-lm [\d.]+ knows no architecture 'lamma', so it cannot run it\. Near: llama",
    ),
    "an unknown multimodal one": (
        {"model_type": "seer", "vision_config": {}},
        r"knows no architecture 'seer' \(it has vision_config: a multimodal model\)",
    ),
    "code of its own": (
        {**tiny.LLAMA, "model_file": "mine.py"},
        r"brings code of its own \('mine.py'\), which is not run",
    ),
    "a missing key": (
        {"model_type": "llama"},
        r"cannot build a 'llama' from this configuration: TypeError: .*hidden_size",
    ),
    "no model type": ({}, r"names no model_type"),
    "another's quantization": (
        {**tiny.LLAMA, "quantization_config": {"quant_method": "gptq"}},
        r"quantized by 'gptq', .*Give a folder with the weights, or --bits",
    ),
    "bits that MLX has not": (
        {**tiny.LLAMA, "quantization": {"bits": 7, "group_size": 64}},
        r"cannot build a 'llama'.*number of bits 7 is not supported",
    ),
}


@pytest.mark.parametrize(("config", "said"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_sized_is_one_sentence(config, said, sizings, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))

    with pytest.raises(ModelError, match=said) as error:
        sizings.of(Asked(str(tmp_path)))

    assert "Traceback" not in str(error.value)


def test_a_broken_configuration_is_named(sizings, tmp_path):
    (tmp_path / "config.json").write_text("{")

    with pytest.raises(ModelError, match=r"config\.json cannot be read as JSON: Expecting"):
        sizings.of(Asked(str(tmp_path)))


def test_a_name_that_cannot_be_fetched_says_what_to_give(sizings, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(ModelError, match=r"not on this machine, .*Give --model CONFIG\.json"):
        sizings.of(Asked("nobody/has-this-model"))
