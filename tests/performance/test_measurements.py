"""Real models in worker processes: what they give, and how their death is told."""

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from pytest_nixspec import process
from pytest_nixspec.errors import ModelError, OverMemoryLimitError
from pytest_nixspec.performance import Measurements, Profile, Sample
from pytest_nixspec.performance.measurements import process_of
from pytest_nixspec.performance.model import locate
from pytest_nixspec.settings import Substitutions
from tests.conftest import REPOSITORY, is_gone

MODEL = "mlx-community/SmolLM-135M-Instruct-4bit"


def measurements(directory: Path, announced: list[str] | None = None) -> Measurements:
    substitutes = Substitutions.read(REPOSITORY).model_paths
    announce = (announced if announced is not None else []).append
    return Measurements(directory / "run", substitutes, REPOSITORY, announce)


@pytest.fixture
def profile(tiny_model) -> Profile:
    """A profile of a tiny model, small enough for a test."""
    return Profile(
        name="plan",
        model=str(tiny_model()),
        prompt_tokens=8,
        generation_tokens=6,
        processes=2,
        repetitions=2,
        timeout_seconds=120,
    )


def test_a_real_model_is_measured_once(tmp_path):
    ours = measurements(tmp_path)
    profile = Profile(
        name="plan", model=MODEL, prompt_tokens=8, generation_tokens=6, processes=1
    )  # fmt: skip

    measurement = ours.of(profile)

    assert [len(sample.token_seconds) for sample in measurement.samples] == [6, 6]
    assert measurement.prompt_tokens == 8
    assert measurement.identity.quantization["bits"] == 4
    # As the weights' own file says: an eighth more than 4 bits, since the scales are float32.
    assert measurement.identity.weight_bytes == 115_156_224
    # Embedding and head are one table here, so all of it is read.
    assert measurement.identity.decode_bytes == 115_156_224
    assert measurement.typical("generation_tps") > 0
    assert measurement.typical("peak_memory") > 115_156_224
    # Greedy tokens are the same each time.
    assert len({sample.token_digest for sample in measurement.samples}) == 1
    assert ours.of(profile) == measurement


def test_each_process_loads_the_model_anew_and_says_the_same(profile, tmp_path):
    measurement = measurements(tmp_path).of(profile)

    assert [len(process.samples) for process in measurement.processes] == [2, 2]
    assert len({sample.token_digest for sample in measurement.samples}) == 1
    peaks = [sample.peak_memory_bytes for sample in measurement.samples]
    assert max(peaks) < 1.2 * min(peaks)
    assert measurement.world_size == {"requested": 1, "effective": 1}


def test_another_measurement_is_comparable_in_every_field(profile, tmp_path):
    one, other = (measurements(tmp_path / name).of(profile) for name in ("one", "other"))

    assert one.fingerprint == other.fingerprint
    assert one.identity.greedy_digest == other.identity.greedy_digest
    assert one.identity.structure == other.identity.structure


def test_other_weights_give_other_tokens_and_another_fingerprint(profile, tiny_model, tmp_path):
    eight = replace(profile, model=str(tiny_model(bits=8)))

    four_bits = measurements(tmp_path / "four").of(profile)
    eight_bits = measurements(tmp_path / "eight").of(eight)

    assert four_bits.identity.greedy_digest != eight_bits.identity.greedy_digest
    assert four_bits.fingerprint["quantization"] == "affine 4 64"
    assert eight_bits.fingerprint["quantization"] == "affine 8 64"
    assert four_bits.identity.weight_bytes < eight_bits.identity.weight_bytes


