"""A finding in words: its rule with its figures, in both languages. A figure's name says its unit, so how it reads."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.anomalies.finding import Finding
from ledger.domain.values import LocalizedText
from ledger.texts.anomalies import RULES


def worded(finding: Finding) -> LocalizedText:
    """The sentence in Arabic and English."""
    text, values = RULES[finding.rule], shown(finding.figures)
    return LocalizedText(ar=text.ar.format(**values), en=text.en.format(**values))


def shown(figures: Mapping[str, int]) -> dict[str, str]:
    """Each figure as people read it: hours, minutes and seconds, percent, kilometres, or the number."""
    return {name: _shown(name, value) for name, value in figures.items()}


def _shown(name: str, value: int) -> str:
    if "seconds" in name:
        sign = "-" if value < 0 else ""
        hours, rest = divmod(abs(value), 3600)
        return f"{sign}{hours:,}:{rest // 60:02}:{rest % 60:02}"
    if name == "z_per_mille":
        return f"{value / 1000:.1f}"
    if name.endswith("_per_mille"):
        return f"{value / 10:.1f}%"
    if name.endswith("_metres"):
        return f"{value / 1000:,.0f}"
    return f"{value:,}"
