"""What `save` wrote, read again: apostrophes taken back, rows that say nothing left out, mappings that fit."""

from __future__ import annotations

import pytest

from ledger.bulk.saved import COUNTED, MAPPINGS, SavedTable, mapping_file
from ledger.sheets.mapping import fitted, parse_mapping
from ledger.sheets.table import Line, open_table

ATTENDANCES = (
    "attendance,volunteer,organization,opportunity,shift,time_zone,start_time,end_time,service_date,head_count,"
    "claimed_seconds,attended_seconds,verified_seconds,disputed_seconds,withheld_seconds,reversed_seconds,"
    "reason,system,record_id,source_time"
)
VOLUNTEERS = (
    "volunteer,full_name,birth_date,gender,residence_region,identity_type,identity_country,identity_number,email,"
    "phone,erased"
)
HEADERS = {"volunteers": VOLUNTEERS, "hours": ATTENDANCES, "attendances": ATTENDANCES, "verifications": ATTENDANCES}


def read(tmp_path, kind, *rows):
    file = tmp_path / "saved.csv"
    file.write_text("\r\n".join([HEADERS[kind], *rows, ""]), encoding="utf-8-sig")
    mapping = parse_mapping(mapping_file(kind).read_text("utf-8"))
    with open_table(file, mapping.sheet) as opened:
        table = SavedTable(opened, kind, neutralised=True)
        fitted(mapping, table.header)
        lines = list(table.lines())
        assert all(isinstance(line, Line) for line in lines), lines
        return lines, table.notes()


def attendance(name, volunteer, **seconds):
    classes = ("claimed", "attended", "verified", "disputed", "withheld", "reversed")
    counted = ",".join(str(seconds.get(name, 0)) for name in classes)
    return (
        f"{name},{volunteer},organizations/o,opportunities/p,opportunities/p/shifts/s,UTC,,,2026-03-01,2,{counted},,,,"
    )


def test_every_kind_has_a_mapping_that_reads_its_file(tmp_path):
    assert {file.name for file in MAPPINGS.iterdir()} == {f"saved-{kind}.toml" for kind in HEADERS}
    for kind in HEADERS:
        assert read(tmp_path, kind) == ([], [])


def test_apostrophes_are_taken_back_from_what_was_neutralised_and_from_nothing_else(tmp_path):
    [first, second], _ = read(
        tmp_path,
        "volunteers",
        "volunteers/a,'=Synthetic,,,,,,,,'+966500000001,false",
        "volunteers/b,'til Synthetic,,,,,,,,''+1,false",
    )
    assert (first.cells["full_name"], first.cells["phone"]) == ("=Synthetic", "+966500000001")
    assert (second.cells["full_name"], second.cells["phone"]) == ("'til Synthetic", "'+1")


def test_what_says_nothing_stays_behind(tmp_path):
    rows = (
        attendance("a", "volunteers/v", attended=60),
        attendance("b", "volunteers/v", reversed=60),
        attendance("c", "", verified=40, withheld=20),
    )
    lines, notes = read(tmp_path, "hours", *rows)
    assert [(line.cells["attendance"], line.cells[COUNTED]) for line in lines] == [("a", ""), ("c", "60")]
    assert notes == ["1 rows stay behind: erased, withdrawn, reversed, or nothing verified"]
    lines, _ = read(tmp_path, "verifications", *rows)
    assert [line.cells["attendance"] for line in lines] == ["c"]
    lines, _ = read(tmp_path, "volunteers", "volunteers/a,,,,,,,,,,true", "volunteers/b,,,,,,,,,,false")
    assert [line.cells["volunteer"] for line in lines] == ["volunteers/b"]


@pytest.mark.parametrize("kind", ["registrations"])
def test_what_is_never_saved_has_no_mapping(kind):
    assert not mapping_file(kind).exists()
