"""ReportingService: what is published of the hours gets a name, its sums, and the positions they were computed at."""

from __future__ import annotations

from ledger.batch import CommandResult
from ledger.domain.closed_period import ClosedPeriod, ClosePeriod, PeriodTotals
from ledger.domain.values import EVIDENCE_CLASSES, Position, calendar_date
from ledger.grpc.commands import Commands, state_after
from ledger.grpc.interceptor import Call
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.grpc.values import positions_of, timestamp
from ledger.projections.closed_period_questions import TotalsNow
from ledger.projections.hours_questions import HoursQuestions
from ledger.projections.sums import evidence_seconds
from volunteer_hours.v1 import positions_pb2, values_pb2
from volunteer_hours.v1 import reporting_service_pb2 as pb


class ReportingService:
    """Writes closed periods. All methods raise Refusal."""

    def __init__(self, commands: Commands, questions: HoursQuestions) -> None:
        self._commands = commands
        self._questions = questions

    async def ClosePeriod(self, request: pb.ClosePeriodRequest, call: Call) -> pb.ClosedPeriod:
        """The sums go into the command, not into the body that a repetition is compared by: first answers stay."""
        # A repetition needs no sums, and gets its answer while the projections are away or being made anew.
        if (first := await self._commands.answered_before(call, request)) is not None:
            return _message(first)
        for bound in ("start_date", "end_date"):
            if not getattr(request.period, bound):
                raise InvalidRequest([FieldViolation(f"period.{bound}", "give both dates", "close_period.bounds")])
        now = await self._questions.totals_to_close(request, call.seconds_left)
        command = ClosePeriod(
            period=f"periods/{request.period_id}",
            start_date=calendar_date(request.period.start_date),
            end_date=calendar_date(request.period.end_date),
            positions=_positions(now),
            totals=_totals(now),
            replaces=request.replaces or None,
        )
        return _message(await self._commands.execute(call, request, command))


def _positions(now: TotalsNow) -> tuple[Position, ...]:
    counted = sorted((one.partition, one.position) for one in now.summary.positions)
    return tuple(Position(partition=partition, position=position) for partition, position in counted)


def _totals(now: TotalsNow) -> PeriodTotals:
    names = [f"{account.value}_seconds" for account in EVIDENCE_CLASSES]
    return PeriodTotals(**{name: getattr(now.summary.total, name) for name in names}, entry_count=now.entry_count)


def _message(result: CommandResult) -> pb.ClosedPeriod:
    closed = state_after(result, ClosedPeriod)
    totals = closed.totals
    seconds = evidence_seconds([getattr(totals, f"{account.value}_seconds") for account in EVIDENCE_CLASSES])
    return pb.ClosedPeriod(
        name=closed.name,
        period=values_pb2.Period(start_date=closed.start_date.isoformat(), end_date=closed.end_date.isoformat()),
        closed_positions=[_position(one) for one in closed.positions],
        totals=pb.PeriodTotals(seconds=seconds, entry_count=totals.entry_count),
        replaces=closed.replaces or "",
        closed_by=closed.closed_by,
        closed_time=timestamp(closed.closed_time),
        closed_at=_position(closed.closed_at),
        positions=positions_of(result),
    )


def _position(one: Position) -> positions_pb2.Position:
    return positions_pb2.Position(partition=one.partition, position=one.position)
