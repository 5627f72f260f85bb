"""XLSX files as they come, each with what has to become of it. A formula's result and a merge are written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from tests.sheets.csv_cases import DATED, HOURS, PLAIN
from tests.sheets.making import HEADER, archive, inline, raw, rows, written
from tests.sheets.reading import Case, Says, mapping

WITH_HOURS: Final = mapping(HOURS)
TIMED: Final = mapping(f'{DATED}start_time = "start"\nend_time = "end"\n{HOURS}')
IDENTIFIED: Final = """
kind = "volunteers"
system = "synthetic"
time_zone = "Asia/Riyadh"
[columns]
id = "id"
identity_number = "identity"
phone = "phone"
"""
DATE_STYLES: Final = (
    '<numFmts><numFmt numFmtId="164" formatCode="[$-1170000]B2yyyy/mm/dd;@"/>'
    '<numFmt numFmtId="165" formatCode="&quot;day &quot;0.0"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>'
)


def dated(days: str, *, style: int = 1) -> str:
    """A header and one row with a number in its date."""
    return (
        f'<row>{inline("id", "volunteer", "date")}</row><row>{inline("1", "a")}<c s="{style}"><v>{days}</v></c></row>'
    )


MARCH: Final = datetime.fromisoformat("2026-03-01")


def all_types(book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ("id", "volunteer", "date", "start", "end", "duration"))
    formats = {code: book.add_format({"num_format": code}) for code in ("dd/mm/yyyy", "hh:mm", "[h]:mm", "d mmm hh:mm")}
    sheet.write_row(1, 0, (1, "نورة"))
    sheet.write_datetime(1, 2, MARCH, formats["dd/mm/yyyy"])
    sheet.write_datetime(1, 3, time(22, 0), formats["hh:mm"])
    sheet.write_datetime(1, 4, datetime.fromisoformat("2026-03-02 02:15"), formats["d mmm hh:mm"])
    sheet.write_datetime(1, 5, timedelta(hours=28, minutes=30), formats["[h]:mm"])
    sheet.write_row(2, 0, ("2", "سارة", "", 0.5))
    sheet.write_number(2, 5, 7.3333333)


def two_sheets(book: Any, sheet: Any) -> None:
    other = book.add_worksheet("الحضور")
    book.add_worksheet("Empty")
    for one, volunteer in ((sheet, "a"), (other, "b")):
        one.write_row(0, 0, ("id", "volunteer"))
        one.write_row(1, 0, ("1", volunteer))


def hidden_sheet(book: Any, sheet: Any) -> None:
    two_sheets(book, sheet)
    book.get_worksheet_by_name("الحضور").hide()


def hidden_rows(book: Any, sheet: Any) -> None:
    sheet.write_column(0, 0, ("id", "1", "2", "3"))
    sheet.write_column(0, 1, ("volunteer", "a", "b", "c"))
    sheet.set_row(2, None, None, {"hidden": True})


def merged(book: Any, sheet: Any) -> None:
    sheet.merge_range(0, 0, 0, 2, "Attendance, synthetic")
    sheet.write_row(1, 0, ("id", "volunteer", "duration"))
    sheet.write_column(2, 0, ("1", "2", "3"))
    sheet.merge_range(2, 1, 3, 1, "a")
    sheet.write(4, 1, "b")
    sheet.write_column(2, 2, (1, 2, 3))


def numbers_for_names(book: Any, sheet: Any) -> None:
    sheet.write_row(0, 0, ("id", "identity", "phone"))
    sheet.write_row(1, 0, (1, 1010101010, "0500000001"))
    sheet.write_row(2, 0, ("2", 1234567890123456789, "0500000002"))
    sheet.write_row(3, 0, ("3", "0010101010", 500000003.5))
    sheet.write_row(4, 0, ("4", "1010101011", True))


def far_away(book: Any, sheet: Any) -> None:
    """Styled cells at the very end: such a sheet says that it has 17 billion cells."""
    sheet.write_row(0, 0, ("id", "volunteer"))
    sheet.write_row(1, 0, ("1", "a"))
    sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))


CELLS: Final = (
    Case(
        "dates-times-and-durations",
        written(all_types),
        TIMED,
        [
            (
                *("1", "نورة", date(2026, 3, 1), datetime(2026, 3, 1, 19, tzinfo=UTC)),
                *(datetime(2026, 3, 1, 23, 15, tzinfo=UTC), 102_600),
            )
        ],
        (Says(3, "start", '"0.5" is no time of day', "09:00"),),
    ),
    Case(
        "dates-since-1904",
        written(
            lambda book, sheet: (
                sheet.write_row(0, 0, ("id", "volunteer", "date")),
                sheet.write_row(1, 0, ("1", "a")),
                sheet.write_datetime(1, 2, MARCH, book.add_format({"num_format": "yyyy-mm-dd"})),
            ),
            date_1904=True,
        ),
        mapping(DATED),
        [("1", "a", date(2026, 3, 1))],
    ),
    Case(
        "a-built-in-date", archive(raw(dated("46082"), styles=DATE_STYLES)), mapping(DATED), [("1", "a", MARCH.date())]
    ),
    Case(
        "shown-in-umm-al-qura",
        archive(raw(dated("46349", style=2), styles=DATE_STYLES)),
        mapping(DATED),
        [("1", "a", date(2026, 11, 23))],
    ),
    Case(
        "a-number-that-is-called-day",
        archive(raw(dated("46082", style=3), styles=DATE_STYLES)),
        mapping(DATED),
        problems=(Says(2, "date", "the bare number 46082", "dates.serial"),),
    ),
    Case(
        "bare-numbers-for-dates-in-xlsx",
        rows(("id", "volunteer", "date"), ("1", "a", 46082)),
        mapping(DATED),
        problems=(Says(2, "date", "the bare number 46082", "format the cell as a date"),),
    ),
    Case(
        "bare-numbers-that-count-days-in-xlsx",
        rows(("id", "volunteer", "date"), ("1", "a", 46082)),
        mapping(DATED, dates="serial = true"),
        [("1", "a", date(2026, 3, 1))],
    ),
    Case(
        "bare-numbers-that-count-days-since-1904",
        written(
            lambda book, sheet: (
                sheet.write_row(0, 0, ("id", "volunteer", "date")),
                sheet.write_row(1, 0, ("1", "a", 44620)),
            ),
            date_1904=True,
        ),
        mapping(DATED, dates="serial = true"),
        [("1", "a", date(2026, 3, 1))],
    ),
    Case(
        "the-29th-of-february-1900",
        archive(raw(dated("60"), styles=DATE_STYLES)),
        mapping(DATED),
        problems=(Says(2, "date", "a day that never was", "write the date"),),
    ),
    Case(
        "a-date-before-all-dates",
        archive(raw(dated("-1"), styles=DATE_STYLES)),
        mapping(DATED),
        problems=(Says(2, "date", "is no date", "write the date"),),
    ),
    Case(
        "dates-by-iso",
        archive(
            raw(
                f"<row>{inline('id', 'volunteer', 'date')}</row>"
                f'<row>{inline("1", "a")}<c t="d"><v>2026-03-01</v></c></row>'
                f'<row>{inline("2", "b")}<c t="d"><v>2026-02-30</v></c></row>'
            )
        ),
        mapping(DATED),
        [("1", "a", date(2026, 3, 1))],
        (Says(3, "date", '"2026-02-30" is no date', ""),),
    ),
    Case(
        "texts-that-are-numbers",
        rows(("id", "volunteer", "duration"), ("1", "a", "٧٫٥"), ("2", "b", "7:30"), ("3", "c", 7.5)),
        WITH_HOURS,
        [("1", "a", 27_000), ("2", "b", 27_000), ("3", "c", 27_000)],
    ),
    Case(
        "numbers-that-were-names",
        written(numbers_for_names),
        IDENTIFIED,
        [("1", "1010101010", "0500000001"), ("4", "1010101011", "true")],
        (
            Says(3, "identity", "keeps 15 digits", "as text"),
            Says(4, "phone", "the number 500000003.5", "as text"),
        ),
        ("identity: 1010101010 is stored as a number",),
    ),
    Case(
        "an-id-that-became-a-date",
        archive(
            raw(
                f"<row>{inline('volunteer', 'id')}</row>" + f'<row>{inline("a")}<c s="1"><v>46082</v></c></row>',
                styles=DATE_STYLES,
            )
        ),
        PLAIN,
        problems=(Says(2, "id", "made a date", "as text"),),
    ),
    Case(
        "a-text-like-a-formula-in-xlsx",
        archive(raw(HEADER + f"<row>{inline('1', '=1+1')}</row>")),
        PLAIN,
        [("1", "=1+1")],
    ),
)  # fmt: skip

FORMULAS: Final = (
    Case(
        "a-formula-with-its-result",
        archive(
            raw(
                HEADER
                + f"<row>{inline('1', 'a')}<c><f>SUM(A1:A3)</f><v>7.5</v></c></row>"
                + f'<row>{inline("2")}<c t="str"><f>A1&amp;"b"</f><v>b</v></c><c t="str"><f>""</f><v></v></c></row>'
            )
        ),
        WITH_HOURS,
        [("1", "a", 27_000), ("2", "b", None)],
    ),
    Case(
        "a-formula-without-its-result",
        archive(
            raw(
                HEADER
                + f"<row>{inline('1', 'a')}<c><f>SUM(A1:A3)</f></c></row>"
                + f"<row>{inline('2', 'b')}<c><f>SUM(A1:A3)</f><v></v></c></row>"
                + f"<row>{inline('3', 'c')}<c><v>1</v></c></row>"
            )
        ),
        WITH_HOURS,
        [("3", "c", 3600)],
        (
            Says(2, "duration", "the formula =SUM(A1:A3) without a result", "save it"),
            Says(3, "duration", "the formula =SUM(A1:A3) without a result", "save it"),
        ),
    ),
    Case(
        "a-formula-whose-writer-cannot-calculate",
        written(
            lambda book, sheet: (
                sheet.write_row(0, 0, ("id", "volunteer", "duration")),
                sheet.write_row(1, 0, ("1", "a")),
                sheet.write_formula(1, 2, "=1+1"),
            )
        ),
        WITH_HOURS,
        problems=(Says(2, "duration", "=1+1 without a result", "open the file"),),
    ),
    Case(
        "a-formula-in-a-column-nobody-reads",
        archive(raw(HEADER + f"<row>{inline('1', 'a')}<c><f>X()</f></c></row>")),
        PLAIN,
        [("1", "a")],
    ),
    Case(
        "an-error",
        archive(
            raw(
                HEADER
                + f'<row>{inline("1", "a")}<c t="e"><f>A0</f><v>#REF!</v></c></row>'
                + f'<row>{inline("2", "b")}<c t="e"><v>#N/A</v></c></row>'
            )
        ),
        WITH_HOURS,
        problems=(Says(2, "duration", "the error #REF!", "correct"), Says(3, "duration", "the error #N/A", "correct")),
    ),
)

SHAPES: Final = (
    Case(
        "several-sheets",
        written(two_sheets),
        PLAIN,
        refused=Says(0, "", "2 sheets hold something", "sheet.name: 'Data', 'الحضور'"),
    ),
    Case("several-sheets-one-named", written(two_sheets), mapping(sheet='name = "الحُضور "'), [("1", "b")]),
    Case(
        "a-sheet-that-is-not-there",
        written(two_sheets),
        mapping(sheet='name = "Hours"'),
        refused=Says(0, "", "no one sheet 'Hours'", "it has 'Data'"),
    ),
    Case("a-hidden-sheet", written(hidden_sheet), PLAIN, [("1", "a")]),
    Case("a-hidden-sheet-named", written(hidden_sheet), mapping(sheet='name = "الحضور"'), [("1", "b")]),
    Case(
        "nothing-in-it",
        written(lambda book, sheet: None),
        PLAIN,
        refused=Says(0, "", "no sheet that is shown holds anything", "right file"),
    ),
    Case(
        "hidden-rows",
        written(hidden_rows),
        PLAIN,
        [("1", "a"), ("2", "b"), ("3", "c")],
        notes=("hidden, and read: line 3",),
    ),
    Case(
        "merged-cells",
        written(merged),
        mapping(HOURS, sheet="header_line = 2"),
        [("1", "a", 3600), ("3", "b", 10_800)],
        (Says(4, "volunteer", "a part of the merged cells B3:B4", 'sheet.merged = "repeat"'),),
    ),
    Case(
        "merged-cells-repeated",
        written(merged),
        mapping(HOURS, sheet='header_line = 2\nmerged = "repeat"'),
        [("1", "a", 3600), ("2", "a", 7200), ("3", "b", 10_800)],
    ),
    Case(
        "cells-merged-in-one-row",
        archive(
            raw(
                f"<row>{inline('id', 'volunteer', 'duration')}</row><row>{inline('1', '2:00')}</row>",
                after='<mergeCells><mergeCell ref="B2:C2"/></mergeCells>',
            )
        ),
        WITH_HOURS,
        problems=(Says(2, "duration", "a part of the merged cells B2:C2", "unmerge"),),
    ),
    Case(
        "a-merged-header",
        archive(
            raw(
                f"<row>{inline('id', 'volunteer')}</row><row>{inline('', 'name')}</row><row>{inline('1', 'a')}</row>",
                after='<mergeCells><mergeCell ref="A1:A2"/></mergeCells>',
            )
        ),
        mapping(sheet="header_line = 2"),
        refused=Says(2, "", "in the header, a part of the merged cells A1:A2", "repeat"),
    ),
    Case(
        "a-total-in-xlsx",
        rows(("id", "volunteer", "duration"), ("1", "a", 2), ("", "Grand total", 2)),
        mapping(HOURS, sheet="ignore_totals = true"),
        [("1", "a", 7200)],
        notes=("a total, skipped: line 3",),
    ),
    Case(
        "a-note-beside-the-table",
        rows(("id", "volunteer"), ("1", "a", "", "ask Sara"), ("2", "b")),
        PLAIN,
        [("1", "a"), ("2", "b")],
        notes=("column D has no name and is not read: line 2",),
    ),
    Case("billions-of-cells-claimed", written(far_away), PLAIN, [("1", "a")]),
    Case(
        "a-cell-too-far",
        archive(raw(HEADER + '<row r="2"><c r="A2"><v>1</v></c><c r="XFD2"><v>1</v></c></row>')),
        PLAIN,
        refused=Says(2, "", "beyond column 500", "not needed"),
    ),
    Case(
        "texts-in-runs-with-readings",
        archive(
            raw(
                HEADER + '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>',
                shared='<si><t>1</t></si><si><r><t xml:space="preserve">No</t></r><r><rPr><b/></rPr><t>ra</t></r>'
                "<rPh sb='0' eb='1'><t>x</t></rPh></si>",
            )
        ),
        PLAIN,
        [("1", "Nora")],
    ),
    Case(
        "escapes",
        archive(raw(HEADER + f"<row>{inline('1', 'a_x000D_b_x005F_c_x0000__xD83D__xDE00_')}</row>")),
        PLAIN,
        [("1", "a b_c \U0001f600")],
    ),
    Case(
        "another-prefix",
        archive(
            raw(
                '<x:row><x:c t="inlineStr"><x:is><x:t>id</x:t></x:is></x:c>'
                '<x:c t="inlineStr"><x:is><x:t>volunteer</x:t></x:is></x:c></x:row>'
                '<x:row><x:c><x:v>1</x:v></x:c><x:c t="str"><x:v>a</x:v></x:c></x:row>',
                prefix="x",
            )
        ),
        PLAIN,
        [("1", "a")],
    ),
    Case(
        "a-very-long-text",
        archive(raw(HEADER + f"<row>{inline('1', 'x' * 100_001)}</row>")),
        PLAIN,
        refused=Says(0, "", "more than 100,000 characters", "shorten"),
    ),
)

XLSX_CASES: Final = (*CELLS, *FORMULAS, *SHAPES)
