"""A volunteer's attendance written the way the eventsourcing library teaches: an aggregate, an application.

It keeps the rules the ledger keeps on this path (nothing twice, no overlapping seconds, 24 hours a date), so that both
sides decide the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

DAY_SECONDS_MAX = 24 * 60 * 60
FIRST_SHIFT = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
SHIFT_SECONDS = 2 * 60 * 60


class AttendanceRefused(Exception):
    """The record breaks a rule of the volunteer's own calendar."""


class Volunteer(Aggregate):
    """One person's attendances and the seconds they add up to."""

    class Registered(Aggregate.Created):
        """A volunteer is known."""

        number: int

    class AttendanceRecorded(Aggregate.Event):
        """An organisation noted a volunteer's presence."""

        attendance_id: str
        shift: str
        start: datetime
        end: datetime
        seconds: int
        actor: str

    @event(Registered)
    def __init__(self, number: int) -> None:
        self.number = number
        self.attended_seconds = 0
        self.served: dict[str, tuple[datetime, datetime]] = {}
        self.seconds_by_date: dict[date, int] = {}

    @staticmethod
    def create_id(number: int) -> UUID:
        return uuid5(NAMESPACE_URL, f"volunteers/{number}")

    def record_attendance(self, attendance_id: str, shift: str, start: datetime, end: datetime, actor: str) -> None:
        """Decide; raises AttendanceRefused for seconds that would count twice or pass 24 hours on a date."""
        if attendance_id in self.served:
            return
        seconds = int((end - start).total_seconds())
        if any(start < other_end and other_start < end for other_start, other_end in self.served.values()):
            raise AttendanceRefused("these seconds overlap an attendance already recorded")
        if self.seconds_by_date.get(start.date(), 0) + seconds > DAY_SECONDS_MAX:
            raise AttendanceRefused("more than 24 hours on one date")
        self._attendance_recorded(attendance_id, shift, start, end, seconds, actor)

    @event(AttendanceRecorded)
    def _attendance_recorded(
        self, attendance_id: str, shift: str, start: datetime, end: datetime, seconds: int, actor: str
    ) -> None:
        self.served[attendance_id] = (start, end)
        self.seconds_by_date[start.date()] = self.seconds_by_date.get(start.date(), 0) + seconds
        self.attended_seconds += seconds


class HoursApplication(Application[UUID]):
    """Load a volunteer, decide, save: one transaction a command, as the library's tutorial does."""

    def register(self, numbers: Sequence[int]) -> None:
        """Create volunteers, all in one save (preparation, not measured)."""
        self.save(*[Volunteer(number=number) for number in numbers])

    def record(self, number: int, turn: int) -> None:
        """The `turn`-th attendance of a volunteer, each on a date of its own."""
        volunteer: Volunteer = self.repository.get(Volunteer.create_id(number))
        attend(volunteer, turn)
        self.save(volunteer)

    def register_with_history(self, numbers: Sequence[int], turns: int) -> None:
        """Create volunteers with `turns` attendances each, all in one save (preparation, not measured)."""
        volunteers = [Volunteer(number=number) for number in numbers]
        for volunteer in volunteers:
            for turn in range(turns):
                attend(volunteer, turn)
        self.save(*volunteers)


def attend(volunteer: Volunteer, turn: int) -> None:
    """Two hours on the `turn`-th day."""
    start = FIRST_SHIFT + timedelta(days=turn)
    volunteer.record_attendance(
        f"attendance-{volunteer.number}-{turn}",
        f"opportunities/synthetic-{turn}/shifts/morning",
        start,
        start + timedelta(seconds=SHIFT_SECONDS),
        "organizations/synthetic/members/coordinator",
    )
