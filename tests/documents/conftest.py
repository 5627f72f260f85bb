"""One statement and one transcript, rendered once."""

from __future__ import annotations

import pytest

from ledger.documents.statement_pdf import render_statement
from tests.documents import samples
from tests.documents.pages import Page

TRANSCRIPT_ENTRIES = 5_000


@pytest.fixture(scope="session")
def statement() -> bytes:
    return render_statement(
        samples.claims(), samples.disclosed(), samples.DIGEST, samples.SHARE_URI, samples.ATTACHMENTS
    )


@pytest.fixture(scope="session")
def first_page(statement: bytes) -> Page:
    return Page(statement)


@pytest.fixture(scope="session")
def last_page(statement: bytes) -> Page:
    return Page(statement, -1)


@pytest.fixture(scope="session")
def long_transcript() -> bytes:
    claims, disclosed = samples.transcript(TRANSCRIPT_ENTRIES)
    return render_statement(claims, disclosed, samples.DIGEST, None, samples.ATTACHMENTS)
