"""Countries as identity documents name their issuer: ISO 3166-1 alpha-2, checked, because a mistyped one would make the
same person another.
"""

from __future__ import annotations

import re
from typing import Final

from ledger.domain.refusals import Reason, refuse

_CODES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW",
    "BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI",
    "FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN",
    "IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME",
    "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF",
    "PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV",
    "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE",
    "YT ZA ZM ZW",
)
_ASSIGNED: Final = frozenset(code for line in _CODES for code in line.split())
"""The 249 codes that ISO has assigned, as the IANA time zone database lists them (iso3166.tab)."""
_LEFT_TO_USERS: Final = re.compile("AA|Q[M-Z]|X[A-Z]|ZZ")
"""What ISO 3166-1 leaves to users: XK stands on passports of Kosovo; the others are free for whoever needs one."""
_RESERVED: Final = frozenset(("EU", "UN"))
"""Exceptionally reserved by ISO, and issuers of travel documents."""


def issuer(country: str) -> str:
    """The code in capital letters. Refuses IDENTITY_COUNTRY_INVALID."""
    code = country.upper()
    if code not in _ASSIGNED and code not in _RESERVED and not _LEFT_TO_USERS.fullmatch(code):
        refuse(Reason.IDENTITY_COUNTRY_INVALID)
    return code
