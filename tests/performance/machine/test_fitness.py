"""Whether a machine is fit to measure: decisions, what systems tell, and this machine.

What macOS's programs say is not recorded on a machine of ours: it is written after their manual
pages and after public reports of what they print, spaces and tabs included.
"""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.performance.machine.fitness import spent_joules, unfit, untold
from pytest_nixspec.performance.machine.observing import (
    Observation,
    System,
    energy_joules,
    own_cpu_seconds,
)

BEFORE = Observation(
    at_seconds=100.0,
    busy_seconds=1000.0,
    total_seconds=5000.0,
    stolen_seconds=10.0,
    on_battery=False,
    low_power=False,
    speed_limit_percent=100.0,
    thermal_pressure=0,
    throttle_count=3,
    swapped_out_bytes=4096,
    energy_joules=50.0,
)
# Ten seconds on two processors, of which we used nine and others one.
AFTER = replace(
    BEFORE, at_seconds=110.0, busy_seconds=1010.0, total_seconds=5020.0, energy_joules=350.0
)

BATTERY = (
    "Now drawing from 'Battery Power'\n"
    " -InternalBattery-0 (id=5308515)\t43%; discharging; (no estimate) present: true\n"
)
MAINS = (
    "Now drawing from 'AC Power'\n"
    " -InternalBattery-0 (id=22806627)\t100%; charged; 0:00 remaining present: true\n"
)
DESKTOP = "Now drawing from 'AC Power'\n"
UPS = "Now drawing from 'UPS Power'\n"
SETTINGS = """\
System-wide power settings:
Currently in use:
 standby              1
 powernap             1
 sleep                0 (sleep prevented by sharingd, powerd)
 tcpkeepalive         1
 lowpowermode         {}
 womp                 0
"""
NEW_SETTINGS = "System-wide power settings:\nCurrently in use:\n powermode            {}\n"
NO_HEAT = """\
Note: No thermal warning level has been recorded
Note: No performance warning level has been recorded
Note: No CPU power status has been recorded
"""
HEAT = """\
Note: No thermal warning level has been recorded
Note: No performance warning level has been recorded
2020-06-26 12:30:37 +0200 CPU Power notify
\tCPU_Scheduler_Limit \t= 40
\tCPU_Available_CPUs \t= 8
\tCPU_Speed_Limit \t= 28
"""
VM_STAT = """\
Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                                    71101.
"Translation faults":                      714753559.
Pageouts:                                     269001.
Swapins:                                        2000.
Swapouts:                                         10.
"""
PRESSURE = "com.apple.system.thermalpressurelevel {}\n"


def mac(**said: str) -> System:
    """Return a Mac whose programs say this; what is not given is not there."""
    programs = {
        ("pmset", "-g", "batt"): "battery",
        ("pmset", "-g"): "settings",
        ("pmset", "-g", "therm"): "heat",
        ("notifyutil", "-g", "com.apple.system.thermalpressurelevel"): "pressure",
        ("vm_stat",): "memory",
    }
    return System("darwin", said=lambda argv: said.get(programs[tuple(argv)], ""))


def linux(directory: Path, **files: str) -> System:
    """Return a Linux with these files; two underscores stand for a slash."""
    for name, text in files.items():
        path = directory / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return System("linux", directory / "proc", directory / "sys")


def supply(directory: Path, name: str, **facts: str) -> System:
    files = {f"sys__class__power_supply__{name}__{fact}": text for fact, text in facts.items()}
    return linux(directory, **files)


def test_a_quiet_machine_is_fit():
    assert unfit(BEFORE, AFTER, own_cpu_seconds=9.0) == []
    assert untold(BEFORE, AFTER) == []


def test_others_that_keep_cores_busy_are_told_with_how_many():
    assert unfit(BEFORE, replace(AFTER, busy_seconds=1022.0), own_cpu_seconds=9.0) == [
        "1.3 other cores were busy, more than 0.2"
    ]


def test_what_we_used_ourselves_is_not_others():
    assert unfit(BEFORE, replace(AFTER, busy_seconds=1020.0), own_cpu_seconds=19.0) == []


