"""The table of Apple's chips: every line has its sources, and names are read as people write."""

import re

import pytest

from pytest_nixspec.errors import SpecError
from pytest_nixspec.performance import Device
from pytest_nixspec.performance.planning.chips import chips, find, here


def test_every_chip_says_where_it_was_read():
    for chip in chips():
        assert chip.sources, chip
        for source in chip.sources:
            assert source.title
            assert source.url.startswith("http")
            assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", source.read)


def test_every_generation_is_there_and_no_chip_twice():
    slugs = [chip.slug for chip in chips()]

    assert len(set(slugs)) == len(slugs)
    assert {slug.partition("-")[0] for slug in slugs} == {"m1", "m2", "m3", "m4", "m5"}


@pytest.mark.parametrize("chip", chips(), ids=lambda chip: chip.slug)
def test_a_chip_is_found_by_its_own_name(chip):
    assert find(chip.slug) == chip
    assert find(str(chip)) == chip


@pytest.mark.parametrize(
    ("name", "cores", "bandwidth"),
    [
        ("m2-max-38c", 38, 400),
        ("Apple M2 Max", None, 400),
        ("M2 Max 30", 30, 400),
        ("m2max", None, 400),
        ("m3-max-30c", 30, 300),
        ("M3 Max (40 cores)", 40, 400),
        ("M4 Max 32-core GPU", 32, 410),
        ("APPLE-M4-MAX-40C", 40, 546),
        ("m3 ultra", None, 819),
    ],
)
def test_names_are_read_as_people_write_them(name, cores, bandwidth):
    chip = find(name)

    assert (chip.gpu_cores, chip.bandwidth_gbs) == (cores, bandwidth)


def test_a_size_of_memory_chooses_its_working_set():
    assert find("m2 max 64GB").working_sets == {64: 48 * 2**30}
    assert set(find("m2 max").working_sets) == {32, 64, 96}


def test_parts_of_different_bandwidth_must_be_told_apart():
    with pytest.raises(SpecError, match=r"ambiguous.*m3-max-30c \(300 GB/s\) or m3-max-40c \(400"):
        find("M3 Max")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("m2-max-39c", "m2-max-38c"),
        ("M2 Mx", "m2-max"),
        ("m2 max 48GB", "m2-max"),
        ("RTX 4090", "m2-max-38c"),
        ("", "m2-max-38c"),
        ("m2 max 30 38", "m2-max-38c"),
    ],
)
def test_what_is_not_in_the_table_names_what_is_near(name, near):
    with pytest.raises(SpecError, match="not in the table of Apple's chips") as error:
        find(name)

    assert near in str(error.value)
    assert "--bandwidth-gbs" in str(error.value)


def machine(chip, cores, gibibytes=64):
    return Device(chip, cores, 12, gibibytes << 30, "darwin-arm64")


def test_this_machine_is_found_by_its_chip_and_cores():
    chip = here(machine("Apple M2 Max", 38))

    assert (chip.slug, chip.memory_gb) == ("m2-max-38c", (64,))


def test_a_machine_that_is_none_of_these_is_none():
    assert here(machine("AMD EPYC", None)) is None
    assert here(machine("Apple M2 Max", 39)) is None
