"""Identity documents: their numbers in one form, so that one person is registered once.

Numbers are typed with Arabic, Persian or Latin digits; they are compared in Latin ones. The check digit of Saudi
numbers (Luhn over all ten digits) is a rule seen in practice without an official publication: it can be switched off.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from ledger.domain.refusals import Reason, refuse

IdentityType: TypeAlias = Literal["national_id", "iqama", "passport"]

_LATIN_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_FORMS: Final[dict[IdentityType, re.Pattern[str]]] = {
    "national_id": re.compile(r"1[0-9]{9}"),
    "iqama": re.compile(r"2[0-9]{9}"),
    "passport": re.compile(r"[0-9A-Z]{5,20}"),
}


def normalized_number(identity_type: IdentityType, number: str, *, verify_check_digit: bool = True) -> str:
    """The number as it is compared and sealed: Latin digits, capital letters.

    Refuses IDENTITY_INVALID, whose text does not repeat the number: refusals are logged, numbers are not.
    """
    normalized = number.translate(_LATIN_DIGITS).upper()
    if not _FORMS[identity_type].fullmatch(normalized):
        refuse(Reason.IDENTITY_INVALID)
    if verify_check_digit and identity_type != "passport" and not passes_luhn(normalized):
        refuse(Reason.IDENTITY_INVALID)
    return normalized


def passes_luhn(digits: str) -> bool:
    """Whether the last digit checks the others: every second digit from the right doubled, its digits added up."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
