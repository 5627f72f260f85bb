"""A row becomes what it asks for, or all that is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.feeds.mapping import Mapping, parse_mapping
from ledger.feeds.names import key_and_generation, opportunity_name, printable_record_id
from ledger.feeds.reading import Row
from ledger.feeds.rows import Refused, Wanted, wanted_of
from tests.feeds.synthetic_feed import MAPPING, synthetic_rows

FILE_TIME = datetime(2026, 11, 30, 12, tzinfo=UTC)
EVERYTHING = """
feed = "partner"
time_zone = "Asia/Riyadh"
several_days = "each_day"
[columns]
id = "id"
title.en = "title"
title.ar = "title_ar"
description.ar = "about"
skills = "skills"
minimum_age_years = "age"
level = "level"
region = "region"
city = "city"
online = "online"
places = "places"
start = "start"
end = "end"
start_time = "from"
end_time = "until"
status = "status"
[dates]
formats = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "hijri:%d/%m/%Y"]
times = ["%H:%M"]
[skills]
separator = ","
[values.region]
"الرياض" = "SA-01"
"مكة المكرمة" = "SA-02"
[values.online]
"yes" = true
"no" = false
[values.status]
"open" = "open"
"full" = "closed"
"""
RIGHT = {
    "id": "7", "title": "Synthetic", "title_ar": "تجربة", "about": "<p>سطر</p>",
    "skills": "cooking, first aid,cooking,",
    "age": "١٨", "level": "skilled", "region": "الرياض", "city": "Riyadh", "online": "no", "places": "٢٠",
    "start": "2026-11-23", "end": "2026-11-23", "from": "08:00", "until": "12:00", "status": "open",
}  # fmt: skip


def mapping(text: str = EVERYTHING, **changed: object) -> Mapping:
    return parse_mapping(text.encode()).model_copy(update=changed)


def asked(mapped=None, **changed) -> Wanted | Refused:
    return wanted_of(Row(2, {**RIGHT, **changed}), mapped or mapping(), "organizations/partner", FILE_TIME)


def wanted(mapped=None, **changed) -> Wanted:
    found = asked(mapped, **changed)
    assert isinstance(found, Wanted), found
    return found


def test_every_field():
    row = wanted()
    assert (row.name, row.closed) == ("opportunities/partner--7", False)
    offered = row.opportunity
    assert (offered.title.en, offered.title.ar, offered.description.ar) == ("Synthetic", "تجربة", "سطر")
    assert (list(offered.skills), offered.minimum_age_years, offered.level) == (["cooking", "first aid"], 18, 2)
    assert (offered.imported_from.system, offered.imported_from.record_id) == ("partner", "7")
    assert offered.imported_from.source_record_time.ToDatetime(UTC) == FILE_TIME
    [(key, shift)] = row.shifts.items()
    assert (key, shift.places, shift.place.region, shift.place.city) == ("1", 20, "SA-01", "Riyadh")
    assert shift.start_time.ToJsonString() == "2026-11-23T05:00:00Z"
    assert shift.end_time.ToJsonString() == "2026-11-23T09:00:00Z"


@pytest.mark.parametrize(
    ("changed", "column", "what"),
    [
        ({"id": ""}, "id", "empty"),
        ({"id": "x" * 101}, "id", "at most 100"),
        ({"title": " ", "title_ar": ""}, "title", "title is needed"),
        ({"title": "x" * 501}, "title", "cut_long_texts"),
        ({"age": "old"}, "age", "whole number from 0 to 120"),
        ({"age": "121"}, "age", "whole number from 0 to 120"),
        ({"level": "expert"}, "level", "values.level"),
        ({"region": "Riyadh"}, "region", "not in values.region"),
        ({"region": ""}, "region", "defaults.region"),
        ({"online": "maybe"}, "online", "not in values.online"),
        ({"places": "0"}, "places", "defaults.places"),
        ({"places": ""}, "places", "defaults.places"),
        ({"places": "-3"}, "places", "whole number"),
        ({"places": "1e3"}, "places", "whole number"),
        ({"places": "1000001"}, "places", "whole number"),
        ({"start": "23 November"}, "start", "is no date as"),
        ({"start": "", "from": ""}, "start", "there is an end"),
        ({"end": "2026-11-22"}, "end", "reversed"),
        ({"from": "12:00", "until": "08:00"}, "end", "reversed"),
        ({"until": ""}, "end", "write both"),
        ({"from": ""}, "start", "write both"),
        ({"until": "noon"}, "until", "no one time of day"),
        ({"end": "2027-01-23"}, "end", "at most 31"),
        ({"from": "", "until": "", "end": "2026-12-24"}, "end", "32 days"),
        ({"status": "half"}, "status", "not in values.status"),
        ({"city": "x" * 201}, "city", "at most 200"),
        ({"skills": ",".join(map(str, range(51)))}, "skills", "at most 50"),
        ({"skills": "x" * 201}, "skills", "longer than 200"),
    ],
)
def test_what_is_wrong_is_told_with_its_column(changed, column, what):
    refused = asked(**changed)
    assert isinstance(refused, Refused)
    assert [problem.column for problem in refused.problems] == [column], refused.problems
    assert what in refused.problems[0].what


def test_all_that_is_wrong_with_a_row_is_told_at_once():
    refused = asked(age="old", places="none", region="x", start="y")
    assert isinstance(refused, Refused)
    assert [problem.column for problem in refused.problems] == ["age", "start", "places", "region"]
    assert refused.name == "opportunities/partner--7"


def test_dates_alone_days_and_ranges():
    dates = {"from": "", "until": ""}
    assert list(wanted(**dates).shifts) == ["2026-11-23"]
    assert list(wanted(**dates, end="").shifts) == ["2026-11-23"]
    assert list(wanted(**dates, start="13/06/1448").shifts) == ["2026-11-23"]
    assert list(wanted(**dates, end="2026-11-25").shifts) == ["2026-11-23", "2026-11-24", "2026-11-25"]
    assert list(wanted(mapping(several_days="first_day"), **dates, end="2027-11-25").shifts) == ["2026-11-23"]
    refused = asked(mapping(several_days="refuse"), **dates, end="2026-11-25")
    assert isinstance(refused, Refused)
    assert "3 days" in refused.problems[0].what
    assert wanted(**dates, start="", end="").shifts == {}
    assert wanted(end="").shifts["1"].end_time.ToJsonString() == "2026-11-23T09:00:00Z"


def test_times_of_day_for_dates_that_have_none():
    text = EVERYTHING.replace(
        "[values.region]", '[defaults]\nstart_time = "09:00"\nend_time = "13:30"\n[values.region]', 1
    )
    dates = {"from": "", "until": ""}
    one_day = wanted(mapping(text, several_days="first_day"), **dates).shifts
    assert [(key, shift.end_time.ToJsonString()) for key, shift in one_day.items()] == [("1", "2026-11-23T10:30:00Z")]
    days = wanted(mapping(text), **dates, end="2026-11-24").shifts
    assert [(key, shift.start_time.ToJsonString()) for key, shift in days.items()] == [
        ("2026-11-23", "2026-11-23T06:00:00Z"), ("2026-11-24", "2026-11-24T06:00:00Z"),
    ]  # fmt: skip
    assert wanted(mapping(text)).shifts["1"].start_time.ToJsonString() == "2026-11-23T05:00:00Z"


def test_online_has_no_region_and_a_closed_row_is_read_no_further():
    assert wanted(online="yes", region="").shifts["1"].place.online
    closed = wanted(status="full", title="", places="0", start="never")
    assert closed.closed
    assert not closed.shifts


def test_the_synthetic_feed_of_hundreds_of_rows_is_right():
    mapped = mapping(MAPPING)
    rows = [wanted_of(Row(2, row), mapped, "organizations/x", FILE_TIME) for row in synthetic_rows(665)]
    assert not [row for row in rows if isinstance(row, Refused)]
    assert {len(row.opportunity.description.en) > 490 for row in rows if isinstance(row, Wanted)} == {True, False}


def test_equal_rows_have_equal_digests_and_others_do_not():
    assert wanted().digest == wanted(title="Synthetic ").digest
    digests = {
        wanted(**one).digest
        for one in ({}, {"title": "x"}, {"places": "21"}, {"status": "full"}, {"end": "2026-11-24"})
    }
    assert len(digests) == 5


def test_names_are_plain_where_they_can_be_and_never_the_same_for_two():
    assert opportunity_name("a", "b-c") == "opportunities/a--b-c"
    hashed = opportunity_name("a", "B C")
    assert hashed.startswith("opportunities/a--h-")
    assert len(hashed) == len("opportunities/a--h-") + 24
    ids = ["x", "X", " x", "x-", "-x", "x" * 60, "x" * 61, "قهوة", hashed.removeprefix("opportunities/a--"), "B C"]
    assert len({opportunity_name("a", one) for one in ids}) == len(ids)
    assert all(len(opportunity_name("a" * 30, one).partition("/")[2]) <= 63 for one in ids)


def test_record_ids_are_kept_readable_where_they_can_be():
    assert printable_record_id("A/1 b") == "A/1%20b"
    assert printable_record_id("ق" * 100).startswith("sha256:")
    assert printable_record_id("50%") != printable_record_id("50%25")


def test_shift_ids_that_feeds_make():
    assert key_and_generation("1") == ("1", 1)
    assert key_and_generation("2011-07-30-r12") == ("2011-07-30", 12)
    assert key_and_generation("morning") is None
