"""A transcript is as long as it must be: every attendance, the heads of its table and of the document on every page."""

from __future__ import annotations

import io

import pypdf

from ledger.documents.statement_pdf import render_statement
from tests.documents import samples
from tests.documents.conftest import TRANSCRIPT_ENTRIES
from tests.documents.pages import Page


def text_of(pdf: bytes, numbers: list[int]) -> list[str]:
    return [Page(pdf, number).text for number in numbers]


def test_every_attendance_is_there(long_transcript: bytes):
    pages = len(pypdf.PdfReader(io.BytesIO(long_transcript)).pages)
    found = [word for text in text_of(long_transcript, list(range(pages))) for word in text.split() if word == "1:30"]
    assert len(found) == TRANSCRIPT_ENTRIES


def test_heads_and_numbers_are_on_every_page(long_transcript: bytes):
    pages = len(pypdf.PdfReader(io.BytesIO(long_transcript)).pages)
    assert pages > 100
    for number in (5, pages // 2, pages - 4):
        [text] = text_of(long_transcript, [number - 1])
        assert f"Page {number} of {pages}" in text
        assert "Role and organisation" in text
        assert "Transcript of verified volunteer hours" in text
        assert "S. P." in text


def test_years_and_skills_are_there_and_skills_have_no_total():
    claims, disclosed = samples.transcript(30)
    made = render_statement(claims, disclosed, samples.DIGEST, None, {})
    text = " ".join(text_of(made, [0, 1, 2]))
    # PDFium may tell a line of both languages from the right.
    year, skill, every = text.index("Hours by year"), text.index("Hours by skill"), text.index("attendance verified")
    assert year < skill < every
    between = text[skill:every]
    assert "Total" not in between
    assert "stand in each of them" in between


def test_a_statement_of_nothing_has_its_sum_alone():
    made = render_statement(
        samples.claims(verified_seconds=0, period={}),
        samples.disclosed(full_name=None, organizations=None, roles=None, sectors=None),
        samples.DIGEST,
        None,
        {},
    )
    text = Page(made).text
    assert "0 hours" in text
    assert "Hours by" not in text
    assert "Full name" not in text
