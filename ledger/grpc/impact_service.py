"""ImpactService: what volunteering did in a period, as an answer and as a file."""

from __future__ import annotations

import asyncio

from ledger.domain.values import calendar_date
from ledger.grpc.interceptor import Call
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.impact.files import file_of
from ledger.impact.periods import DAYS_MAX, Span
from ledger.projections.impact_questions import ImpactQuestions
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import Period


class ImpactService:
    """Reads impact. Answers name the positions they rest on; all methods raise Refusal."""

    def __init__(self, questions: ImpactQuestions) -> None:
        self._questions = questions

    async def GetImpactReport(self, request: pb.GetImpactReportRequest, call: Call) -> pb.ImpactReport:
        _need_bounds(request.period, "period")
        return await self._questions.report(request, call.seconds_left)

    async def ExportImpactReport(
        self, request: pb.ExportImpactReportRequest, call: Call
    ) -> pb.ExportImpactReportResponse:
        _need_bounds(request.report.period, "report.period")
        report = await self._questions.report(request.report, call.seconds_left)
        made = await asyncio.to_thread(file_of, report, request.format)
        return pb.ExportImpactReportResponse(content=made.content, media_type=made.media_type, file_name=made.name)


def _need_bounds(period: Period, path: str) -> None:
    """Refuses DATE_INVALID."""
    for bound in ("start_date", "end_date"):
        if not getattr(period, bound):
            raise InvalidRequest([FieldViolation(f"{path}.{bound}", "give both dates", "impact_report.bounds")])
    span = Span(calendar_date(period.start_date), calendar_date(period.end_date))
    if span.days > DAYS_MAX:
        text = f"a report is of at most {DAYS_MAX} days"
        raise InvalidRequest([FieldViolation(path, text, "impact_report.days")])
