"""A later policy acts on hours decided before it by a new event, and only when somebody asks: `ReassessHours`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.domain import policy
from ledger.domain.attendance_state import WITH_TIME, Attendance, undisputed
from ledger.domain.crediting import ground_of_service
from ledger.domain.event import NewEvent
from ledger.domain.hours import Span, date_of, joined, to_epoch
from ledger.domain.policy import STANDARD_POLICY_STREAM, HoursRules
from ledger.domain.refusals import Reason, refuse
from ledger.domain.releasing import counting_now, may_count, release, releases
from ledger.domain.streams import is_group
from ledger.domain.values import zone
from ledger.domain.world import Reads, World

POLICY_CHANGED: Final = "POLICY_CHANGED"
GROUND_ENDED: Final = "GROUND_ENDED"


@dataclass(frozen=True, slots=True)
class ReassessHours:
    """Release withheld time that may count under the version in force now for its date of service.

    What was credited stays as it was credited, and what counts goes on counting: a policy takes nothing away.
    Refuses NOT_FOUND, HEAD_COUNT_NOT_REASSESSED, ATTENDANCE_WITHDRAWN, ATTENDANCE_NOT_RECORDED, HOURS_DISPUTED,
    NOTHING_TO_RELEASE.
    """

    attendance: str

    @property
    def stream(self) -> str:
        return self.attendance

    def reads(self) -> Reads:
        return Reads(streams=(self.attendance, STANDARD_POLICY_STREAM))

    def decide(self, world: World) -> list[NewEvent]:
        if is_group(self.attendance):
            refuse(Reason.HEAD_COUNT_NOT_REASSESSED, attendance=self.attendance)
        known = undisputed(world, self.attendance)
        span = to_epoch(known.start), to_epoch(known.end)
        version, rules = policy.hours_rules(world, date_of(span[0], zone(known.time_zone)))
        released = self._released(world, known, span, rules)
        if not released:
            refuse(Reason.NOTHING_TO_RELEASE, attendance=self.attendance, policy=version)
        reason = GROUND_ENDED if version == known.policy else POLICY_CHANGED
        counted = joined((*known.counted, *released))
        event = release(known, released, reason=reason, version=version)
        return [event, *releases(world, counting_now(known, counted))]

    def _released(self, world: World, known: Attendance, span: Span, rules: HoursRules) -> tuple[Span, ...]:
        if known.state not in WITH_TIME or not known.withheld:
            return ()
        if ground_of_service(world, known.organization, known.opportunity, rules, span) is not None:
            return ()
        return may_count(world, known, rules, {}, {})
