"""The statements on profiles that need no run: whether a model can be cut, and whether it fits."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_nixspec.checks.check import Check, Checked
from pytest_nixspec.checks.tested import Ask, ProfileUnderTest, check_of
from pytest_nixspec.performance import Asked, Device, Plan, Profile, Sizings, Workload, plan
from pytest_nixspec.performance.planning.chips import Chip, here
from pytest_nixspec.performance.planning.sizings import Sized
from pytest_nixspec.performance.ring import Ring
from pytest_nixspec.performance.units import gigabytes
from pytest_nixspec.spec import Spec
from pytest_nixspec.spec.model import ProfileTable
from pytest_nixspec.verdict import failed, passed


def plan_checks(spec: Spec) -> Iterator[Check]:
    """Return the planned statements on every profile, in the order of the specification.

    They load nothing. A model whose configuration cannot be had leaves them unknown; one that a
    server runs is not ours to plan.
    """
    for name, table in spec.model.profile.items():
        for key, statement, ask in _statements(table):
            yield check_of(name, table, statement, spec.line("profile", name, key), ask)


def _statements(table: ProfileTable) -> Iterator[tuple[str, str, Ask]]:
    if table.endpoint is not None:
        return
    if table.tensor_parallel > 1:
        ranks = f"tensor_parallel {table.tensor_parallel}"
        yield "tensor_parallel", f"{ranks} can shard", _can_shard
        yield "tensor_parallel", f"{ranks} has its devices", _has_devices
    if table.vram_limit is not None:
        yield "vram_limit", "fits vram_limit (planned)", _fits


def plan_of(tested: ProfileUnderTest) -> Plan:
    """Return the plan of a profile on this machine, and on the hosts that the profile names.

    Raises:
        ModelError: The model's configuration cannot be had, or mlx-lm cannot build it.
    """
    run, profile = tested.run, tested.profile
    paths = run.settings.substitutions.model_paths
    sizings = Sizings(run.directory / "plans", paths, run.settings.root, run.announce)
    sized = sizings.of(asked_of(profile))
    work = replace(workload_of(profile), devices=_devices(tested))
    return plan(sized.sizes, on_device(work, here(Device.here()), sized, is_here=True))


def asked_of(profile: Profile) -> Asked:
    """Return what is to be sized for a profile."""
    return Asked(profile.model, bits=profile.quantization_bits, ranks=profile.tensor_parallel)


def workload_of(profile: Profile) -> Workload:
    """Return the workload of a profile; what it runs on is not known yet."""
    return Workload(
        batch=profile.batch_size,
        context=profile.prompt_tokens + profile.generation_tokens,
        prompt=profile.prompt_tokens,
        prefill=profile.prefill_step_size,
        limit_bytes=profile.vram_limit,
        ranks=profile.tensor_parallel,
        most_ranks=profile.max_gpus,
    )


def on_device(work: Workload, chip: Chip | None, sized: Sized, *, is_here: bool) -> Workload:
    """Return the workload on a device.

    Args:
        work: The workload.
        chip: The chip, where the table has it.
        sized: What this machine said when it sized the model.
        is_here: Whether the device is this machine.
    """
    if chip is None:
        name = Device.here().chip
        own = sized.working_set_bytes
        sets = {"this machine": own} if own else {}
        return replace(work, device=name, backend=sized.backend, working_sets=sets)
    sets = chip.working_sets_by_name()
    if is_here and sized.working_set_bytes:
        sets = {"this machine": sized.working_set_bytes}
    return replace(
        work,
        device=str(chip),
        backend="metal",
        memory_bytes=max(chip.memory_gb) * 2**30 if chip.memory_gb else None,
        working_sets=sets,
        bandwidth_gbs=work.bandwidth_gbs or chip.bandwidth_gbs,
    )


def _devices(tested: ProfileUnderTest) -> int:
    return len(Ring.of(tested.profile.hosts, tested.run.settings.root).hosts)


def _can_shard(tested: ProfileUnderTest) -> Checked:
    parallel = plan_of(tested).tensor_parallel
    facts = {"feasible_values": list(parallel.feasible_values)}
    if parallel.feasible:
        return Checked(passed(parallel.reason), facts)
    remedy = f"Take tensor_parallel = {parallel.nearest}."
    if parallel.regrouped:
        remedy += f" Weights in groups of {parallel.regrouped} could be cut as asked."
    return Checked(failed(parallel.reason, remedy=remedy), facts)


def _has_devices(tested: ProfileUnderTest) -> Checked:
    ranks, most = tested.profile.tensor_parallel, tested.profile.max_gpus
    devices = _devices(tested)
    if ranks > most:
        reason = f"{ranks} ranks exceed max_gpus = {most}"
        return Checked(failed(reason, remedy="Raise max_gpus, or lower tensor_parallel."))
    if ranks <= devices:
        return Checked(passed(f"{ranks} ranks, and {devices} hosts"))
    chip = here(Device.here()) or Device.here().chip
    reason = f"{ranks} ranks need {ranks} devices, and there is {devices}: {chip} counts as one"
    remedy = f"Take tensor_parallel = {devices}, or name a machine for each rank in hosts."
    return Checked(failed(reason, "GPU cores are no devices of their own.", remedy=remedy))


def _fits(tested: ProfileUnderTest) -> Checked:
    planned, work = plan_of(tested), workload_of(tested.profile)
    limit, peak = work.limit_bytes or 0, planned.peak_bytes
    facts = {
        "peak_bytes": peak,
        "max_context_tokens": planned.max_context_tokens,
        "max_batch": planned.max_batch,
    }
    reason = (
        f"batch {work.batch} at {work.context} tokens takes {gigabytes(peak)} of "
        f"{gigabytes(limit)}, as planned"
    )
    if peak <= limit:
        return Checked(passed(reason, *planned.warnings), facts)
    remedy = (
        f"Take {planned.max_context_tokens} tokens, batch {planned.max_batch}, or fewer bits; "
        "0 means that none fits."
    )
    return Checked(failed(reason, *planned.warnings, remedy=remedy), facts)
