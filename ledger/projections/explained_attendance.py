"""One attendance as the lines of the journal tell it: its events, what they brought, and why something is withheld."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from ledger.domain.refusals import InvariantBroken
from ledger.projections.basis import timestamp
from ledger.projections.sums import CLASS_COUNT, evidence_seconds
from volunteer_hours.v1.hours_service_pb2 import (
    ExplainedAttendance,
    ExplainedEvent,
    ExplainedMovement,
    WithheldSeconds,
)
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_WITHHELD, EvidenceClass

DURATION_ABOVE_CAP: Final = "DURATION_ABOVE_CAP"
RULES: Final[Mapping[str, str]] = {
    "YEAR_ABOVE_CAP": "year_seconds_max",
    "OVERLAP": "overlap",
    "COMPULSORY_SERVICE": "compulsory_service_counts",
}
"""Why seconds are withheld → the rule of the policy that does it. Other grounds hold whatever the policy says;
DURATION_ABOVE_CAP is said of two rules, see below."""


class Line(NamedTuple):
    """A line of the journal, as _LINES reads it."""

    attendance: str
    shift: str
    opportunity: str
    organization: str
    partition: int
    position: int
    event_type: str
    event_id: str
    recorded_at: datetime
    source_recorded_at: datetime | None
    actor: str
    policy: str | None
    state: str | None
    start_time: datetime | None
    end_time: datetime | None
    withheld_reasons: Sequence[str]
    flags: Sequence[str]
    says_reasons: bool
    from_class: EvidenceClass.ValueType | None
    to_class: EvidenceClass.ValueType | None
    seconds: int | None
    service_date: date | None
    reason: str | None
    counted: bool


class Telling:
    """One attendance as its lines tell it."""

    def __init__(self, name: str, attendance_caps: Mapping[str, int]) -> None:
        """`attendance_caps`: seconds an attendance may have, by version of the rules."""
        self._attendance_caps = attendance_caps
        self._message = ExplainedAttendance(name=name)
        self.sums = [0] * CLASS_COUNT
        """What the movements counted brought, by class."""
        self._reasons: Sequence[str] = ()
        self._policy = ""
        self._span_seconds = 0.0
        """Of the presence that the reasons are said of; 0: a head count, which has no span."""

    def add(self, line: Line) -> None:
        """One more line, in order."""
        if not self._message.events:
            self._message.shift, self._message.opportunity = line.shift, line.opportunity
            self._message.organization = line.organization
        if not self._message.events or self._message.events[-1].position.position != line.position:
            self._message.events.append(_event(line))
            if line.says_reasons:
                self._reasons, self._policy = line.withheld_reasons, line.policy or ""
            if line.start_time is not None and line.end_time is not None:
                self._span_seconds = (line.end_time - line.start_time).total_seconds()
        if line.counted:
            self._move(line)

    def _move(self, line: Line) -> None:
        source, sink, seconds, day = line.from_class, line.to_class, line.seconds, line.service_date
        if source is None or sink is None or seconds is None or day is None:
            raise InvariantBroken(f"position {line.position}: a movement that is counted lacks a part")
        movement = ExplainedMovement(from_class=source, to_class=sink, seconds=seconds, service_date=day.isoformat())
        movement.reason = line.reason or ""
        self._message.events[-1].movements.append(movement)
        for account, sign in ((source, -1), (sink, 1)):
            if account:  # 0 is outside the ledger
                self.sums[account - 1] += sign * seconds

    def message(self) -> ExplainedAttendance:
        """The whole of it."""
        self._message.seconds.CopyFrom(evidence_seconds(self.sums))
        if withheld := self.sums[EVIDENCE_CLASS_WITHHELD - 1]:
            # One ground at a time: whatever is withheld is so for the reason said last.
            reason = self._reasons[0] if self._reasons else ""
            self._message.withheld.append(
                WithheldSeconds(reason=reason, rule=self._rule(reason), policy=self._policy, seconds=withheld)
            )
        return self._message

    def _rule(self, reason: str) -> str:
        if reason != DURATION_ABOVE_CAP:
            return RULES.get(reason, "")
        cap = self._attendance_caps.get(self._policy)
        if self._span_seconds and cap is not None and self._span_seconds <= cap:
            return "day_seconds_max"
        return "attendance_seconds_max"


def _event(line: Line) -> ExplainedEvent:
    return ExplainedEvent(
        position=Position(partition=line.partition, position=line.position),
        event_type=line.event_type,
        event_id=line.event_id,
        record_time=timestamp(line.recorded_at),
        source_record_time=None if line.source_recorded_at is None else timestamp(line.source_recorded_at),
        actor=line.actor,
        policy=line.policy or "",
        state=line.state or "",
        start_time=None if line.start_time is None else timestamp(line.start_time),
        end_time=None if line.end_time is None else timestamp(line.end_time),
        withheld_reasons=line.withheld_reasons,
        flags=line.flags,
    )
