"""What is kept between runs is kept by its content, and the hook is evaluated all the same."""

import os
import shutil
import subprocess
import time
from dataclasses import replace

import pytest

from pytest_nixspec import process
from pytest_nixspec.errors import ShellError
from pytest_nixspec.nix import Flake, Override
from pytest_nixspec.nix.content import content_key
from pytest_nixspec.nix.lock import is_locked
from pytest_nixspec.shells import ShellOutcome
from pytest_nixspec.shells.kept import KEPT_EACH, Kept
from tests.conftest import GALLERY, pool_over

GIT = shutil.which("git") or "/usr/bin/git"


@pytest.fixture
def flake(tmp_path):
    return shutil.copytree(GALLERY, tmp_path.resolve() / "flake")


@pytest.fixture
def run(every_nix, flake, tmp_path):
    """Return the pool of a further run over the same flake."""
    runs = iter(range(99))

    def further():
        pool = pool_over(every_nix, flake, tmp_path.resolve() / f"run{next(runs)}")
        return replace(pool, kept=Kept(tmp_path.resolve() / "kept"))

    return further


def test_a_second_run_evaluates_the_hook_and_nothing_else(run, every_nix, monkeypatch):
    entered = run().capture("default")
    for asks in ("run", "begin"):
        monkeypatch.setattr(type(every_nix), asks, None)

    again = run().capture("default")

    assert (entered.was_kept, again.was_kept) == (False, True)
    assert again.outcome is ShellOutcome.RAN
    assert again.bash == entered.bash
    assert set(again.environment) == set(entered.environment)


def test_without_nixs_script_nix_is_asked_for_what_it_built_and_evaluates_nothing(
    run, every_nix, monkeypatch, tmp_path
):
    run().capture("default")
    next((tmp_path / "kept").glob("flakes/*/*/default/script")).unlink()
    asked = []
    develop = type(every_nix).run

    def noted(self, *arguments: str, **options):
        asked.append(arguments)
        return develop(self, *arguments, **options)

    monkeypatch.setattr(type(every_nix), "run", noted)

    assert run().capture("default").was_kept
    ((verb, *arguments),) = asked
    assert verb == "develop"
    assert not any("devShells" in argument for argument in arguments)


def git(directory, *arguments: str):
    subprocess.run([GIT, "-C", directory, *arguments], check=True)


def test_a_hook_that_reads_the_tree_is_never_stale(run, flake):
    git(flake, "init", "-q")
    git(flake, "add", "flake.nix", "stdenv")
    text = flake.joinpath("flake.nix").read_text()
    flake.joinpath("flake.nix").write_text(text.replace("FROM_HOOK=yes", "FROM_HOOK=$(< note)"))
    flake.joinpath("note").write_text("one")
    assert run().shell("default").variable("FROM_HOOK") == "one"

    flake.joinpath("note").write_text("two")
    pool = run()

    assert pool.shell("default").variable("FROM_HOOK") == "two"
    assert pool.capture("default").was_kept


