"""The statements on profiles: that they run, fit, and are no worse than their baselines."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.performance import (
    Measurement,
    Metric,
    Profile,
    baseline_path,
    compare,
    incomparable,
    read,
    same_structure,
    same_tokens,
)
from pytest_nixspec.performance.device import Device
from pytest_nixspec.performance.variables import Merged, merged
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import GateTable, ProfileTable
from pytest_nixspec.verdict import Outcome, Verdict, failed, passed, unknown

DEFAULT_SHELL = "default"


@dataclass(frozen=True, slots=True)
class ProfileUnderTest:
    """A profile of a run: its settings, its measurement and its baseline, each got on demand."""

    name: str
    table: ProfileTable
    run: Run

    @property
    def settings(self) -> Merged:
        """Its settings: what the specification states, else what its shell exports."""
        values = self.table.model_dump(exclude={"gate", "timeout", "shell"})
        return merged(self.name, values, self.table.model_fields_set, self._variables())

    @property
    def profile(self) -> Profile:
        """The profile as it is measured."""
        values = self.settings.values
        return Profile(name=self.name, timeout_seconds=self.table.timeout, **values)

    @property
    def measurement(self) -> Measurement:
        """Its measurement in this run; raises `ModelError`."""
        return self.run.measurements.of(self.profile)

    def baseline(self) -> Verdict | Measurement:
        """Return the baseline's measurement, or why there is none to compare with."""
        path = baseline_path(self.run.baselines, Device.here(), self.name)
        return incomparable(self.measurement, read(path), str(path))

    def _variables(self) -> dict[str, str]:
        shell = _shell_of(self.table, self.run.spec)
        if shell is None:
            return {}
        exported = self.run.shells.shell(shell).environment
        mlx = {name: value for name, value in exported.items() if name.startswith(b"MLX_")}
        return {os.fsdecode(name): os.fsdecode(value) for name, value in mlx.items()}


def _shell_of(table: ProfileTable, spec: Spec | None) -> str | None:
    """Return the shell whose variables are a profile's defaults: its own, or the default one."""
    has_default = spec is not None and DEFAULT_SHELL in spec.model.shell
    return table.shell or (DEFAULT_SHELL if has_default else None)


def profile_checks(spec: Spec) -> Iterator[Check]:
    """Return the statements on every profile, in the order of the specification."""
    for name, table in spec.model.profile.items():
        for key, statement, ask in _statements(table, _shell_of(table, spec)):
            line = spec.line("profile", name, *key)
            yield Check(Area.PROFILE, name, statement, line, _asking(ask, name, table))


Ask = Callable[[ProfileUnderTest], Checked]


def _asking(ask: Ask, name: str, table: ProfileTable) -> Callable[[Run], Checked]:
    return lambda run: ask(ProfileUnderTest(name, table, run))


def _statements(
    table: ProfileTable, shell: str | None
) -> Iterator[tuple[tuple[str, ...], str, Ask]]:
    """Yield the key, the statement and the question of each claim that a profile makes."""
    yield (), "runs", _runs
    if shell and "tensor_parallel" not in table.model_fields_set:
        yield (), f"tensor_parallel is what shell {shell} exports", _is_parallel
    if table.tensor_parallel > 1:
        statement = f"tensor_parallel is {table.tensor_parallel}"
        yield ("tensor_parallel",), statement, _is_parallel
    if table.quantization_bits is not None:
        bits = f"quantization is {table.quantization_bits} bits"
        yield ("quantization_bits",), bits, _is_quantized
    if table.vram_limit is not None:
        yield ("vram_limit",), "fits vram_limit", _fits
    for metric, tolerance in table.gate.tolerances().items():
        yield ("gate", metric), f"{metric} {tolerance}", partial(_is_no_worse, metric)
    if table.gate.greedy_tokens:
        yield ("gate", "greedy_tokens"), "greedy tokens are the same", _has_the_same(same_tokens)
    if table.gate.structure:
        yield ("gate", "structure"), "structure is the same", _has_the_same(same_structure)
    if table.gate.min_bandwidth_utilisation:
        statement = f"bandwidth utilisation >= {table.gate.min_bandwidth_utilisation:g}"
        yield ("gate", "min_bandwidth_utilisation"), statement, _uses_bandwidth


def _runs(tested: ProfileUnderTest) -> Checked:
    measured = tested.measurement
    peak = "" if tested.table.endpoint else f", peak {measured.typical('peak_memory') / 1e9:.3f} GB"
    reason = (
        f"{measured.typical('generation_tps'):.4g} tokens/s, "
        f"prompt {measured.typical('prompt_tps'):.4g} tokens/s{peak}: "
        f"{len(measured.processes)} processes, {len(measured.samples)} samples"
    )
    unsound = [f"its times are not sound: {fault}" for fault in measured.faults]
    said = "; ".join([reason, *tested.settings.disagreements, *unsound])
    return Checked(passed(said, *measured.untold), {"measurement": measured.to_json()})


