"""The last result of every line: kept in bench/results.json, shown as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.table import Table

RESULTS_FILE = Path(__file__).with_name("results.json")


class Result(msgspec.Struct, frozen=True):
    """Medians of both sides, and the median of the pairs' ratios against its bound."""

    name: str
    ours: float
    reference: float
    unit: str
    ratio: float
    floor: float
    holds: bool


def read_results(file: Path = RESULTS_FILE) -> list[Result]:
    """What earlier runs left, nothing if there was none. Raises msgspec.MsgspecError for any other content."""
    return msgspec.json.decode(file.read_bytes(), type=list[Result]) if file.exists() else []


def replace_results(
    measured: Iterable[Result], failed: Iterable[str], order: Sequence[str], file: Path = RESULTS_FILE
) -> None:
    """Put new results in the places of the old, forget lines that failed or no longer exist, and keep the others."""
    known = {result.name: result for result in read_results(file)} | {result.name: result for result in measured}
    gone = set(failed)
    kept = [known[name] for name in order if name in known and name not in gone]
    # If we crash while writing, the old file still stands.
    unfinished = file.with_suffix(".json.new")
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
    unfinished.replace(file)


def results_table(results: Iterable[Result], bounds: dict[str, str]) -> Table:
    """One row a line; `bounds` has each line's bound in words."""
    table = Table(title="Ours beside its reference (medians of pairs taken in turns)")
    table.add_column("line")
    for heading in ("ours", "reference"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    for heading in ("ratio", "wanted"):
        table.add_column(heading, justify="right")
    table.add_column("holds")
    for result in results:
        table.add_row(
            result.name,
            f"{result.ours:,.1f}",
            f"{result.reference:,.1f}",
            result.unit,
            f"{result.ratio:,.2f}",
            bounds[result.name],
            "yes" if result.holds else "NO",
        )
    return table
