"""Files as partners send them: each trouble is read rightly, or told with its line."""

from __future__ import annotations

import pytest

from ledger.feeds.reading import BrokenRow, FeedFile, FeedUnreadable, Row
from ledger.sheets.delimited import ROW_BYTES_MAX


def rows_of(folder, data: bytes, encoding: str = "utf-8", delimiter: str = ","):
    file = folder / "feed.csv"
    file.write_bytes(data)
    with FeedFile(file, encoding, delimiter) as feed:
        return feed.header, list(feed.rows())


def refused(folder, data: bytes, encoding: str = "utf-8") -> str:
    with pytest.raises(FeedUnreadable) as error:
        rows_of(folder, data, encoding)
    return str(error.value)


def test_cells_over_several_lines_and_where_rows_begin(tmp_path):
    header, rows = rows_of(tmp_path, b'id,title\r\n1,"two\r\nlines"\r\n\r\n2,"a ""b"" c"\r\n')
    assert header == ("id", "title")
    assert rows == [Row(2, {"id": "1", "title": "two\r\nlines"}), Row(5, {"id": "2", "title": 'a "b" c'})]


def test_blanks_around_and_a_byte_order_mark_are_no_content(tmp_path):
    header, rows = rows_of(tmp_path, "\ufeff id , a  title ,\n 1 , x ,\n,,\n".encode())
    assert header == ("id", "a title")
    assert rows == [Row(2, {"id": "1", "a title": "x"})]


def test_the_rows_can_be_read_again(tmp_path):
    file = tmp_path / "feed.csv"
    file.write_bytes(b"id\n1\n2\n")
    with FeedFile(file) as feed:
        assert list(feed.rows()) == list(feed.rows())
        assert feed.bytes_read == feed.size_bytes == 7


def test_a_row_with_another_number_of_cells_is_its_own_error(tmp_path):
    _, rows = rows_of(tmp_path, b"id,title\n1\n2,x,y\n3,x,,\n4,x\n")
    assert [type(row) for row in rows] == [BrokenRow, BrokenRow, Row, Row]
    assert rows[1] == BrokenRow(3, "3 cells where the header has 2 columns")


def test_formulas_are_text(tmp_path):
    _, rows = rows_of(tmp_path, b'id,title\n1,"=HYPERLINK(""x"")"\n')
    assert rows[0].cells["title"] == '=HYPERLINK("x")'


@pytest.mark.parametrize(
    ("data", "encoding", "line", "what"),
    [
        (b'id,title\n1,x\n2,"never\n closed\n3,x\n', "utf-8", 3, "quotation mark"),
        (b'id,title\n1,"x" y\n', "utf-8", 2, "quotation mark"),
        (b"id,title\n1,x\x00\n", "utf-8", 2, "NUL"),
        (b"id,title\n1,caf\xe9\n", "utf-8", 2, "no UTF-8"),
        (b"id,title\n1,\x81\n", "cp1252", 2, "no cp1252"),
        ("id,title\n".encode("utf-16"), "utf-8", 1, "no UTF-8"),
        (b"", "utf-8", 1, "no header"),
        (b"id,title,id\n", "utf-8", 1, "'id' twice"),
        (b"id" + b",x" * 501 + b"\n", "utf-8", 1, "at most 500"),
        (b"id\n" + b"x" * 200_000, "utf-8", 2, "longer than 100,000 bytes"),
        (b'id\n"' + b"x\n" * 60_000, "utf-8", None, "longer than 100,000 bytes"),
    ],
)
def test_what_cannot_be_trusted_ends_the_reading_with_its_line(tmp_path, data, encoding, line, what):
    told = refused(tmp_path, data, encoding)
    assert what in told, told
    assert line is None or told.startswith(f"line {line}:"), told


def test_utf_8_wins_and_only_the_named_encoding_is_tried_after_it(tmp_path):
    assert rows_of(tmp_path, "id\nقهوة\n".encode(), "cp1252")[1][0].cells["id"] == "قهوة"
    assert rows_of(tmp_path, "id\nقهوة\n".encode("windows-1256"), "windows-1256")[1][0].cells["id"] == "قهوة"
    assert rows_of(tmp_path, "id\ncafé – €\n".encode("cp1252"), "cp1252")[1][0].cells["id"] == "café – €"


def test_our_limit_is_below_that_of_the_csv_module():
    import csv

    assert csv.field_size_limit() > ROW_BYTES_MAX


def test_another_delimiter(tmp_path):
    assert rows_of(tmp_path, b"id;title\n1;a,b\n", delimiter=";")[1][0].cells["title"] == "a,b"
