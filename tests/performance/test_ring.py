"""The ranks of one model: as many as there are devices, on ports that are free."""

import json
import socket

import pytest

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance import Profile
from pytest_nixspec.performance.ring import LOOPBACK, Rank, Ring

TWO = [{"ssh": LOOPBACK, "ips": [LOOPBACK]}] * 2


def test_one_machine_is_one_device(tmp_path):
    assert Ring.of(None, tmp_path).hosts == ((LOOPBACK, LOOPBACK),)


def test_a_hosts_file_names_the_devices(tmp_path):
    (tmp_path / "hosts.json").write_text(json.dumps(TWO))

    assert len(Ring.of("hosts.json", tmp_path).hosts) == 2


@pytest.mark.parametrize("text", ["", "[1]", "{", '[{"ssh": "a"}]', '[{"ips": []}]'])
def test_a_hosts_file_that_cannot_be_read_is_one_error_with_an_example(tmp_path, text):
    (tmp_path / "hosts.json").write_text(text)

    with pytest.raises(ModelError, match=r"hosts\.json .*It is written as \[\{"):
        Ring.of("hosts.json", tmp_path)


@pytest.mark.parametrize(
    ("text", "first"), [("[]", "nobody"), ('[{"ssh": "m2", "ips": ["x"]}]', "'m2'")]
)
def test_the_first_host_reports_and_must_be_this_machine(tmp_path, text, first):
    (tmp_path / "hosts.json").write_text(text)

    with pytest.raises(ModelError, match=f"begins with {first}: its first host reports"):
        Ring.of("hosts.json", tmp_path)


def test_the_ports_are_free_and_each_rank_has_its_own():
    ranks = Ring(((LOOPBACK, LOOPBACK),) * 2).ranks(2)

    assert [rank.number for rank in ranks] == [0, 1]
    assert ranks[0].ring == ranks[1].ring
    ports = [int(place.split(":")[1]) for place in ranks[0].ring]
    assert len(set(ports)) == 2
    for port in ports:
        with socket.socket() as free:
            free.bind((LOOPBACK, port))


def test_a_rank_elsewhere_has_a_host_and_the_port_that_mlx_gives_it():
    near, far = Ring(((LOOPBACK, LOOPBACK), ("mac2", "10.0.0.2"))).ranks(2)

    assert (near.host, far.host) == (None, "mac2")
    assert near.ring[1] == "10.0.0.2:32324"


def test_one_rank_is_no_ring():
    assert Ring(((LOOPBACK, LOOPBACK),)).ranks(1) == (Rank(),)


@pytest.mark.parametrize(
    ("asked", "most", "devices", "effective"),
    [(5, 5, 1, 1), (2, 5, 2, 2), (4, 2, 8, 2), (1, 5, 5, 1)],
)
def test_there_are_never_more_ranks_than_devices(asked, most, devices, effective):
    profile = Profile(name="plan", model="m", tensor_parallel=asked, max_gpus=most)

    assert profile.world_size(devices) == effective
