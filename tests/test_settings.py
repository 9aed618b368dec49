"""What stands in for an input is told by the command line as a person in a directory means it."""

import pytest

from pytest_nixspec.settings import override_from


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("path:./other", "path:{}/other"),
        ("path:./other?dir=a", "path:{}/other?dir=a"),
        ("./other", "{}/other"),
        ("path:/other", "path:/other"),
        ("/other", "/other"),
        ("github:NixOS/nixpkgs/nixos-25.11", "github:NixOS/nixpkgs/nixos-25.11"),
        ("git+file:./other", "git+file:./other"),
        ("nixpkgs", "nixpkgs"),
    ],
)
def test_a_path_begins_where_the_command_is_given(tmp_path, monkeypatch, given, meant):
    monkeypatch.chdir(tmp_path)

    override = override_from(f"nixpkgs={given}")

    assert override.reference == meant.format(tmp_path)
    assert override.what == f"{given} (from the command line)"
