"""What the tiny models really hold, once mlx-lm has converted, loaded and run them; loads MLX.

Tests run it in a process of its own, `python -m tests.performance.planning.held` with
`make FOLDER`, `held FOLDER TOKENS ...` or `peak MODEL BATCHxPROMPTxGENERATION ...`.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.performance import tiny


def make(folder: Path) -> None:
    """Make every architecture, and one large enough to be measured."""
    for name, config in {**tiny.ARCHITECTURES, "five": tiny.FIVE_MILLION}.items():
        tiny.convert(config, folder / name, bits=4, group_size=64)


def held(folder: Path, lengths: Sequence[int]) -> dict[str, Any]:
    """Return what a really loaded model holds: bytes of weights, and of caches by tokens."""
    import mlx.core as mx  # noqa: PLC0415 - as above
    from mlx.utils import tree_flatten  # noqa: PLC0415 - as above
    from mlx_lm import load  # noqa: PLC0415 - as above
    from mlx_lm.models.cache import make_prompt_cache  # noqa: PLC0415 - as above

    model = load(str(folder))[0]
    caches = {}
    for length in lengths:
        cache = make_prompt_cache(model)
        mx.eval(model(mx.zeros((1, length), mx.int32), cache=cache))
        caches[length] = sum(one.nbytes for one in cache)
    return {"weights": sum(w.nbytes for _, w in tree_flatten(model.parameters())), "caches": caches}


def peak(folder: Path, batch: int, prompt: int, generation: int) -> int:
    """Return the most bytes that MLX held while this was generated."""
    import mlx.core as mx  # noqa: PLC0415 - as above
    from mlx_lm import load  # noqa: PLC0415 - as above
    from mlx_lm.generate import batch_generate, stream_generate  # noqa: PLC0415 - as above

    model, tokenizer = load(str(folder))
    tokenizer.eos_token_ids = set()
    tokens = [number % 200 + 5 for number in range(prompt)]
    mx.clear_cache()
    mx.reset_peak_memory()
    if batch == 1:
        for _ in stream_generate(model, tokenizer, tokens, max_tokens=generation):
            pass
    else:
        batch_generate(model, tokenizer, [tokens] * batch, max_tokens=generation)
    return int(mx.get_peak_memory())


def ask(*arguments: object) -> Any:
    """Run this module in a process of its own, and return the last line that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.performance.planning.held", *map(str, arguments)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    task, place, *rest = sys.argv[1:]
    if task == "make":
        make(Path(place))
        answer: Any = None
    elif task == "held":
        folders = [folder for folder in Path(place).iterdir() if folder.name in tiny.ARCHITECTURES]
        answer = {folder.name: held(folder, [int(r) for r in rest]) for folder in folders}
    else:
        answer = [peak(Path(place), *map(int, one.split("x"))) for one in rest]
    print(json.dumps(answer))  # noqa: T201 - it is the answer
