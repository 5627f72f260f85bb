"""Mappings: strict, and a guessed one reads the file it was guessed from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.feeds.guessing import guessed_mapping
from ledger.feeds.mapping import Mapping, MappingWrong, check_header, parse_mapping
from tests.feeds.synthetic_feed import MAPPING, synthetic_rows, write_feed

EXAMPLE = Path(__file__).parents[2] / "examples" / "opportunity-feed"
SMALL = """
feed = "partner"
time_zone = "Asia/Riyadh"
[columns]
id = "id"
title.ar = "العنوان"
"""


def test_a_small_mapping_speaks_of_titles_alone():
    assert parse_mapping(SMALL.encode()).paths == ("title",)
    assert parse_mapping(MAPPING.encode()).paths == ("title", "description", "sector", "event_type")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('feed = "partner"', 'feed = "Partner"', "feed"),
        ('feed = "partner"', 'feed = "a--b"', "two hyphens"),
        ('"Asia/Riyadh"', '"?"', "no IANA time zone"),
        ('id = "id"', 'id = "id"\ntitel = "x"', "columns.titel"),
        ('title.ar = "العنوان"', "", "columns.title"),
        ('title.ar = "العنوان"', "title = {}", "title.en, title.ar or both"),
        ('id = "id"', 'id = "id"\nstart = "day"', "dates.formats"),
        ('id = "id"', 'id = "id"\nend = "day"', "columns.start"),
        ('id = "id"', 'id = "id"\nstatus = "status"', "values.status"),
        ('id = "id"', 'id = "id"\nonline = "online"', "values.online"),
        ('id = "id"', 'id = "id"\nstart = "d"\nstart_time = "t"', "come together"),
        ("[columns]", '[dates]\nformats = ["%y"]\n[columns]', "dates.formats.0"),
        ("[columns]", "[defaults]\nplaces = 0\n[columns]", "defaults.places"),
        ("[columns]", '[defaults]\nplaces = "5"\n[columns]', "defaults.places"),
        ("[columns]", '[values.region]\n"NY" = "?"\n[columns]', "values.region.NY"),
        ("[columns]", '[values.status]\n"x" = "shut"\n[columns]', "values.status.x"),
        ("[columns]", '[defaults]\nstart_time = "09:00"\n[columns]', "come together"),
        ("[columns]", '[defaults]\nstart_time = "9:00"\nend_time = "10:00"\n[columns]', "defaults.start_time"),
        ("[columns]", '[defaults]\nstart_time = "11:00"\nend_time = "10:00"\n[columns]', "must be after"),
        ("[columns]", "[columns", "no TOML"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_named(old, new, what):
    assert old in SMALL
    with pytest.raises(MappingWrong) as error:
        parse_mapping(SMALL.replace(old, new).encode())
    assert what in str(error.value)


def test_the_mapping_on_the_page_is_one():
    page = (EXAMPLE.parents[1] / "docs" / "opportunity-feed.md").read_text("utf-8")
    [block] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    mapping = parse_mapping(block.encode())
    told = set(re.findall(r"`([a-z_.]+)`", page))
    assert {*Mapping.model_fields} - {"columns", "dates", "values", "skills", "defaults"} <= told | {
        *re.findall(r"^([a-z_]+) =", block, re.MULTILINE)
    }
    assert {*type(mapping.columns).model_fields} - {"title", "description"} <= told


def test_a_column_that_the_file_does_not_have_is_named():
    mapping = parse_mapping(SMALL.encode())
    check_header(mapping, ("id", "العنوان", "x"))
    with pytest.raises(MappingWrong, match="no column 'العنوان'"):
        check_header(mapping, ("id", "title"))


def test_a_guess_is_refused_until_somebody_wrote_what_cannot_be_guessed():
    guess = guessed_mapping(EXAMPLE / "harbour.csv")
    with pytest.raises(MappingWrong) as error:
        parse_mapping(guess.encode())
    assert "time_zone" in str(error.value)
    assert "values.region.NY" in str(error.value)
    corrected = guess.replace('time_zone = "?"', 'time_zone = "America/New_York"').replace(
        '"NY" = "?"', '"NY" = "US-NY"'
    )
    mapping, example = parse_mapping(corrected.encode()), parse_mapping((EXAMPLE / "harbour.toml").read_bytes())
    assert mapping.columns == example.columns
    assert mapping.dates == example.dates
    assert mapping.values.status == example.values.status


def test_a_guess_at_other_separators_encodings_and_arabic_headers(tmp_path):
    file = tmp_path / "جهة.csv"
    file.write_text("المعرف;العنوان;المنطقة;تاريخ البداية;الحالة\n1;تجربة;SA-01;2026-11-23;مغلق\n", "utf-8")
    guess = guessed_mapping(file).replace('"?"', '"Asia/Riyadh"')
    mapping = parse_mapping(guess.encode())
    assert mapping.delimiter == ";"
    assert mapping.columns.title.ar == "العنوان"
    assert mapping.values.region == {"SA-01": "SA-01"}
    assert mapping.values.status == {"مغلق": "closed"}
    write_feed(tmp_path / "old.csv", synthetic_rows(20), "cp1252")
    assert 'encoding = "cp1252"' in guessed_mapping(tmp_path / "old.csv")
