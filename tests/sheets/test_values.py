"""Values of one row: exact, and never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sheets.mapping import parse_mapping
from ledger.sheets.number_formats import Meaning, meaning_of
from ledger.sheets.rows import Cell, Line, Problem, Unreadable
from ledger.sheets.serials import moment_of_serial
from ledger.sheets.values import Values
from tests.sheets.reading import mapping

COLUMNS = 'date = "date"\nstart_time = "start"\nend_time = "end"\nduration = "duration"\n'
ISO = 'formats = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M"]'


def values(cells: Mapping[str, Cell], top: str = "", zone: str = "Asia/Riyadh", dates: str = ISO) -> Values:
    by = mapping(COLUMNS, dates=dates, top=top).replace("Asia/Riyadh", zone)
    empty = dict.fromkeys(("id", "volunteer", "date", "start", "end", "duration"), "")
    return Values(Line(2, {**empty, **cells}), parse_mapping(by))


def interval(cells: Mapping[str, Cell], top: str = "", zone: str = "Asia/Riyadh"):
    row = values(cells, top, zone)
    return row.interval("date", "start_time", "end_time"), row.problems


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_an_interval_of_texts_and_of_cells():
    expected = (at(1, 6), at(1, 10, 30))
    assert interval({"date": "2026-03-01", "start": "09:00", "end": "13:30"}) == (expected, [])
    assert interval({"date": date(2026, 3, 1), "start": time(9), "end": timedelta(hours=13, minutes=30)}) == (
        expected,
        [],
    )
    whole = {"start": "2026-03-01T06:00:00Z", "end": "2026-03-01T13:30:00+03:00"}
    assert interval(whole) == (expected, [])
    assert interval({"date": "2026-03-01", "start": "09:00", "end": "2026-03-01 13:30"}) == (expected, [])


def test_an_end_after_midnight_is_refused_unless_the_mapping_says_what_it_means():
    cells = {"date": "2026-03-01", "start": "22:00", "end": "02:00"}
    found, [problem] = interval(cells)
    assert found is None
    assert problem == Problem(2, "end", "2026-03-01 02:00 is not after the start, 2026-03-01 22:00", problem.right)
    assert "past_midnight" in problem.right
    assert interval(cells, 'past_midnight = "next_day"') == ((at(1, 19), at(1, 23)), [])
    backwards = {"start": "2026-03-01T13:00:00Z", "end": "2026-03-01T12:00:00Z"}
    assert interval(backwards, 'past_midnight = "next_day"')[0] is None


def test_an_interval_over_a_change_of_clocks_is_as_long_as_it_was():
    cells = {"date": "2026-11-01", "start": "00:30", "end": "02:30"}
    found, _ = interval(cells, zone="America/New_York")
    assert found is not None
    assert found[1] - found[0] == timedelta(hours=3)


def test_a_row_tells_all_its_problems_once():
    row = values({"date": "x", "start": Unreadable("the error #REF!", "correct it"), "duration": "y"})
    assert row.interval("date", "start_time", "end_time") is None
    row.day("date")
    row.seconds("duration")
    assert [problem.column for problem in row.problems] == ["start", "date", "duration"]


@pytest.mark.parametrize(
    ("cell", "top", "seconds"),
    [
        ("7.5", "", 27_000),
        (7.3333333, "", 26_400),
        (0.1, "", 360),
        ("0.00013888", "", 0),
        ("0.00041666666666666667", "", 2),
        ("0.025", 'hours_unit = "minutes"', 2),
        ("0.075", 'hours_unit = "minutes"', 4),
        ("٧٫٥", "decimal_comma = true", 27_000),
        ("1٬200٫5", 'hours_unit = "minutes"', 72_030),
        (450, 'hours_unit = "minutes"', 27_000),
        ("7:30", 'hours_unit = "clock"', 27_000),
        (time(7, 30), 'hours_unit = "minutes"', 27_000),
        (timedelta(hours=30), "", 108_000),
        ("7.30", 'hours_unit = "clock"', None),
        (7.5, 'hours_unit = "clock"', None),
        ("7:30", 'hours_unit = "minutes"', None),
        ("1٬20", "", None),
        ("1,200", "", None),
        ("7h", "", None),
        ("NaN", "", None),
        (-1, "", None),
        (True, "", None),
        (10**12, "", None),
        (date(2026, 3, 1), "", None),
    ],
)
def test_durations(cell, top, seconds):
    row = values({"duration": cell}, top)
    assert row.seconds("duration") == seconds
    assert bool(row.problems) == (seconds is None)


@settings(deadline=None)
@given(st.integers(0, 10**7))
def test_hours_of_whole_seconds_come_back_whatever_a_spreadsheet_keeps_of_them(seconds):
    assert values({"duration": float(f"{seconds / 3600:.15g}")}).seconds("duration") == seconds
    assert values({"duration": f"{seconds / 3600:.9f}"}).seconds("duration") == seconds


@settings(deadline=None)
@given(st.datetimes(datetime.fromisoformat("1900-03-01"), datetime.fromisoformat("2200-01-01")), st.booleans())
def test_a_moment_comes_back_from_the_15_digits_that_a_spreadsheet_keeps_of_it(moment, epoch_1904):
    epoch = "1904-01-01" if epoch_1904 else "1899-12-30"
    whole = moment.replace(microsecond=0)
    days = (whole - datetime.fromisoformat(epoch)) / timedelta(days=1)
    if days >= 0:
        assert moment_of_serial(float(f"{days:.15g}"), epoch_1904=epoch_1904) == whole


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("General", Meaning.NUMBER),
        ("0.00E+00", Meaning.NUMBER),
        ('#,##0.00 "ساعة day"', Meaning.NUMBER),
        ("[Red]0.0;[Blue]-0.0", Meaning.NUMBER),
        ("[$-409]d-mmm-yy;@", Meaning.DATE),
        ("mmm-yy", Meaning.DATE),
        ("[$-2060401]B2dd/mm/yyyy", Meaning.DATE),
        ("m/d/yy h:mm", Meaning.DATE_TIME),
        ("h:mm AM/PM", Meaning.TIME),
        ("mm:ss.0", Meaning.TIME),
        ("[h]:mm:ss", Meaning.DURATION),
        ("[mm]:ss", Meaning.DURATION),
        ('"[h]"0', Meaning.NUMBER),
        ("0;[Red]d", Meaning.NUMBER),
    ],
)
def test_what_a_format_means(code, meaning):
    assert meaning_of(code) is meaning


def test_the_first_two_months_of_excel_are_counted_from_another_day():
    days = {1: "1900-01-01", 59: "1900-02-28", 61: "1900-03-01"}
    assert {days: f"{moment_of_serial(days, epoch_1904=False):%Y-%m-%d}" for days in days} == days


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_no_id():
    row = values({"id": 10**15, "volunteer": 10**15 - 1})
    assert (row.text("id", 100), row.text("volunteer", 100)) == ("", "999999999999999")
    assert [problem.column for problem in row.problems] == ["id"]


def test_of_bare_numbers_only_parts_of_a_day_are_times():
    row = values({"start": 0.375, "end": 1.375}, dates="serial = true")
    assert (row.clock("start_time"), row.clock("end_time")) == (time(9), None)


def test_whole_numbers():
    by = values({"id": "٣", "volunteer": 4.5})
    assert by.whole("id", 0, 9) == 3
    assert by.whole("volunteer", 0, 9) is None
    assert [str(problem) for problem in by.problems] == ['volunteer: "4.5" is none; write a whole number from 0 to 9']
    assert values({"id": "10"}).whole("id", 0, 9) is None


def test_an_empty_cell_has_the_default_and_a_default_is_not_looked_up():
    by = parse_mapping(
        mapping('shift = "volunteer"\n').replace(
            "[defaults]", '[values.shift]\n"صباح" = "opportunities/a/shifts/1"\n[defaults]'
        )
    )
    assert Values(Line(2, {"id": "1", "volunteer": ""}), by).code("shift") == "opportunities/synthetic/shifts/1"
    assert Values(Line(2, {"id": "1", "volunteer": "صَباح"}), by).code("shift") == "opportunities/a/shifts/1"
    unknown = Values(Line(2, {"id": "1", "volunteer": "ليل"}), by)
    assert unknown.code("shift") == ""
    assert (
        str(unknown.problems[0])
        == 'volunteer: "ليل" is not in values.shift; write one of "صباح"; or add it to the mapping'
    )


def test_a_start_on_another_day_than_its_row_is_a_problem():
    first = datetime.combine(date(2026, 3, 1), time(9))
    _, [problem] = interval({"date": "2026-03-02", "start": first, "end": "10:00"})
    assert (problem.column, problem.what) == ("start", "this is on 2026-03-01, and date says 2026-03-02")
    beside = {"date": "2026-03-02", "start": "2026-03-01T22:00:00Z", "end": "02:00"}
    assert interval(beside) == ((at(1, 22), at(1, 23)), [])
