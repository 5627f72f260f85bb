"""The synthetic programme that fills a store before the clock starts: facts as the domain's own events say them.

Each kind of fact is made once by its event class; its repetitions differ in the volunteer's number alone, which is
always eight digits, so that a million of them are made in seconds and are byte for byte what the domain would write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.domain.attendance_events import AttendanceRecorded
from ledger.domain.event import Event
from ledger.domain.group_attendance_state import GroupAttendanceRecorded
from ledger.domain.opportunity import OpportunityDetails, OpportunityPublished
from ledger.domain.organization import OrganizationRegistered
from ledger.domain.registration import RegistrationAccepted
from ledger.domain.shift import Place, ShiftOpened
from ledger.domain.values import Account, Entry, Interval, LocalizedText
from ledger.domain.volunteer import SealedDetails, VolunteerRegistered

ORGANIZATION: Final = "organizations/synthetic"
OPPORTUNITY: Final = "opportunities/synthetic-lesson"
TIME_ZONE: Final = "Asia/Riyadh"
NAME: Final = LocalizedText(ar="اصطناعي", en="Synthetic")
ATTENDANCE_SECONDS: Final = 7_200

FIRST_ATTENDANCE: Final = datetime(2010, 1, 1, 8, tzinfo=UTC)
FIRST_DAY: Final = datetime(2024, 1, 1, 8, tzinfo=UTC)
DAYS_APART: Final = 3
"""Who is still there since the last day does not meet the next one."""
PLACES: Final = 1_000_000

_SOMEBODY: Final = b"synthetic-00000000"
_SCATTER: Final = 48_271  # shares no factor with 10^8: every number becomes another one, all over the range


@dataclass(frozen=True, slots=True)
class Fact:
    """An event to store as the first one of its stream, and the span of time it takes of a person."""

    stream: str
    type: str
    data: bytes
    presence: tuple[str, int, int] | None = None
    """(volunteer, start, end), in whole seconds since 1970 UTC."""


def volunteer_id(number: int) -> str:
    """The `number`-th volunteer; neighbours in number are far apart by name, as chosen ids are."""
    return f"synthetic-{number * _SCATTER % 100_000_000:08}"


def volunteer_name(number: int) -> str:
    """The `number`-th volunteer's resource name."""
    return f"volunteers/{volunteer_id(number)}"


def day_start(day: int) -> datetime:
    """When the shift of a day begins on which something is measured."""
    return FIRST_DAY + timedelta(days=day * DAYS_APART)


def day_shift(day: int) -> str:
    """The shift of that day."""
    return f"{OPPORTUNITY}/shifts/day-{day:04}"


def beginnings() -> Iterator[Fact]:
    """An organisation and what it offers."""
    yield _fact(ORGANIZATION, OrganizationRegistered(organization=ORGANIZATION, display_name=NAME))
    details = OpportunityDetails(title=NAME, sector="education", event_type="Synthetic Lessons")
    yield _fact(OPPORTUNITY, OpportunityPublished(opportunity=OPPORTUNITY, organization=ORGANIZATION, details=details))


def shift_opened(shift: str, start: datetime) -> Fact:
    """A shift of two hours, with places for everybody."""
    opened = ShiftOpened(
        shift=shift,
        opportunity=OPPORTUNITY,
        start=start,
        end=start + timedelta(seconds=ATTENDANCE_SECONDS),
        time_zone=TIME_ZONE,
        places=PLACES,
        place=Place(region="SA-01"),
    )
    return _fact(shift, opened)


def volunteers(count: int) -> Iterator[Fact]:
    """Persons who do not exist, each with one sealed detail that no key opens."""
    details = SealedDetails(full_name=f"p1.{'A' * 22}.{'B' * 16}.{'C' * 54}")
    data = VolunteerRegistered(volunteer=f"volunteers/{_SOMEBODY.decode()}", details=details).to_json()
    for number in range(count):
        who = volunteer_id(number)
        yield Fact(f"volunteers/{who}", VolunteerRegistered.stored_name, data.replace(_SOMEBODY, who.encode()))


