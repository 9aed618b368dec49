"""What a system tells of itself that bears on a measurement: counters, power, heat, energy."""

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from pytest_nixspec import process

QUERY_SECONDS = 10
_STAT_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def _said(argv: Sequence[str]) -> str:
    try:
        done = process.run(argv, env=dict(os.environ), deadline=process.after(QUERY_SECONDS))
    except FileNotFoundError:
        return ""
    return done.text if done.ok else ""


@dataclass(frozen=True, slots=True)
class System:
    """Where a system tells of itself.

    Attributes:
        platform: As `sys.platform` names it.
        proc: Linux's `/proc`.
        sys: Linux's `/sys`.
        said: Runs a program and returns its output; empty where it fails, or is not there.
    """

    platform: str = sys.platform
    proc: Path = Path("/proc")
    sys: Path = Path("/sys")
    said: Callable[[Sequence[str]], str] = _said


HERE = System()


@dataclass(frozen=True, slots=True)
class Observation:
    """A system at one moment; None is what it does not tell.

    Attributes:
        at_seconds: On a clock that only runs forward.
        busy_seconds: CPU time of all processes since the start, over all processors.
        total_seconds: The same and what was idle, waited for and stolen.
        stolen_seconds: CPU time that a hypervisor gave to others.
        load_average: Of the last minute, where there is no CPU time of all.
        on_battery: Whether it runs on a battery, or on one that stands in for the mains.
        low_power: Whether it was told to save power.
        speed_limit_percent: Of full speed that the processors may reach.
        thermal_pressure: macOS's own level; 0 is none.
        throttle_count: How often processors were slowed for their heat, since the start.
        swapped_out_bytes: Written to swap since the start.
        energy_joules: Used by the processors, on a counter that starts anew now and then.
    """

    at_seconds: float
    busy_seconds: float | None = None
    total_seconds: float | None = None
    stolen_seconds: float | None = None
    load_average: float | None = None
    on_battery: bool | None = None
    low_power: bool | None = None
    speed_limit_percent: float | None = None
    thermal_pressure: int | None = None
    throttle_count: int | None = None
    swapped_out_bytes: int | None = None
    energy_joules: float | None = None

    @classmethod
    def now(cls, system: System = HERE) -> "Observation":
        """Look at a system now; on macOS this starts five short programs."""
        told = _on_mac(system) if system.platform == "darwin" else _on_linux(system)
        return cls(at_seconds=time.monotonic(), energy_joules=energy_joules(system)[0], **told)

    def to_json(self) -> dict[str, Any]:
        """Return the observation as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` made; an unknown field raises `TypeError`."""
        return cls(**data)


def energy_joules(system: System = HERE) -> tuple[float | None, str]:
    """Return the energy that the processors' packages have used, or None and the reason.

    The counters are RAPL's, as Linux's powercap tells them; they start anew when they are full.
    """
    if system.platform == "darwin":
        return None, "macOS tells energy only to root, by powermetrics"
    zones = [
        zone
        for zone in sorted((system.sys / "class/powercap").glob("*:*"))
        # Parts of a package, and the whole board, would be counted twice.
        if zone.name.count(":") == 1 and (_text(zone / "name") or "").startswith("package")
    ]
    if not zones:
        return None, f"there is no counter of energy under {system.sys / 'class/powercap'}"
    counts = [_number(zone / "energy_uj") for zone in zones]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return None, f"{zones[0] / 'energy_uj'} cannot be read: it is root's alone"
    return sum(known) / 1e6, ""


def own_cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _on_linux(system: System) -> dict[str, Any]:
    return {
        **_cpu_times(system),
        "on_battery": _linux_battery(system),
        "low_power": _linux_low_power(system),
        "speed_limit_percent": _linux_speed_limit(system),
        "throttle_count": _linux_throttles(system),
        "swapped_out_bytes": _linux_swapped_out(system),
    }


