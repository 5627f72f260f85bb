"""From claims to what stands on paper: texts, facts and tables in both languages, in the order they are read.

The layout (`statement.typ`) decides where they stand and how they look, and adds no word of its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Final, TypeAlias

import segno

from ledger.credentials.claims import AsOf, Disclosed, Period, StatementClaims
from ledger.documents.dates import calendar_day, day_of_moment, in_both_calendars, umm_al_qura_in_words
from ledger.documents.hours_in_words import hours_in_words
from ledger.documents.printable import printable
from ledger.documents.statement_tables import names_of_organizations, tables
from ledger.documents.wording import Both, in_both, listed, said
from ledger.texts.statement_document import TEXTS
from ledger.texts.text import Language, Text

Fact: TypeAlias = dict[str, object]
"""A label, with a value in each language (`both`, `small` below it) or one for both (`one`)."""

COMMAND: Final = "hours-ledger verify statement FILE"
LABELS: Final = ("initials", "issued", "scan", "name", "verified", "basis", "digest", "check", "paper")
CODE_ROOM_EMS: Final = 34.0
"""Of a line between two labels."""
ROOT_SHOWN: Final = 12
"""Characters that are left of either end of a root."""
_PERIODS: Final = {
    (): "period_whole",
    ("first",): "period_from",
    ("last",): "period_until",
    ("first", "last"): "period_between",
}


def content(
    claims: StatementClaims, disclosed: Disclosed, digest: str, share_uri: str | None, attached: list[str]
) -> dict[str, object]:
    """Everything that is printed, as JSON has it. Raises Malformed for dates that no calendar has."""
    issued = day_of_moment(claims.iat)
    title, link = TEXTS[claims.kind], f"{share_uri}#{digest}" if share_uri else None
    return {
        "title": in_both(title),
        "document_title": " · ".join((title.en, title.ar, printable(claims.initials))),
        "initials": printable(claims.initials),
        "issued": {"digits": issued.isoformat(), **_each(lambda language: in_both_calendars(issued, language))},
        "code": _code(link) if link else None,
        "name": printable(disclosed.full_name) if disclosed.full_name else None,
        "verified": _each(lambda language: hours_in_words(claims.verified_seconds, language)),
        "scope": list(_scope(claims, disclosed)),
        "tables": list(tables(disclosed)),
        "basis": list(_basis(claims, attached)),
        "digest": digest,
        "steps": _steps(share_uri, link),
        "labels": {key: in_both(TEXTS[key]) for key in LABELS},
        "issued_short": in_both(TEXTS["issued_short"], date=issued.isoformat()),
        # The layout alone knows how many pages there are.
        "page": in_both(TEXTS["page"], page="{page}", pages="{pages}"),
    }


def _scope(claims: StatementClaims, disclosed: Disclosed) -> Iterator[Fact]:
    yield _period(claims.period)
    yield {"label": in_both(TEXTS["counted"]), "both": _counted(claims, disclosed)}
    if claims.exp is not None:
        ends = day_of_moment(claims.exp)
        yield {
            "label": in_both(TEXTS["expires"]),
            "both": {"en": ends.isoformat(), "ar": ends.isoformat()},
            "small": _each(lambda language: umm_al_qura_in_words(ends, language) or ""),
        }


def _period(period: Period) -> Fact:
    days = {name: text for name, text in (("first", period.first), ("last", period.last)) if text}
    text = TEXTS[_PERIODS[tuple(days)]]
    found = {name: calendar_day(day) for name, day in days.items()}
    small = _each(lambda language: _period_in_words(text, found, language))
    return {"label": in_both(TEXTS["period"]), "both": in_both(text, **days), "small": small}


def _period_in_words(text: Text, days: Mapping[str, date], language: Language) -> str:
    """In the Umm al-Qura calendar; empty for an open period, and where its tables do not have each of the days."""
    words = {name: umm_al_qura_in_words(day, language) for name, day in days.items()}
    known = {name: found for name, found in words.items() if found}
    return said(text, language, **known) if days and len(known) == len(days) else ""


def _counted(claims: StatementClaims, disclosed: Disclosed) -> Both:
    if not claims.only_organizations:
        return in_both(TEXTS["counted_all"])
    names = names_of_organizations(disclosed)
    only = claims.only_organizations
    return _each(lambda language: listed(TEXTS["counted_some"], language, (names.of(one, language) for one in only)))


def _basis(claims: StatementClaims, attached: list[str]) -> Iterator[Fact]:
    ones = {
        "issuer": claims.iss,
        "statement_name": claims.statement,
        "log": claims.as_of.origin,
        "log_size": f"{claims.as_of.size:,}",
        "log_root": _shortened(claims.as_of),
        "recorded_through": claims.as_of.recorded_through,
        "attached": ", ".join(attached),
    }
    for key, one in ones.items():
        if one:
            yield {"label": in_both(TEXTS[key]), "one": printable(one, CODE_ROOM_EMS)}


def _steps(share_uri: str | None, link: str | None) -> list[dict[str, object]]:
    """What to do, with what is printed below it in letters that can be typed off."""
    if share_uri is None:
        return [{**in_both(TEXTS["check_attached"]), "shown": COMMAND, "opens": None}]
    return [
        {**in_both(TEXTS["check_link"]), "shown": share_uri, "opens": link},
        {**in_both(TEXTS["check_file"]), "shown": COMMAND, "opens": None},
    ]


def _shortened(as_of: AsOf) -> str:
    root = as_of.root
    return root if len(root) <= 2 * ROOT_SHOWN else f"{root[:ROOT_SHOWN]}…{root[-ROOT_SHOWN:]}"


def _code(link: str) -> dict[str, object]:
    """A QR code as an SVG picture, with the quiet zone of four modules that readers want (ISO/IEC 18004)."""
    picture = io.BytesIO()
    segno.make_qr(link, error="m", boost_error=False).save(picture, kind="svg", border=4, light="#fff", xmldecl=False)
    return {"svg": picture.getvalue().decode("utf-8"), "alternative": TEXTS["code_alternative"].en.format(link=link)}


def _each(words: Callable[[Language], str]) -> Both:
    return {"en": words("en"), "ar": words("ar")}