def test_a_head_of_its_own_is_read_and_the_embedding_is_not(profile, tmp_path):
    identity = measurements(tmp_path).of(profile).identity

    # 512 rows of 128 weights of 4 bits, with a scale and a bias of 4 bytes for each 64 of them.
    table = 512 * (128 // 2 + 2 * 4 * 2)
    assert identity.weight_bytes - identity.decode_bytes == table


def test_of_experts_those_are_counted_that_are_to_be_expected(profile, tiny_model, tmp_path):
    """2 of 8 for a token: a quarter of them is read, and more by a batch."""
    experts = replace(profile, model=str(tiny_model("experts")), processes=1)

    alone = measurements(tmp_path / "alone").of(experts).identity
    eight = measurements(tmp_path / "eight").of(replace(experts, batch_size=8)).identity

    assert alone.weight_bytes == eight.weight_bytes
    assert alone.decode_bytes < 0.5 * alone.weight_bytes
    assert alone.decode_bytes < eight.decode_bytes < eight.weight_bytes


def test_a_table_that_is_the_head_is_read_though_the_configuration_keeps_silent(
    profile, tiny_model, tmp_path
):
    folder = tmp_path / "silent"
    shutil.copytree(tiny_model("grouped"), folder)
    config = json.loads((folder / "config.json").read_text())
    del config["tie_word_embeddings"]
    (folder / "config.json").write_text(json.dumps(config))

    identity = measurements(tmp_path).of(replace(profile, model=str(folder))).identity

    assert identity.decode_bytes == identity.weight_bytes


@pytest.mark.parametrize("prompts", ["text", "random"])
def test_the_sequences_of_a_batch_differ_and_are_seeded(profile, tmp_path, prompts):
    batch = replace(profile, batch_size=3, prompts=prompts, processes=1)

    one, other = (measurements(tmp_path / name).of(batch) for name in ("one", "other"))

    assert one.batch_size == 3
    assert one.samples[0].token_digest == other.samples[0].token_digest
    alone = measurements(tmp_path / "alone").of(replace(batch, batch_size=1))
    assert one.samples[0].token_digest != alone.samples[0].token_digest


def test_a_seed_decides_what_is_sampled(profile, tmp_path):
    warm = replace(profile, temperature=1.0, processes=1)

    digests = [
        measurements(tmp_path / run).of(replace(warm, seed=seed)).samples[0].token_digest
        for run, seed in (("one", 1), ("again", 1), ("other", 2))
    ]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_a_batch_is_measured_by_its_steps(profile, tmp_path):
    one = replace(profile, batch_size=4, processes=1, repetitions=1)

    measured = measurements(tmp_path).of(one)

    (sample,) = measured.samples
    assert len(sample.token_seconds) == 6
    assert measured.values("generation_tps") == [pytest.approx(4 / sample.seconds_per_step)]


def test_quick_is_two_processes_of_one_sample(profile, tmp_path):
    ours = replace(measurements(tmp_path), is_quick=True)

    measured = ours.of(replace(profile, processes=9, repetitions=9))

    assert [len(process.samples) for process in measured.processes] == [1, 1]


def test_a_machine_that_others_keep_busy_is_told(profile, tmp_path):
    busy = [
        process.start(
            [sys.executable, "-c", "while True: pass"],
            env=dict(os.environ), cwd=tmp_path, output=tmp_path / f"busy{number}",
        )
        for number in range(2)
    ]  # fmt: skip
    try:
        measured = measurements(tmp_path).of(replace(profile, processes=1))
    finally:
        for one in busy:
            one.stop()

    assert any("other cores were busy" in fault for fault in measured.faults)


def told(*samples: list[float]) -> list[dict[str, object]]:
    """Return what a worker tells that took so many seconds for each step."""
    events: list[dict[str, object]] = [{"event": "started", "pid": 1}]
    for steps in samples:
        times = [1.0 + sum(steps[:number]) for number in range(len(steps) + 1)]
        sample = Sample(1.0, tuple(times), 1, 0, 1, 1.0, "tokens")
        events.append({"event": "sample", **asdict(sample)})
    return [*events, {"event": "result", "load_seconds": 0.5}]


def test_a_warm_up_is_no_part_of_the_rate_and_is_kept_all_the_same():
    found = process_of(told([0.5] * 10, [0.1] * 10, [0.1] * 10), [])

    assert len(found.samples) == 3
    assert found.warm_up == 1
    assert found.faults == ()


def test_a_sample_that_begins_in_the_warm_up_belongs_to_it():
    found = process_of(told([0.5] * 10, [0.5] * 3 + [0.1] * 7, [0.1] * 10, [0.1] * 10), [])

    assert found.warm_up == 2


def test_times_that_are_not_steady_are_a_fault_beside_that_of_the_machine():
    found = process_of(told([0.1 + n / 50 for n in range(30)]), ["it ran on battery"])

    assert found.faults == ("it ran on battery", "the times of 30 steps are not steady")


def test_a_model_of_the_hub_is_fetched_before_it_is_run(profile, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))

    with pytest.raises(
        ModelError, match=r"'owner/nothing' was not fetched .*HF_HUB_OFFLINE is set"
    ):
        measurements(tmp_path).of(replace(profile, model="owner/nothing"))