def test_a_change_of_content_is_a_new_shell_though_no_time_tells(run, flake):
    path = flake / "flake.nix"
    status = path.stat()
    assert run().shell("default").variable("FROM_HOOK") == "yes"

    path.write_text(path.read_text().replace("FROM_HOOK=yes", "FROM_HOOK=new"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    pool = run()

    assert pool.shell("default").variable("FROM_HOOK") == "new"
    assert not pool.capture("default").was_kept


def test_a_later_time_is_no_change(run, flake):
    run().capture("default")
    os.utime(flake / "flake.nix", (time.time() + 9, time.time() + 9))

    assert run().capture("default").was_kept


def test_what_is_kept_is_safe_from_garbage_collection(run, every_nix):
    run().capture("default")

    done = every_nix.run("store", "gc", deadline=lambda elapsed: elapsed > 60)
    pool = run()

    assert done.ok, done.error_text
    assert pool.capture("default").was_kept
    assert pool.shell("default").tool("git").version == "99.1"


@pytest.mark.parametrize("damage", ["profile", "bash", "all"])
def test_what_is_damaged_is_built_again(run, tmp_path, damage):
    run().capture("default")
    (home,) = (tmp_path / "kept").glob("flakes/*/*/default")
    if damage == "profile":
        (home / "profile").unlink()
        (home / "profile").symlink_to("/nowhere")
    elif damage == "bash":
        (home / "bash").write_text("/no/such/bash")
    else:
        shutil.rmtree(home)

    capture = run().capture("default")

    assert capture.outcome is ShellOutcome.RAN
    assert not capture.was_kept


def test_a_hook_that_exits_is_kept_and_exits_again(run):
    first, second = run().capture("exits-0"), run().capture("exits-0")

    assert first.outcome is second.outcome is ShellOutcome.HOOK_EXITED
    assert first.reason == second.reason


def test_a_hook_that_fails_for_once_does_not_undo_what_was_kept(run, flake, tmp_path):
    broken = tmp_path / "broken"
    text = (flake / "flake.nix").read_text()
    hook = f'shell "[ ! -e {broken} ] || exit 3; export FROM_HOOK=yes"'
    (flake / "flake.nix").write_text(text.replace('shell "export FROM_HOOK=yes"', hook))
    run().capture("default")
    (script,) = (tmp_path / "kept").glob("flakes/*/*/default/script")
    # As after an update of ours: then Nix is asked for the script again.
    script.unlink()
    broken.touch()
    assert run().capture("default").outcome is ShellOutcome.HOOK_EXITED
    broken.unlink()

    again = run().capture("default")

    assert again.outcome is ShellOutcome.RAN
    assert again.was_kept


def test_what_cannot_be_built_is_not_kept(run):
    for _ in range(2):
        assert run().capture("cannot-be-built").outcome is ShellOutcome.BUILD_FAILED


def test_what_floats_is_not_kept(every_nix, flake):
    with_input = flake / "flake.nix"
    text = with_input.read_text()
    with_input.write_text(
        text.replace("outputs = { self }:", f'inputs.x.url = "path:{flake}/stdenv";\n'
                     "inputs.x.flake = false;\noutputs = { self, x }:")
    )  # fmt: skip

    assert not is_locked(every_nix, Flake(flake, every_nix.system))


def test_what_floats_is_held_by_its_own_run_and_not_by_the_cache(run, flake, tmp_path):
    text = (flake / "flake.nix").read_text()
    floating = (
        f'inputs.x.url = "path:{flake}/stdenv"; inputs.x.flake = false; outputs = {{ self, x }}:'
    )
    (flake / "flake.nix").write_text(text.replace("outputs = { self }:", floating, 1))
    kept = Kept(tmp_path.resolve() / "kept")
    for _ in range(2):
        pool = run()
        captured = [pool.capture(name) for name in ("default", "silent")]
        assert [(one.outcome, one.was_kept) for one in captured] == [(ShellOutcome.RAN, False)] * 2
        assert list(kept.directory.glob("flakes/*/*/default/profile"))
        assert list(kept.entries()) == []
        pool.close()
        assert not list(kept.directory.glob("flakes/*/*/*/profile*"))


def test_a_flake_without_inputs_is_locked(every_nix, flake):
    assert is_locked(every_nix, Flake(flake, every_nix.system))


def test_what_git_does_not_track_is_no_content(nix, flake):
    git(flake, "init", "-q")
    git(flake, "add", ".")
    before = content_key(nix, Flake(flake, nix.system))
    flake.joinpath("untracked").write_text("x")

    assert content_key(nix, Flake(flake, nix.system)) == before
    git(flake, "add", ".")
    assert content_key(nix, Flake(flake, nix.system)) != before


def test_a_tree_that_is_too_large_to_read_has_no_key(nix, flake, monkeypatch):
    monkeypatch.setattr("pytest_nixspec.nix.content.MOST_BYTES", 10)

    assert content_key(nix, Flake(flake, nix.system)) is None


def test_a_few_contents_of_a_flake_are_kept_and_listed(tmp_path, flake):
    kept = Kept(tmp_path / "kept")
    for number in range(KEPT_EACH + 2):
        shell = kept.flake(flake, f"{number}" * 64) / "default"
        shell.mkdir()
        (shell / "bash").touch()

    keys = [key[:1] for _, key, _, _ in kept.entries()]

    assert keys == ["5", "4", "3", "2"]
    kept.clear()
    assert list(kept.entries()) == []


def test_what_a_tool_says_is_asked_again_by_the_next_run(run, flake):
    """A name outside the store may lead to another program, and an answer depend on a variable."""
    (flake / "tools").mkdir()
    text = (flake / "flake.nix").read_text()
    (flake / "flake.nix").write_text(
        text.replace('"export FROM_HOOK=yes"', '"export SAID=$(< said) PATH=$PWD/tools:$PATH"')
    )
    (flake / "tools" / "node").write_text("#!/bin/sh\necho v$SAID\n")
    (flake / "tools" / "node").chmod(0o755)
    for said in ("1.0.0", "2.0.0"):
        (flake / "said").write_text(said)

        assert run().shell("default").tool("node").version == said


def test_a_revision_is_content(nix, flake):
    git(flake, "init", "-q")
    git(flake, "add", ".")
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    keys = set()
    for _ in range(2):
        git(flake, *identity, "commit", "-q", "--allow-empty", "-m", "x", "--date", "2020-01-01")
        git(flake, *identity, "commit", "-q", "--allow-empty", "-m", "y")
        keys.add(content_key(nix, Flake(flake, nix.system)))

    assert len(keys) == 2


def test_without_git_links_and_empty_directories_are_content(nix, flake):
    for name in ("one", "two"):
        (flake / name).mkdir()
    (flake / "now").symlink_to("one")
    before = content_key(nix, Flake(flake, nix.system))
    (flake / "now").unlink()
    (flake / "now").symlink_to("two")
    linked = content_key(nix, Flake(flake, nix.system))
    (flake / "empty").mkdir()

    assert len({before, linked, content_key(nix, Flake(flake, nix.system))}) == 3


def test_an_override_is_read_whole_whatever_git_says(nix, flake, tmp_path):
    other = tmp_path.resolve() / "other"
    other.mkdir()
    (other / "flake.nix").write_text("{ outputs = { self }: { }; }")
    git(other, "init", "-q")
    git(other, "add", "flake.nix")
    over = Flake(flake, nix.system, (Override("x", f"path:{other}", "a fake"),))
    before = content_key(nix, over)
    (other / "untracked").write_text("x")

    assert content_key(nix, over) != before


@pytest.mark.parametrize("form", ["path:{}?dir=below", "path:{}/missing", "path:below", "{}"])
def test_what_stands_in_and_cannot_be_read_as_it_is_has_no_key(nix, flake, tmp_path, form):
    tmp_path.joinpath("other").mkdir()
    override = Override("nixpkgs", form.format(tmp_path / "other"), "other")

    assert content_key(nix, Flake(flake, nix.system, (override,))) is None


@pytest.mark.parametrize("name", ["flake.nix", "imported.nix"])
def test_a_flake_that_names_a_time_has_no_key(nix, flake, name):
    path = flake / name
    text = path.read_text() if path.exists() else "{ }"
    path.write_text(f"# self.lastModified\n{text}")

    assert content_key(nix, Flake(flake, nix.system)) is None


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"\0", b"not a path"])
def test_a_kept_file_of_rubbish_is_as_good_as_none(run, tmp_path, damage):
    run().capture("default")
    (bash,) = (tmp_path / "kept").glob("flakes/*/*/default/bash")
    bash.write_bytes(damage)

    assert run().capture("default").outcome is ShellOutcome.RAN


