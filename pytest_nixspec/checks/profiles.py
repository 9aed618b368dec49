"""The statements on profiles: that they run, fit, and are no worse than their baselines."""

from collections.abc import Callable, Iterator
from functools import partial

from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.gates import Gate, gate_claims
from pytest_nixspec.checks.run import Run
from pytest_nixspec.checks.tested import ProfileUnderTest, shell_of
from pytest_nixspec.performance.gate import NOT_COMPARABLE, UNSOUND
from pytest_nixspec.performance.units import gigabytes
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import GateTable, ProfileTable
from pytest_nixspec.verdict import Outcome, Verdict, failed, passed, unknown


def profile_checks(spec: Spec) -> Iterator[Check]:
    """Return the statements on every profile, in the order of the specification."""
    for name, table in spec.model.profile.items():
        for key, statement, ask in _statements(table, shell_of(table, spec)):
            line = spec.line("profile", name, *key)
            yield Check(Area.PROFILE, name, statement, line, _asking(ask, name, table))
        for claim, statement in gate_claims(table.gate).items():
            line = spec.line("profile", name, "gate", claim)
            ask = partial(_gated, claim)
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
        machines = tested.measurement.fingerprint["machines"]
        return Checked(passed(f"measured with {was} ranks on {machines} machine(s)"))
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
    counted = measured.identity.quantization["weights_by_bits"]
    bits, most = max(counted.items(), key=lambda item: item[1])
    share = f"{most / sum(counted.values()):.0%} of the weights have {bits} bits"
    if bits == str(required):
        return Checked(passed(share))
    reason = f"weights of {required} bits are required, and {share}"
    return Checked(failed(reason, remedy="Name a model of that quantization."))


def _fits(tested: ProfileUnderTest) -> Checked:
    peak, limit = tested.measurement.typical("peak_memory"), tested.profile.vram_limit or 0
    reason = f"peak memory {gigabytes(peak)}, limit {gigabytes(limit)}"
    if peak <= limit:
        return Checked(passed(reason))
    remedy = "Take a smaller model or context, or raise vram_limit."
    return Checked(failed(reason, remedy=remedy))


def _gated(key: str, tested: ProfileUnderTest) -> Checked:
    facts = _facts(key, tested)
    if tested.run.settings.record and key != "min_bandwidth_utilisation":
        recording = unknown("not compared: this run records the baseline")
        return Checked(recording, facts, may_skip=True)
    verdict = Gate(tested).of(key)
    is_unknown = verdict.outcome is Outcome.UNKNOWN
    return Checked(verdict, facts, may_skip=is_unknown and _lets_pass(verdict, tested.table.gate))


def _facts(key: str, tested: ProfileUnderTest) -> dict[str, object]:
    for metric, tolerance in tested.table.gate.tolerances().items():
        if metric == key:
            value = tested.measurement.typical(metric)
            return {"metric": metric, "value": value, "tolerance": tolerance}
    return {}


def _lets_pass(verdict: Verdict, gate: GateTable) -> bool:
    """Tell whether the specification lets this unknown pass by."""
    if verdict.reason.startswith(NOT_COMPARABLE):
        return gate.not_comparable == "skip"
    return verdict.reason.startswith(UNSOUND) and gate.unsound == "skip"