def test_two_ranks_give_the_tokens_of_one(profile, tmp_path):
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps([{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}] * 2))
    shared = replace(profile, tensor_parallel=2, max_gpus=2, hosts=str(hosts), processes=1)

    alone = measurements(tmp_path / "alone").of(profile)
    together = measurements(tmp_path / "together").of(shared)

    assert together.world_size == {"requested": 2, "effective": 2}
    assert together.identity.greedy_digest == alone.identity.greedy_digest
    assert together.identity.weight_bytes < alone.identity.weight_bytes
    assert together.fingerprint["world_size"] == 2


FAKE_SSH = """#!/bin/sh
# Not ssh: it runs here what was meant for another machine.
while [ "$1" != -- ]; do shift; done
echo "$2" >> "$FAKE_SSH_HOSTS"
exec sh -c "$3"
"""


def test_a_rank_on_another_machine_is_started_there_by_ssh(profile, tmp_path, monkeypatch):
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "ssh").write_text(FAKE_SSH)
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_SSH_HOSTS", str(tmp_path / "asked"))
    hosts = tmp_path / "hosts.json"
    near, far = ({"ssh": name, "ips": ["127.0.0.1"]} for name in ("127.0.0.1", "mac2"))
    hosts.write_text(json.dumps([near, far]))
    shared = replace(profile, tensor_parallel=2, max_gpus=2, hosts=str(hosts), processes=1)

    together = measurements(tmp_path).of(shared)

    assert together.world_size == {"requested": 2, "effective": 2}
    assert (tmp_path / "asked").read_text() == "mac2\n"


