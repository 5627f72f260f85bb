"""Dates are read by the formats listed, and by nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sheets.dates import (
    DateUnreadable,
    Moment,
    check_date_format,
    check_time_format,
    instant,
    parsed_by,
    read_date,
    read_time,
)

TWO = ("%B %d, %Y", "%m/%d/%Y 12:00:00 AM")


@pytest.mark.parametrize(
    "text", ["July 30, 2011", "july 30,  2011", "07/30/2011 12:00:00 AM", " 7/30/2011 12:00:00 AM "]
)
def test_both_forms_of_the_export_are_one_date(text):
    assert read_date(text, TWO) == Moment(date(2011, 7, 30))


def test_a_form_that_is_not_listed_is_an_error_that_names_those_that_are():
    with pytest.raises(DateUnreadable, match=r"'07/30/2011 12:00:00 AM' is no date as '%B %d, %Y'"):
        read_date("07/30/2011 12:00:00 AM", TWO[:1])


def test_two_readings_are_an_error_and_one_reading_twice_is_none():
    both = ("%d/%m/%Y", "%m/%d/%Y")
    with pytest.raises(DateUnreadable, match="another date by each"):
        read_date("01/02/2011", both)
    assert read_date("13/02/2011", both) == Moment(date(2011, 2, 13))
    assert read_date("02/02/2011", both) == Moment(date(2011, 2, 2))


def test_of_a_date_and_its_midnight_the_format_listed_first_decides():
    clock = "%m/%d/%Y %I:%M:%S %p"
    assert read_date("07/30/2011 12:00:00 AM", (TWO[1], clock)) == Moment(date(2011, 7, 30))
    assert read_date("07/30/2011 12:00:00 AM", (clock, TWO[1])) == Moment(date(2011, 7, 30), time())
    assert read_date("07/30/2011 09:30:00 PM", (TWO[1], clock)) == Moment(date(2011, 7, 30), time(21, 30))


def test_arabic_and_persian_digits():
    assert read_date("٢٠٢٦-١١-٢٣", ("%Y-%m-%d",)) == Moment(date(2026, 11, 23))
    assert read_date("۲۰۲۶-۱۱-۲۳", ("%Y-%m-%d",)) == Moment(date(2026, 11, 23))
    assert read_time("٠٩:٣٠", ("%H:%M",)) == time(9, 30)


def test_the_umm_al_qura_calendar():
    assert read_date("1448-06-13", ("hijri:%Y-%m-%d",)) == Moment(date(2026, 11, 23))
    assert read_date("١٣/٦/١٤٤٨", ("hijri:%d/%m/%Y",)) == Moment(date(2026, 11, 23))
    for impossible in ("1448-13-01", "1448-06-31", "0001-01-01", "1448/06/13"):
        with pytest.raises(DateUnreadable):
            read_date(impossible, ("hijri:%Y-%m-%d",))


def test_a_year_far_away_is_a_typing_error():
    with pytest.raises(DateUnreadable, match="year 211"):
        read_date("0211-07-30", ("%Y-%m-%d",))


def test_an_offset_is_believed():
    moment = read_date("2026-03-01T12:00:00+03:00", ("%Y-%m-%dT%H:%M:%S%z",))
    assert moment.clock is not None
    assert instant(moment.day, moment.clock, ZoneInfo("America/New_York")) == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_clocks_that_go_forward_and_back():
    zone = ZoneInfo("America/New_York")
    with pytest.raises(DateUnreadable, match="skipped in America/New_York"):
        instant(date(2026, 3, 8), time(2, 30), zone)
    assert instant(date(2026, 11, 1), time(1, 30), zone) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert instant(date(2026, 7, 1), time(9), zone) == datetime(2026, 7, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "layout",
    ["%d/%m", "%Y-%m", "%y-%m-%d", "%c", "%Y-%m-%d %I:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%Y-%m-%d", "hijri:%Y-%m", "x"],
)
def test_formats_that_would_read_something_else_are_refused(layout):
    with pytest.raises(ValueError, match=r".+"):
        check_date_format(layout)


def test_formats_that_are_right():
    for layout in (*TWO, "%Y-%m-%dT%H:%M:%S%z", "%d %b %Y %H:%M", "hijri:%d/%m/%Y"):
        assert check_date_format(layout) == layout
    assert check_time_format("%I:%M %p") == "%I:%M %p"
    with pytest.raises(ValueError, match="no time of day"):
        check_time_format("%H")


LAYOUTS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%Y%m%d",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S.%f",
    "%H:%M",
    "%H:%M:%S",
    "%d %m %Y",
)
SIGNS = st.text(st.sampled_from("0123456789-/:. TtZz+"), max_size=24)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(LAYOUTS), SIGNS, st.datetimes(timezones=st.timezones()), st.integers(0, 24), st.integers(0, 3))
def test_formats_of_numbers_read_what_strptime_reads(layout, signs, moment, at, cut):
    written = moment.strftime(layout)
    for text in (signs, written, written.lower(), written[:at] + signs + written[at + cut :]):
        try:
            if "%z" in layout:
                expected = datetime.strptime(text, layout).astimezone(UTC)
            else:
                expected = datetime.strptime(text, layout).replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            expected = None
        assert parsed_by(text, layout) == expected, text
