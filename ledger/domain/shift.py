"""A shift of an opportunity: when, where, and for how many. Some old ones are known by their date alone.

What may happen to it once it is open stands in `shift_changes`.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from ledger.domain import opportunity
from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.streams import opportunity_of
from ledger.domain.values import ImportedFrom, zone
from ledger.domain.world import Reads, World

SHIFT_SECONDS_MAX: Final = 31 * 86_400


class Place(Value):
    """Where service happens: a region (ISO 3166-2), or online."""

    region: str | None = None
    online: bool = False
    city: str | None = None


@stored_name("shift-opened")
class ShiftOpened(Event):
    """People can register for it. Either start and end are there, or a service date alone."""

    shift: str
    opportunity: str
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    time_zone: str
    """IANA name: calendar dates are those of this zone."""
    service_date: date | None = None
    places: Annotated[int, Field(ge=1)]
    place: Place
    imported_from: ImportedFrom | None = None


@stored_name("shift-updated")
class ShiftUpdated(Event):
    """The number of places from now on."""

    shift: str
    opportunity: str
    places: Annotated[int, Field(ge=1)]
    imported_from: ImportedFrom | None = None


@stored_name("shift-rescheduled")
class ShiftRescheduled(Event):
    """When it is from now on. Who is registered keeps the place; what was served stays as it was decided."""

    shift: str
    opportunity: str
    start: AwareDatetime
    end: AwareDatetime
    imported_from: ImportedFrom | None = None


@stored_name("shift-cancelled")
class ShiftCancelled(Event):
    """It takes no more registrations and check-ins, and nobody moves up; attendance that was recorded stays."""

    shift: str
    opportunity: str
    reason: str


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift as its events leave it."""

    name: str
    opportunity: str
    start: datetime | None
    end: datetime | None
    time_zone: str
    service_date: date | None
    """Set instead of the times when only the date is known."""
    places: int
    place: Place
    state: Literal["open", "cancelled"] = "open"


def evolve(state: object | None, recorded: RecordedEvent) -> Shift:
    """The shift after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, ShiftOpened() as opened:
            return Shift(
                name=recorded.stream,
                opportunity=opened.opportunity,
                start=opened.start,
                end=opened.end,
                time_zone=opened.time_zone,
                service_date=opened.service_date,
                places=opened.places,
                place=opened.place,
            )
        case Shift(state="open"), ShiftUpdated(places=places):
            return replace(state, places=places)
        case Shift(state="open", service_date=None), ShiftRescheduled(start=start, end=end):
            return replace(state, start=start, end=end)
        case Shift(state="open"), ShiftCancelled():
            return replace(state, state="cancelled")
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def existing(world: World, name: str) -> Shift:
    """The shift called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Shift):
        raise InvariantBroken(f"{name} is no shift: {type(state).__name__}")
    return state


def day_of_service(shift: Shift) -> date:
    """The calendar date the shift begins on, in its own zone."""
    if shift.service_date is not None:
        return shift.service_date
    if shift.start is None:
        raise InvariantBroken(f"{shift.name} has neither times nor a date")
    return shift.start.astimezone(ZoneInfo(shift.time_zone)).date()


def check_times(start: datetime, end: datetime) -> None:
    """Refuse TIMES_REVERSED, SHIFT_TOO_LONG."""
    if end <= start:
        refuse(Reason.TIMES_REVERSED, start=start.isoformat(), end=end.isoformat())
    if end - start > timedelta(seconds=SHIFT_SECONDS_MAX):
        seconds = int((end - start).total_seconds())
        refuse(Reason.SHIFT_TOO_LONG, seconds=seconds, seconds_max=SHIFT_SECONDS_MAX)


@dataclass(frozen=True, slots=True)
class OpenShift:
    """Open a shift of a published opportunity.

    Refuses ALREADY_EXISTS, NOT_FOUND, OPPORTUNITY_CLOSED, TIME_ZONE_UNKNOWN, SHIFT_TIMES_OR_DATE, TIMES_REVERSED,
    SHIFT_TOO_LONG.
    """

    shift: str
    start: datetime | None
    end: datetime | None
    time_zone: str
    service_date: date | None
    places: int
    place: Place
    imported_from: ImportedFrom | None = None
    source_time: datetime | None = None

    @property
    def stream(self) -> str:
        return self.shift

    def reads(self) -> Reads:
        return Reads(streams=(self.shift, opportunity_of(self.shift)))

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.shift) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.shift)
        offered = opportunity.existing(world, opportunity_of(self.shift))
        if offered.state == "closed":
            refuse(Reason.OPPORTUNITY_CLOSED, opportunity=offered.name)
        zone(self.time_zone)
        self._check_times()
        opened = ShiftOpened(
            shift=self.shift,
            opportunity=offered.name,
            start=self.start,
            end=self.end,
            time_zone=self.time_zone,
            service_date=self.service_date,
            places=self.places,
            place=self.place,
            imported_from=self.imported_from,
        )
        return [NewEvent(self.shift, opened, source_time=self.source_time)]

    def _check_times(self) -> None:
        if self.start is None or self.end is None:
            if self.start is not None or self.end is not None or self.service_date is None:
                refuse(Reason.SHIFT_TIMES_OR_DATE)
            return
        if self.service_date is not None:
            refuse(Reason.SHIFT_TIMES_OR_DATE)
        check_times(self.start, self.end)
