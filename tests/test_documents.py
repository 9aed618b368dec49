"""What the documents show can be copied."""

import re
import shlex

import pytest

from pytest_nixspec.cli import main
from pytest_nixspec.spec import load
from tests.conftest import REPOSITORY

DOCUMENTS = ["README.md", "docs/specification.md", "docs/shells.md", "docs/profiles.md"]
PAGES = [*DOCUMENTS, "docs/versions.md"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_specification_in_a_document_is_valid(name, tmp_path):
    blocks = re.findall(r"```toml\n(.*?)```", (REPOSITORY / name).read_text(), re.DOTALL)

    for block in blocks:
        path = tmp_path / "nixspec.toml"
        path.write_text(block)
        assert load(path).model.shell
    assert blocks


@pytest.mark.parametrize("name", PAGES)
def test_every_link_to_a_file_leads_somewhere(name):
    text = (REPOSITORY / name).read_text()

    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (REPOSITORY / name).parent.joinpath(target).exists(), target


def test_what_the_page_on_versions_shows_is_what_is_said(capsys):
    text = (REPOSITORY / "docs/versions.md").read_text()
    shown = re.findall(r"^\$ nixspec ((?:match|compare-versions) .*)\n(.*)$", text, re.MULTILINE)

    for command, said in shown:
        main(shlex.split(command))
        captured = capsys.readouterr()
        assert (captured.out or captured.err).strip() == said
    assert len(shown) == 3
