"""The statement that a shell is as it was recorded, and what records it."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from pytest_nixspec.checks.check import Checked
from pytest_nixspec.checks.run import Run
from pytest_nixspec.files import write_whole
from pytest_nixspec.nix import closure_bytes
from pytest_nixspec.report.record import Result
from pytest_nixspec.shells.snapshot import Snapshot, differences, take
from pytest_nixspec.verdict import failed, passed, unknown

RECORD = "If it is meant so, record it: pytest --nixspec-record"


def is_as_recorded(shell: str, run: Run) -> Checked:
    """Compare a shell with its snapshot."""
    facts = {"shell": shell, "snapshot": shell}
    if run.settings.record:
        # Taken already, so that what keeps it from being taken fails the run that would record it.
        snapshot_of(run, shell)
        return Checked(unknown("not compared: this run records the snapshot"), facts, may_skip=True)
    path = snapshot_path(run, shell)
    old = Snapshot.read(path)
    if old is None:
        return Checked(unknown(f"there is no snapshot {path}", remedy=RECORD), facts)
    changed = differences(old, snapshot_of(run, shell))
    if not changed:
        return Checked(passed(f"it is as {path.name} has it"), facts)
    reason = f"{len(changed)} changes since it was recorded"
    return Checked(failed(reason, *changed, remedy=RECORD), facts)


def snapshot_of(run: Run, shell: str) -> Snapshot:
    """Return what a shell is now."""
    entered = run.shells.shell(shell)
    own = [str(e.parent) for e in entered.search_path.own if e.is_relative_to(run.nix.store)]
    return take(entered, closure_bytes(run.nix, own))


def snapshot_path(run: Run, shell: str) -> Path:
    """Return where the snapshot of a shell is kept: one file for each system and shell."""
    return run.settings.root / "snapshots" / run.nix.system / f"{quote(shell, safe='=')}.json"


def record_snapshots(results: Iterable[Result], run: Run) -> list[Path]:
    """Write the snapshots that a run that records was asked for; each whole or not at all."""
    recorded = []
    for result in results:
        shell = result.facts.get("snapshot")
        if shell is None:
            continue
        path = snapshot_path(run, shell)
        path.parent.mkdir(parents=True, exist_ok=True)
        recorded.append(write_whole(path, snapshot_of(run, shell).to_json()))
    return recorded
