"""What a failure of Nix means, where its own words do not say what to do."""

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """What Nix says, as a regular expression, and what is the matter then.

    Of a machine's own fault nothing follows for the flake.
    """

    said: str
    matter: str
    is_machines: bool = False


_CAUSES = (
    Cause(
        r"could not find a flake\.nix|flake\.nix' does not exist"
        r"|getting status of '?[^\n]*flake\.nix'?: No such file",
        "{directory} has no flake.nix that Nix can see; a file that git does not track is "
        "invisible to a flake: `git add flake.nix`",
    ),
    Cause(
        r"unable to download|Could not resolve|Couldn't",
        "an input of the flake cannot be reached, and nothing stands in for it. Connect to a "
        "network, or substitute it: --nixspec-override-input nixpkgs=REFERENCE (in the "
        "repository of pytest-nixspec itself: `make spec`)",
        is_machines=True,
    ),
    Cause(
        r"No space left on device|database or disk is full",
        "the disk is full: `nix-collect-garbage -d` makes room in the store",
        is_machines=True,
    ),
    Cause(
        r"database disk image is malformed|schema' is corrupt|file is not a database"
        r"|path '[^']*' is not valid|is not in the Nix store",
        "Nix's store is damaged: `nix-store --verify --check-contents --repair`",
        is_machines=True,
    ),
    Cause(
        r"(?:daemon-socket|/nix/var)[^\n]*: (?:Permission denied|Operation not permitted)",
        "the store belongs to another user, and no daemon answers: start nix-daemon, or run as the "
        "user who owns it",
        is_machines=True,
    ),
    Cause(
        r"Unsupported elixir and erlang OTP combination",
        "this Elixir does not support this OTP, and nixpkgs refuses the pair: take both from one "
        "set, beam.packages.erlang_NN; `nixspec resolve --packages` shows which there are",
    ),
    Cause(
        r"has an unfree license \([^)]*\)|is unfree",
        "a package has an unfree licence, which nixpkgs refuses: allow it by name in the flake, "
        "config.allowUnfreePredicate",
    ),
    Cause(
        r"is marked as insecure",
        "a package is marked as insecure, which nixpkgs refuses: take a newer one, or name it in "
        "config.permittedInsecurePackages",
    ),
    Cause(
        r"is marked as broken",
        "a package is marked as broken, which nixpkgs refuses: take another one or another nixpkgs",
    ),
    Cause(
        r"is not available on the requested hostPlatform|is not supported on|unsupported system",
        "a package is not made for {system}: leave it out there, with lib.optionals "
        "stdenv.hostPlatform.isLinux or its like",
    ),
    Cause(
        r"is not tracked by Git"
        r"|getting status of '?/[^\n]*-source/[^\n]*: No such file"
        r"|source/[^\n']+' does not exist",
        "the flake reads a file that is not in it; one that git does not track is invisible: `git "
        "add` it",
    ),
    Cause(
        r"cannot (?:write|update|create)[^\n]*lock file|unlocked (?:flake )?(?:input|reference)",
        "flake.lock does not lock every input: `nix flake lock`, and commit it",
    ),
    Cause(
        r"attribute '([^']+)' missing(?:[\s\S]*?Did you mean ([^?\n]+)\?)?",
        "the flake asks for an attribute that is not there: {0}{near}",
    ),
    Cause(
        r"undefined variable '([^']+)'",
        "the flake uses a name that nothing binds: {0}",
    ),
    Cause(
        r"(assertion [^\n]* failed)",
        "something the shell is made of asserts what does not hold: {0}",
    ),
)


def cause_of(said: str, directory: object, system: str) -> str | None:
    """Return the cause of a failure and what to do about it; None where we know no more than Nix.

    Args:
        said: What Nix said.
        directory: The directory of the flake.
        system: The system that was asked for.
    """
    for cause in _CAUSES:
        found = re.search(cause.said, said)
        if found is not None:
            groups = [group or "" for group in found.groups()]
            near = f" (is it {groups[1]}?)" if len(groups) > 1 and groups[1] else ""
            return cause.matter.format(*groups, directory=directory, system=system, near=near)
    return None


def blames_machine(said: str) -> bool:
    """Tell whether a failure is this machine's: its network, its disk, its store."""
    return any(cause.is_machines and re.search(cause.said, said) for cause in _CAUSES)
