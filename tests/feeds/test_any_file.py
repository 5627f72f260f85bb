"""Whatever a partner sends: it is refused in words, or what is made of it has the form that the service takes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.feeds.comparing import Plan, Present, compare
from ledger.feeds.guessing import guessed_mapping
from ledger.feeds.reading import FeedFile, FeedUnreadable, Row
from ledger.feeds.rows import Refused, wanted_of
from ledger.grpc.validation import read_request
from tests.feeds.test_rows import FILE_TIME, RIGHT, mapping

ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=700)
CELLS = st.dictionaries(st.sampled_from(sorted(RIGHT)), st.one_of(st.just(""), ANY_TEXT), max_size=3)
"""Some cells of a row that is right but for them."""
PIECES = st.lists(st.sampled_from((b",", b'"', b"\n", b"\r\n", b"a", b"\xd9\x82", b"\xff", b" ", b";", b"=", b"\x00")))


@settings(deadline=None, max_examples=200)
@given(CELLS)
@example({"title": "a\u2028b", "city": "\x0b", "skills": "\x1f,a"})
@example({"title": "&#0;&#x1f;&#127;x", "about": "&#x7f;"})
@example({"id": "\u200f", "event_type": "x"})
def test_a_row_is_refused_or_has_the_form_that_the_service_takes(cells):
    mapped = mapping(cut_long_texts=True)
    row = Row(2, RIGHT | {name: cell.strip() for name, cell in cells.items()})
    wanted = wanted_of(row, mapped, "organizations/x", FILE_TIME)
    if isinstance(wanted, Refused):
        assert all(problem.what for problem in wanted.problems)
        return
    plan = compare(wanted, Present(), mapped)
    assert isinstance(plan, Plan)
    for request in plan.requests:
        read_request(type(request), request.SerializeToString())


@settings(deadline=None, max_examples=300)
@given(PIECES)
def test_any_bytes_are_rows_or_end_the_reading_in_words(pieces):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "feed.csv"
        file.write_bytes(b"".join(pieces))
        told = ""
        try:
            with FeedFile(file, "cp1252") as feed:
                assert all(row.line > 1 for row in feed.rows())
            assert guessed_mapping(file)
        except FeedUnreadable as error:
            told = str(error)
        assert not told or told.startswith("line ")
