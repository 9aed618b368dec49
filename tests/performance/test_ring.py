"""The ranks of one model: as many as there are devices, on ports that are free."""

import json
import socket
from pathlib import Path

import pytest

from pytest_nixspec.errors import ModelError
from pytest_nixspec.performance import Profile
from pytest_nixspec.performance.ring import LOOPBACK, Ring

TWO = [{"ssh": LOOPBACK, "ips": [LOOPBACK]}] * 2


def test_one_machine_is_one_device(tmp_path):
    assert Ring.of(None, tmp_path).addresses == (LOOPBACK,)


def test_a_hosts_file_names_the_devices(tmp_path):
    (tmp_path / "hosts.json").write_text(json.dumps(TWO))

    assert len(Ring.of("hosts.json", tmp_path).addresses) == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", '[{"ssh": "a"}]', '[{"ips": []}]'])
def test_a_hosts_file_that_cannot_be_read_is_one_error_with_an_example(tmp_path, text):
    (tmp_path / "hosts.json").write_text(text)

    with pytest.raises(ModelError, match=r"hosts\.json .*It is written as \[\{"):
        Ring.of("hosts.json", tmp_path)


def test_ranks_elsewhere_are_refused_and_not_left_out(tmp_path):
    (tmp_path / "hosts.json").write_text(json.dumps([*TWO, {"ssh": "mac2", "ips": ["10.0.0.2"]}]))

    with pytest.raises(ModelError, match="names 'mac2'"):
        Ring.of("hosts.json", tmp_path)


def test_the_ports_are_free_and_each_rank_has_its_own(tmp_path):
    ranks = Ring((LOOPBACK, LOOPBACK)).variables(2, tmp_path)

    hosts = json.loads(Path(ranks[0]["MLX_HOSTFILE"]).read_text())
    assert [rank["MLX_RANK"] for rank in ranks] == ["0", "1"]
    ports = [int(place[0].split(":")[1]) for place in hosts]
    assert len(set(ports)) == 2
    for port in ports:
        with socket.socket() as free:
            free.bind((LOOPBACK, port))


def test_one_rank_is_no_ring(tmp_path):
    assert Ring((LOOPBACK,)).variables(1, tmp_path) == ({},)


@pytest.mark.parametrize(
    ("asked", "most", "devices", "effective"),
    [(5, 5, 1, 1), (2, 5, 2, 2), (4, 2, 8, 2), (1, 5, 5, 1)],
)
def test_there_are_never_more_ranks_than_devices(asked, most, devices, effective):
    profile = Profile(name="plan", model="m", tensor_parallel=asked, max_gpus=most)

    assert profile.world_size(devices) == effective
