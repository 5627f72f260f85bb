"""What a seed makes: organisations, each with volunteers, shifts, registrations and presences. Pure; nobody is real.

The shape is taken from the history of LEEDS 2023: 5.6 attendances a shift, 6.3 shifts an opportunity, and about a
quarter of those who sign up leave later. Each organisation is made on its own, so that memory stays flat at any size.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

VOLUNTEERS_PER_ORGANIZATION: Final = 200
ATTENDANCES_PER_VOLUNTEER: Final = 3
ATTENDANCES_PER_SHIFT: Final = 5.6
SHIFTS_PER_OPPORTUNITY: Final = 6.3
WITHDRAWN_SHARE: Final = 0.25
CLOCKED_SHARE: Final = 0.1
VERIFIED_SHARE: Final = 0.6

TIME_ZONE: Final = "Asia/Riyadh"
FIRST_DATE: Final = date(2025, 1, 1)
DATES: Final = 365
SECTORS: Final = ("environment", "health", "education", "culture", "hajj", "sports", "community")
REGIONS: Final = tuple(f"SA-{number:02}" for number in range(1, 15) if number != 13)  # there is no SA-13
EVENT_TYPES: Final = ("Synthetic Field Work", "Synthetic Lessons", "Synthetic Welcome Desk")

# Never change it: the same seed must send the same requests.
_REQUEST_IDS: Final = UUID("b3b1f6c2-0c1e-5f1d-8f7e-5f3a2c9d7e11")


@dataclass(frozen=True, slots=True)
class SyntheticVolunteer:
    """A person who does not exist."""

    volunteer_id: str
    full_name: str
    birth_date: str
    gender: str
    residence_region: str
    passport: str
    """Begins with SYNTH: no state issues such a number."""

    @property
    def name(self) -> str:
        """The resource name."""
        return f"volunteers/{self.volunteer_id}"


@dataclass(frozen=True, slots=True)
class SyntheticOpportunity:
    """An opportunity nobody offers."""

    opportunity_id: str
    number: int
    sector: str
    event_type: str
    by_schedule: bool
    """Credited by the shift's schedule instead of the clock."""
    region: str

    @property
    def name(self) -> str:
        """The resource name."""
        return f"opportunities/{self.opportunity_id}"


@dataclass(frozen=True, slots=True)
class SyntheticShift:
    """A shift, some registered for it, of whom some leave again."""

    opportunity: SyntheticOpportunity
    shift_id: str
    start: datetime
    end: datetime
    places: int
    registered: tuple[SyntheticVolunteer, ...]
    withdrawn: frozenset[str]
    """Names of the volunteers who left."""

    @property
    def name(self) -> str:
        """The resource name."""
        return f"{self.opportunity.name}/shifts/{self.shift_id}"


@dataclass(frozen=True, slots=True)
class SyntheticPresence:
    """Somebody who stayed registered and came."""

    shift: SyntheticShift
    volunteer: SyntheticVolunteer
    attendance_id: str
    start: datetime
    end: datetime
    clocked: bool
    """Checked in and out, instead of noted by the organisation."""
    verified: bool

    @property
    def name(self) -> str:
        """The resource name."""
        return f"{self.volunteer.name}/attendances/{self.attendance_id}"


@dataclass(frozen=True, slots=True)
class SyntheticOrganization:
    """One organisation and everything that happens in it."""

    organization_id: str
    number: int
    volunteers: tuple[SyntheticVolunteer, ...]
    opportunities: tuple[SyntheticOpportunity, ...]
    shifts: tuple[SyntheticShift, ...]
    presences: tuple[SyntheticPresence, ...]

    @property
    def name(self) -> str:
        """The resource name."""
        return f"organizations/{self.organization_id}"

    @property
    def verifier(self) -> str:
        """The actor who verifies: another one than who submits."""
        return f"staff/{self.organization_id}-verifier"

    def request_id(self, what: str) -> str:
        """The request id of one command of this organisation: the same at every run."""
        return str(uuid5(_REQUEST_IDS, f"{self.organization_id}/{what}"))


