"""Nix is found where it is, and said to be missing or too old where it is."""

import json
from pathlib import Path

import pytest

from pytest_nixspec.errors import NixCommandError, NixNotFoundError, NixTooOldError
from pytest_nixspec.nix import Nix, locate, start_locating
from pytest_nixspec.nix.binary import USUAL_PLACES, last_lines

FAKE = """#!/bin/sh
case "$1 {version}" in
  eval*2.3.16 | eval*1.11) echo 'error: unrecognised flag' >&2; exit 1 ;;
  eval*) echo '["{version}", "x86_64-linux", "/nix/store"]' ;;
  *) echo 'nix (Nix) {version}' ;;
esac
"""


def fake_nix(directory: Path, version: str) -> Path:
    """Write a program that answers as a Nix of that version does; the oldest do not know eval."""
    path = directory / "nix"
    path.write_text(FAKE.format(version=version))
    path.chmod(0o755)
    return path


def test_the_nix_on_the_path_is_found(tmp_path):
    program = fake_nix(tmp_path, "2.24.10")

    found = locate({"PATH": str(tmp_path)})

    assert (found.path, found.version) == (program, "2.24.10")


def test_the_variable_wins_over_the_path(tmp_path):
    (tmp_path / "named").mkdir()
    fake_nix(tmp_path, "2.24.10")
    named = fake_nix(tmp_path / "named", "2.91.0")

    found = locate({"PATH": str(tmp_path), "NIXSPEC_NIX": str(named)})

    assert found.version == "2.91.0"


@pytest.mark.skipif(
    any(Path(place).expanduser().exists() for place in USUAL_PLACES),
    reason="this machine has a Nix where installers put it",
)
def test_no_nix_is_said_with_the_remedy(tmp_path):
    with pytest.raises(NixNotFoundError) as error:
        locate({"PATH": str(tmp_path)})

    assert "no Nix was found: not on PATH" in str(error.value)
    assert "https://nixos.org/download" in str(error.value)


def test_a_named_nix_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(NixNotFoundError, match="is named as the Nix to use, and is no program"):
        locate({"NIXSPEC_NIX": str(tmp_path / "nix"), "PATH": ""})


@pytest.mark.parametrize("version", ["2.3.16", "2.7.0", "1.11"])
def test_a_nix_older_than_2_8_is_too_old(tmp_path, version):
    fake_nix(tmp_path, version)

    with pytest.raises(NixTooOldError) as error:
        locate({"PATH": str(tmp_path)})

    assert f"Nix {version} at {tmp_path}/nix is too old" in str(error.value)
    assert "needs 2.8 or newer" in str(error.value)


def test_a_program_that_is_no_nix_is_said_to_be_none(tmp_path):
    program = tmp_path / "nix"
    program.write_text("#!/bin/sh\necho hello\nexit 1\n")
    program.chmod(0o755)

    with pytest.raises(NixNotFoundError, match="says 'hello', which is no version"):
        locate({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is named as the Nix to use, and is no program"),
        ("true", "cannot be started as a program, or its interpreter: Exec format error"),
        ("#!/no/such/sh", "cannot be started as a program, or its interpreter: No such file"),
        ("#!/bin/sh", "is no Nix: asked for its version, it says ''"),
        ("#!/bin/sh\necho '[1, 2]'", r"is no Nix: asked for its version, it says '\[1, 2\]'"),
    ],
)
def test_what_is_called_nix_and_is_none_is_one_sentence(tmp_path, text, said):
    program = tmp_path / "nix"
    if text is None:
        program.mkdir()
    else:
        program.write_text(text)
        program.chmod(0o755)

    with pytest.raises(NixNotFoundError, match=said):
        start_locating({"NIXSPEC_NIX": str(program)})()


def test_a_nix_that_hangs_is_said_not_to_answer(tmp_path, monkeypatch):
    monkeypatch.setattr("pytest_nixspec.nix.binary.QUESTION_SECONDS", 0.3)
    program = tmp_path / "nix"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)

    with pytest.raises(NixCommandError, match=r"nix did not answer within 0\.3 s"):
        locate({"PATH": f"{tmp_path}:/usr/bin:/bin"})


def test_every_nix_answers(every_nix):
    assert tuple(int(part) for part in every_nix.version.split(".")[:2]) >= (2, 8)


def test_last_lines_are_without_colour_and_without_what_is_ignored():
    said = "one\n\n\x1b[31;1merror:\x1b[0m two\nerror (ignored): three\n"

    assert last_lines(said, 2) == ["one", "error: two"]


def fake_nix_that_says(directory, message):
    program = directory / "nix"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = eval ] && echo "error: {message}" >&2 && exit 1\n'
        "echo 'nix (Nix) 2.26.3'\n"
    )
    program.chmod(0o755)


def test_a_nix_that_cannot_evaluate_says_why_itself(tmp_path):
    fake_nix_that_says(tmp_path, "it is Sunday")

    with pytest.raises(NixCommandError, match=r"cannot evaluate anything\.\n.*it is Sunday$"):
        locate({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    "message",
    [
        "opening lock file '/nix/var/nix/db/big-lock': Permission denied",
        "could not set permissions on '/nix/var/nix/profiles/per-user' to 755: "
        "Operation not permitted",
    ],
    ids=["2.26 and later", "2.8"],
)
def test_a_store_of_another_user_is_told_with_what_to_do(message, tmp_path):
    fake_nix_that_says(tmp_path, message)

    with pytest.raises(NixCommandError, match="cannot evaluate anything: the store belongs to an"):
        locate({"PATH": str(tmp_path)})


def test_a_worker_reads_what_its_controller_has_found(every_nix):
    told = json.loads(json.dumps(every_nix.to_json()))

    assert Nix.from_json(told, every_nix.environment) == every_nix


def test_a_nix_that_does_not_answer_is_said_when_its_answer_is_needed(tmp_path):
    fake_nix_that_says(tmp_path, "error: unable to open the moon")
    found = start_locating({"PATH": str(tmp_path)})

    with pytest.raises(NixCommandError, match="unable to open the moon"):
        found()
