"""The statements on profiles: that they run, fit, and are no worse than their baselines."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_nixspec.checks.check import Check, Checked
from pytest_nixspec.checks.gates import Gate, gate_claims
from pytest_nixspec.checks.tested import Ask, ProfileUnderTest, check_of
from pytest_nixspec.performance import Measurement
from pytest_nixspec.performance.gate import NOT_COMPARABLE
from pytest_nixspec.performance.units import gigabytes
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import ProfileTable
from pytest_nixspec.verdict import Verdict, failed, passed, unknown


def profile_checks(spec: Spec) -> Iterator[Check]:
    """Return the statements on every profile, in the order of the specification."""
    for name, table in spec.model.profile.items():
        for key, statement, ask in _statements(table):
            yield check_of(name, table, statement, spec.line("profile", name, *key), ask)


def _statements(table: ProfileTable) -> Iterator[tuple[tuple[str, ...], str, Ask]]:
    """Yield the key, the statement and the question of each claim that a profile makes."""
    yield (), "runs", _runs
    if table.tensor_parallel > 1:
        statement = f"tensor_parallel is {table.tensor_parallel}"
        yield ("tensor_parallel",), statement, _is_parallel
    if table.quantization_bits is not None:
        bits = f"quantization is {table.quantization_bits} bits"
        yield ("quantization_bits",), bits, _is_quantized
    if table.vram_limit is not None:
        yield ("vram_limit",), "fits vram_limit", _fits
    for claim, statement in gate_claims(table.gate).items():
        yield ("gate", claim), statement, partial(_gated, claim)


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
    facts = {"measurement": measured.to_json()}
    fewer = _fewer_ranks(measured)
    # Where the specification states the ranks, they are a statement of their own.
    if fewer is None or "tensor_parallel" in tested.table.model_fields_set:
        return Checked(passed(said, *measured.untold), facts)
    return _or_skipped(replace(fewer, evidence=(said, *measured.untold)), tested, facts)


def _is_parallel(tested: ProfileUnderTest) -> Checked:
    measured = tested.measurement
    fewer = _fewer_ranks(measured)
    if fewer is not None:
        return _or_skipped(fewer, tested)
    machines = measured.fingerprint["machines"]
    ranks = measured.world_size["effective"]
    return Checked(passed(f"measured with {ranks} ranks on {machines} machine(s)"))


def _fewer_ranks(measured: Measurement) -> Verdict | None:
    """Return the verdict where it was run with fewer ranks than asked for, else None."""
    asked, was = (measured.world_size[name] for name in ("requested", "effective"))
    if asked == was:
        return None
    reason = f"not measured at {asked} ranks: there was {was}, and no figure is scaled"
    remedy = (
        "One Mac is one device, whatever its GPU cores: name more of them in hosts, "
        "raise max_gpus to as many, or ask for what there is."
    )
    return unknown(reason, remedy=remedy, excuse=NOT_COMPARABLE)


def _or_skipped(
    verdict: Verdict, tested: ProfileUnderTest, facts: dict[str, Any] | None = None
) -> Checked:
    """Return a verdict, skipped where its excuse is one that the specification accepts."""
    policy = getattr(tested.table.gate, verdict.excuse) if verdict.excuse else "fail"
    return Checked(verdict, facts or {}, may_skip=policy == "skip")


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
    return _or_skipped(Gate(tested).of(key), tested, facts)


def _facts(key: str, tested: ProfileUnderTest) -> dict[str, Any]:
    for metric, tolerance in tested.table.gate.tolerances().items():
        if metric == key:
            value = tested.measurement.typical(metric)
            return {"metric": metric, "value": value, "tolerance": tolerance}
    return {}