def organizations(volunteers: int, seed: int) -> Iterator[SyntheticOrganization]:
    """Everything for so many volunteers, organisation by organisation."""
    for number, first in enumerate(range(0, volunteers, VOLUNTEERS_PER_ORGANIZATION), start=1):
        yield organization(seed, number, min(VOLUNTEERS_PER_ORGANIZATION, volunteers - first))


def organization(seed: int, number: int, volunteers: int) -> SyntheticOrganization:
    """One organisation. Its id names all it depends on, so that another size never meets the same names."""
    organization_id = f"synthetic-{seed}-{number}-{volunteers}"
    dice = random.Random(organization_id)
    people = tuple(_volunteer(dice, organization_id, index) for index in range(1, volunteers + 1))
    shifts_wanted = max(1, round(volunteers * ATTENDANCES_PER_VOLUNTEER / ATTENDANCES_PER_SHIFT))
    offers = tuple(
        _opportunity(dice, organization_id, index)
        for index in range(1, max(1, round(shifts_wanted / SHIFTS_PER_OPPORTUNITY)) + 1)
    )
    shifts = tuple(_shift(dice, dice.choice(offers), people, index) for index in range(1, shifts_wanted + 1))
    presences = tuple(presence for shift in shifts for presence in _presences(dice, shift))
    return SyntheticOrganization(organization_id, number, people, offers, shifts, presences)


def _volunteer(dice: random.Random, organization_id: str, index: int) -> SyntheticVolunteer:
    volunteer_id = f"{organization_id}-v{index}"
    born = date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    return SyntheticVolunteer(
        volunteer_id=volunteer_id,
        full_name=f"متطوع اصطناعي {index} (synthetic volunteer {index})",
        birth_date=born.isoformat(),
        gender=dice.choice(("female", "male")),
        residence_region=dice.choice(REGIONS),
        passport="SYNTH" + hashlib.sha256(volunteer_id.encode()).hexdigest()[:14].upper(),
    )


def _opportunity(dice: random.Random, organization_id: str, index: int) -> SyntheticOpportunity:
    return SyntheticOpportunity(
        opportunity_id=f"{organization_id}-o{index}",
        number=index,
        sector=dice.choice(SECTORS),
        event_type=dice.choice(EVENT_TYPES),
        by_schedule=dice.random() < 0.3,
        region=dice.choice(REGIONS),
    )


def _shift(
    dice: random.Random, opportunity: SyntheticOpportunity, people: tuple[SyntheticVolunteer, ...], index: int
) -> SyntheticShift:
    service_date = FIRST_DATE + timedelta(days=dice.randrange(DATES))
    local = datetime(
        service_date.year, service_date.month, service_date.day, dice.randrange(6, 17), tzinfo=ZoneInfo(TIME_ZONE)
    )
    start = local.astimezone(UTC)
    # Few come to most shifts and many to some, as in the real history; the mean is what counts.
    wanted = 1 + int(dice.expovariate(1 / (ATTENDANCES_PER_SHIFT / (1 - WITHDRAWN_SHARE) - 0.5)))
    registered = tuple(dice.sample(people, min(wanted, len(people))))
    return SyntheticShift(
        opportunity=opportunity,
        shift_id=f"s{index}",
        start=start,
        end=start + timedelta(minutes=dice.randrange(120, 361, 30)),
        places=len(registered) + dice.randrange(4),
        registered=registered,
        withdrawn=frozenset(person.name for person in registered if dice.random() < WITHDRAWN_SHARE),
    )


def _presences(dice: random.Random, shift: SyntheticShift) -> Iterator[SyntheticPresence]:
    for person in shift.registered:
        if person.name not in shift.withdrawn:
            yield SyntheticPresence(
                shift=shift,
                volunteer=person,
                attendance_id=f"{shift.opportunity.opportunity_id.rpartition('-')[2]}-{shift.shift_id}",
                start=shift.start + timedelta(seconds=dice.randrange(-600, 900)),
                end=shift.end + timedelta(seconds=dice.randrange(-900, 600)),
                clocked=dice.random() < CLOCKED_SHARE,
                verified=dice.random() < VERIFIED_SHARE,
            )
