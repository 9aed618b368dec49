"""Only what is sound replaces what was sound."""

import pytest

from pytest_nixspec.checks.recording import store
from pytest_nixspec.errors import BaselineError
from pytest_nixspec.performance import read

BUSY = ("1.3 other cores were busy, more than 0.2",)


def test_a_busy_machine_does_not_replace_a_sound_baseline(measured, tmp_path):
    path = store(measured(10, 11, batch_size=1), tmp_path)
    before = path.read_text()

    with pytest.raises(BaselineError, match=r"kept as it was: .* 1\.3 other cores were busy"):
        store(measured(5, 5, faults=BUSY, batch_size=1), tmp_path)

    assert path.read_text() == before


def test_a_busy_machine_may_have_a_baseline_of_its_memory(measured, tmp_path):
    path = store(measured(5, 5, faults=BUSY), tmp_path)

    assert read(path).measurement.faults == BUSY
    store(measured(10, 11), tmp_path)
    assert read(path).measurement.faults == ()


@pytest.mark.parametrize("text", ["", '{"benchmarks": [{"extra_info": {"schema": 1}}]}'])
def test_what_cannot_be_read_is_recorded_anew(measured, tmp_path, text):
    """Its own error says so: recording must not be kept from it by the same error."""
    path = store(measured(10, 11), tmp_path)
    path.write_text(text)
    with pytest.raises(BaselineError, match="Record it anew"):
        read(path)

    store(measured(10, 11, faults=BUSY), tmp_path)

    assert read(path).measurement.faults == BUSY
