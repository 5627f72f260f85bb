"""The plan made of the LEEDS history, folded in memory: it reproduces what the publisher showed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.importing.leeds2023_history import (
    ChangeEventType,
    ChangePlaces,
    CorrectCount,
    CountHeads,
    HistoryUnreadable,
    Learnt,
    OpenShift,
    PublishOpportunity,
    Revision,
    Row,
    WithdrawCount,
    moment,
    plan,
    read_rows,
    seconds_of,
    tally,
)
from ledger.importing.published_totals import hours_rounded, read_published_totals, reproduces, total_hours_rounded

HISTORY = Path(__file__).parents[2] / "examples" / "leeds2023"
ROWS = read_rows(HISTORY)
REVISIONS = plan(ROWS)


class Sums:
    """Seconds by event type after the steps given so far. It knows nothing of the rows."""

    def __init__(self) -> None:
        self.event_types: dict[str, str] = {}
        self.shifts: set[str] = set()
        self.counts: dict[tuple[str, str, str], tuple[int, int]] = {}
        self.withdrawn: set[tuple[str, str, str]] = set()

    def apply(self, revision: Revision) -> None:
        for step in revision.steps():
            match step:
                case PublishOpportunity(event_id=event, event_type=event_type):
                    assert event not in self.event_types
                    self.event_types[event] = event_type
                case ChangeEventType(event_id=event, event_type=event_type):
                    assert self.event_types[event] != event_type
                    self.event_types[event] = event_type
                case OpenShift(shift_id=shift, event_id=event):
                    assert shift not in self.shifts
                    assert event in self.event_types
                    self.shifts.add(shift)
                case ChangePlaces(shift_id=shift):
                    assert shift in self.shifts
                case CountHeads(event_id=event, shift_id=shift, group_id=group, head_count=heads, attended_seconds=sec):
                    assert shift in self.shifts
                    assert (event, shift, group) not in self.counts | dict.fromkeys(self.withdrawn)
                    self.counts[event, shift, group] = (heads, sec)
                case CorrectCount(
                    event_id=event, shift_id=shift, group_id=group, head_count=heads, attended_seconds=sec
                ):
                    assert self.counts[event, shift, group] != (heads, sec)
                    self.counts[event, shift, group] = (heads, sec)
                case WithdrawCount(event_id=event, shift_id=shift, group_id=group):
                    del self.counts[event, shift, group]
                    self.withdrawn.add((event, shift, group))

    def seconds_by_event_type(self) -> dict[str, int]:
        sums: dict[str, int] = defaultdict(int)
        for (event, _, _), (_, seconds) in self.counts.items():
            sums[self.event_types[event]] += seconds
        return dict(sums)


def sums_through(when) -> dict[str, int]:
    sums = Sums()
    for revision in REVISIONS:
        if moment(revision.recorded_at) <= when:
            sums.apply(revision)
    return sums.seconds_by_event_type()


def test_all_79_totals_and_all_3_times_79_sums_by_type_are_reproduced():
    published = read_published_totals(HISTORY / "published_totals.csv")
    assert len(published) == 79
    assert [row for row in published if not reproduces(row, sums_through(row.published_at))] == []


def test_whole_minutes_would_lose_one_total():
    """The reason why time is whole seconds inside."""
    in_minutes = plan(replace(row, attended_seconds=round(row.attended_seconds / 60) * 60) for row in ROWS)
    published = read_published_totals(HISTORY / "published_totals.csv")
    missed = 0
    for row in published:
        sums = Sums()
        for revision in in_minutes:
            if moment(revision.recorded_at) <= row.published_at:
                sums.apply(revision)
        missed += total_hours_rounded(sums.seconds_by_event_type().values()) != row.total_hours
    assert missed == 1


def test_the_history_has_the_size_its_source_tells():
    steps = tally(REVISIONS)
    assert len(ROWS) == 1319
    assert len(REVISIONS) == 82
    assert (steps["PublishOpportunity"], steps["OpenShift"]) == (
        173,
        1086,
    )  # one event and five shifts vanished for good
    assert (steps["CountHeads"], steps["WithdrawCount"]) == (1087, 6)
    sums = Sums()
    for revision in REVISIONS:
        sums.apply(revision)
    assert len(sums.counts) == 1081
    assert sum(heads for heads, _ in sums.counts.values()) == 6098


def test_13_events_change_their_type():
    changed = {
        step.event_id for revision in REVISIONS for step in revision.steps() if isinstance(step, ChangeEventType)
    }
    assert len(changed) == 13


def steps_of(shift_id: str) -> list[object]:
    return [
        replace(step, learnt=Learnt("", ""))
        for revision in REVISIONS
        for step in revision.steps()
        if getattr(step, "shift_id", None) == shift_id
    ]


def test_shift_86004_was_counted_three_times_and_withdrawn():
    nowhere = Learnt("", "")
    assert steps_of("86004") == [
        OpenShift(nowhere, "13616", "86004", "2023-06-08", 200),
        CountHeads(nowhere, "13616", "86004", "r1", 3, 600 * 3600),
        CorrectCount(nowhere, "13616", "86004", "r1", 4, 800 * 3600),
        CorrectCount(nowhere, "13616", "86004", "r1", 6, 1200 * 3600),
        WithdrawCount(nowhere, "13616", "86004", "r1"),
    ]


def test_shift_86749_is_counted_anew_after_its_deletion():
    nowhere = Learnt("", "")
    assert steps_of("86749") == [
        OpenShift(nowhere, "13785", "86749", "2023-06-29", 50),
        CountHeads(nowhere, "13785", "86749", "r1", 1, 3 * 3600),
        ChangePlaces(nowhere, "13785", "86749", 55),
        WithdrawCount(nowhere, "13785", "86749", "r1"),
        CountHeads(nowhere, "13785", "86749", "r2", 41, 123 * 3600),
        CorrectCount(nowhere, "13785", "86749", "r2", 42, 126 * 3600),
    ]


@pytest.mark.parametrize(
    ("hours", "seconds"), [("1.333", 4799), ("2.0", 7200), ("0.0", 0), ("0.125", 450), ("200", 720000)]
)
def test_hours_become_whole_seconds_half_to_even(hours, seconds):
    assert seconds_of(hours) == seconds


@pytest.mark.parametrize(
    ("seconds", "hours"), [(1799, 0), (1800, 0), (1801, 1), (5400, 2), (9000, 2), (9001, 3), (0, 0)]
)
def test_the_publisher_rounds_half_to_even(seconds, hours):
    assert hours_rounded(seconds) == hours


def row(**changes) -> Row:
    return replace(
        Row("2023-01-01T00:00:00+00:00", "insert", "1", "2023-01-01", "9", "Partner Events", 3, 2, 7200), **changes
    )


@pytest.mark.parametrize("rows", [[row(change="update")], [row(), row()], [row(change="delete")], [row(change="move")]])
def test_rows_that_cannot_follow_are_refused(rows):
    with pytest.raises(HistoryUnreadable):
        plan(rows)


def test_a_row_that_changes_nothing_we_keep_makes_no_step():
    later = "2023-01-02T00:00:00+00:00"
    assert list(plan([row(), row(change="update", recorded_at=later)])[1].steps()) == []


def test_a_folder_without_the_history_is_named(tmp_path):
    with pytest.raises(HistoryUnreadable, match=r"revisions\.csv"):
        read_rows(tmp_path)


def test_columns_in_another_order_are_refused(tmp_path):
    (tmp_path / "revisions.csv").write_text("change,recorded_at\n", "utf-8")
    with pytest.raises(HistoryUnreadable, match="columns"):
        read_rows(tmp_path)
