"""pytest-benchmark's layout of JSON, so that its own `compare` reads what is stored here."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

VERSION = "5.1.0"


def document(
    benchmarks: Sequence[Mapping[str, Any]], machine: Mapping[str, Any], written: str
) -> dict[str, Any]:
    """Return a whole file of benchmarks; `written` is a time in ISO 8601."""
    return {
        "benchmarks": list(benchmarks),
        "commit_info": {},
        "datetime": written,
        "machine_info": dict(machine),
        "version": VERSION,
    }


def benchmark(name: str, seconds: Sequence[float], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return one benchmark; its figures are seconds per token."""
    return {
        "extra_info": dict(extra),
        "fullname": f"nixspec.toml::{name}",
        "group": None,
        "name": name,
        "options": {},
        "param": None,
        "params": None,
        "stats": _stats(seconds),
    }


def _stats(seconds: Sequence[float]) -> dict[str, Any]:
    first, median, third = _quartiles(seconds)
    mean = statistics.fmean(seconds)
    return {
        "data": list(seconds),
        "hd15iqr": max(seconds),
        "iqr": third - first,
        "iqr_outliers": 0,
        "iterations": 1,
        "ld15iqr": min(seconds),
        "max": max(seconds),
        "mean": mean,
        "median": median,
        "min": min(seconds),
        "ops": 1 / mean,
        "outliers": "0;0",
        "q1": first,
        "q3": third,
        "rounds": len(seconds),
        "stddev": statistics.stdev(seconds) if len(seconds) > 1 else 0.0,
        "stddev_outliers": 0,
        "total": sum(seconds),
    }


def _quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return values[0], values[0], values[0]
    first, median, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, median, third