def test_a_profile_that_is_a_directory_is_passed_by(run, tmp_path):
    run().capture("default")
    (profile,) = (tmp_path / "kept").glob("flakes/*/*/default/profile")
    profile.unlink()
    profile.mkdir()

    assert run().capture("default").outcome is ShellOutcome.RAN


def test_a_damaged_cache_is_listed_and_cleared(run, tmp_path):
    pool = run()
    pool.capture("default")
    pool.close()
    (name,) = (tmp_path / "kept").glob("flakes/*/flake")
    name.write_bytes(b"\xff")
    kept = Kept(tmp_path.resolve() / "kept")

    assert len(list(kept.entries())) == 1
    name.unlink()
    assert [flake for flake, *_ in kept.entries()] == ["unknown"]
    kept.clear()
    assert not kept.directory.exists()


def test_a_setting_of_the_user_makes_no_shell_impure(every_nix, flake, tmp_path):
    """Otherwise it would have to be part of the key: `nix` leaves `pure-eval` of nix.conf aside."""
    path = flake / "flake.nix"
    text = path.read_text()
    path.write_text(text.replace("FROM_HOOK=yes", 'FROM_HOOK=${builtins.getEnv "HOME"}.'))
    setting = f"{every_nix.environment['NIX_CONFIG']}\npure-eval = false"
    impure = every_nix._replace(environment={**every_nix.environment, "NIX_CONFIG": setting})

    shell = pool_over(impure, flake, tmp_path.resolve() / "run").shell("default")

    assert shell.variable("FROM_HOOK") == "."