def _is_parallel(tested: ProfileUnderTest) -> Checked:
    size = tested.measurement.world_size
    asked, was = size["requested"], size["effective"]
    if asked == was:
        return Checked(passed(f"measured with {was} ranks"))
    reason = f"not measured at {asked} ranks: there was {was}, and no figure is scaled"
    remedy = (
        "One Mac is one device, whatever its GPU cores: name more of them in hosts, "
        "raise max_gpus to as many, or ask for what there is."
    )
    return Checked(unknown(reason, remedy=remedy), may_skip=_may_skip(tested))


def _may_skip(tested: ProfileUnderTest) -> bool:
    return tested.table.gate.not_comparable == "skip"


def _is_quantized(tested: ProfileUnderTest) -> Checked:
    required, measured = tested.profile.quantization_bits, tested.measurement
    bits = measured.identity.quantization["bits"]
    if measured.identity.weight_bytes is None:
        return Checked(unknown("a server does not tell the bits of its weights"))
    if bits == required:
        return Checked(passed(f"the model's weights have {bits} bits"))
    said = "its configuration names no quantization" if bits is None else f"they have {bits} bits"
    reason = f"weights of {required} bits are required, and {said}"
    return Checked(failed(reason, remedy="Name a model of that quantization."))


def _fits(tested: ProfileUnderTest) -> Checked:
    peak, limit = tested.measurement.typical("peak_memory"), tested.profile.vram_limit or 0
    reason = f"peak memory {peak / 1e9:.3f} GB, limit {limit / 1e9:.3f} GB"
    if peak <= limit:
        return Checked(passed(reason))
    remedy = "Take a smaller model or context, or raise vram_limit."
    return Checked(failed(reason, remedy=remedy))


def gated(metric: Metric, tested: ProfileUnderTest) -> Verdict:
    """Return the verdict on a metric against the stored baseline."""
    baseline = tested.baseline()
    if isinstance(baseline, Verdict):
        return baseline
    tolerance = tested.table.gate.tolerances()[metric]
    return compare(metric, tolerance, tested.measurement, baseline)


def _is_no_worse(metric: Metric, tested: ProfileUnderTest) -> Checked:
    measured, gate = tested.measurement, tested.table.gate
    tolerance = gate.tolerances()[metric]
    facts = {"metric": metric, "value": measured.typical(metric), "tolerance": tolerance}
    return _gate(tested, facts, lambda: gated(metric, tested))


def _has_the_same(same: Callable[[Measurement, Measurement], Verdict]) -> Ask:
    def ask(tested: ProfileUnderTest) -> Checked:
        baseline = tested.baseline()
        if isinstance(baseline, Verdict):
            return _gate(tested, {}, lambda: baseline)
        return _gate(tested, {}, lambda: same(tested.measurement, baseline))

    return ask


def _gate(
    tested: ProfileUnderTest, facts: dict[str, Any], decide: Callable[[], Verdict]
) -> Checked:
    if tested.run.settings.record:
        recording = unknown("not compared: this run records the baseline")
        return Checked(recording, facts, may_skip=True)
    verdict = decide()
    if verdict.outcome is not Outcome.UNKNOWN:
        return Checked(verdict, facts)
    return Checked(verdict, facts, may_skip=_lets_pass(verdict, tested.table.gate))


def _lets_pass(verdict: Verdict, gate: GateTable) -> bool:
    """Tell whether the specification lets this unknown pass by."""
    policy = gate.not_comparable if verdict.reason.startswith("not comparable") else gate.unsound
    return policy == "skip"


def _uses_bandwidth(tested: ProfileUnderTest) -> Checked:
    measured, floor = tested.measurement, tested.table.gate.min_bandwidth_utilisation or 0.0
    used = measured.bandwidth_utilisation()
    if used is None:
        reason = "the bytes that a step reads are not known: of experts it depends on the tokens"
        return Checked(unknown(reason), may_skip=_may_skip(tested))
    rate = measured.identity.read_bytes_per_second or 0.0
    reason = f"{used:.2f} of the {rate / 1e9:.1f} GB/s measured on the spot, at least {floor:g}"
    if measured.faults:
        unsound = unknown(f"not to be told: {'; '.join(measured.faults)}", reason)
        return Checked(unsound, may_skip=tested.table.gate.unsound == "skip")
    verdict = passed(reason) if used >= floor else failed(reason, remedy="Find what holds it up.")
    return Checked(verdict, {"bandwidth_utilisation": used})
