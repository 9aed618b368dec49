"""What of its parent changes a shell: the map of leaks.

`nix develop`, as people type it, lets every variable of its parent through and appends its PATH. So
the shell is entered by a quiet parent and by hostile ones, and what differs is a leak with a name.
"""

import fnmatch
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_nixspec.errors import ShellNotEnteredError
from pytest_nixspec.nix.binary import Nix
from pytest_nixspec.nix.flake import Flake
from pytest_nixspec.shells.capture import Capture
from pytest_nixspec.shells.deadline import Limits
from pytest_nixspec.shells.entering import Parent, Visit, enter
from pytest_nixspec.shells.outcome import ShellOutcome
from pytest_nixspec.shells.probes import PROBES
from pytest_nixspec.shells.tools import SearchPath, entries_of

USUAL = ("HOME", "LOGNAME", "SHELL", "TERM", "USER")
"""What a shell has of its parent for good reasons."""

# Where git is, without which Nix reads no flake in a repository.
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/run/current-system/sw/bin")
_POISONED = (*PROBES, "erlc", "escript", "epmd", "rebar3", "npx", "pg_ctl", "asdf")
_FILES = {
    ".bashrc": "export NIXSPEC_LEAKED_BASHRC=1\n",
    ".bash_profile": "export NIXSPEC_LEAKED_PROFILE=1\n",
    ".profile": "export NIXSPEC_LEAKED_PROFILE=1\n",
    ".tool-versions": "elixir 0.0.1\nerlang 1\n",
    ".npmrc": "prefix=/nonexistent/npm\n",
    ".gitconfig": "[user]\n\tname = nixspec-hostile\n",
}
_VARIABLES = (
    "ASDF_DIR", "ASDF_DATA_DIR", "ASDF_ELIXIR_VERSION", "ASDF_ERLANG_VERSION",
    "DYLD_FALLBACK_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "ELIXIR_ERL_OPTIONS", "ERL_AFLAGS",
    "ERL_FLAGS", "ERL_LIBS", "ERL_ZFLAGS", "GIT_CONFIG_GLOBAL", "HEX_HOME", "LC_ALL",
    "LD_LIBRARY_PATH", "LOGNAME", "MIX_ARCHIVES", "MIX_ENV", "MIX_HOME", "MIX_TARGET",
    "NODE_OPTIONS", "NODE_PATH", "PERL5LIB", "PGDATA", "PGHOST", "PYTHONHOME", "PYTHONPATH",
    "REBAR_BASE_DIR", "RUBYLIB", "SHELL", "TERM", "USER",
)  # fmt: skip
# Nix's own make of these a new directory each time.
_EPHEMERAL = frozenset(
    {"NIX_BUILD_TOP", "TMP", "TMPDIR", "TEMP", "TEMPDIR", "PWD", "OLDPWD", "SHLVL", "PATH", "_"}
)
_NIXS_OWN = ("NIX_", "XDG_CACHE_HOME", "SSL_CERT_FILE", "CURL_CA_BUNDLE")


class Leak(NamedTuple):
    """One thing of the parent that changes the shell.

    Attributes:
        name: The variable or the tool; or `umask`, or `hook` where the hook did not even end.
        kind: `variable`, `tool`, `working directory`, `umask` or `hook`.
        quiet: What it is under a quiet parent.
        hostile: What it is under a hostile one.
    """

    name: str
    kind: str
    quiet: str
    hostile: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.quiet} becomes {self.hostile}"


def leak_map(nix: Nix, flake: Flake, shell: str, scratch: Path, limits: Limits) -> list[Leak]:
    """Enter a shell under a quiet and under hostile parents, and return what differs, sorted.

    Args:
        nix: The Nix to use.
        flake: The flake under test.
        shell: The attribute of the devShell.
        scratch: A directory of our own that does not exist yet.
        limits: How long building and the hook may take, each time.

    Raises:
        ShellNotEnteredError: Under one of them it does not even come to the hook, or the hook fails
            under the quiet one, so that there is nothing to compare.
    """
    parents = _parents(nix, flake, scratch)
    captures = {
        name: enter(nix, flake, Visit(shell, scratch / name / "run", limits, parent))
        for name, parent in parents.items()
    }
    quiet = captures["quiet"]
    for name, capture in captures.items():
        fails_alone = capture is quiet and capture.outcome is not ShellOutcome.RAN
        if fails_alone or capture.outcome.is_before_the_hook:
            said = "\n".join(f"  {line}" for line in capture.evidence)
            message = (
                f"shell {shell!r} cannot be compared: entered by a parent that is {name}, "
                f"{capture.outcome}: {capture.reason}\n{said}"
            )
            raise ShellNotEnteredError(message.rstrip())
    found: list[Leak] = []
    for name in ("hostile", "elsewhere"):
        found += _differences(quiet, captures[name], name, scratch)
    found += _tool_leaks(nix, flake, quiet, captures["hostile"])
    return sorted(set(found), key=lambda leak: (leak.kind, leak.name))