def test_without_git_what_a_run_writes_is_no_content_and_all_else_is(nix, flake):
    before = content_key(nix, Flake(flake, nix.system))
    for name in ("nixspec.json", "nixspec.md", "nixspec.html"):
        (flake / "reports").mkdir(exist_ok=True)
        (flake / "reports" / name).write_text("{}")
    (flake / ".pytest_cache" / "v").mkdir(parents=True)
    (flake / "__pycache__").mkdir()
    (flake / "__pycache__" / "x.pyc").write_bytes(b"x")
    after = content_key(nix, Flake(flake, nix.system))
    (flake / "reports" / "other").write_text("")

    assert after == before
    assert content_key(nix, Flake(flake, nix.system)) != before


def test_what_a_run_uses_is_not_cleared_beside_it(run, tmp_path):
    kept = Kept(tmp_path.resolve() / "kept")
    pool = run()
    pool.capture("default")

    with pytest.raises(ShellError, match=r"is in use by a run of pytest .* Nothing was forgotten"):
        kept.clear()

    assert len(list(kept.entries())) == 1
    pool.close()
    kept.clear()
    assert not kept.directory.exists()


def tracked_by_git(flake):
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        own = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run([GIT, "-C", flake, *own, *arguments], check=True)


WRITER_AND_READER = """{
  outputs = { self }: let
    shell = (import ./shell.nix);
  in {
    devShells.SYSTEM.writes = shell "echo v2 > data.txt" { };
    devShells.SYSTEM.plain = shell "" { };
    devShells.SYSTEM.reads = shell "" { DATA = builtins.readFile ./data.txt; };
  };
}
"""
SHELL = """hook: attributes: derivation ({
  name = "shell"; system = "SYSTEM"; builder = "/bin/bash"; args = [ "-c" "exit 1" ];
  PATH = "/usr/bin:/bin"; outputs = [ "out" ]; stdenv = ./stdenv; shellHook = hook;
} // attributes)
"""


@pytest.fixture
def read_in(run, every_nix, flake):
    """Return what gives the content that a shell was built of; another's hook can change that."""
    for name, text in (("flake.nix", WRITER_AND_READER), ("shell.nix", SHELL)):
        (flake / name).write_text(text.replace("SYSTEM", every_nix.system))
    (flake / "data.txt").write_text("v1\n")
    tracked_by_git(flake)

    def read(pool=None):
        return (pool or run()).capture("reads").environment[b"DATA"]

    return read


