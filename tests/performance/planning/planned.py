"""Sizes of models as mlx-lm 0.32.2 tells them, for tests of what is planned from them."""

from pytest_nixspec.performance.planning.sizes import Cache, Experts, Linear, Shard, Sizes

LLAMA_70B = Sizes(
    model_type="llama",
    dtype="bfloat16",
    dtype_bytes=2,
    quantization="4 bits, group 64, affine",
    weight_bytes=39_688_355_840,
    embedding_bytes=591_003_648,
    experts=None,
    caches=(Cache(8, 4096, 0, 256, None),) * 80,
    layers=80,
    heads=64,
    kv_heads=8,
    is_latent=False,
    hidden=8192,
    attention=8192,
    intermediate=28672,
    vocabulary=128_256,
    most_context=131_072,
    can_shard=True,
    linears=(
        Linear("self_attn.q_proj", 8192, is_row_parallel=False, group_size=64),
        Linear("mlp.down_proj", 28672, is_row_parallel=True, group_size=64),
    ),
    shards=(
        Shard(2, 20_436_500_480, None),
        Shard(4, 10_810_572_800, None),
        Shard(8, 5_997_608_960, None),
    ),
    notes=(),
)

DEEPSEEK_16B = Sizes(
    model_type="deepseek_v2",
    dtype="bfloat16",
    dtype_bytes=2,
    quantization="4 bits, group 64, affine",
    weight_bytes=8_839_977_984,
    embedding_bytes=117_964_800,
    experts=Experts(8_097_103_872, count=64, per_token=6),
    caches=(Cache(16, 10_240, 0, 256, None),) * 27,
    layers=27,
    heads=16,
    kv_heads=16,
    is_latent=True,
    hidden=2048,
    attention=2560,
    intermediate=11_264,
    vocabulary=102_400,
    most_context=163_840,
    can_shard=True,
    linears=(Linear("mlp.down_proj", 10_944, is_row_parallel=True, group_size=64),),
    shards=(),
    notes=(),
)
