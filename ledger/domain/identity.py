"""Identity documents: their numbers in one form, so that one person is registered once.

Numbers are typed with Arabic, Persian, full-width or Latin digits, and in groups: they are compared in Latin ones,
without what stands between. The check digit of Saudi numbers (Luhn over all ten digits) is a rule seen in practice
without an official publication: it can be switched off. Other countries' numbers are known by the country that issued
them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ledger.domain.countries import issuer
from ledger.domain.refusals import Reason, refuse

IdentityType: TypeAlias = Literal["national_id", "iqama", "passport", "other_national"]

SAUDI_ARABIA: Final = "SA"
_FULL_WIDTH: Final = {ordinal: ordinal - 0xFEE0 for ordinal in range(0xFF01, 0xFF5F)}
_LATIN_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_BETWEEN: Final = re.compile("[ \u00a0\u2000-\u200a\u202f\u3000\u00ad\u2010-\u2015\u2212./-]")
"""Spaces, hyphens, full stops and slashes: how people and documents group a number."""
_DIRECTION_MARKS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Invisible, and copied along from Arabic texts."""
_FORMS: Final[dict[IdentityType, re.Pattern[str]]] = {
    "national_id": re.compile(r"1[0-9]{9}"),
    "iqama": re.compile(r"2[0-9]{9}"),
    "passport": re.compile(r"[0-9A-Z]{5,20}"),
    "other_national": re.compile(r"[0-9A-Z]{4,30}"),
}
_SAUDI: Final = ("national_id", "iqama")


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """One document in the form in which it is compared and sealed."""

    kind: str
    """The type, and behind a slash the country that issued it: national_id, passport/JO."""
    number: str

    def __repr__(self) -> str:
        return f"IdentityDocument({self.kind!r}, …)"


def document(
    identity_type: IdentityType, number: str, country: str = "", *, verify_check_digit: bool = True
) -> IdentityDocument:
    """A document with Latin digits and capital letters; `country` is ISO 3166-1 alpha-2, empty for Saudi types.

    A passport without one is another document than with one: before countries were asked for, passports had none.

    Refuses IDENTITY_COUNTRY_INVALID, and IDENTITY_INVALID; their texts do not repeat what was given: refusals are
    logged, numbers are not.
    """
    bare = _DIRECTION_MARKS.sub("", number.translate(_FULL_WIDTH).translate(_LATIN_DIGITS))
    normalized = _BETWEEN.sub("", bare).upper()
    if not _FORMS[identity_type].fullmatch(normalized):
        refuse(Reason.IDENTITY_INVALID)
    if verify_check_digit and identity_type in _SAUDI and not passes_luhn(normalized):
        refuse(Reason.IDENTITY_INVALID)
    return IdentityDocument(_kind(identity_type, country), normalized)


def document_of(kind: str, number: str, *, verify_check_digit: bool = True) -> IdentityDocument | None:
    """As `document`, from a kind as it is sealed; None for a kind that is none. Refuses as `document` does."""
    name, slash, country = kind.partition("/")
    found = next((one for one in _FORMS if one == name), None)
    if found is None or bool(slash) != bool(country):
        return None
    return document(found, number, country, verify_check_digit=verify_check_digit)


def _kind(identity_type: IdentityType, country: str) -> str:
    if identity_type in _SAUDI:
        if country and issuer(country) != SAUDI_ARABIA:
            refuse(Reason.IDENTITY_COUNTRY_INVALID)
        return identity_type
    if identity_type == "passport" and not country:
        return identity_type
    code = issuer(country)
    if identity_type == "other_national" and code == SAUDI_ARABIA:
        refuse(Reason.IDENTITY_COUNTRY_INVALID)  # a Saudi number has a type of its own: nobody is registered as both
    return f"{identity_type}/{code}"


def passes_luhn(digits: str) -> bool:
    """Whether the last digit checks the others: every second digit from the right doubled, its digits added up."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
