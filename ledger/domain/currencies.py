"""Currencies in which donations can be told: ISO 4217, list one, without metals, funds and testing codes.

A minor unit is the smallest that the standard names: a hundredth for most (exponent 2), a thousandth for the dinars and
the rial (3), the unit itself where there is no smaller one (0).
"""

from __future__ import annotations

from typing import Final

from ledger.domain.refusals import Reason, refuse

_HUNDREDTHS: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE
    CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
    KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
    TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_UNITS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS: Final = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: Final = {
    **dict.fromkeys(_HUNDREDTHS.split(), 2),
    **dict.fromkeys(_UNITS.split(), 0),
    **dict.fromkeys(_THOUSANDTHS.split(), 3),
}
"""Code → digits after the point."""


def refuse_unknown(currency: str) -> None:
    """Refuses CURRENCY_UNKNOWN."""
    if currency not in EXPONENTS:
        refuse(Reason.CURRENCY_UNKNOWN, currency=currency)
