"""A report as CSV (RFC 4180) in long form, in UTF-8: one figure a line."""

from __future__ import annotations

import csv
import io

from ledger.impact.flat import Figure, figures
from ledger.saving.cells import neutral
from volunteer_hours.v1 import impact_service_pb2 as pb


def csv_of(report: pb.ImpactReport) -> bytes:
    """`table,key,measure,value,unit`; what is left out is empty."""
    out = io.StringIO(newline="")
    lines = csv.writer(out)
    lines.writerow(Figure._fields)
    for figure in figures(report):
        lines.writerow([neutral(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in figure])
    return out.getvalue().encode()
