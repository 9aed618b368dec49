"""What the preparation of a machine makes of Debian's words."""

import pytest

from embedded.debian import without
from embedded.toolchains import TOOLCHAINS, upstream
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    ("debian", "version"),
    [
        ("1:27.3.4.1+dfsg-1+deb13u3", "27.3.4.1"),
        ("1.18.3.dfsg-1", "1.18.3"),
        ("17.11-0+deb13u1", "17.11"),
        ("2.26.3+dfsg-1", "2.26.3"),
    ],
)
def test_the_programs_own_version_is_in_debians(debian, version):
    assert upstream(debian) == version


def test_packages_are_left_out_by_pattern():
    assert without(["libc6", "libperl5.40", "git"], ["libperl*"]) == ["libc6", "git"]


def test_every_tree_that_the_stand_in_names_is_fetched():
    text = (REPOSITORY / "nix" / "stand-in" / "packages.nix").read_text()

    for name in set(TOOLCHAINS) - {"seed"}:
        assert f'"{name}"' in text, name


def test_no_registry_is_named_in_the_repository():
    """The machine's own configuration says where packages come from."""
    for path in [*REPOSITORY.glob("embedded/*"), REPOSITORY / "Makefile"]:
        if path.is_file():
            text = path.read_text()
            assert "deb.debian" not in text
            assert "pypi.org" not in text
