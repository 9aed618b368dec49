"""A tool is the shell's only where the shell brings it; the host never stands in silently."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_nixspec.errors import CommandNotStartedError, ProbeError, ToolNotFoundError
from pytest_nixspec.shells import Origin, Probe
from pytest_nixspec.shells.tools import SearchPath, entries_of
from tests.conftest import pool_over


def program(directory: Path, name: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text("#!/bin/sh\necho 1.0\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def search_path(tmp_path: Path) -> SearchPath:
    return SearchPath(
        entries=(tmp_path / "store/abc-erlang-27.3/bin", tmp_path / "usr/bin"),
        store=tmp_path / "store",
        project=tmp_path / "project",
        parents=(tmp_path / "usr/local/bin",),
    )


def test_a_tool_of_the_store_comes_from_the_shell(search_path, tmp_path):
    program(tmp_path / "store/abc-erlang-27.3/bin", "erl")

    tool = search_path.find("erl")

    assert tool is not None
    assert tool.comes_from_shell
    assert tool.package == "erlang-27.3"
    assert tool.store_path == tmp_path / "store/abc-erlang-27.3"


def test_the_shell_wins_over_a_host_that_is_first_on_the_path(search_path, tmp_path):
    host = program(tmp_path / "usr/local/bin", "erl")
    own = program(tmp_path / "store/abc-erlang-27.3/bin", "erl")

    tool = search_path.find("erl")

    assert tool is not None
    assert tool.race == (own, host)


def test_a_tool_that_only_the_host_has_is_the_hosts(search_path, tmp_path):
    path = program(tmp_path / "usr/local/bin", "psql")

    tool = search_path.find("psql")

    assert tool is not None
    assert tool.origin is Origin.HOST
    first, *_, last = tool.explain().splitlines()
    assert first == f"psql comes from the host: {path}"
    assert last == f"    {path.parent}  wins"


def test_a_store_path_that_the_host_links_to_is_the_hosts(search_path, tmp_path):
    """On NixOS the host's own programs are in the store as well."""
    target = program(tmp_path / "store/def-git-2.47/bin", "git")
    (tmp_path / "usr/local/bin").mkdir(parents=True)
    (tmp_path / "usr/local/bin/git").symlink_to(target)

    tool = search_path.find("git")

    assert tool is not None
    assert tool.origin is Origin.HOST


def test_a_link_of_the_shell_that_leaves_the_store_is_the_hosts(search_path, tmp_path):
    outside = program(tmp_path / "opt", "git")
    (tmp_path / "store/abc-erlang-27.3/bin").mkdir(parents=True)
    (tmp_path / "store/abc-erlang-27.3/bin/git").symlink_to(outside)

    tool = search_path.find("git")

    assert tool is not None
    assert tool.origin is Origin.HOST
    assert f"really {outside}" in tool.explain()


def test_a_host_that_a_hook_puts_first_wins(search_path, tmp_path):
    program(tmp_path / "store/abc-erlang-27.3/bin", "git")
    host = program(tmp_path / "usr/bin", "git")
    hooked = replace(search_path, entries=search_path.entries[::-1])

    tool = hooked.find("git")

    assert tool is not None
    assert (tool.origin, tool.path) == (Origin.HOST, host)


def test_relative_entries_of_a_path_are_left_out():
    assert entries_of(":/a:.:b:/c") == (Path("/a"), Path("/c"))


def test_a_tool_that_nobody_has_is_an_error_with_the_path(pool):
    with pytest.raises(ToolNotFoundError) as error:
        pool.shell("default").tool("no-such-tool")

    assert "'no-such-tool' is neither in the shell 'default' nor on the host" in str(error.value)
    assert "fake-greet-1.2.3/bin" in str(error.value)


def test_a_command_of_the_host_is_not_run_in_the_shell(pool):
    with pytest.raises(
        ToolNotFoundError, match=r"has no program 'sleep'; the host's .* is not used"
    ):
        pool.shell("silent").run(["sleep", "0"])


def test_a_command_runs_in_the_environment_of_the_shell(pool):
    done = pool.shell("default").run(["/bin/sh", "-c", "echo $FROM_HOOK $MORE"], env={"MORE": "1"})

    assert (done.text, done.returncode) == ("yes 1", 0)


def test_a_command_past_its_deadline_is_ended(pool):
    done = pool.shell("default").run(["/bin/sh", "-c", "/bin/sleep 1000"], timeout=0.3)

    assert done.timed_out
    assert not done.ok


@pytest.mark.parametrize(
    ("argv", "said"), [(["/usr"], "Permission denied"), (["/bin/sh", "a\0b"], "null byte")]
)
def test_what_cannot_be_started_is_said(pool, argv, said):
    with pytest.raises(CommandNotStartedError, match=rf"{argv[0]} cannot be started: .*{said}"):
        pool.shell("default").run(argv)


def test_a_pattern_whose_group_matched_nothing_is_no_version(pool):
    pool = replace(pool, probes={"greet": Probe((), r"greet( never)?", "otp")})

    with pytest.raises(ProbeError, match="printed no version"):
        _ = pool.shell("default").tool("greet").version


def test_a_probe_of_ones_own_tells_a_version(pool):
    probe = Probe(("--version",), r"greet version (\S+)", "otp")
    pool = replace(pool, probes={"greet": probe})

    assert pool.shell("default").tool("greet").version == "1.2.3"


def test_a_probe_may_run_a_program_of_another_name(pool):
    probe = Probe((), r"greet version (\S+)", "otp", program="greet")
    pool = replace(pool, probes={"greeter": probe})

    assert pool.shell("default").tool("greeter").version == "1.2.3"


def test_a_tool_without_a_probe_has_no_version(pool):
    with pytest.raises(ProbeError, match=r"no probe tells the version of 'greet'.*\[probe.greet\]"):
        _ = pool.shell("default").tool("greet").version


def test_a_tool_that_prints_no_version_is_said_to(pool):
    probe = Probe((), r"release (\S+)", "otp")
    pool = replace(pool, probes={"greet": probe})

    with pytest.raises(ProbeError, match="printed no version"):
        _ = pool.shell("default").tool("greet").version


def test_the_whole_race_is_explained_with_derivation_and_input(own_shell):
    said = own_shell.tool("elixir").explain()

    assert re.search(r"built by /nix/store/\w+-elixir-1\.\S+\.drv$", said, re.MULTILINE)
    assert re.search(r"of the input nixpkgs \S+", said)
    assert re.search(r"-elixir-1\.[\d.]+/bin  wins$", said, re.MULTILINE)


def test_the_flake_itself_is_where_its_own_packages_come_from(every_nix, gallery, tmp_path):
    tool = pool_over(every_nix, gallery, tmp_path.resolve()).shell("default").tool("greet")

    assert tool.provenance.source == "the flake itself"
    assert tool.provenance.derivation.endswith("-fake-greet-1.2.3.drv")


def test_a_tool_of_the_host_is_of_no_input(own_shell):
    host = own_shell.tool("python3")

    assert host.provenance is None


def test_a_file_of_the_project_is_brought_by_nobody_who_can_be_told(search_path, tmp_path):
    path = program(tmp_path / "project/tools", "erl")

    entries = (tmp_path / "project/tools", *search_path.entries)

    tool = replace(search_path, entries=entries).find("erl")

    assert (tool.origin, tool.comes_from_shell) == (Origin.UNKNOWN, False)
    assert tool.explain().splitlines()[0] == f"erl comes from nobody who can be told: {path}"