def restore(flake):
    subprocess.run([GIT, "-C", flake, "checkout", "-q", "data.txt"], check=True)


def test_what_a_hook_changed_is_not_kept_under_what_was_before(run, flake, read_in):
    first = run()
    first.capture("writes")
    assert read_in(first) == b"v2\n"
    restore(flake)

    assert read_in() == b"v1\n"


def test_what_somebody_changed_during_a_run_is_not_kept_under_what_was_before(run, flake, read_in):
    first = run()
    first.capture("plain")
    (flake / "data.txt").write_text("v2\n")
    assert read_in(first) == b"v2\n"
    restore(flake)

    assert read_in() == b"v1\n"


def test_what_was_kept_is_not_found_after_a_hook_has_changed_what_it_is_of(run, read_in):
    assert read_in() == b"v1\n"

    second = run()
    second.capture("writes")

    assert read_in(second) == b"v2\n"


def test_what_a_hook_changed_elsewhere_in_the_repository_is_looked_at_anew(run, flake):
    """The flake is in `below`; it is made of what its hooks write beside it, too."""
    below = flake / "below"
    shutil.copytree(flake, below)
    for name in ("flake.nix", "shell.nix"):
        text = WRITER_AND_READER if name == "flake.nix" else SHELL
        text = text.replace("SYSTEM", run().nix.system).replace("./data.txt", "../data.txt")
        (below / name).write_text(text.replace("> data.txt", "> ../data.txt"))
    (flake / "data.txt").write_text("v1\n")
    tracked_by_git(flake)

    def further():
        pool = run()
        return replace(pool, flake=pool.flake._replace(directory=below))

    assert further().capture("reads").environment[b"DATA"] == b"v1\n"
    second = further()
    assert second.capture("writes").outcome is ShellOutcome.RAN

    assert second.capture("reads").environment[b"DATA"] == b"v2\n"


def test_in_a_tree_too_large_to_compare_a_hook_may_have_written(run, read_in, monkeypatch):
    assert read_in() == b"v1\n"
    monkeypatch.setattr("pytest_nixspec.shells.effects.MOST_FILES", 1)
    second = run()
    second.capture("writes")

    assert read_in(second) == b"v2\n"