def registrations(shift: str, numbers: Iterable[int]) -> Iterator[Fact]:
    """Places taken in a shift."""
    somebody = _SOMEBODY.decode()
    accepted = RegistrationAccepted(
        registration=f"{shift}/registrations/{somebody}",
        shift=shift,
        opportunity=OPPORTUNITY,
        volunteer=f"volunteers/{somebody}",
    )
    data = accepted.to_json()
    for number in numbers:
        who = volunteer_id(number)
        yield Fact(f"{shift}/registrations/{who}", accepted.stored_name, data.replace(_SOMEBODY, who.encode()))


def attendances(count: int, each: int) -> Iterator[Fact]:
    """`each` attendances of `count` volunteers, turn by turn, every turn at a shift of its own on another date."""
    for turn in range(each):
        yield from attendances_of(range(count), turn)


def attendances_of(numbers: Iterable[int], turn: int) -> Iterator[Fact]:
    """The attendances of one turn alone, of these volunteers, behind the opening of its shift."""
    start = FIRST_ATTENDANCE + timedelta(days=turn)
    shift = f"{OPPORTUNITY}/shifts/turn-{turn:04}"
    yield shift_opened(shift, start)
    recorded, data = _attendance(shift, turn, start)
    begin = int(start.timestamp())
    for number in numbers:
        who = volunteer_id(number)
        presence = (f"volunteers/{who}", begin, begin + ATTENDANCE_SECONDS)
        stream = f"volunteers/{who}/attendances/turn-{turn:04}"
        yield Fact(stream, recorded.stored_name, data.replace(_SOMEBODY, who.encode()), presence)


def head_counts(opportunities: int, seconds: int) -> Iterator[Fact]:
    """So many opportunities, each with a shift and a head count of one person and so many seconds; month by month."""
    details = OpportunityDetails(title=NAME, sector="education", event_type="Synthetic Lessons")
    for number in range(opportunities):
        opportunity = f"{OPPORTUNITY}-{number:06}"
        start = FIRST_ATTENDANCE - timedelta(days=30 * (number % 10))
        published = OpportunityPublished(opportunity=opportunity, organization=ORGANIZATION, details=details)
        yield _fact(opportunity, published)
        shift = f"{opportunity}/shifts/only"
        opened = ShiftOpened(
            shift=shift,
            opportunity=opportunity,
            start=start,
            end=start + timedelta(seconds=seconds),
            time_zone=TIME_ZONE,
            places=PLACES,
            place=Place(region="SA-01"),
        )
        yield _fact(shift, opened)
        counted = GroupAttendanceRecorded(
            holder=opportunity,
            attendance=f"{shift}/groupAttendances/all",
            organization=ORGANIZATION,
            opportunity=opportunity,
            shift=shift,
            entries=(
                Entry(
                    service_date=start.date(),
                    from_class=Account.OUTSIDE,
                    to_class=Account.ATTENDED,
                    seconds=seconds,
                ),
            ),
            head_count=1,
            attended_seconds=seconds,
            service_date=start.date(),
            time_zone=TIME_ZONE,
            source="native",
        )
        yield _fact(counted.attendance, counted)


def _attendance(shift: str, turn: int, start: datetime) -> tuple[AttendanceRecorded, bytes]:
    end = start + timedelta(seconds=ATTENDANCE_SECONDS)
    holder = f"volunteers/{_SOMEBODY.decode()}"
    entry = Entry(
        service_date=start.date(), from_class=Account.OUTSIDE, to_class=Account.ATTENDED, seconds=ATTENDANCE_SECONDS
    )
    recorded = AttendanceRecorded(
        holder=holder,
        attendance=f"{holder}/attendances/turn-{turn:04}",
        organization=ORGANIZATION,
        opportunity=OPPORTUNITY,
        shift=shift,
        entries=(entry,),
        start=start,
        end=end,
        counted=(Interval(start=start, end=end),),
        time_zone=TIME_ZONE,
        crediting="clock",
        source="native",
    )
    return recorded, recorded.to_json()


def _fact(stream: str, event: Event) -> Fact:
    return Fact(stream, event.stored_name, event.to_json())
