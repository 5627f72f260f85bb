"""Closed periods of an export: their sums are added up again from the bundles, up to the positions they name."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from ledger.auditing.finding import Report
from ledger.auditing.progress import Progress
from ledger.domain.streams import partition_of
from ledger.export_audit import bundles_in_order
from ledger.export_audit.closed_periods_check import PLACE
from ledger.export_audit.export_audit import audit_export
from ledger.export_audit.passes import first_failed
from ledger.exporting.export import export
from ledger.exporting.trusted_keys import TrustedKeys
from tests.exporting.sample_ledger import SampleLedger
from tests.exporting.synthetic_log import Telling, history

CLASSES = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")
DAY, NEXT_DAY = "2026-03-02", "2026-03-03"


def sums(tellings: list[Telling], positions: list[int], day: str) -> dict[str, int]:
    """Straight from the bytes of the events."""
    totals: Counter[str] = Counter()
    for telling, position in zip(tellings, positions, strict=True):
        for event in telling.events[:position]:
            for entry in json.loads(event)["data"].get("entries", []):
                if entry["service_date"] == day:
                    totals["entry_count"] += 1
                    totals[f"{entry['from_class']}_seconds"] -= entry["seconds"]
                    totals[f"{entry['to_class']}_seconds"] += entry["seconds"]
    return {name: totals[name] for name in ("entry_count", *(f"{one}_seconds" for one in CLASSES))}


def close(
    tellings: list[Telling], name: str, positions: list[int], day: str = DAY, wrong: dict[str, int] | None = None
) -> tuple[int, int]:
    """Tell of a closed period where it belongs; gives partition and position of it."""
    stream = f"periods/{name}"
    data = {
        "period": stream,
        "start_date": day,
        "end_date": day,
        "positions": [{"partition": partition, "position": position} for partition, position in enumerate(positions)],
        "totals": {**sums(tellings[: len(positions)], positions, day), **(wrong or {})},
    }
    home = partition_of(stream, len(tellings))
    return home, tellings[home].tell("period-closed", stream, data)


def audited(folder: Path, tellings: list[Telling], sizes: list[int] | None = None) -> Report:
    source = SampleLedger([telling.events for telling in tellings])
    source.sizes = sizes or source.sizes
    trusted = TrustedKeys.read(source.vkeys)
    export(folder, source, trusted, Progress())
    return audit_export(folder, trusted)


@pytest.mark.parametrize("sizes", [[600], [300, 520, 1]], ids=["P=1", "P=3"])
def test_sums_that_are_those_of_the_events_are_taken_at_whatever_positions(tmp_path: Path, sizes: list[int]):
    tellings = history(sizes)
    ends = [len(telling.events) for telling in tellings]
    for number, back in enumerate((0, 1, 2, 3, 44, 257)):
        close(tellings, f"p{number}", [max(1, end - back) for end in ends])
    close(tellings, "nothing", ends, NEXT_DAY)
    report = audited(tmp_path, tellings)
    assert report.count == 0, [finding.line() for finding in report.findings]
    assert not [note for note in report.notes if note.startswith(PLACE)]


@pytest.mark.parametrize("name", ["entry_count", *(f"{one}_seconds" for one in CLASSES)])
def test_a_sum_that_the_events_do_not_have_is_named(tmp_path: Path, name: str):
    tellings = history([300, 300, 300])
    positions = [250, 290, 299]
    told = sums(tellings, positions, DAY)[name]
    partition, position = close(tellings, "wrong", positions, wrong={name: told + 1})
    close(tellings, "right", positions)
    report = audited(tmp_path, tellings)
    [finding] = report.findings
    assert (finding.where.place, finding.where.partition, finding.where.position) == (PLACE, partition, position)
    assert (finding.field, finding.expected, finding.found) == (f"data.totals.{name}", str(told), str(told + 1))
    failed = first_failed(report)
    assert failed is not None
    assert failed[0].number == 7


def test_processes_that_read_further_than_any_period_counted_leave_nothing_behind(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(bundles_in_order, "ALONE_EVENTS_MAX", 0)
    tellings = history([3_000, 2_000, 600])
    close(tellings, "early", [10, 1_500, 600])
    close(tellings, "wrong", [10, 1_500, 600], wrong={"entry_count": 0})
    assert [finding.field for finding in audited(tmp_path, tellings).findings] == ["data.totals.entry_count"]


def test_a_partition_that_was_left_out_is_named(tmp_path: Path):
    tellings = history([300, 300])
    close(tellings, "half", [200])
    [finding] = audited(tmp_path, tellings).findings
    assert (finding.field, finding.found) == ("data.positions", "[0]")


def test_what_counted_more_than_the_export_has_is_told_of_and_not_judged(tmp_path: Path):
    tellings = history([300, 300])
    home, position = close(tellings, "later", [200, 200])
    sizes = [199, 199]
    sizes[home] = position
    report = audited(tmp_path, tellings, sizes)
    assert report.count == 0
    assert [note for note in report.notes if note.startswith(PLACE) and "the export ends at 199" in note]
