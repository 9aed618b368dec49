"""The one doorway to Nix: finding it, the flags that keep us harmless, one function per verb."""

from pytest_nixspec.nix.binary import MINIMUM_VERSION, Nix, locate, start_locating
from pytest_nixspec.nix.flake import Flake, Override
from pytest_nixspec.nix.verbs import closure_bytes, drv_path, flake_directory, shell_names

__all__ = [
    "MINIMUM_VERSION",
    "Flake",
    "Nix",
    "Override",
    "closure_bytes",
    "drv_path",
    "flake_directory",
    "locate",
    "shell_names",
    "start_locating",
]
