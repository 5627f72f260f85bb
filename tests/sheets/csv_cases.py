"""CSV files as they come, each with what has to become of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from tests.sheets.making import data
from tests.sheets.reading import Case, Says, mapping

PLAIN: Final = mapping()
DATED: Final = 'date = "date"\n'
HOURS: Final = 'duration = "duration"\n'
TWO_ORDERS: Final = 'formats = ["%d/%m/%Y", "%m/%d/%Y"]'
ARABIC: Final = "id,volunteer\nأ-1,نورة التجريبية\n"
ARABIC_ROWS: Final[list[tuple[object, ...]]] = [("أ-1", "نورة التجريبية")]
LATIN: Final = "id,volunteer\n1,Chloé Muñoz\n"
SPELLED: Final = """
kind = "attendances"
system = "synthetic"
time_zone = "Asia/Riyadh"
[columns]
id = "الرقم"
volunteer = "الاسم"
duration = "عدد الساعات"
[defaults]
shift = "opportunities/synthetic/shifts/1"
"""
IN_NEW_YORK: Final = mapping(
    f'{DATED}start_time = "start"\n', dates='formats = ["%Y-%m-%d"]'
).replace("Asia/Riyadh", "America/New_York")  # fmt: skip

ENCODINGS: Final = (
    Case("utf-8", data(ARABIC), PLAIN, ARABIC_ROWS),
    Case("utf-8-with-mark", data(ARABIC, "utf-8-sig"), PLAIN, ARABIC_ROWS),
    Case("a-mark-before-a-quotation-mark", data('"id",volunteer\n1,a\n', "utf-8-sig"), PLAIN, [("1", "a")]),
    Case("utf-16-little", data(b"\xff\xfe" + ARABIC.encode("utf-16-le")), PLAIN, ARABIC_ROWS),
    Case("utf-16-big", data(b"\xfe\xff" + ARABIC.encode("utf-16-be")), PLAIN, ARABIC_ROWS),
    Case("cp1256-named", data(ARABIC, "cp1256"), mapping(sheet='encoding = "cp1256"'), ARABIC_ROWS),
    Case(
        "cp1256-not-named",
        data(ARABIC, "cp1256"),
        PLAIN,
        refused=Says(2, "", "no UTF-8", 'by cp1256 it says "التجريبية", by cp1252 it says "ÇáÊÌÑíÈíÉ"'),
    ),
    Case("cp1252-named", data(LATIN, "cp1252"), mapping(sheet='encoding = "cp1252"'), [("1", "Chloé Muñoz")]),
    Case("cp1252-not-named", data(LATIN, "cp1252"), PLAIN, refused=Says(2, "", "no UTF-8", 'cp1252 it says "Chloé"')),
    Case("utf-8-though-another-is-named", data(ARABIC), mapping(sheet='encoding = "cp1256"'), ARABIC_ROWS),
    Case(
        "a-byte-that-cp1252-lacks",
        data(b"id,volunteer\n1,a\n2,\x81\n"),
        mapping(sheet='encoding = "cp1252"'),
        [("1", "a")],
        refused=Says(3, "", "no cp1252", "name the encoding"),
    ),
    Case("utf-16-cut-in-a-sign", data(b"\xff\xfei\0d\0,"), PLAIN, refused=Says(1, "", "no utf-16", "UTF-8")),
)

FORMS: Final = (
    Case("sep-line", data("sep=;\r\nid;volunteer\r\n1;a,b\r\n"), PLAIN, [("1", "a,b")]),
    Case("delimiter-named", data("id\tvolunteer\n1\ta\n"), mapping(sheet='delimiter = "\\t"'), [("1", "a")]),
    Case("returns-alone", data("id,volunteer\r1,a\r2,b\r"), PLAIN, [("1", "a"), ("2", "b")]),
    Case("a-cell-over-lines", data('id,volunteer\n1,"a\nb ""c"""\n2,d\n'), PLAIN, [("1", 'a b "c"'), ("2", "d")]),
    Case("blank-lines", data("\n,,\nid,volunteer\n\n1,a\n , \n\n2,b\n"), PLAIN, [("1", "a"), ("2", "b")]),
    Case(
        "a-quotation-mark-never-closed",
        data('id,volunteer\n1,a\n2,"b\n3,c\n'),
        PLAIN,
        [("1", "a")],
        refused=Says(3, "", "quotation mark", "close every one"),
    ),
    Case("text-after-a-quotation-mark", data('id,volunteer\n1,"a" b\n'), PLAIN, refused=Says(2, "", "quotation", "")),
    Case("nul", data(b"id,volunteer\n1,a\n2,\0\n"), PLAIN, [("1", "a")], refused=Says(3, "", "NUL", "UTF-8")),
    Case(
        "a-row-too-short",
        data("id,volunteer\n1\n2,b\n"),
        PLAIN,
        [("2", "b")],
        (Says(2, "", "1 cells where the header has 2", "quotation marks"),),
    ),
    Case(
        "a-row-too-long",
        data("id,volunteer\n1,Al-Harbi, Sara\n2,b,,\n"),
        PLAIN,
        [("2", "b")],
        (Says(2, "", "3 cells where the header has 2", "quotation marks"),),
    ),
    Case(
        "a-row-without-end",
        data("id,volunteer\n1,a\n2," + "x" * 200_000),
        PLAIN,
        [("1", "a")],
        refused=Says(3, "", "longer than 100,000 bytes", "quotation mark"),
    ),
    Case(
        "a-long-cell",
        data(f"id,volunteer\n1,{'x' * 5000}\n2,b\n"),
        PLAIN,
        [("2", "b")],
        (Says(2, "volunteer", "5,000 characters", "at most 200"),),
    ),
    Case("empty", data(""), PLAIN, refused=Says(0, "", "the file is empty", "names the columns")),
    Case("a-header-alone", data("id,volunteer\n"), PLAIN),
    Case(
        "a-text-like-a-formula", data("id,volunteer\n1,=1+1\n2,@SUM(A1)\n"), PLAIN, [("1", "=1+1"), ("2", "@SUM(A1)")]
    ),
    Case(
        "marks-and-hard-blanks", data("id,volunteer\n\u200f\xa01\u202c,\u2067 a\xa0 b \u2069\n"), PLAIN, [("1", "a b")]
    ),
)

