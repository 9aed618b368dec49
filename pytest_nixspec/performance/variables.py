"""The `MLX_*` variables of a shell as the defaults of its profiles.

MLX itself reads none of them, so a shell that exports them promises something that nothing keeps:
here they are kept, and where the specification says otherwise, that is said.
"""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pytest_nixspec.errors import ModelError


@dataclass(frozen=True, slots=True)
class Merged:
    """The settings of a profile.

    Attributes:
        values: By key of the profile: the specification's, else the shell's.
        disagreements: One sentence for each variable that the specification overrules.
    """

    values: Mapping[str, Any]
    disagreements: tuple[str, ...]


def merged(
    name: str, values: Mapping[str, Any], stated: AbstractSet[str], variables: Mapping[str, str]
) -> Merged:
    """Return the settings of a profile, with the variables of a shell as defaults.

    Args:
        name: The profile's, `plan`: its own variables are `MLX_PLAN_BATCH_SIZE` and the like.
        values: Its settings as the specification has them, defaults included.
        stated: The keys that the specification states.
        variables: The variables of the shell.

    Raises:
        ModelError: A variable does not hold a number.
    """
    settled, disagreements = dict(values), []
    for variable, (key, read) in _meanings(name).items():
        if variable not in variables:
            continue
        value = _number(variable, variables[variable], read)
        if key not in stated:
            settled[key] = value
        elif value != values[key]:
            said = f"the shell exports {variable}={value}, the specification says {values[key]}"
            disagreements.append(f"{said}: the specification wins")
    return Merged(settled, tuple(disagreements))


def _meanings(name: str) -> dict[str, tuple[str, Callable[[str], float]]]:
    own = f"MLX_{re.sub(r'[^A-Z0-9]', '_', name.upper())}"
    return {
        "MLX_TENSOR_PARALLEL": ("tensor_parallel", _count),
        "MLX_MAX_GPUS": ("max_gpus", _count),
        "MLX_VRAM_LIMIT": ("vram_limit", _count),
        f"{own}_BATCH_SIZE": ("batch_size", _count),
        f"{own}_TEMPERATURE": ("temperature", _temperature),
    }


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _temperature(text: str) -> float:
    if not 0 <= float(text) < float("inf"):
        raise ValueError(text)
    return float(text)


def _number(variable: str, text: str, read: Callable[[str], float]) -> float:
    try:
        return read(text)
    except ValueError as error:
        kind = (
            "a number not below 0" if variable.endswith("TEMPERATURE") else "a whole number above 0"
        )
        message = f"the shell exports {variable}={text!r}, which is not {kind}. Mend its hook."
        raise ModelError(message) from error
