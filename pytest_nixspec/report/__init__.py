"""Render one frozen record; no arithmetic, and no I/O but the final write."""

from pytest_nixspec.report.record import Header, Record, Result
from pytest_nixspec.report.writing import read_record, write_reports

__all__ = ["Header", "Record", "Result", "read_record", "write_reports"]
