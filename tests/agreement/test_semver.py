"""npm's ranges, as npm's own semver reads them, in a real Node."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_nixspec import Requirement
from pytest_nixspec.agreement.semver import as_requirement
from pytest_nixspec.errors import InvalidTextError
from tests.versions.cases import CASES

SERVER = """
const semver = require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [version, range] = JSON.parse(line);
  console.log(JSON.stringify(semver.satisfies(version, range)));
});
"""


@pytest.fixture(scope="module")
def node(own_shell):
    program = own_shell.tool("node").real_path
    semver = next(Path(program).parents[1].glob("**/npm/node_modules/semver"))
    child = subprocess.Popen(
        [program, "-e", SERVER, semver],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    with child:
        yield child
        child.communicate()


numbers = st.integers(0, 3).map(str)
partial = st.lists(numbers, min_size=1, max_size=3).map(".".join)
wild = (
    st.tuples(partial, st.sampled_from(["", ".x", ".*"]))
    .map("".join)
    .filter(lambda text: text.count(".") < 3)
)
comparators = st.tuples(
    st.sampled_from(["", "=", ">", ">=", "<", "<=", "^", "~", ">= ", "~> "]), partial
).map("".join)
simple = st.lists(comparators, min_size=1, max_size=2).map(" ".join) | wild
hyphen = st.tuples(partial, partial).map(" - ".join)
ranges = st.lists(simple | hyphen, min_size=1, max_size=2).map(" || ".join)
releases = st.lists(numbers, min_size=3, max_size=3).map(".".join)


@settings(max_examples=CASES, deadline=None)
@given(ranges, releases, st.sampled_from(["elixir", "otp"]))
def test_npms_own_semver_agrees(node, text, version, dialect):
    node.stdin.write(json.dumps([version, text]) + "\n")
    theirs = json.loads(node.stdout.readline())

    assert (version in Requirement.parse(as_requirement(text, dialect), dialect)) is theirs


@pytest.mark.parametrize("text", ["latest", "", "nightly", "1.2.3.4", "main", ">= x.y"])
def test_what_is_no_range_is_an_error(text):
    with pytest.raises(InvalidTextError, match="is no range of versions"):
        as_requirement(text, "elixir")
