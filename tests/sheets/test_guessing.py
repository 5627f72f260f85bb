"""A guessed mapping reads the file it was guessed from; what nobody knows is left open, and refused by name."""

from __future__ import annotations

import io
import sys
from datetime import UTC, date, datetime

import pytest

from ledger.sheets.asking import ask_on_terminal
from ledger.sheets.guessed_dates import Question, guessed_formats
from ledger.sheets.guessing import guessed_mapping
from ledger.sheets.mapping import MappingWrong, parse_mapping
from tests.sheets.making import data, rows, written
from tests.sheets.reading import read
from tests.sheets.xlsx_cases import two_sheets

ROSTER = """جمعية تجريبية,,,,,
,,,,,
الرقم,رقم المتطوع,الوردية,التاريخ,وقت البداية,وقت النهاية
1,v1,opportunities/a/shifts/1,٠١/٠٢/٢٠٢٦,٩:٠٠ ص,١:٠٠ م
2,v2,opportunities/a/shifts/1,02/03/2026,4:00 م,8:00 م
"""
OLDER = """Ref;Who;Charity;Activity;Date;Minutes
1;v1;organizations/a;Beach;13/02/2026;450
2;v2;organizations/a;Park;1/2/2026;90
"""


def answering(answers: dict[str, str], asked: list[Question]):
    def ask(question: Question) -> str:
        asked.append(question)
        return answers.get(question.name, "")

    return ask


def test_what_cannot_be_known_is_left_open_and_refused_by_name(tmp_path):
    guess = guessed_mapping(data(ROSTER)(tmp_path), "attendances", None)
    with pytest.raises(MappingWrong) as error:
        parse_mapping(guess)
    assert [line.partition(":")[0].strip() for line in str(error.value).splitlines()[1:]] == [
        "time_zone",
        "dates.formats",
    ]


def test_with_answers_it_reads_the_file(tmp_path):
    file, asked = data(ROSTER)(tmp_path), list[Question]()
    answers = {"time_zone": "Asia/Riyadh", "dates.formats": "day first", "system": "synthetic"}
    guess = guessed_mapping(file, "attendances", answering(answers, asked))
    assert [question.name for question in asked] == ["system", "time_zone", "dates.formats"]
    assert asked[-1].samples == ("01/02/2026", "02/03/2026")
    assert read(file, guess).rows == [
        ("1", "v1", "opportunities/a/shifts/1", date(2026, 2, 1), *afternoon(2, 1, 6, 10)),
        ("2", "v2", "opportunities/a/shifts/1", date(2026, 3, 2), *afternoon(3, 2, 13, 17)),
    ]


def afternoon(month: int, day: int, first_hour: int, last_hour: int) -> tuple[datetime, datetime]:
    return datetime(2026, month, day, first_hour, tzinfo=UTC), datetime(2026, month, day, last_hour, tzinfo=UTC)


def test_a_column_is_asked_for_with_what_stands_in_it_and_the_file_tells_the_rest(tmp_path):
    file, asked = data(OLDER)(tmp_path), list[Question]()
    answers = {"time_zone": "Asia/Riyadh", "columns.volunteer": "Who", "system": "synthetic"}
    guess = guessed_mapping(file, "hours", answering(answers, asked))
    assert [question.name for question in asked] == ["columns.volunteer", "system", "time_zone"]
    assert asked[0].choices == ("Who", "none of them")
    assert asked[0].samples == ("Who: v1, v2",)
    assert [row[-2:] for row in read(file, guess).rows] == [(date(2026, 2, 13), 27_000), (date(2026, 2, 1), 5400)]


def test_an_encoding_is_asked_for_by_a_word(tmp_path):
    content = "id,volunteer,shift,status\n1,v1,opportunities/a/shifts/1,مسجل\n"
    file, asked = data(content, "cp1256")(tmp_path), list[Question]()
    assert 'encoding = "?"' in guessed_mapping(file, "registrations", None)
    answers = {"time_zone": "UTC", "sheet.encoding": "cp1256: مسجل"}
    guess = guessed_mapping(file, "registrations", answering(answers, asked))
    assert asked[0].choices == ("cp1256: مسجل", "cp1252: ãÓÌá")
    assert read(file, guess).rows == [("1", "v1", "opportunities/a/shifts/1", "registered")]


def test_a_sheet_is_asked_for(tmp_path):
    file = written(two_sheets)(tmp_path)
    guess = guessed_mapping(file, "attendances", answering({"sheet.name": "الحضور", "time_zone": "UTC"}, []))
    assert 'name = "الحضور"' in guess
    assert 'name = "?"' in guessed_mapping(file, "attendances", None)


def test_bare_numbers_for_dates_are_asked_for(tmp_path):
    file = rows(("id", "volunteer", "shift", "date"), ("1", "a", "opportunities/a/shifts/1", 46082))(tmp_path)
    assert 'serial = "?"' in guessed_mapping(file, "attendances", None)
    guess = guessed_mapping(file, "attendances", answering({"dates.serial": "yes", "time_zone": "UTC"}, []))
    assert read(file, guess).rows[0][-1] == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (("2026-03-01", "2026-03-02T10:00:00+03:00"), ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]),
        (("01/02/2026", "13/02/2026"), ["%d/%m/%Y"]),
        (("01/02/2026", "02/13/2026"), ["%m/%d/%Y"]),
        (("02/13/2026", "13/02/2026"), ["?"]),
        (("01.02.2026 10:30",), ["?"]),
        (("13/6/1448", "29/06/1448"), ["hijri:%d/%m/%Y"]),
        (("1448/06/13",), ["hijri:%Y/%m/%d"]),
        (("1 March 2026",), ["%d %B %Y"]),
        (("yesterday", "1/2/26"), ["?"]),
    ],
)
def test_forms_of_dates(texts, formats):
    assert guessed_formats(texts, lambda question: "") == formats


def test_a_terminal_takes_a_number_or_a_text_and_leaves_standard_output_alone(monkeypatch, capsys):
    question = Question("dates.formats", "Which comes first?", ("day first", "month first"), ("01/02/2026",))
    monkeypatch.setattr(sys, "stdin", io.StringIO("3\n2\nday first\n\n"))
    assert [ask_on_terminal(question) for _ in range(3)] == ["month first", "day first", ""]
    told = capsys.readouterr()
    assert told.out == ""
    assert "01/02/2026" in told.err
    assert "2. month first" in told.err


def test_one_word_of_a_header_among_the_rows_makes_no_header(tmp_path):
    assert "header_line" not in guessed_mapping(data("Nr.,Who\n1,Volunteer\n")(tmp_path), "attendances", None)
