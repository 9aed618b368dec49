"""Every lint rule and every type, as `make lint` has them."""

import os
import sys
from pathlib import Path

import pytest

from pytest_nixspec import process
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    "argv",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=" ".join,
)
def test_the_house_is_tidy(argv):
    program, *arguments = argv

    done = process.run(
        [Path(sys.executable).with_name(program), *arguments],
        env=dict(os.environ),
        cwd=REPOSITORY,
        deadline=process.after(300),
    )

    assert done.ok, done.text or done.error_text
