"""The script that Nix makes of a shell, kept so that the same bash can run it again without Nix.

`nix develop` writes a script, sets a few variables and becomes a bash that runs it. All of that is
the same the next time but for our own directory. What is not exactly so is not kept, and Nix is
started again. Two accidents are not repeated: what Nix leaves open of its own files, and that a
newer one runs bash at addresses that are not random.
"""

import hashlib
import json
import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

# Of the bash that Nix started, by builtins alone; the directory is made by us before. Its program
# is the first thing that Linux has mapped; what `$BASH` says is a guess by PATH.
NOTE = """\
builtin mapfile -d '' _nixspec_note < "$0"
  builtin printf '%s' "${{_nixspec_note[@]}}" > {scratch}/given/script
  builtin mapfile -d '' -t _nixspec_note < /proc/self/environ
  builtin printf '%s\\0' "${{_nixspec_note[@]}}" > {scratch}/given/environ
  builtin mapfile -d '' -t _nixspec_note < /proc/self/cmdline
  builtin printf '%s\\0' "${{_nixspec_note[@]}}" > {scratch}/given/cmdline
  unset _nixspec_note
  builtin read -r _ _ _ _ _ _nixspec_note < /proc/self/maps
  [ ! "$_nixspec_note" -ef /proc/self/exe ] || builtin printf '%s' "$_nixspec_note" > {scratch}/given/program
  builtin umask > {scratch}/given/umask
  builtin ulimit -Sn > {scratch}/given/files
  unset _nixspec_note"""  # noqa: E501 - a line of bash

_OURS = frozenset({b"TMPDIR", b"BASH_ENV"})
_PLACE = b"/nixspec-scratch-directory"
# Nix puts it between single quotes, without looking.
_QUOTE = b"'"


class Script(NamedTuple):
    """What Nix gave the bash that it became.

    Attributes:
        name: The script's file name.
        text: The script, with a place for our directory.
        command: What bash was called by.
        program: The bash itself.
        environment: Its variables, but for our own.
        umask: Its umask.
        files: What Nix made of the number of files that may be open, a newer one raises it:
            `kept`, `raised`, or `unknown` where there was nothing to raise.
    """

    name: str
    text: bytes
    command: str
    program: Path
    environment: Mapping[bytes, bytes]
    umask: str
    files: str

    @classmethod
    def noted_in(cls, scratch: Path) -> "Script | None":
        """Return what was noted as a shell was entered; None where it could not be repeated."""
        own, given = os.fsencode(scratch), scratch / "given"
        names = ("script", "environ", "cmdline", "program", "umask", "files")
        if not all((given / name).is_file() for name in names):
            return None
        read = [(given / name).read_bytes() for name in names]
        text, environ, cmdline, program, umask, files = read
        words = cmdline.split(b"\0")[:-1]
        pairs = [pair.partition(b"=") for pair in environ.split(b"\0")[:-1]]
        variables = {name: value for name, _, value in pairs if name not in _OURS}
        if len(words) != len(["bash", "script"]) or Path(os.fsdecode(words[1])).parent != scratch:
            return None
        # Nix names our directory twice, to remove the script and for what comes after the hook; in
        # any other place (as for structured attributes) there is a file of Nix's own behind it.
        places = (b"command rm -f '%s'\n" % words[1], b"' '%s'" % own)
        is_plain = _QUOTE not in own and _PLACE not in text
        is_ours = text.count(own) == len(places) and all(place in text for place in places)
        if not (is_plain and is_ours) or any(own in value for value in variables.values()):
            return None
        return cls(
            name=Path(os.fsdecode(words[1])).name,
            text=text.replace(own, _PLACE),
            command=os.fsdecode(words[0]),
            program=Path(os.fsdecode(program)),
            environment=variables,
            umask=umask.decode().strip(),
            files=_made_of_files(files.decode().strip()),
        )

    def put(self, scratch: Path) -> tuple[str, Path] | None:
        """Write the script for a new directory and return the command; None where it cannot be."""
        own = os.fsencode(scratch)
        if _QUOTE in own:
            return None
        file = scratch / self.name
        file.write_bytes(self.text.replace(_PLACE, own))
        return self.command, file

    @property
    def settings(self) -> str:
        """What is not a variable, as commands of bash."""
        raised = "; ulimit -Sn hard 2>/dev/null || :" if self.files == "raised" else ""
        return f"umask {self.umask}{raised}"

    @property
    def can_be_repeated_here(self) -> bool:
        """Whether it is known what Nix would make of the limits of this very process."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        return self.files != "unknown" or soft == hard

    def to_json(self, ours: str) -> str:
        """Return the script as JSON, with a mark of what we put into it ourselves."""
        variables = {_text(name): _text(value) for name, value in self.environment.items()}
        payload = json.dumps(
            {
                "ours": _digest(ours),
                "name": self.name,
                "text": _text(self.text),
                "command": self.command,
                "program": os.fspath(self.program),
                "environment": variables,
                "umask": self.umask,
                "files": self.files,
            }
        )
        return f"{_digest(payload)}\n{payload}"

    @classmethod
    def from_json(cls, text: str, ours: str) -> "Script | None":
        """Read what `to_json` wrote; None for what is damaged, or of another version of ours."""
        try:
            digest, _, payload = text.partition("\n")
            if digest != _digest(payload):
                return None
            read: dict[str, Any] = json.loads(payload)
            if read["ours"] != _digest(ours):
                return None
            return cls(
                name=read["name"],
                text=_bytes(read["text"]),
                command=read["command"],
                program=Path(read["program"]),
                environment={_bytes(n): _bytes(v) for n, v in read["environment"].items()},
                umask=read["umask"],
                files=read["files"],
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            # What somebody has written over is as good as none.
            return None


def _made_of_files(now: str) -> str:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return "unknown"
    return "kept" if now == str(soft) else "raised"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