def not_allowed(leaks: Sequence[Leak], allowed: Sequence[str]) -> list[Leak]:
    """Return the leaks that no pattern allows by name; that a hook fails is never allowed."""
    patterns = (*USUAL, *allowed)
    return [
        leak
        for leak in leaks
        if leak.kind == "hook" or not any(fnmatch.fnmatchcase(leak.name, p) for p in patterns)
    ]


def _parents(nix: Nix, flake: Flake, scratch: Path) -> dict[str, Parent]:
    kept = {n: v for n, v in nix.environment.items() if n.startswith(_NIXS_OWN)}
    # A cache below HOME would be another one for each parent, and Nix would evaluate anew.
    cache = nix.environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    kept["XDG_CACHE_HOME"] = cache
    path = os.pathsep.join(_SYSTEM_PATH)
    homes = {name: scratch / name / "home" for name in ("quiet", "hostile")}
    for home in homes.values():
        home.mkdir(parents=True)
    for name, text in _FILES.items():
        (homes["hostile"] / name).write_text(text)
    poison = _poison(scratch / "poison")
    quiet = {**kept, "PATH": path, "HOME": str(homes["quiet"])}
    hostile = {
        **kept,
        **{name: f"nixspec-hostile-{name}" for name in _VARIABLES},
        "HOME": str(homes["hostile"]),
        "LANG": "tlh_KX.UTF-8",
        "PATH": f"{poison}{os.pathsep}{path}",
        "TZ": "Pacific/Kiritimati",
    }
    # An umask without bits for others would keep Nix's own builders out.
    return {
        "quiet": Parent(quiet, flake.directory, 0o022),
        "hostile": Parent(hostile, flake.directory, 0o002),
        "elsewhere": Parent(quiet, homes["quiet"], 0o022),
    }


def _poison(directory: Path) -> Path:
    directory.mkdir(parents=True)
    for name in _POISONED:
        program = directory / name
        program.write_text("#!/bin/sh\necho nixspec-hostile\n")
        program.chmod(0o755)
    return directory


def _differences(quiet: Capture, other: Capture, name: str, scratch: Path) -> Iterator[Leak]:
    kind = "variable" if name == "hostile" else "working directory"
    if other.outcome is not ShellOutcome.RAN:
        yield Leak("hook", "hook", "it returned", f"{other.outcome}: {other.reason}")
        return
    old = _plain(quiet.environment, scratch, "quiet")
    new = _plain(other.environment, scratch, name)
    # Nix puts the outputs below the working directory; nobody uses them in a shell.
    ephemeral = {*_EPHEMERAL, *old.get("outputs", "").split()}
    for variable in sorted(old.keys() | new.keys()):
        if variable not in ephemeral and old.get(variable) != new.get(variable):
            yield Leak(variable, kind, _shown(old.get(variable)), _shown(new.get(variable)))
    if quiet.umask != other.umask:
        yield Leak("umask", "umask", quiet.umask, other.umask)


def _tool_leaks(nix: Nix, flake: Flake, quiet: Capture, hostile: Capture) -> Iterator[Leak]:
    if hostile.outcome is not ShellOutcome.RAN:
        return
    searches = [
        SearchPath(
            entries_of(os.fsdecode(one.environment.get(b"PATH", b""))), nix.store, flake.directory
        )
        for one in (quiet, hostile)
    ]
    for tool in dict.fromkeys(_POISONED):
        old, new = (search.find_anywhere(tool) for search in searches)
        if old != new:
            yield Leak(tool, "tool", str(old or "absent"), "what the parent's PATH has")


def _plain(environment: Mapping[bytes, bytes], scratch: Path, name: str) -> dict[str, str]:
    """Return an environment as text, without what is ours and differs each time."""
    ours = ((str(scratch / name / "run"), "<temporary>"), (str(scratch), "<elsewhere>"))
    plain = {os.fsdecode(n): os.fsdecode(v) for n, v in environment.items()}
    for path, called in ours:
        plain = {n: v.replace(path, called) for n, v in plain.items()}
    return plain


def _shown(value: str | None) -> str:
    return "absent" if value is None else repr(value)