def test_a_rank_that_never_comes_ends_at_the_deadline(profile, tmp_path, monkeypatch):
    """MLX itself would wait for it for ever."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "ssh").write_text("#!/bin/sh\nexec sleep 600\n")
    (programs / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    hosts = tmp_path / "hosts.json"
    near, far = ({"ssh": name, "ips": ["127.0.0.1"]} for name in ("127.0.0.1", "mac2"))
    hosts.write_text(json.dumps([near, far]))
    shared = replace(profile, tensor_parallel=2, max_gpus=2, hosts=str(hosts), timeout_seconds=8)

    with pytest.raises(ModelError, match="did not end within 8 s; it was at: loading"):
        measurements(tmp_path).of(shared)


def test_ranks_without_devices_are_not_started_and_nothing_is_scaled(profile, tmp_path):
    measured = measurements(tmp_path).of(replace(profile, tensor_parallel=5, max_gpus=5))

    assert measured.world_size == {"requested": 5, "effective": 1}
    assert measured.fingerprint["world_size"] == 1


def test_a_model_that_ranks_cannot_share_says_why(profile, tmp_path):
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps([{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}] * 3))
    shared = replace(profile, tensor_parallel=3, max_gpus=3, hosts=str(hosts), timeout_seconds=60)

    with pytest.raises(ModelError, match=r"rank \d of the worker of profile 'plan'.*failed"):
        measurements(tmp_path).of(shared)


def test_a_folder_without_a_model_is_named(tmp_path, profile):
    with pytest.raises(ModelError, match=r"holds no model: there is no config.json in it"):
        measurements(tmp_path).of(replace(profile, model=str(tmp_path)))


def broken(profile: Profile, tmp_path: Path) -> Path:
    folder = tmp_path / "broken"
    shutil.copytree(profile.model, folder)
    return folder


def test_a_worker_that_dies_is_one_error_with_its_last_words(tmp_path, profile):
    folder = broken(profile, tmp_path)
    (folder / "config.json").write_text(json.dumps({"model_type": "no-such-type"}))

    with pytest.raises(ModelError) as error:
        measurements(tmp_path).of(replace(profile, model=str(folder)))

    assert str(error.value).startswith("the worker of profile 'plan' with model")
    assert "failed (exit code 1)" in str(error.value)
    assert "no-such-type" in str(error.value)


def cut_the_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def take_the_weights_away(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def spoil_the_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")


def bring_a_tokenizer(folder: Path) -> None:
    config = {
        "tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": [None, "evil.Evil"]},
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("open('/tmp/nixspec-evil', 'w')")


def ask_for_code(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_file": "evil.py"}))
    (folder / "evil.py").write_text("open('/tmp/nixspec-evil', 'w')")


@pytest.mark.parametrize("spoil", [ask_for_code, bring_a_tokenizer])
def test_ranks_run_no_code_of_a_model_either(spoil, profile, tmp_path):
    folder = broken(profile, tmp_path)
    spoil(folder)
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps([{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}] * 2))
    two = {"tensor_parallel": 2, "max_gpus": 2, "hosts": str(hosts), "timeout_seconds": 60}

    with pytest.raises(ModelError, match="the worker of profile"):
        measurements(tmp_path).of(replace(profile, model=str(folder), **two))
    assert not Path("/tmp/nixspec-evil").exists()  # noqa: S108 - what must not be written


@pytest.mark.parametrize(
    "spoil",
    [
        cut_the_weights, take_the_weights_away, spoil_the_tokenizer, ask_for_code,
        bring_a_tokenizer,
    ],
)  # fmt: skip
def test_a_spoilt_model_is_an_error_and_no_measurement(spoil, profile, tmp_path):
    folder = broken(profile, tmp_path)
    spoil(folder)

    with pytest.raises(ModelError, match=r"the worker of profile 'plan' with model .*\n"):
        measurements(tmp_path).of(replace(profile, model=str(folder)))
    assert not Path("/tmp/nixspec-evil").exists()  # noqa: S108 - what must not be written


def test_a_model_that_takes_more_than_its_limit_is_ended_there(profile, tmp_path):
    with pytest.raises(OverMemoryLimitError, match=r"was ended at .* its vram_limit is 1000 B"):
        measurements(tmp_path).of(replace(profile, vram_limit=1000))


def test_a_peak_that_is_over_at_once_is_over_the_limit_all_the_same(profile, tmp_path):
    peak = measurements(tmp_path / "free").of(profile).typical("peak_memory")

    with pytest.raises(OverMemoryLimitError):
        measurements(tmp_path).of(replace(profile, vram_limit=int(peak * 0.9)))


JUDGED = """
from pytest_nixspec.performance.worker.memory import must_be_within
must_be_within({limit}, 11, lambda event, **facts: print(event, facts))
"""


@pytest.mark.parametrize(("limit", "code"), [(10, 75), (11, 0), (None, 0)])
def test_a_peak_is_held_against_the_limit_though_no_watch_has_seen_it(limit, code):
    done = process.run(
        [sys.executable, "-u", "-c", JUDGED.format(limit=limit)],
        env=dict(os.environ), cwd=REPOSITORY, deadline=process.after(60),
    )  # fmt: skip

    assert done.returncode == code, done.error_text
    assert done.text == ("over_limit {'bytes': 11, 'limit': 10}" if code else "")


def test_what_is_measured_beside_the_model_is_not_held_against_its_limit(profile, tmp_path):
    """The array that the bandwidth is measured with is a hundred times as large."""
    measured = measurements(tmp_path).of(replace(profile, vram_limit=10_000_000))

    assert measured.typical("peak_memory") < 10_000_000


def test_weights_that_are_not_quantized_are_not_what_a_configuration_says(profile, tmp_path):
    folder = broken(profile, tmp_path)
    identity = measurements(tmp_path).of(replace(profile, model=str(folder))).identity

    assert set(identity.quantization["weights_by_bits"]) == {"4"}


def test_a_worker_past_its_deadline_is_ended_and_says_where_it_was(profile, tmp_path):
    long = replace(profile, generation_tokens=100_000, timeout_seconds=6)

    with pytest.raises(ModelError, match=r"did not end within 6 s; it was at: repetition 1 of 2"):
        measurements(tmp_path).of(long)


def kill_when_it_measures(directory: Path, how: int) -> Callable[[], None]:
    """Kill the worker once it has begun its repetitions."""

    def watch() -> None:
        for _ in range(1200):
            for events in directory.glob("run/measuring-*.events"):
                told = [json.loads(line) for line in events.read_text().splitlines()]
                if any("repetition" in event.get("text", "") for event in told):
                    os.kill(told[0]["pid"], how)
                    return
            time.sleep(0.05)

    return watch


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (signal.SIGKILL, "was killed by SIGKILL, which is how a system ends what takes too much"),
        (signal.SIGSEGV, "died by SIGSEGV, which is how MLX ends on a CPU where memory runs out"),
        (signal.SIGTERM, "was killed by SIGTERM"),
    ],
)
def test_a_killed_worker_is_told_with_the_likely_cause(profile, tmp_path, how, said):
    long = replace(profile, generation_tokens=100_000)
    killer = threading.Thread(target=kill_when_it_measures(tmp_path, how))
    killer.start()

    with pytest.raises(ModelError) as error:
        measurements(tmp_path).of(long)

    killer.join()
    assert said in str(error.value)
    assert " MB" in str(error.value)


def test_a_rank_that_dies_ends_the_others(profile, tmp_path):
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps([{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}] * 2))
    shared = replace(
        profile, tensor_parallel=2, max_gpus=2, hosts=str(hosts), generation_tokens=100_000
    )
    killer = threading.Thread(target=kill_when_it_measures(tmp_path, signal.SIGKILL))
    killer.start()

    with pytest.raises(ModelError, match=r"rank \d of the worker of profile 'plan'"):
        measurements(tmp_path).of(shared)

    killer.join()
    pids = [
        json.loads(events.read_text().splitlines()[0])["pid"]
        for events in tmp_path.glob("run/measuring-*.events")
    ]
    assert len(pids) == 2
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


ASKING = """
import os
import sys
from pathlib import Path
from pytest_nixspec.performance import Measurements, Profile, Sample
from pytest_nixspec.performance.measurements import process_of
directory = Path(sys.argv[2])
(directory / "asking").write_text(str(os.getpid()))
long = Profile(name="plan", model=sys.argv[1], generation_tokens=1_000_000, timeout_seconds=600)
Measurements(directory / "run", {}, directory, print).of(long)
"""


def test_a_worker_does_not_outlive_who_asked_it(profile, tmp_path):
    asking = process.start(
        [sys.executable, "-c", ASKING, profile.model, tmp_path],
        env=dict(os.environ), cwd=REPOSITORY, output=tmp_path / "said",
    )  # fmt: skip
    pid = 0
    while not pid:
        time.sleep(0.1)
        assert not asking.has_ended, asking.said()
        for events in tmp_path.glob("run/measuring-*.events"):
            told = events.read_text()
            pid = json.loads(told.splitlines()[0])["pid"] if "repetition" in told else 0

    os.kill(int((tmp_path / "asking").read_text()), signal.SIGKILL)

    assert is_gone(pid)
    asking.stop()


def test_a_failed_measurement_fails_for_everybody_who_asks(profile, tmp_path):
    ours, bad = measurements(tmp_path), replace(profile, model=str(tmp_path))

    for _ in range(2):
        with pytest.raises(ModelError, match="holds no model"):
            ours.of(bad)


def test_what_is_waited_for_is_announced(profile, tmp_path, monkeypatch):
    for name in ("QUIET_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(f"pytest_nixspec.performance.asking.{name}", 0.1)
    announced: list[str] = []
    # Some seconds of it: a tiny model is through with one repetition between two looks.
    long = replace(profile, generation_tokens=200, repetitions=6)

    measurements(tmp_path, announced).of(long)

    assert any("repetition" in text and "(process 2 of 2)" in text for text in announced)


def test_a_local_folder_is_never_asked_of_the_hub(tmp_path):
    (tmp_path / "config.json").write_text("{}")

    assert locate(str(tmp_path), {}, REPOSITORY).path == tmp_path


def test_a_name_of_the_hub_stays_one(tmp_path):
    assert locate("owner/model", {}, tmp_path).path is None
