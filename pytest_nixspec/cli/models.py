"""`nixspec bench` and `nixspec baseline`: profiles measured, and what is stored of them."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_nixspec.checks import Run
from pytest_nixspec.checks.gates import Gate
from pytest_nixspec.checks.recording import store
from pytest_nixspec.checks.tested import profile_named
from pytest_nixspec.cli.running import Commands, add_json, add_override, run_here
from pytest_nixspec.errors import BaselineError, SpecError, UntoldError
from pytest_nixspec.performance import Baseline, Measurement, read_all
from pytest_nixspec.temporary import own_directory
from pytest_nixspec.verdict import Outcome

DIRECTORY = "baselines"


def add(commands: Commands) -> None:
    """Add the commands."""
    bench = commands.add_parser(
        "bench", help="measure profiles against their baselines; exit 1 if one is worse, or unknown"
    )
    bench.add_argument("--profile", action="append", default=[], help="only this one; repeatable")
    add_override(bench)
    add_json(bench)
    bench.set_defaults(command=_bench)

    baseline = commands.add_parser("baseline", help="what is stored, where it comes from, and more")
    verbs = baseline.add_subparsers(required=True, metavar="VERB")
    listed = verbs.add_parser("list", help="every baseline with its provenance")
    add_json(listed)
    listed.set_defaults(command=_list)
    show = verbs.add_parser("show", help="all that is known of one")
    show.add_argument("file", type=Path, help="baselines/DEVICE/PROFILE.json")
    add_json(show)
    show.set_defaults(command=_show)
    record = verbs.add_parser("record", help="measure, and store it as this machine's baseline")
    record.add_argument("--profile", action="append", default=[], help="only this one; repeatable")
    add_override(record)
    record.set_defaults(command=_record)
    export = verbs.add_parser("export", help="write one file of this machine's, to contribute")
    export.add_argument("device", help="a folder of baselines/, `apple-m2-max-38c`")
    export.add_argument("--output", type=Path, help="by default nixspec-DEVICE.json")
    export.set_defaults(command=_export)


def _profiles(run: Run, named: list[str]) -> list[str]:
    known = list(run.spec.model.profile) if run.spec else []
    if not (named or known):
        message = "the specification has no [profile.X], so there is nothing to measure."
        raise SpecError(message)
    return named or known


def _bench(options: argparse.Namespace) -> int:
    with own_directory() as directory:
        run = run_here(options, directory)
        names = _profiles(run, options.profile)
        shown = {name: _measured(run, name) for name in names}
    if options.json:
        print(json.dumps(shown, indent=2))
    else:
        print("\n".join(line for name, one in shown.items() for line in _lines(name, one)))
    return 0 if all(one["outcome"] == Outcome.PASSED for one in shown.values()) else 1


def _measured(run: Run, name: str) -> dict[str, Any]:
    tested = profile_named(run, name)
    measured = tested.measurement
    return {
        **_figures(measured),
        "bandwidth_utilisation": measured.bandwidth_utilisation(),
        "outcome": Gate(tested).verdict.outcome.value,
        "gate": {
            metric: {"outcome": verdict.outcome.value, "said": verdict.explain()}
            for metric, verdict in Gate(tested).verdicts.items()
        },
        "settings": list(tested.settings.disagreements),
        "measurement": measured.to_json(),
    }


def _figures(measured: Measurement) -> dict[str, Any]:
    return {
        "generation_tps": measured.typical("generation_tps"),
        "prompt_tps": measured.typical("prompt_tps"),
        "peak_memory_bytes": _peak(measured),
        "load_seconds": measured.load_seconds,
        "processes": len(measured.processes),
        "faults": list(measured.faults),
        "world_size": measured.world_size,
    }


def _peak(measured: Measurement) -> int | None:
    try:
        return int(measured.typical("peak_memory"))
    except UntoldError:
        return None


def _lines(name: str, shown: dict[str, Any]) -> Iterator[str]:
    yield f"profile {name}"
    yield f"  generation  {shown['generation_tps']:.4g} tokens/s"
    yield f"  prompt      {shown['prompt_tps']:.4g} tokens/s"
    peak = shown["peak_memory_bytes"]
    yield f"  peak memory {'not told' if peak is None else f'{peak / 1e9:.3f} GB'}"
    yield f"  loaded in   {shown['load_seconds']:.2f} s, {shown['processes']} processes"
    if shown["bandwidth_utilisation"] is not None:
        yield f"  bandwidth   {shown['bandwidth_utilisation']:.2f} of what was measured"
    yield from (f"  not sound: {fault}" for fault in shown["faults"])
    yield from (f"  {line}" for line in shown["settings"])
    if shown["gate"] == {}:
        yield f"  nothing is gated: state a tolerance in [profile.{name}.gate]"
    for metric, gate in (shown["gate"] or {}).items():
        yield f"  {metric} {gate['outcome']}: " + gate["said"].replace("\n", "\n    ")


def _stored() -> Iterator[tuple[Path, Baseline]]:
    for path in sorted(Path(DIRECTORY).glob("*/*.json")):
        yield from ((path, baseline) for baseline in read_all(path))


def _list(options: argparse.Namespace) -> int:
    rows = [_row(path, baseline) for path, baseline in _stored()]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        print("\n".join(_text(row) for row in rows) or f"there is none in {DIRECTORY}/")
    return 0


def _row(path: Path, baseline: Baseline) -> dict[str, Any]:
    measured = baseline.measurement
    low, high = _generation(baseline)
    return {
        "device": path.parent.name,
        "name": baseline.name,
        "provenance": baseline.provenance.value,
        "recorded": baseline.recorded,
        "generation_tps": [low, high],
        "processes": len(measured.processes) if measured else 0,
        "file": str(path),
    }


def _generation(baseline: Baseline) -> tuple[float | None, float | None]:
    if baseline.measurement is not None:
        rate = baseline.measurement.typical("generation_tps")
        return rate, rate
    figure = baseline.figures.get("generation_tps")
    return (figure.low, figure.high) if figure else (None, None)


def _text(row: dict[str, Any]) -> str:
    low, high = row["generation_tps"]
    rate = "–" if low is None else f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    place = f"{row['device']}/{row['name']}"
    return f"{place:<60} {row['provenance']:<9} {rate:>14} tokens/s  {row['recorded'][:10]}"


def _show(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        message = f"there is no baseline {options.file}. List them: nixspec baseline list"
        raise BaselineError(message)
    found = list(read_all(options.file))
    if options.json:
        print(options.file.read_text().rstrip())
        return 0
    for baseline in found:
        print(_text(_row(options.file, baseline)))
        print("\n".join(f"  {line}" for line in _details(baseline)))
    return 0


def _details(baseline: Baseline) -> Iterator[str]:
    if baseline.measurement is not None:
        yield from (f"{key}: {value}" for key, value in baseline.measurement.fingerprint.items())
        yield from (f"not sound: {fault}" for fault in baseline.measurement.faults)
    for metric, figure in baseline.figures.items():
        yield f"{metric}: {figure.low:g} to {figure.high:g} tokens/s"
        yield from (f"{key}: {value}" for key, value in figure.basis.items())
        yield from (f"{key}: {value}" for key, value in figure.workload.items())
        yield f"it is not: {figure.is_not}"


def _record(options: argparse.Namespace) -> int:
    with own_directory() as directory:
        run = run_here(options, directory)
        for name in _profiles(run, options.profile):
            measured = profile_named(run, name).measurement
            path = store(measured, run.baselines)
            print("\n".join(_lines(name, {**_measured_alone(measured)})))
            print(
                f"{path} is written. To contribute it: nixspec baseline export {path.parent.name}"
            )
    return 0


def _measured_alone(measured: Measurement) -> dict[str, Any]:
    used = measured.bandwidth_utilisation()
    return {**_figures(measured), "bandwidth_utilisation": used, "settings": [], "gate": None}


def _export(options: argparse.Namespace) -> int:
    files = sorted(_device(options.device).glob("*.json"))
    measured = [path for path in files if _is_contributable(next(read_all(path)))]
    if not measured:
        message = (
            f"nothing in {DIRECTORY}/{options.device} was measured. "
            "Measure it there first: nixspec baseline record"
        )
        raise BaselineError(message)
    target = options.output or Path(f"nixspec-{options.device}.json")
    if target.exists():
        message = f"{target} is there already. Move it away, or name another with --output."
        raise BaselineError(message)
    contents = {path.name: json.loads(path.read_text()) for path in measured}
    with target.open("x", encoding="utf-8") as file:
        file.write(json.dumps({"device": options.device, "baselines": contents}, indent=1) + "\n")
    print(f"{target} is written: {', '.join(contents)}. No name of a host or a user is in it.")
    return 0


def _device(name: str) -> Path:
    known = sorted(path.name for path in Path(DIRECTORY).glob("*") if path.is_dir())
    if name not in known:
        message = f"{DIRECTORY}/ has no device {name!r}; it has: {', '.join(known) or 'none'}."
        raise BaselineError(message)
    return Path(DIRECTORY) / name


def _is_contributable(baseline: Baseline) -> bool:
    """Tell whether a baseline was measured here: a server's address is nobody else's business."""
    measured = baseline.measurement
    return measured is not None and measured.fingerprint.get("backend") != "endpoint"