HEADERS: Final = (
    Case(
        "arabic-headers-spelled-otherwise",
        data("\u200fالـرَّقم , الإسم ,عدد  السّاعات\n1,a,٧٫٥\n"),
        SPELLED,
        [("1", "a", 27_000)],
    ),
    Case(
        "two-columns-of-one-name", data("id,volunteer,id\n1,a,2\n"), PLAIN, refused=Says(1, "", "'id' twice", "its own")
    ),
    Case(
        "a-column-without-a-name",
        data("id,,volunteer\n1,x,a\n2,,b\n"),
        PLAIN,
        [("1", "a"), ("2", "b")],
        notes=("column B has no name and is not read: line 2",),
    ),
    Case(
        "a-header-further-down",
        data("Club\n,2026\nid,volunteer\n1,a\n"),
        mapping(sheet="header_line = 3"),
        [("1", "a")],
    ),
    Case(
        "no-header-there",
        data("id,volunteer\n1,a\n"),
        mapping(sheet="header_line = 9"),
        refused=Says(0, "", "line 9 is empty or not there", "header"),
    ),
    Case(
        "the-header-again",
        data("id,volunteer\n1,a\nid,volunteer\n2,b\n"),
        PLAIN,
        [("1", "a"), ("2", "b")],
        notes=("the header again, skipped: line 3",),
    ),
    Case(
        "a-total",
        data("id,volunteer,duration\n1,a,2\n,المجموع,2\n"),
        mapping(HOURS),
        [("1", "a", 7200)],
        (Says(3, "id", '"المجموع": a total', "ignore_totals = true"),),
    ),
    Case(
        "totals-to-ignore",
        data("id,volunteer,duration\n1,a,2\nالإجمالي الكلي,,2\nTOTAL:,,2\n,Sum,2\n2,Sum,3\n"),
        mapping(HOURS, sheet="ignore_totals = true"),
        [("1", "a", 7200), ("2", "Sum", 10_800)],
        notes=("a total, skipped: lines 3, 4, 5",),
    ),
)

