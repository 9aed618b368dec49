"""The embedded model's names, from GGUF to mlx-lm."""

import subprocess
import sys

from tests.conftest import REPOSITORY

RENAMED = """
from embedded.smollm2 import renamed
assert renamed("blk.3.attn_q.scales") == "model.layers.3.self_attn.q_proj.scales"
assert renamed("token_embd.weight") == "model.embed_tokens.weight"
assert renamed("output_norm.weight") == "model.norm.weight"
"""


def test_tensors_get_the_names_of_mlx_lm():
    """In a process of its own, since the module loads MLX."""
    subprocess.run([sys.executable, "-c", RENAMED], check=True, cwd=REPOSITORY)
