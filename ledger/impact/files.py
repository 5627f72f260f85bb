"""A report as a file, in each of the formats. Pure but for the libraries that write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from google.protobuf.json_format import MessageToJson

from ledger.documents.impact_pdf import render_impact
from ledger.impact.csv_file import csv_of
from volunteer_hours.v1 import impact_service_pb2 as pb


class _Format(NamedTuple):
    ending: str
    media_type: str
    made: Callable[[pb.ImpactReport], bytes]


class ReportFile(NamedTuple):
    """A file, its name and what it is."""

    name: str
    media_type: str
    content: bytes


def _json_of(report: pb.ImpactReport) -> bytes:
    text = MessageToJson(report, preserving_proto_field_name=True, indent=2, ensure_ascii=False)
    return f"{text}\n".encode()


def _xlsx_of(report: pb.ImpactReport) -> bytes:
    from ledger.impact.xlsx_file import xlsx_of  # here: to load what writes it takes a sixth of a server's start

    return xlsx_of(report)


FORMATS: Final[Mapping[pb.ImpactFormat.ValueType, _Format]] = {
    pb.IMPACT_FORMAT_JSON: _Format("json", "application/json", _json_of),
    pb.IMPACT_FORMAT_CSV: _Format("csv", "text/csv; charset=utf-8", csv_of),
    pb.IMPACT_FORMAT_XLSX: _Format(
        "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx_of
    ),
    pb.IMPACT_FORMAT_PDF: _Format("pdf", "application/pdf", render_impact),
}


def file_of(report: pb.ImpactReport, wanted: pb.ImpactFormat.ValueType) -> ReportFile:
    """The report in this format. Raises FontsMissing for a PDF where the font for Arabic is not installed."""
    chosen = FORMATS[wanted]
    name = f"impact-{report.period.start_date}-{report.period.end_date}.{chosen.ending}"
    return ReportFile(name, chosen.media_type, chosen.made(report))