def test_a_load_average_tells_others_only_coarsely():
    before = Observation(at_seconds=0.0, load_average=1.0)
    after = Observation(at_seconds=10.0, load_average=3.5)

    assert unfit(before, after, own_cpu_seconds=10.0) == [
        "the load average was 2.5 above our own, more than 1: others were busy"
    ]
    assert unfit(before, replace(after, load_average=1.5), own_cpu_seconds=10.0) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"stolen_seconds": 11.0}, "the hypervisor gave 5.0% of the CPU time to others, more"),
        ({"on_battery": True}, "the machine ran on battery"),
        ({"low_power": True}, "the machine was saving power"),
        ({"speed_limit_percent": 28.0}, "processors were held at 28% of full speed"),
        ({"thermal_pressure": 2}, "macOS told thermal pressure 2, where 0 is none"),
        ({"throttle_count": 8}, "processors were slowed 5 times for their heat"),
        ({"swapped_out_bytes": 2_004_096}, "2.0 MB were swapped out"),
    ],
)
def test_what_spoils_a_measurement_is_told_with_its_value(changed, reason):
    assert [told.startswith(reason) for told in unfit(BEFORE, replace(AFTER, **changed), 9.0)] == [
        True
    ]


def test_a_little_stolen_time_is_no_reason():
    assert unfit(BEFORE, replace(AFTER, stolen_seconds=10.3), 9.0) == []


def test_what_was_so_at_the_start_alone_is_told_as_well():
    assert unfit(replace(BEFORE, on_battery=True), AFTER, 9.0) == ["the machine ran on battery"]


def test_no_time_between_two_observations_blames_nobody():
    assert unfit(BEFORE, replace(BEFORE, busy_seconds=1001.0), 0.0) == []


def test_what_is_not_told_is_no_reason_but_is_named():
    before, after = Observation(at_seconds=0.0), Observation(at_seconds=1.0)

    assert unfit(before, after, 0.0) == []
    assert untold(before, after) == [
        "what others used of the processors",
        "what a hypervisor took",
        "the source of power",
        "whether power is saved",
        "heat",
        "swapping",
        "energy",
    ]


def test_what_is_told_only_once_is_not_told():
    assert untold(BEFORE, replace(AFTER, swapped_out_bytes=None)) == ["swapping"]


def test_energy_is_a_difference_unless_its_counter_started_anew():
    assert spent_joules(BEFORE, AFTER) == 300.0
    assert spent_joules(BEFORE, replace(AFTER, energy_joules=1.0)) is None
    assert spent_joules(BEFORE, replace(AFTER, energy_joules=None)) is None


def test_an_observation_is_kept_as_json():
    assert Observation.from_json(BEFORE.to_json()) == BEFORE


@pytest.mark.parametrize(
    ("said", "on_battery"), [(BATTERY, True), (UPS, True), (MAINS, False), (DESKTOP, False)]
)
def test_a_mac_tells_its_source_of_power(said, on_battery):
    assert Observation.now(mac(battery=said)).on_battery is on_battery


@pytest.mark.parametrize(
    ("said", "low_power"),
    [
        (SETTINGS.format(0), False),
        (SETTINGS.format(1), True),
        (NEW_SETTINGS.format(0), False),
        (NEW_SETTINGS.format(1), True),
        (NEW_SETTINGS.format(2), False),
        ("Currently in use:\n standby              1\n", None),
    ],
)
def test_a_mac_tells_whether_it_saves_power(said, low_power):
    assert Observation.now(mac(settings=said)).low_power is low_power


@pytest.mark.parametrize(("said", "percent"), [(HEAT, 28), (NO_HEAT, None)])
def test_a_mac_with_intel_tells_its_limit_of_speed(said, percent):
    assert Observation.now(mac(heat=said)).speed_limit_percent == percent


def test_a_mac_tells_its_thermal_pressure_and_what_it_swapped_out():
    observation = Observation.now(mac(pressure=PRESSURE.format(1), memory=VM_STAT))

    assert observation.thermal_pressure == 1
    assert observation.swapped_out_bytes == 163_840


def test_a_mac_whose_programs_say_nothing_tells_only_its_load():
    observation = Observation.now(mac())

    assert observation.load_average is not None
    assert "heat" in untold(observation, observation)
    assert "the source of power" in untold(observation, observation)
    assert energy_joules(mac()) == (None, "macOS tells energy only to root, by powermetrics")


def test_linux_tells_cpu_time_in_seconds(tmp_path):
    stat = "cpu  1000 200 300 5000 400 10 20 70 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0"
    tick = os.sysconf("SC_CLK_TCK")

    observation = Observation.now(linux(tmp_path, proc__stat=stat))

    assert observation.busy_seconds == pytest.approx(1530 / tick)
    assert observation.total_seconds == pytest.approx(7000 / tick)
    assert observation.stolen_seconds == pytest.approx(70 / tick)


