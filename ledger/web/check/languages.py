"""Which language a page speaks: the one that was chosen, else the first of the browser's that we have, else Arabic."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from ledger.texts.text import Language

DIRECTIONS: Final[dict[Language, str]] = {"ar": "rtl", "en": "ltr"}
_ACCEPTED_MAX: Final = 1_000
"""Characters of Accept-Language that are looked at."""


def language_of(request: Request) -> Language:
    """The language for this reader: `?lang=ar|en`, else Accept-Language (RFC 9110 section 12.5.4), else Arabic."""
    chosen = request.query_params.get("lang")
    if chosen in DIRECTIONS:
        return _language(chosen)
    accepted = request.headers.get("accept-language", "")[:_ACCEPTED_MAX]
    ranked = sorted(((_weight(part), -at, part) for at, part in enumerate(accepted.split(","))), reverse=True)
    for weight, _, part in ranked:
        primary = part.partition(";")[0].strip().lower().partition("-")[0]
        if weight > 0 and primary in DIRECTIONS:
            return _language(primary)
    return "ar"


def other(language: Language) -> Language:
    """The language that the switch leads to."""
    return "en" if language == "ar" else "ar"


def _language(name: str) -> Language:
    return "en" if name == "en" else "ar"


def _weight(part: str) -> float:
    _, _, parameter = part.partition(";")
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
