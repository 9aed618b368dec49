"""The statements on profiles: that they run, fit, and are no worse than their baselines."""

import datetime
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from pytest_nixspec.checks.check import Area, Check, Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.performance import (
    Baseline,
    Device,
    Measurement,
    Profile,
    Provenance,
    baseline_path,
    compare,
    differing_field,
    read,
    write,
)
from pytest_nixspec.report import Result
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import GateTable, Metric, ProfileTable
from pytest_nixspec.verdict import Verdict, failed, passed, unknown

RECORD = "Record one for this machine: pytest --nixspec-record"


def profile_checks(spec: Spec) -> Iterator[Check]:
    """Return the statements on every profile, in the order of the specification."""
    for name, table in spec.model.profile.items():
        profile = profile_from(name, table)
        new = partial(Check, Area.PROFILE, name)
        yield new("runs", spec.line("profile", name), partial(_runs, profile))
        if table.quantization_bits is not None:
            line = spec.line("profile", name, "quantization_bits")
            bits = f"quantization is {table.quantization_bits} bits"
            yield new(bits, line, partial(_is_quantized, profile))
        if table.vram_limit is not None:
            line = spec.line("profile", name, "vram_limit")
            yield new("fits vram_limit", line, partial(_fits, profile))
        for metric, tolerance in table.gate.tolerances().items():
            line = spec.line("profile", name, "gate", metric)
            ask = partial(_is_no_worse, profile, metric, table.gate)
            yield new(f"{metric} {tolerance}", line, ask)


def profile_from(name: str, table: ProfileTable) -> Profile:
    """Return the profile of a table."""
    fields = table.model_dump(exclude={"gate", "timeout"})
    return Profile(name=name, timeout_seconds=table.timeout, **fields)


def record_baselines(results: Iterable[Result], run: Run) -> list[Path]:
    """Store what was measured as the baselines of this device, and return the files."""
    now = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
    recorded = []
    for result in results:
        if "measurement" in result.facts:
            measurement = Measurement.from_json(result.facts["measurement"])
            path = baseline_path(run.baselines, Device.here(), measurement.profile)
            write(path, Baseline(measurement, Provenance.MEASURED, now))
            recorded.append(path)
    return recorded


def _measured(profile: Profile, run: Run) -> Measurement | Verdict:
    fault = profile.unsupported()
    if fault is not None:
        return unknown(f"not measured: {fault}")
    return run.measurements.of(profile)


def _runs(profile: Profile, run: Run) -> Checked:
    measured = _measured(profile, run)
    if isinstance(measured, Verdict):
        return Checked(measured)
    count = len(measured.samples)
    facts = {"measurement": measured.to_json()}
    reason = (
        f"{count} × {profile.generation_tokens} tokens, loaded in {measured.load_seconds:.1f} s"
    )
    return Checked(passed(reason), facts)


def _is_quantized(profile: Profile, run: Run) -> Checked:
    measured = _measured(profile, run)
    if isinstance(measured, Verdict):
        return Checked(measured)
    bits = measured.quantization_bits
    if bits == profile.quantization_bits:
        return Checked(passed(f"the model's weights have {bits} bits"))
    said = "its configuration names no quantization" if bits is None else f"they have {bits} bits"
    reason = f"weights of {profile.quantization_bits} bits are required, and {said}"
    return Checked(failed(reason, remedy="Name a model of that quantization."))


def _fits(profile: Profile, run: Run) -> Checked:
    measured = _measured(profile, run)
    if isinstance(measured, Verdict):
        return Checked(measured)
    peak, limit = measured.typical("peak_memory"), profile.vram_limit or 0
    reason = f"peak memory {peak / 1e9:.3f} GB, limit {limit / 1e9:.3f} GB"
    if peak <= limit:
        return Checked(passed(reason))
    remedy = "Take a smaller model or context, or raise vram_limit."
    return Checked(failed(reason, remedy=remedy))


def _is_no_worse(profile: Profile, metric: Metric, gate: GateTable, run: Run) -> Checked:
    measured = _measured(profile, run)
    if isinstance(measured, Verdict):
        return Checked(measured)
    tolerance = gate.tolerances()[metric]
    facts = {"metric": metric, "value": measured.typical(metric), "tolerance": tolerance}
    if run.settings.record:
        verdict = unknown("not compared: this run records the baseline")
        return Checked(verdict, facts, may_skip=True)
    path = baseline_path(run.baselines, Device.here(), measured.profile)
    baseline = read(path)
    difference = (
        f"there is no baseline {path}"
        if baseline is None
        else differing_field(measured, baseline.measurement)
    )
    if baseline is None or difference is not None:
        verdict = unknown(f"not comparable: {difference}", remedy=RECORD)
        return Checked(verdict, facts, may_skip=gate.not_comparable == "skip")
    return Checked(compare(metric, tolerance, measured, baseline), facts)