VALUES: Final = (
    Case(
        "arabic-and-persian-digits",
        data("id,volunteer,date,duration\n١,a,٢٠٢٦/٠٣/٠١,٧٫٥\n۲,b,۲۰۲۶/۰۳/۰۲,۱٬۲۰۰\n"),
        mapping(DATED + HOURS, dates='formats = ["%Y/%m/%d"]', top='hours_unit = "minutes"'),
        [("١", "a", date(2026, 3, 1), 450), ("۲", "b", date(2026, 3, 2), 72_000)],
    ),
    Case(
        "day-first",
        data("id,volunteer,date\n1,a,01/02/2026\n2,b,13/02/2026\n"),
        mapping(DATED, dates='formats = ["%d/%m/%Y"]'),
        [("1", "a", date(2026, 2, 1)), ("2", "b", date(2026, 2, 13))],
    ),
    Case(
        "month-first",
        data("id,volunteer,date\n1,a,01/02/2026\n2,b,13/02/2026\n"),
        mapping(DATED, dates='formats = ["%m/%d/%Y"]'),
        [("1", "a", date(2026, 1, 2))],
        (Says(3, "date", "'13/02/2026' is no date", "list its format"),),
    ),
    Case(
        "both-orders",
        data("id,volunteer,date\n1,a,01/02/2026\n2,b,13/02/2026\n"),
        mapping(DATED, dates=TWO_ORDERS),
        [("2", "b", date(2026, 2, 13))],
        (Says(2, "date", "another date by each", "only the format"),),
    ),
    Case(
        "no-order-said",
        data("id,volunteer,date\n1,a,01/02/2026\n"),
        mapping(DATED),
        problems=(Says(2, "date", '"01/02/2026" is a text', '"%d/%m/%Y" or "%m/%d/%Y"'),),
    ),
    Case(
        "months-by-their-names",
        data("id,volunteer,date\n1,a,١ مارس ٢٠٢٦\n2,b,2 كانون الثاني 2026\n3,c,3 March 2026\n4,d,4 مرس 2026\n"),
        mapping(DATED, dates='formats = ["%d %B %Y"]'),
        [("1", "a", date(2026, 3, 1)), ("2", "b", date(2026, 1, 2)), ("3", "c", date(2026, 3, 3))],
        (Says(5, "date", "is no date as", "list its format"),),
    ),
    Case(
        "umm-al-qura",
        data("id,volunteer,date\n1,a,١٣/٦/١٤٤٨\n2,b,30/13/1448\n"),
        mapping(DATED, dates='formats = ["hijri:%d/%m/%Y"]'),
        [("1", "a", date(2026, 11, 23))],
        (Says(3, "date", "no date", "correct it"),),
    ),
    Case(
        "bare-numbers-for-dates",
        data("id,volunteer,date\n1,a,46082\n"),
        mapping(DATED, dates='formats = ["%Y-%m-%d"]'),
        problems=(Says(2, "date", "'46082' is no date", ""),),
    ),
    Case(
        "bare-numbers-that-count-days",
        data("id,volunteer,date\n1,a,46082\n2,b,60\n3,c,9999999\n"),
        mapping(DATED, dates="serial = true"),
        [("1", "a", date(2026, 3, 1))],
        (Says(3, "date", "29 February 1900", "write the date"), Says(4, "date", "no date", "write the date")),
    ),
    Case(
        "hours-and-minutes",
        data("id,volunteer,duration\n1,a,7:30\n2,b,7:30:15\n3,c,7:75\n4,d,-1\n5,e,0.3333\n6,f,\n"),
        mapping(HOURS),
        [("1", "a", 27_000), ("2", "b", 27_015), ("5", "e", 1200), ("6", "f", None)],
        (Says(4, "duration", '"7:75" is no duration', "7:30"), Says(5, "duration", '"-1" is no duration', "7.5")),
    ),
    Case(
        "a-decimal-comma-not-said",
        data('id,volunteer,duration\n1,a,"7,5"\n2,b,7.5\n'),
        mapping(HOURS),
        [("2", "b", 27_000)],
        (Says(2, "duration", '"7,5" has a comma', "decimal_comma = true"),),
    ),
    Case(
        "a-decimal-comma-said",
        data('id;volunteer;duration\n1;a;7,5\n2;b;1.500\n'),
        mapping(HOURS, sheet='delimiter = ";"', top="decimal_comma = true"),
        [("1", "a", 27_000)],
        (Says(3, "duration", '"1.500" has a point', "7,5"),),
    ),
    Case(
        "digits-rounded-away",
        data("id,volunteer\n1,1.05E+09\n1.2e+15,b\n3,Eve 1.05E+09\n"),
        PLAIN,
        [("3", "Eve 1.05E+09")],
        (Says(2, "volunteer", '"1.05E+09"', "as text"), Says(3, "id", '"1.2e+15"', "as text")),
    ),
    Case(
        "times-that-were-skipped-or-came-twice",
        data("id,volunteer,date,start\n1,a,2026-03-08,02:30\n2,b,2026-11-01,01:30\n3,c,2026-07-01,9:00\n"),
        IN_NEW_YORK,
        [
            ("2", "b", date(2026, 11, 1), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
            ("3", "c", date(2026, 7, 1), datetime(2026, 7, 1, 13, tzinfo=UTC)),
        ],
        (Says(2, "start", "skipped in America/New_York", "the time that it was"),),
    ),
    Case(
        "times-before-and-after-noon",
        data("id,volunteer,date,start\n1,a,2026-07-01,٩:٠٠ ص\n2,b,2026-07-01,9:00 م\n3,c,2026-07-01,9:00 PM\n"),
        mapping(
            f'{DATED}start_time = "start"\n', dates='formats = ["%Y-%m-%d"]\ntimes = ["%I:%M %p"]'
        ),
        [
            ("1", "a", date(2026, 7, 1), datetime(2026, 7, 1, 6, tzinfo=UTC)),
            ("2", "b", date(2026, 7, 1), datetime(2026, 7, 1, 18, tzinfo=UTC)),
            ("3", "c", date(2026, 7, 1), datetime(2026, 7, 1, 18, tzinfo=UTC)),
        ],
    ),
)  # fmt: skip

CSV_CASES: Final = (*ENCODINGS, *FORMS, *HEADERS, *VALUES)