def test_linux_tells_what_it_swapped_out(tmp_path):
    system = linux(tmp_path, proc__vmstat="pswpin 7\npswpout 3")

    assert Observation.now(system).swapped_out_bytes == 3 * os.sysconf("SC_PAGE_SIZE")


def test_linux_on_battery_is_told_by_the_mains_and_else_by_the_battery(tmp_path):
    system = supply(tmp_path, "BAT0", type="Battery", status="Discharging")
    assert Observation.now(system).on_battery is True
    supply(tmp_path, "AC", type="Mains", online="0")
    assert Observation.now(system).on_battery is True
    supply(tmp_path, "AC", type="Mains", online="1")
    assert Observation.now(system).on_battery is False


def test_the_battery_of_a_mouse_is_not_the_machines(tmp_path):
    system = supply(tmp_path, "hid", type="Battery", status="Discharging", scope="Device")

    assert Observation.now(system).on_battery is None


def test_linux_tells_whether_it_saves_power(tmp_path):
    for number, (profile, low) in enumerate((("low-power", True), ("balanced", False))):
        directory = tmp_path / str(number)
        system = linux(directory, sys__firmware__acpi__platform_profile=profile)
        assert Observation.now(system).low_power is low


def test_linux_tells_the_slowest_of_its_processors_and_how_often_heat_slowed_them(tmp_path):
    cpus = "sys__devices__system__cpu__"
    files = {
        f"{cpus}cpufreq__policy0__scaling_max_freq": "3600000",
        f"{cpus}cpufreq__policy0__cpuinfo_max_freq": "3600000",
        f"{cpus}cpufreq__policy1__scaling_max_freq": "1800000",
        f"{cpus}cpufreq__policy1__cpuinfo_max_freq": "3600000",
        f"{cpus}cpu0__thermal_throttle__core_throttle_count": "4",
        f"{cpus}cpu1__thermal_throttle__package_throttle_count": "3",
    }

    observation = Observation.now(linux(tmp_path, **files))

    assert observation.speed_limit_percent == 50
    assert observation.throttle_count == 7


def test_energy_is_of_the_packages_alone(tmp_path):
    folder = "sys__class__powercap__"
    zones = {
        "intel-rapl:0": ("package-0", "2000000"),
        "intel-rapl:0:0": ("core", "9000000"),
        "intel-rapl:1": ("package-1", "3000000"),
        "intel-rapl:2": ("psys", "9000000"),
    }
    for zone, (name, energy) in zones.items():
        files = {f"{folder}{zone}__name": name, f"{folder}{zone}__energy_uj": energy}
        system = linux(tmp_path, **files)

    assert energy_joules(system) == (5.0, "")
    assert Observation.now(system).energy_joules == 5.0


def test_energy_that_is_roots_alone_is_told(tmp_path):
    zone = "sys__class__powercap__intel-rapl:0__"
    system = linux(tmp_path, **{f"{zone}name": "package-0"})
    # A folder in the place of the file cannot be read by root either.
    (tmp_path / "sys/class/powercap/intel-rapl:0/energy_uj").mkdir()

    joules, reason = energy_joules(system)

    assert joules is None
    assert reason.endswith("energy_uj cannot be read: it is root's alone")


def test_a_system_that_tells_nothing_is_no_error(tmp_path):
    observation = Observation.now(linux(tmp_path))

    told = {name for name, value in observation.to_json().items() if value is not None}
    assert told == {"at_seconds"}
    assert "no counter of energy" in energy_joules(linux(tmp_path))[1]


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has no CPU time of all processes")
def test_this_machine_tells_what_its_processors_did():
    before, own = Observation.now(), own_cpu_seconds()
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    after, spent = Observation.now(), own_cpu_seconds() - own

    assert 0.45 < spent < 1.0
    # All that was busy is what we used, what others used, and two ticks a processor.
    used = after.busy_seconds - before.busy_seconds
    assert used > spent - 0.02 * (os.cpu_count() or 1) - 0.1
    assert used <= after.total_seconds - before.total_seconds
    assert isinstance(unfit(before, after, spent), list)
    assert "what others used of the processors" not in untold(before, after)


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_a_process_that_is_not_ours_is_told_as_another(tmp_path):
    busy = [sys.executable, "-c", "while True: pass"]
    other = process.start(busy, env={}, cwd=tmp_path, output=tmp_path / "said")
    try:
        before = Observation.now()
        time.sleep(1)
        reasons = unfit(before, Observation.now(), own_cpu_seconds=0.0)
    finally:
        other.stop(seconds=0)

    assert any("other cores were busy, more than 0.2" in reason for reason in reasons)
