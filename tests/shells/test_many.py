"""A flake with a thousand shells is listed at once, and only what is needed is built."""

import pytest

from tests.conftest import GALLERY, pool_over

COUNT = 1000


@pytest.fixture
def flake(tmp_path):
    directory = tmp_path.resolve() / "many"
    directory.mkdir()
    (directory / "stdenv").symlink_to(GALLERY / "stdenv")
    text = (GALLERY / "flake.nix").read_text()
    many = f"""
    {{ devShells = each (system: (for system) // builtins.listToAttrs (builtins.genList
         (n: {{ name = "many-${{toString n}}"; value = (for system).default; }}) {COUNT})); }}"""
    (directory / "flake.nix").write_text(text.replace("{ devShells = each for; }", many))
    (directory / "stdenv").unlink()
    (directory / "stdenv").mkdir()
    (directory / "stdenv" / "setup").write_text((GALLERY / "stdenv" / "setup").read_text())
    return directory


def test_a_thousand_shells_are_listed_by_one_evaluation(nix, flake, tmp_path, monkeypatch):
    calls = []
    run = type(nix).run

    def counted(self, *arguments: str, **options):
        calls.append(arguments[0])
        return run(self, *arguments, **options)

    monkeypatch.setattr(type(nix), "run", counted)
    pool = pool_over(nix, flake, tmp_path.resolve() / "run")

    names = pool.names()
    pool.shell("many-7")
    pool.names()

    assert len([name for name in names if name.startswith("many-")]) == COUNT
    assert calls == ["eval", "develop"]
