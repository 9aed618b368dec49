"""Is this machine fit to measure? Decided by what it told before and after."""

from pytest_nixspec.performance.machine.observing import Observation

OTHERS_CORES = 0.2
"""Cores that others may keep busy: with one more, a small model slows by a third and more."""
OTHERS_LOAD = 1.0
"""The same by a load average, which lags, and counts what waits: it tells only the coarse."""
STOLEN_SHARE = 0.02
FULL_SPEED = 99.0
"""Percent: what is above is rounding."""


def unfit(before: Observation, after: Observation, own_cpu_seconds: float) -> list[str]:
    """Return why the machine was not fit to measure in between; nothing where nothing says so.

    Args:
        before: The machine as the measurement began.
        after: The machine as it ended.
        own_cpu_seconds: CPU time of all our own processes in between.
    """
    seconds = after.at_seconds - before.at_seconds
    return [
        *_others(before, after, own_cpu_seconds, seconds),
        *_stolen(before, after),
        *_power(before, after),
        *_heat(before, after),
        *_swapped(before, after),
    ]


def untold(before: Observation, after: Observation) -> list[str]:
    """Return what could not be observed, so that its absence from `unfit` means nothing."""
    told = (
        ("what others used of the processors", ("busy_seconds", "load_average")),
        ("what a hypervisor took", ("stolen_seconds",)),
        ("the source of power", ("on_battery",)),
        ("whether power is saved", ("low_power",)),
        ("heat", ("speed_limit_percent", "thermal_pressure", "throttle_count")),
        ("swapping", ("swapped_out_bytes",)),
        ("energy", ("energy_joules",)),
    )
    both = (before, after)
    return [
        what
        for what, fields in told
        if not any(all(getattr(one, field) is not None for one in both) for field in fields)
    ]


def spent_joules(before: Observation, after: Observation) -> float | None:
    """Return the energy used in between, by all; None where it is not told, or started anew."""
    spent = _grown(before.energy_joules, after.energy_joules)
    return spent if spent is not None and spent >= 0 else None


def _others(before: Observation, after: Observation, own: float, seconds: float) -> list[str]:
    if seconds <= 0:
        return []
    busy = _grown(before.busy_seconds, after.busy_seconds)
    if busy is not None:
        cores = (busy - own) / seconds
        if cores > OTHERS_CORES:
            return [f"{cores:.1f} other cores were busy, more than {OTHERS_CORES:g}"]
    elif after.load_average is not None:
        load = after.load_average - own / seconds
        if load > OTHERS_LOAD:
            how = f"{load:.1f} above our own, more than {OTHERS_LOAD:g}"
            return [f"the load average was {how}: others were busy"]
    return []


def _stolen(before: Observation, after: Observation) -> list[str]:
    stolen = _grown(before.stolen_seconds, after.stolen_seconds)
    total = _grown(before.total_seconds, after.total_seconds)
    if not stolen or not total or stolen / total <= STOLEN_SHARE:
        return []
    share = stolen / total
    return [
        f"the hypervisor gave {share:.1%} of the CPU time to others, more than {STOLEN_SHARE:.0%}"
    ]


def _power(before: Observation, after: Observation) -> list[str]:
    both = (before, after)
    return [
        *(["the machine ran on battery"] if any(one.on_battery for one in both) else []),
        *(["the machine was saving power"] if any(one.low_power for one in both) else []),
    ]


def _heat(before: Observation, after: Observation) -> list[str]:
    both = (before, after)
    told = [one.speed_limit_percent for one in both if one.speed_limit_percent is not None]
    limit = min(told, default=100.0)
    pressure = max(one.thermal_pressure or 0 for one in both)
    slowed = _grown(before.throttle_count, after.throttle_count) or 0
    return [
        *([f"processors were held at {limit:.0f}% of full speed"] if limit < FULL_SPEED else []),
        *([f"macOS told thermal pressure {pressure}, where 0 is none"] if pressure else []),
        *([f"processors were slowed {slowed:.0f} times for their heat"] if slowed > 0 else []),
    ]


def _swapped(before: Observation, after: Observation) -> list[str]:
    swapped = _grown(before.swapped_out_bytes, after.swapped_out_bytes) or 0
    return [f"{swapped / 1e6:.1f} MB were swapped out"] if swapped > 0 else []


def _grown(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
