"""A report of impact as a document in Arabic and English, with charts that Typst draws. No clock stands in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib import resources

import msgspec
import typst

from ledger.documents.fonts import document_fonts
from ledger.impact.presenting import Chart, Presented, Rows, is_plain, presented
from ledger.texts.impact_report import TEXTS
from ledger.texts.text import Text
from volunteer_hours.v1 import impact_service_pb2 as pb


def render_impact(report: pb.ImpactReport) -> bytes:
    """The document: PDF/A-3a and PDF/UA-1. Raises FontsMissing."""
    data = msgspec.json.encode(_content(presented(report))).decode("utf-8")
    made = datetime.fromisoformat(report.period.end_date).replace(tzinfo=UTC)
    compiler = typst.Compiler(_layout(), font_paths=document_fonts(), sys_inputs={"impact": data})
    pages = compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"], timestamp=int(made.timestamp()))
    if not isinstance(pages, bytes):
        raise TypeError(f"a document is bytes, not {type(pages).__name__}")
    return pages


def _content(report: Presented) -> dict[str, object]:
    return {
        "labels": {key: _both(text) for key, text in TEXTS.items()},
        "period": _both(report.period),
        "cards": [{"label": _both(card.label), "value": _both(card.value)} for card in report.cards],
        "charts": [_chart(chart) for chart in report.charts],
        "tables": [_rows(table) for table in report.tables],
        "restated": _both(report.restated),
        "notes": [_both(note) for note in report.notes],
    }


def _chart(chart: Chart) -> dict[str, object]:
    bars = [
        {
            "label": _both(bar.label),
            "length": bar.length,
            "verified_length": bar.verified_length,
            "recorded": bar.recorded,
            "verified": bar.verified,
        }
        for bar in chart.bars
    ]
    return {"title": _both(chart.title), "reads": _both(chart.reads), "bars": bars}


def _rows(table: Rows) -> dict[str, object]:
    return {"title": _both(table.title), "head": _all(table.head), "rows": [_all(row) for row in table.rows]}


def _all(texts: Iterable[Text]) -> list[dict[str, str | bool]]:
    return [_both(text) for text in texts]


def _both(text: Text) -> dict[str, str | bool]:
    return {"ar": text.ar, "en": text.en, "plain": is_plain(text)}


@cache
def _layout() -> bytes:
    return resources.files(__package__).joinpath("impact.typ").read_bytes()
