"""Everything this package raises on purpose.

NixspecError
├── SpecError                    the specification cannot be used as it is written
├── InvalidTextError             (ValueError)
│   ├── InvalidVersionError
│   └── InvalidRequirementError
├── NixError
│   ├── NixNotFoundError
│   ├── NixTooOldError
│   └── NixCommandError
│       └── ShellNotEvaluatedError
├── ShellError
│   ├── ShellNotFoundError       (LookupError)
│   ├── ShellNotEnteredError
│   ├── ToolNotFoundError        (LookupError)
│   ├── CommandNotStartedError
│   ├── ServiceError
│   └── ProbeError
├── ModelError
│   └── EndpointError
├── SnapshotError
└── BaselineError

A message says the fact with its value, then the cause, then the remedy.
"""

from collections.abc import Iterable


class NixspecError(Exception):
    """Base of all errors of this package."""


class SpecError(NixspecError):
    """The specification has a mistake; the message names file, line and what is allowed."""


class InvalidTextError(NixspecError, ValueError):
    """A text cannot be read.

    Attributes:
        column: Which character is wrong, counted from 1.
        expected: What could stand there.
        hint: What was likely meant.
    """

    def __init__(
        self, message: str, *, column: int = 1, expected: str = "", hint: str = ""
    ) -> None:
        """Keep the place beside the message."""
        super().__init__(message)
        self.column = column
        self.expected = expected
        self.hint = hint


class InvalidVersionError(InvalidTextError):
    """A text is not a version of its dialect."""


class InvalidRequirementError(InvalidTextError):
    """A text is not a requirement of its dialect."""


class NixError(NixspecError):
    """Nix is missing, too old, or could not do what it was asked."""


class NixNotFoundError(NixError):
    """No Nix was found on this machine."""


class NixTooOldError(NixError):
    """The Nix found is older than the oldest supported one."""


class NixCommandError(NixError):
    """A Nix command failed; the message ends with Nix's own last lines."""


class ShellNotEvaluatedError(NixCommandError):
    """A shell cannot be evaluated, and not for want of anything on this machine."""


class ShellError(NixspecError):
    """A shell, or a tool of it, is not as it must be."""


class ShellNotFoundError(ShellError, LookupError):
    """The flake has no shell of that name."""


class ShellNotEnteredError(ShellError):
    """The shell exists, but nothing ran inside it."""


class ToolNotFoundError(ShellError, LookupError):
    """Neither the shell nor the host has that program."""


class CommandNotStartedError(ShellError):
    """A program is there, but cannot be started."""


class ServiceError(ShellError):
    """A service of a shell does not start, or does not answer."""


class ProbeError(ShellError):
    """A tool is there, but what it says of its version cannot be read."""


class ModelError(NixspecError):
    """A model could not be found, loaded or run."""


class OverMemoryLimitError(ModelError):
    """A model took more memory than its profile allows, and was ended."""


class UntoldError(ModelError):
    """A figure that whatever runs the model does not tell."""


class EndpointError(ModelError):
    """A server that runs models is not there, or does not answer as it must.

    Attributes:
        status: The HTTP status of its refusal; 0 where it did not refuse that way.
        has_reason: Whether it gave a reason as JSON, as a route that it does have would.
    """

    def __init__(self, message: str, *, status: int = 0, has_reason: bool = False) -> None:
        """Keep what the server answered beside the message."""
        super().__init__(message)
        self.status = status
        self.has_reason = has_reason


class SnapshotError(NixspecError):
    """A snapshot is there, but cannot be read."""


class BaselineError(NixspecError):
    """A baseline is there, but cannot be read."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the hint that ends a message on an unknown name; empty where none is near."""
    import difflib  # noqa: PLC0415 - of no use to a run without a mistake

    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
