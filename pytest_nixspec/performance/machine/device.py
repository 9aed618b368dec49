"""The machine that models run on, as far as figures depend on it."""

import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from pytest_nixspec import process

QUERY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Device:
    """A machine.

    Attributes:
        chip: The processor's own name, `Apple M2 Max`, `AMD EPYC`.
        gpu_cores: Cores of its GPU; None where there is none, or it cannot be told.
        cpus: Processors that this process may use.
        memory_bytes: Physical memory.
        system: `darwin-arm64`, `linux-x86_64`.
        release: The operating system with its version, `macOS 26.4`, `debian 12`.
    """

    chip: str
    gpu_cores: int | None
    cpus: int
    memory_bytes: int
    system: str
    release: str = ""

    @classmethod
    def here(cls) -> "Device":
        """Return this machine."""
        on_mac = sys.platform == "darwin"
        return cls(
            chip=_mac_chip() if on_mac else _linux_chip(),
            gpu_cores=_mac_gpu_cores() if on_mac else None,
            cpus=len(os.sched_getaffinity(0)) if not on_mac else os.cpu_count() or 1,
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            system=f"{sys.platform}-{platform.machine()}",
            release=f"macOS {platform.mac_ver()[0]}" if on_mac else _linux_release(),
        )

    @property
    def slug(self) -> str:
        """The name of its folder of baselines: `apple-m2-max-38c`, `linux-x86_64-cpu`."""
        if self.gpu_cores is None:
            return f"{self.system}-cpu"
        chip = re.sub(r"[^a-z0-9]+", "-", self.chip.lower()).strip("-")
        return f"{chip}-{self.gpu_cores}c"

    def __str__(self) -> str:
        gpu = f", {self.gpu_cores} GPU cores" if self.gpu_cores else ""
        gibibytes = self.memory_bytes / 2**30
        return f"{self.chip}{gpu}, {self.cpus} CPUs, {gibibytes:.1f} GiB, {self.system}"


def _linux_chip() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _linux_release() -> str:
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return "linux"
    return f"{told['ID']} {told.get('VERSION_ID', '')}".strip()


def _mac_chip() -> str:
    return _said(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.machine()


def _mac_gpu_cores() -> int | None:
    found = re.search(
        r'"sppci_cores"\s*:\s*"(\d+)"', _said(["system_profiler", "SPDisplaysDataType", "-json"])
    )
    return int(found[1]) if found else None


def _said(argv: list[str]) -> str:
    return process.run(argv, env=dict(os.environ), deadline=process.after(QUERY_SECONDS)).text
