"""Mappings: strict, each wrong thing named, and columns found however they are spelled."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest

from ledger.sheets.fields import FIELDS
from ledger.sheets.mapping import MappingWrong, SheetMapping, SheetPlace, fitted, parse_mapping
from tests.sheets.reading import mapping

PAGE = Path(__file__).parents[2] / "docs" / "spreadsheets.md"
SMALL = mapping('date = "date"\n', dates='formats = ["%Y-%m-%d"]')


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('kind = "attendances"', 'kind = "attendance"', "kind"),
        ('system = "synthetic"', 'system = "a--b"', "two hyphens"),
        ('"Asia/Riyadh"', '"Riyadh"', "no IANA time zone"),
        ('"Asia/Riyadh"', '"?"', 'time_zone: still "?"'),
        ('id = "id"', 'id = "?"', 'columns.id: still "?"'),
        ('["%Y-%m-%d"]', '["?"]', 'dates.formats: still "?"'),
        ('["%Y-%m-%d"]', '["%y"]', "dates.formats.0"),
        ('id = "id"', "", "columns.id: name the column"),
        ('volunteer = "volunteer"', "", "columns.volunteer: name its column, or give defaults.volunteer"),
        ('id = "id"', 'id = "id"\nskill = "x"', "columns.skill: attendances have no such field"),
        ("[defaults]", '[defaults]\nid = "1"', "defaults.id"),
        ("[defaults]", '[defaults]\ndate = "1/3/2026"', "defaults.date"),
        ("[defaults]", '[values.shift]\n"a" = "b"\n[defaults]', "values.shift: columns.shift is not named"),
        ("[defaults]", '[values.volunteer]\n"أ" = "1"\n"ا" = "2"\n[defaults]', "another spelling"),
        ("[sheet]", "[sheet]\nheader_line = 0", "sheet.header_line"),
        ("[sheet]", '[sheet]\nencoding = "utf-7"', "sheet.encoding"),
        ("[sheet]", "[sheet]\nsheet = 1", "sheet.sheet"),
        ("[sheet]", "hours = 1\n[sheet]", "hours"),
        ("[sheet]", "[sheet", "no TOML"),
    ],
)
def test_what_is_wrong_is_named(old, new, what):
    assert old in SMALL
    with pytest.raises(MappingWrong) as error:
        parse_mapping(SMALL.replace(old, new))
    assert what in str(error.value)


def test_the_mapping_on_the_page_is_one_and_the_page_names_every_field_and_setting():
    page = PAGE.read_text("utf-8")
    [block] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert parse_mapping(block).time_zone == "Asia/Riyadh"
    for kind, fields in FIELDS.items():
        [row] = re.findall(rf"^\| `{kind}` \| (.*) \|$", page, re.MULTILINE)
        assert re.findall(r"`([a-z_.]+)`", row) == list(fields)
    settings = {*SheetMapping.model_fields, *SheetPlace.model_fields} - {"id_column", "sheet", "columns", "values"}
    assert settings - {"defaults", "dates"} <= set(re.findall(r"^([a-z_]+) =", block, re.MULTILINE))


def test_defaults_are_typed():
    defaults = mapping("", dates="").replace("[defaults]", '[defaults]\ndate = "2026-03-01"\nstart_time = 09:00:00')
    assert parse_mapping(defaults).defaults["date"] == date(2026, 3, 1)
    assert parse_mapping(defaults).defaults["start_time"] == time(9)


def test_fields_with_a_dot_are_tables_in_toml():
    text = 'kind = "volunteers"\nsystem = "x"\ntime_zone = "UTC"\n[columns]\nid = "n"\nname.ar = "الاسم"\n'
    assert parse_mapping(text).columns == {"id": "n", "name.ar": "الاسم"}


def test_columns_that_are_missing_are_named_with_those_there():
    by = parse_mapping(SMALL)
    assert fitted(by, ("ID", "Volunteer ", "x", "DATE")).columns == {
        "id": "ID",
        "volunteer": "Volunteer ",
        "date": "DATE",
    }
    with pytest.raises(MappingWrong, match=r"no column 'date'; it has 'id', 'volunteer'; .* sheet\.header_line"):
        fitted(by, ("id", "volunteer", ""))
    with pytest.raises(MappingWrong, match="no column 'date'"):
        fitted(by, ("id", "volunteer", "Date", "DATE"))
