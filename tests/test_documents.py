"""What the documents show can be copied."""

import re

import pytest

from pytest_nixspec.spec import load
from tests.conftest import REPOSITORY

DOCUMENTS = ["README.md", "docs/specification.md"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_specification_in_a_document_is_valid(name, tmp_path):
    blocks = re.findall(r"```toml\n(.*?)```", (REPOSITORY / name).read_text(), re.DOTALL)

    for block in blocks:
        path = tmp_path / "nixspec.toml"
        path.write_text(block)
        assert load(path).model.shell
    assert blocks


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_leads_somewhere(name):
    text = (REPOSITORY / name).read_text()

    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (REPOSITORY / name).parent.joinpath(target).exists(), target
