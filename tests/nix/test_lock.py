"""Whether inputs are locked is told as Nix resolves them, those of substitutes included."""

import json

import pytest

from pytest_nixspec import process
from pytest_nixspec.nix import Flake, Override
from pytest_nixspec.nix.lock import inputs_below, inputs_in, inputs_of, is_locked, replace_input


@pytest.fixture
def flake_of(every_nix, tmp_path):
    """Return what writes a flake with inputs, and locks it where that is asked for."""

    def make(name, inputs="", *, locked=True):
        directory = tmp_path.resolve() / name
        directory.mkdir()
        text = f"{{ inputs = {{ {inputs} }}; outputs = all: {{ }}; }}"
        (directory / "flake.nix").write_text(text)
        if locked:
            locking = every_nix.run("flake", "lock", deadline=process.after(60), cwd=directory)
            assert locking.ok, locking.error_text
        return directory

    return make


@pytest.fixture
def with_follower(flake_of):
    """A flake of two inputs, of which one follows the other."""
    a = flake_of("a")
    b = flake_of("b", f'a.url = "path:{a}";')
    return flake_of("main", f'a.url = "path:{a}"; b.url = "path:{b}"; b.inputs.a.follows = "a";')


def is_locked_with(nix, directory, **substitutes):
    overrides = (Override(name, f"path:{path}", "another") for name, path in substitutes.items())
    return is_locked(nix, Flake(directory, nix.system, tuple(overrides)))


def test_what_follows_a_substitute_is_as_locked_as_it(every_nix, with_follower, flake_of):
    assert is_locked_with(every_nix, with_follower)
    assert is_locked_with(every_nix, with_follower, a=flake_of("another"))


def test_a_substitute_is_locked_where_its_own_inputs_are(every_nix, with_follower, flake_of):
    c = flake_of("c")
    d = flake_of("d", f'c.url = "path:{c}";')
    more = f'c.url = "path:{c}"; d.url = "path:{d}"; d.inputs.c.follows = "c";'

    assert is_locked_with(every_nix, with_follower, a=flake_of("locked", more))
    assert not is_locked_with(every_nix, with_follower, a=flake_of("floats", more, locked=False))


def test_an_input_that_something_stands_in_for_need_not_be_locked(every_nix, flake_of):
    a = flake_of("a")
    main = flake_of("main", f'a.url = "path:{a}";', locked=False)

    assert not is_locked_with(every_nix, main)
    assert is_locked_with(every_nix, main, a=flake_of("another"))


def test_another_substitute_does_not_hide_an_input_that_floats(every_nix, flake_of):
    a, b = flake_of("a"), flake_of("b")
    main = flake_of("main", f'a.url = "path:{a}"; b.url = "path:{b}";', locked=False)

    assert not is_locked_with(every_nix, main, a=flake_of("another"))


def test_the_input_of_an_input_may_have_a_substitute(every_nix, flake_of):
    a = flake_of("a")
    b = flake_of("b", f'a.url = "path:{a}";')
    main = flake_of("main", f'b.url = "path:{b}";')

    assert is_locked_with(every_nix, main, **{"b/a": flake_of("another")})
    c = flake_of("c", f'b.url = "path:{b}";', locked=False)
    floats = flake_of("floats", f'x.url = "path:{c}";', locked=False)
    assert not is_locked_with(every_nix, main, **{"b/a": floats})


def test_a_lock_of_what_is_no_longer_an_input_locks_not(every_nix, flake_of):
    main = flake_of("main", f'a.url = "path:{flake_of("a")}";')
    (main / "flake.nix").write_text(f'{{ inputs.b.url = "path:{main}/../a"; outputs = _: {{ }}; }}')

    assert not is_locked_with(every_nix, main)


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"nodes": {}, "root": "root"}'])
def test_files_alone_may_bring_what_only_is_called_as_a_lock_is(every_nix, flake_of, text):
    a = flake_of("a")
    main = flake_of("main", f'a = {{ url = "path:{a}"; flake = false; }};')
    other = flake_of("other")
    (other / "flake.lock").write_text(text)

    assert is_locked_with(every_nix, main, a=other)


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"nodes": {}, "root": "root"}'])
def test_what_is_no_lock_is_told_from_a_lock_of_nothing(tmp_path, text):
    assert inputs_in(tmp_path) == {}
    (tmp_path / "flake.lock").write_text(text)

    assert inputs_in(tmp_path) is None


def test_a_path_to_follow_begins_at_the_root():
    lock = {"root": "r", "nodes": {"r": {"inputs": {"a": "a", "b": ["a"]}}, "a": {"locked": 1}}}

    read = inputs_of(json.loads(json.dumps(lock)), ["x", "y"])

    assert read == {"a": {"locked": 1, "inputs": {}}, "b": ["x", "y", "a"]}


def test_a_substitute_takes_the_place_of_whatever_is_there():
    inputs = {"a": ["b"], "b": {"locked": 1, "inputs": {"c": {"locked": 2, "inputs": {}}}}}

    replace_input(inputs, ["a", "x"], {})
    replace_input(inputs, ["b", "c"], {"d": ["b"]})

    assert inputs == {
        "a": {"inputs": {"x": {"inputs": {}}}},
        "b": {"locked": 1, "inputs": {"c": {"inputs": {"d": ["b"]}}}},
    }
    assert inputs_below(inputs, ["b", "c"]) == {"d": ["b"]}
    assert inputs_below(inputs, ["b", "c", "d"]) == inputs_below(inputs, ["no", "such"]) == {}
