"""Every text for people in one place: part → key → text.

Tests go through it: a text that is missing in a language, or whose languages put in different values, fails the build,
and so does a sentence in Arabic that stands anywhere else. Refusals are part of it; they stand with the rules that they
tell of (`ledger.domain.refusals`), which import nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.domain.refusals import Reason
from ledger.texts import (
    anomalies,
    check_page,
    codes,
    coordinators,
    impact_report,
    people_pages,
    requirement_command,
    saved_tables,
    service,
    statement_document,
    volunteers,
)
from ledger.texts.text import Text

CATALOGUE: Final[Mapping[str, Mapping[str, Text]]] = {
    "check page": check_page.TEXTS,
    "pages for people": people_pages.EVERYWHERE,
    "pages for volunteers": volunteers.VOLUNTEERS,
    "pages for coordinators and verifiers": coordinators.COORDINATORS,
    "numbers and nouns": {
        f"{key}_{form}": text for key, plural in people_pages.PLURALS.items() for form, text in plural.texts()
    },
    "codes": codes.CODES,
    "statement": statement_document.TEXTS,
    "impact report": impact_report.TEXTS,
    "anomalies": anomalies.TEXTS,
    "requirement command": requirement_command.TEXTS,
    "headers of saved tables": saved_tables.HEADERS,
    "errors": service.ERRORS,
    "facets": service.FACETS,
    "refusals": {reason.name: Text(reason.arabic, reason.english) for reason in Reason},
}