def test_another_repository_that_the_environment_names_is_not_asked(
    nix, flake, tmp_path, monkeypatch
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").touch()
    for directory in (flake, other):
        tracked_by_git(directory)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    before = content_key(nix, Flake(flake, nix.system))
    (flake / "flake.nix").write_text((flake / "flake.nix").read_text() + "\n# changed\n")

    assert content_key(nix, Flake(flake, nix.system)) != before


def test_what_is_not_known_to_be_locked_is_never_replayed(run, tmp_path):
    run().capture("default")
    (locked,) = (tmp_path / "kept").glob("flakes/*/*/locked")
    locked.unlink()

    assert not run().capture("default").was_kept
    assert run().capture("default").was_kept


def test_what_a_hook_locks_was_not_locked_before(run, every_nix, flake, tmp_path):
    """Whoever takes the lock away again must not find the answer that was given of it."""
    text = (flake / "flake.nix").read_text()
    floating = (
        f'inputs.x.url = "path:{flake}/stdenv"; inputs.x.flake = false; outputs = {{ self, x }}:'
    )
    text = text.replace("outputs = { self }:", floating, 1)
    hook = 'shell "cp later.lock flake.lock; export FROM_HOOK=yes"'
    (flake / "flake.nix").write_text(text.replace('shell "export FROM_HOOK=yes"', hook, 1))
    locking = every_nix.run("flake", "lock", deadline=process.after(60), cwd=flake)
    assert locking.ok, locking.error_text
    (flake / "flake.lock").rename(flake / "later.lock")

    for _ in range(2):
        pool = run()
        assert not pool.capture("default").was_kept
        pool.close()
        (flake / "flake.lock").unlink()

    assert not list((tmp_path / "kept").glob("flakes/*/*/locked"))


def test_a_content_that_a_run_uses_is_not_pruned_by_others(run, tmp_path, flake):
    using = run()
    using.capture("default")
    (home,) = (tmp_path / "kept").glob("flakes/*/*/default")
    for number in range(KEPT_EACH + 2):
        Kept(tmp_path.resolve() / "kept").flake(flake, f"{number}" * 64)
    assert home.exists()

    using.close()
    Kept(tmp_path.resolve() / "kept").flake(flake, "x" * 64)
    assert not home.exists()


def test_a_lock_that_git_does_not_track_locks_nothing(every_nix, flake, tmp_path):
    dependency = tmp_path / "dependency"
    dependency.mkdir()
    (dependency / "flake.nix").write_text("{ outputs = { self }: { }; }")
    tracked_by_git(dependency)
    text = (flake / "flake.nix").read_text()
    inputs = f'{{\n  inputs.dep.url = "git+file://{dependency}";\n  outputs = {{ self, dep }}:'
    (flake / "flake.nix").write_text(text.replace("{\n  outputs = { self }:", inputs, 1))
    (flake / ".gitignore").write_text("flake.lock\n")
    tracked_by_git(flake)
    locking = every_nix.run("flake", "lock", deadline=process.after(60), cwd=flake)
    assert locking.ok, locking.error_text
    assert (flake / "flake.lock").is_file()
    # Nix 2.8 adds it, whatever is ignored.
    undo = ["rm", "-q", "--cached", "--ignore-unmatch", "flake.lock"]
    subprocess.run([GIT, "-C", flake, *undo], check=True)

    assert not is_locked(every_nix, Flake(flake, every_nix.system))
    subprocess.run([GIT, "-C", flake, "add", "-f", "flake.lock"], check=True)
    assert is_locked(every_nix, Flake(flake, every_nix.system))


def test_a_submodule_has_no_key(every_nix, flake, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "v").write_text("s1")
    tracked_by_git(other)
    tracked_by_git(flake)
    own = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "sub"]
    assert content_key(every_nix, Flake(flake, every_nix.system)) is not None

    subprocess.run([GIT, "-C", flake, *own], check=True)

    assert content_key(every_nix, Flake(flake, every_nix.system)) is None


def test_a_pipe_in_the_tree_is_not_waited_for(every_nix, flake):
    os.mkfifo(flake / "pipe")

    assert content_key(every_nix, Flake(flake, every_nix.system)) is None


def test_shells_named_like_the_files_of_another_are_apart(run):
    pool = run()

    assert pool.capture("default").outcome is ShellOutcome.RAN
    for name in ("default.json", "default.lock"):
        with pytest.raises(ShellError, match="has no shell"):
            pool.capture(name)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"text": "', '"text": "export CHANGED=yes\\n', 1),
        lambda text: "[" * 100_000,  # noqa: ARG005 - every edit takes what was there
        lambda text: text.partition("\n")[2],
        lambda text: text[: len(text) // 2],
    ],
)
def test_a_script_that_was_changed_is_as_good_as_none_and_made_anew(
    run, every_nix, tmp_path, spoil, monkeypatch
):
    run().capture("default")
    (script,) = (tmp_path / "kept").glob("flakes/*/*/default/script")
    was = script.read_text()
    script.write_text(spoil(was))
    assert script.read_text() != was

    again = run().capture("default")

    assert again.outcome is ShellOutcome.RAN
    assert b"CHANGED" not in again.environment
    monkeypatch.setattr(type(every_nix), "run", None)
    assert run().capture("default").environment.keys() == again.environment.keys()
