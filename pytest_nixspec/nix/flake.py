"""The flake under test, and how Nix is told of it."""

import json
from pathlib import Path
from typing import NamedTuple


class Override(NamedTuple):
    """An input of the flake that something else stands in for.

    Attributes:
        input: The input's name, `nixpkgs`.
        reference: The flake reference that answers for it.
        what: What it is, for a reader of the report.
    """

    input: str
    reference: str
    what: str

    @property
    def directory(self) -> Path | None:
        """The directory that stands in; None where the reference is no plain path."""
        kind, _, path = self.reference.partition(":")
        # What follows a question mark chooses a part of it, and a percent sign is an escape.
        if kind != "path" or not path.startswith("/") or {"?", "#", "%"} & set(path):
            return None
        return Path(path)


class Flake(NamedTuple):
    """A flake in a directory.

    Attributes:
        directory: Where its flake.nix is.
        system: The system whose shells are meant, `x86_64-linux`.
        overrides: Inputs that something else stands in for.
    """

    directory: Path
    system: str
    overrides: tuple[Override, ...] = ()

    def installable(self, *attributes: str) -> str:
        """Return `.#"a"."b"`, for a Nix that is run in the flake's directory.

        Relative, since Nix takes a `#` or `?` in a path for syntax; each part quoted, since an
        equals sign or a dot is none.
        """
        # JSON's quoting is Nix's, as far as attribute names go.
        path = ".".join(json.dumps(attribute, ensure_ascii=False) for attribute in attributes)
        return f".#{path}"

    def shell(self, name: str, *, seen_from: Path | None = None) -> str:
        """Return the installable of one of its devShells, for a Nix that runs in a directory."""
        installable = self.installable("devShells", self.system, name)
        if seen_from is None or seen_from == self.directory:
            return installable
        return f"{self.directory}{installable.removeprefix('.')}"

    def unknown_override(self) -> str | None:
        """Return what is wrong with an override of an input that the lock does not have.

        Nix only warns of it, and goes on with the real input. Without a lock it cannot be told.
        """
        lock = self.directory / "flake.lock"
        if not self.overrides or not lock.is_file():
            return None
        try:
            read = json.loads(lock.read_text())
            inputs = sorted(read["nodes"][read["root"]].get("inputs", {}))
        except (ValueError, KeyError, TypeError) as error:
            return f"{lock} cannot be read: {error!r}. Make it anew: nix flake lock."
        for override in self.overrides:
            if override.input.partition("/")[0] not in inputs:
                return f"the flake has no input {override.input!r}; it has: {', '.join(inputs)}."
        return None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the flags that every use of this flake needs."""
        overrides = (
            part for o in self.overrides for part in ("--override-input", o.input, o.reference)
        )
        return ("--no-write-lock-file", *overrides)
