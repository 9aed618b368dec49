"""`nixspec cache`: what is kept between runs."""

import argparse
import json
import os
import time

from pytest_nixspec.cli.running import Commands, add_json
from pytest_nixspec.shells.kept import Kept

DAY = 24 * 60 * 60


def add(commands: Commands) -> None:
    """Add the command."""
    cache = commands.add_parser("cache", help="show what is kept between runs, or forget it")
    cache.add_argument("--clear", action="store_true", help="forget it; Nix may collect it then")
    add_json(cache)
    cache.set_defaults(command=_cache)


def _cache(options: argparse.Namespace) -> int:
    kept = Kept.here(os.environ)
    entries = list(kept.entries())
    if options.clear:
        # Refuses beside a run, and says so.
        kept.clear()
    if options.json:
        keys = ("flake", "content", "used", "shells")
        listed = [dict(zip(keys, entry, strict=True)) for entry in entries]
        shown = {"directory": str(kept.directory), "entries": listed, "cleared": options.clear}
        print(json.dumps(shown, indent=2))
        return 0
    print(f"{kept.directory}: {len(entries)} flake contents{' forgotten' * options.clear}")
    for flake, key, used, shells in entries:
        days = (time.time() - used) / DAY
        names = ", ".join(shells) or "none"
        print(f"  {flake} {key[:12]} used {days:.1f} days ago: {names}")
    return 0
