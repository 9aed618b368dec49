"""A shell is as it was recorded, or a readable list says what changed."""

import json

SPEC = "[shell.default]\nsnapshot = true\n"


def snapshot(pytester):
    (path,) = pytester.path.glob("snapshots/*/default.json")
    return path


def test_a_snapshot_is_recorded_and_then_holds(project, pytester):
    project(SPEC)

    missing = pytester.runpytest("--nixspec")
    recording = pytester.runpytest("--nixspec-record")
    again = pytester.runpytest("--nixspec")

    missing.stdout.fnmatch_lines(["*is as recorded  UNKNOWN  there is no snapshot *"])
    assert missing.ret == 1
    recording.stdout.fnmatch_lines(["recorded: snapshots/*/default.json"])
    again.assert_outcomes(passed=2)
    assert str(pytester.path) not in snapshot(pytester).read_text()


def test_what_changed_is_listed(project, pytester):
    project(SPEC)
    pytester.runpytest("--nixspec-record")
    flake = pytester.path / "flake.nix"
    flake.write_text(
        flake.read_text()
        .replace('"99.1"', '"100.0"')
        .replace('"export FROM_HOOK=yes"', '"export NEW=1"')
        .replace('echo "${name} version', 'echo more than before >&2; echo "${name} version')
    )

    result = pytester.runpytest("--nixspec")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "* changes since it was recorded",
            "  git 99.1 (fake-git-99.1) → 100.0 (fake-git-100.0)",
            "  - $FROM_HOOK (was yes)",
            "  + $NEW 1",
            "  PATH - <store>/fake-git-99.1/bin",
            "  PATH + <store>/fake-git-100.0/bin",
            "  hook added - FROM_HOOK",
            "  hook added + NEW",
            "  closure +0.0 MB",
            "→ If it is meant so, record it: pytest --nixspec-record",
        ]
    )


def test_a_run_that_fails_records_no_snapshot(project, pytester):
    project(SPEC + '[shell.default.tools]\ngit = ">= 200"\n')

    result = pytester.runpytest("--nixspec-record")

    result.stdout.fnmatch_lines(["recorded: nothing, since the run failed"])
    assert not list(pytester.path.glob("snapshots/*/*"))


def test_a_snapshot_that_cannot_be_read_is_unknown(project, pytester):
    project(SPEC)
    pytester.runpytest("--nixspec-record")
    path = snapshot(pytester)
    for text in ("{", "[]", json.dumps({"schema": 99})):
        path.write_text(text)

        result = pytester.runpytest("--nixspec")

        assert result.ret == 1
        result.stdout.fnmatch_lines(["*is as recorded  UNKNOWN *"])


def test_values_below_our_own_directories_and_repeated_output_are_compared(project, pytester):
    project(SPEC)
    flake = pytester.path / "flake.nix"
    hook = '"export HEXH=$HOME/.hex; echo hi"'
    flake.write_text(flake.read_text().replace('"export FROM_HOOK=yes"', hook))
    pytester.runpytest("--nixspec-record")
    assert '"HEXH": "<temporary>/home/.hex"' in snapshot(pytester).read_text()
    pytester.runpytest("--nixspec").assert_outcomes(passed=2)
    changed = '"export HEXH=$HOME/.other; echo hi; echo hi"'
    flake.write_text(flake.read_text().replace(hook, changed))

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(
        ["  $HEXH <temporary>/home/.hex → <temporary>/home/.other",
         "  hook stdout has another order or number: hi, hi"]
    )  # fmt: skip


def test_a_tool_whose_version_is_unknown_keeps_the_snapshot_from_being_recorded(project, pytester):
    project(SPEC)
    flake = pytester.path / "flake.nix"
    flake.write_text(flake.read_text().replace("${name} version ${version}", "no number at all"))

    result = pytester.runpytest("--nixspec-record")

    assert result.ret == 1
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stdout.fnmatch_lines(
        ["*is as recorded  UNKNOWN  `git --version` printed no version*",
         "recorded: nothing, since the run failed"]
    )  # fmt: skip


def test_what_can_no_longer_be_told_is_a_difference(project, pytester):
    project(SPEC)
    pytester.runpytest("--nixspec-record")
    read = json.loads(snapshot(pytester).read_text())
    del read["hook"]["written"]
    snapshot(pytester).write_text(json.dumps(read))

    result = pytester.runpytest("--nixspec")

    result.stdout.fnmatch_lines(["  hook written can be told now"])