def _cpu_times(system: System) -> dict[str, float]:
    """Return CPU seconds by `/proc/stat`, whose unit is the clock tick of user space."""
    first = (_text(system.proc / "stat") or "").partition("\n")[0].split()
    if first[:1] != ["cpu"] or len(first) <= len(_STAT_FIELDS):
        return {}
    tick = os.sysconf("SC_CLK_TCK")
    values = [int(value) / tick for value in first[1 : len(_STAT_FIELDS) + 1]]
    told = dict(zip(_STAT_FIELDS, values, strict=True))
    not_busy = told["idle"] + told["iowait"] + told["steal"]
    total = sum(values)
    return {
        "busy_seconds": total - not_busy,
        "total_seconds": total,
        "stolen_seconds": told["steal"],
    }


def _linux_battery(system: System) -> bool | None:
    """Tell by the mains whether there is power from them, and else by the batteries."""
    supplies = sorted((system.sys / "class/power_supply").glob("*"))
    mains = [_number(s / "online") for s in supplies if _text(s / "type") in {"Mains", "USB"}]
    if any(mains):
        return False
    # A mouse has a battery as well; what runs the machine is of the system.
    batteries = [
        _text(s / "status")
        for s in supplies
        if _text(s / "type") == "Battery" and _text(s / "scope") != "Device"
    ]
    if batteries:
        return "Discharging" in batteries
    return None


def _linux_low_power(system: System) -> bool | None:
    profile = _text(system.sys / "firmware/acpi/platform_profile")
    return profile == "low-power" if profile else None


def _linux_speed_limit(system: System) -> float | None:
    shares = [
        100 * allowed / full
        for policy in (system.sys / "devices/system/cpu/cpufreq").glob("policy*")
        if (allowed := _number(policy / "scaling_max_freq"))
        and (full := _number(policy / "cpuinfo_max_freq"))
    ]
    return min(shares, default=None)


def _linux_throttles(system: System) -> int | None:
    folders = "cpu[0-9]*/thermal_throttle/*_throttle_count"
    files = sorted((system.sys / "devices/system/cpu").glob(folders))
    counts = [count for file in files if (count := _number(file)) is not None]
    return sum(counts) if counts else None


def _linux_swapped_out(system: System) -> int | None:
    pages = _found(r"^pswpout (\d+)$", _text(system.proc / "vmstat") or "")
    return None if pages is None else pages * os.sysconf("SC_PAGE_SIZE")


def _on_mac(system: System) -> dict[str, Any]:
    """Ask pmset, notifyutil and vm_stat, which need no root."""
    source = re.search(r"Now drawing from '(\w+)", system.said(["pmset", "-g", "batt"]))
    # Newer ones have one `powermode`, of which 1 is low and 2 is high.
    low = _found(r"^\s*(?:lowpowermode|powermode)\s+(\d+)", system.said(["pmset", "-g"]))
    pressure = system.said(["notifyutil", "-g", "com.apple.system.thermalpressurelevel"])
    return {
        "load_average": os.getloadavg()[0],
        "on_battery": source[1] != "AC" if source else None,
        "low_power": None if low is None else low == 1,
        "speed_limit_percent": _found(
            r"CPU_Speed_Limit\s*=\s*(\d+)", system.said(["pmset", "-g", "therm"])
        ),
        "thermal_pressure": _found(r"thermalpressurelevel\s+(\d+)", pressure),
        "swapped_out_bytes": _mac_swapped_out(system.said(["vm_stat"])),
    }


def _mac_swapped_out(said: str) -> int | None:
    page, pages = _found(r"page size of (\d+) bytes", said), _found(r"^Swapouts:\s+(\d+)\.", said)
    return None if page is None or pages is None else page * pages


def _found(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text, re.MULTILINE)
    return int(found[1]) if found else None


def _text(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        # It is not there, not ours to read, or its driver does not answer.
        return None


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text and text.isdecimal() else None
