"""What a run was asked to do: options read once, frozen."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pytest_nixspec.errors import SpecError
from pytest_nixspec.nix.flake import Override

SUBSTITUTIONS = Path(".nixspec") / "substitutions.json"


class ModelSubstitute(NamedTuple):
    """A model that stands in for another: whose, where it is, and what it is."""

    model: str
    path: Path
    what: str


class Substitutions(NamedTuple):
    """What stands in for what cannot be had on this machine.

    Attributes:
        nix: The Nix to use where the machine has none of its own; None for the machine's.
        inputs: Flake inputs.
        models: Models.
    """

    nix: Path | None = None
    inputs: tuple[Override, ...] = ()
    models: tuple[ModelSubstitute, ...] = ()

    @classmethod
    def read(cls, root: Path) -> "Substitutions":
        """Read what the preparation of this machine has written, if it has.

        Raises:
            SpecError: The file cannot be read, or names something that is gone.
        """
        path = root / SUBSTITUTIONS
        if not path.exists():
            return cls()
        remedy = "Run `make spec` again, or delete the file to substitute nothing."
        try:
            read = json.loads(path.read_text())
            substitutions = cls(
                nix=Path(_text(read["nix"])) if read["nix"] else None,
                inputs=tuple(
                    Override(_text(i["input"]), _text(i["reference"]), _text(i["what"]))
                    for i in read["inputs"]
                ),
                models=tuple(
                    ModelSubstitute(_text(m["model"]), Path(_text(m["path"])), _text(m["what"]))
                    for m in read["models"]
                ),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path} cannot be read: {error!r}. {remedy}"
            raise SpecError(message) from error
        for gone in (place for place in substitutions.places if not place.exists()):
            message = f"{path} names {gone}, which is gone. {remedy}"
            raise SpecError(message)
        return substitutions

    @property
    def model_paths(self) -> dict[str, Path]:
        """Where what stands in for a model is, by the model's name."""
        return {m.model: m.path for m in self.models}

    @property
    def places(self) -> list[Path]:
        """The local files and folders that they need."""
        flakes = [o.directory for o in self.inputs if o.directory]
        return [*([self.nix] if self.nix else []), *flakes, *(m.path for m in self.models)]

    def lines(self) -> list[str]:
        """Return one line for each, for header and reports."""
        inputs = [f"input {o.input}: {o.what}" for o in self.inputs]
        return inputs + [f"model {m.model}: {m.what}" for m in self.models]


class Settings(NamedTuple):
    """What a run was asked to do.

    Attributes:
        spec_path: The specification, or None where there is none.
        root: The directory of the specification, or of the run.
        reports: Where reports are written.
        record: Whether baselines may be written.
        is_quick: Whether models are measured as briefly as makes a measurement.
        substitutions: What stands in for what.
    """

    spec_path: Path | None
    root: Path
    reports: Path
    record: bool
    substitutions: Substitutions
    is_quick: bool = False


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        message = f"text is needed, not {value!r}"
        raise TypeError(message)
    return value


def override_from(text: str) -> Override:
    """Read `INPUT=REFERENCE`, as `--nixspec-override-input` takes it.

    Raises:
        SpecError: There is no equals sign, or nothing on one side of it.
    """
    name, equals, reference = text.partition("=")
    if not (name and equals and reference):
        message = f"--nixspec-override-input takes INPUT=REFERENCE, not {text!r}."
        raise SpecError(message)
    what = f"{reference} (from the command line)"
    path = reference.removeprefix("path:")
    # Nix runs in the directory of the flake, and sometimes in another: here this one is meant.
    if path.startswith("."):
        reference = f"{reference.removesuffix(path)}{Path(path).absolute()}"
    return Override(name, reference, what)


def with_overrides(substitutions: Substitutions, texts: Sequence[str]) -> Substitutions:
    """Return the substitutions with those of the command line, which win."""
    given = {o.input: o for o in map(override_from, texts)}
    kept = [o for o in substitutions.inputs if o.input not in given]
    inputs = (*kept, *given.values())
    return Substitutions(substitutions.nix, inputs, substitutions.models)
