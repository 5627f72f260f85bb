"""An ordinary year in which nobody cheats, though much in it looks a little like cheating. Nobody in it exists.

Couples serve together. Small organisations have one busy verifier. Some verifiers are volunteers, and now and then one
stands in for the other. Some shifts are at night, some verifying too. Some people serve in two cities. Some stay long,
some forget to check out, a few do so again and again. Classes are registered in one go, and their teacher notes who
came; a few come all year. A few verifiers catch up in the night after an event. Of a few attendances the date is
mistyped. In a few clubs two leaders verify each other all year: innocent, and nothing tells it apart from fraud.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.anomalies.told import RIYADH, Served, Shift, Told

CITIES = ("Riyadh", "Jeddah", "Dammam", "Al Khobar", "Makkah", "Madinah", "Abha", "Tabuk")
VOLUNTEERS_PER_ORGANIZATION = (12, 20, 30, 60, 90, 150)
ATTENDANCES = 8
SHIFTS_PER_VOLUNTEER = 1.3
DAYS = 330
CLUB_SHARE = 0.03
"""Of organisations with volunteers who verify."""
CAREFREE_SHARE = 0.004
"""Of people: they forget to check out one time in four."""
ALL_YEAR_SHARE = 0.04
"""Of classes."""
NIGHT_OWL_SHARE = 0.02
"""Of organisations: once a year somebody catches up after midnight."""
MISTYPED_SHARE = 0.0005
"""Of attendances: a date that is another day's."""
FIRST_DAY = datetime(2025, 2, 1, tzinfo=RIYADH)


@dataclass
class Organization:
    """Who is there, and what was served."""

    name: str
    city: str
    coordinators: list[str]
    verifiers: list[str]
    volunteers: list[str] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)


@dataclass
class World:
    """One seed's year."""

    told: Told
    dice: random.Random
    organizations: list[Organization] = field(default_factory=list)
    busy: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def free(self, person: str, start: datetime, end: datetime, hours: float = 0.0) -> bool:
        """Whether nothing of theirs lies within so many hours."""
        gap = timedelta(hours=hours)
        return all(end + gap <= low or high + gap <= start for low, high in self.busy.get(person, ()))

    def serve(
        self, organization: Organization, person: str, shift: Shift, start: datetime, end: datetime, *, clocked: bool
    ) -> Served:
        """Noted in the evening or the next days, by one of the coordinators."""
        noted = shift.end + timedelta(minutes=self.dice.randrange(20, 2_000))
        by = self.dice.choice(organization.coordinators)
        served = self.told.serve(person, shift, start, end, daytime(noted), by, clocked=clocked)
        self.busy.setdefault(person, []).append((start, end))
        organization.served.append(served)
        return served


def daytime(at: datetime) -> datetime:
    """The same moment, or 9 o'clock after the night; some work until midnight."""
    local = at.astimezone(RIYADH)
    return local if 8 <= local.hour < 24 else local.replace(hour=9)


def ordinary(seed: int, volunteers: int) -> World:
    """So many volunteers, organisation by organisation; then what they served is verified."""
    dice = random.Random(f"ordinary/{seed}")
    world = World(Told(seed), dice)
    left, number = volunteers, 0
    while left > 0:
        number += 1
        size = min(left, dice.choice(VOLUNTEERS_PER_ORGANIZATION))
        left -= size
        world.organizations.append(_found(world, number, size))
    for organization in world.organizations:
        _serve(world, organization)
    _in_two_cities(world)
    for organization in world.organizations:
        _verify(world, organization)
    return world


def _found(world: World, number: int, size: int) -> Organization:
    dice, told = world.dice, world.told
    name = f"organizations/o{number}"
    told.organization(name)
    coordinators = [f"staff/c{number}-{index}" for index in range(1 + size // 60)]
    verifiers = [f"staff/v{number}-{index}" for index in range(1 + size // 50)]
    made = Organization(name, dice.choice(CITIES), coordinators, verifiers)
    for index in range(size):
        person = f"volunteers/o{number}-v{index}"
        told.volunteer(person, _some_day(dice, 0, 200))
        made.volunteers.append(person)
    if size >= 30:  # two of them verify, too
        made.verifiers += made.volunteers[:2]
    for index in range(max(1, size // 25)):
        told.opportunity(f"opportunities/o{number}-{index}", name)
    for index in range(max(6, round(size * SHIFTS_PER_VOLUNTEER))):
        opportunity = f"opportunities/o{number}-{dice.randrange(max(1, size // 25))}"
        begins = dice.choice((20, 21, 22)) if dice.random() < 0.1 else dice.randrange(6, 17)
        start = _some_day(dice, 1, DAYS).replace(hour=begins, minute=dice.choice((0, 0, 0, 30)))
        shift = Shift(
            f"{opportunity}/shifts/s{index}", name, start, start + timedelta(minutes=dice.randrange(120, 361, 30))
        )
        told.shift(shift, made.city)
        made.shifts.append(shift)
    return made


def _some_day(dice: random.Random, first: int, last: int) -> datetime:
    day = FIRST_DAY + timedelta(days=dice.randrange(first, last))
    return day.replace(hour=dice.randrange(8, 22), minute=dice.randrange(60), second=dice.randrange(60))


def _serve(world: World, organization: Organization) -> None:
    dice = world.dice
    people = organization.volunteers
    partner = {people[index]: people[index + 1] for index in range(4, len(people) - 1, 17)}  # couples
    for person in people:
        clocks, carefree = dice.random() < 0.35, dice.random() < CAREFREE_SHARE
        for shift in dice.sample(organization.shifts, min(ATTENDANCES, len(organization.shifts))):
            start, end = _times(dice, shift, clocked=clocks)
            if carefree and dice.random() < 0.25:
                end = start + timedelta(seconds=shift.seconds * dice.uniform(1.8, 3.0))
            if dice.random() < MISTYPED_SHARE:
                wrong = timedelta(days=dice.randrange(1, 28))
                start, end = start + wrong, end + wrong
            for one in filter(None, (person, partner.get(person))):
                if world.free(one, start, end):
                    world.serve(organization, one, shift, start, end, clocked=clocks)
    _class(world, organization)


def _times(dice: random.Random, shift: Shift, *, clocked: bool) -> tuple[datetime, datetime]:
    """As the shift says, or nearly; one in a hundred stays long, and fewer forget to check out."""
    start, end = shift.start, shift.end
    if clocked:
        start += timedelta(seconds=dice.randrange(-600, 900))
        end += timedelta(seconds=dice.randrange(-900, 900))
    elif dice.random() < 0.4:
        start += timedelta(minutes=5 * dice.randrange(-2, 4))
        end -= timedelta(minutes=5 * dice.randrange(-2, 7))
    luck = dice.random()
    if luck < 0.003:
        end = start + timedelta(seconds=shift.seconds * dice.uniform(2.0, 3.0))
    elif luck < 0.013:
        end = start + timedelta(seconds=shift.seconds * dice.uniform(1.3, 1.8))
    return start, end


def _class(world: World, organization: Organization) -> None:
    """Pupils, registered together; their teacher's notes are all there is of them."""
    dice, told = world.dice, world.told
    if dice.random() > 0.25:
        return
    begins = _some_day(dice, 0, 30)
    pupils = [f"{organization.volunteers[0]}-p{index}" for index in range(dice.randrange(8, 25))]
    for index, pupil in enumerate(pupils):
        told.volunteer(pupil, begins + timedelta(seconds=20 * index))
    times = dice.randrange(8, 14) if dice.random() < ALL_YEAR_SHARE else dice.randrange(1, 5)
    for shift in dice.sample(organization.shifts, min(times, len(organization.shifts))):
        for pupil in pupils:
            if world.free(pupil, shift.start, shift.end):
                world.serve(organization, pupil, shift, shift.start, shift.end, clocked=False)


def _in_two_cities(world: World) -> None:
    """Some serve elsewhere, too: on another day, or when there was time to get there."""
    dice = world.dice
    for organization in world.organizations:
        for person in dice.sample(organization.volunteers, len(organization.volunteers) // 20):
            other = dice.choice(world.organizations)
            for shift in dice.sample(other.shifts, min(3, len(other.shifts))):
                if world.free(person, shift.start, shift.end, hours=6):
                    world.serve(other, person, shift, shift.start, shift.end, clocked=dice.random() < 0.5)


def _verify(world: World, organization: Organization) -> None:
    """Some days later, in the evening mostly; a whole shift at once, or one by one. Some are declined."""
    dice, told = world.dice, world.told
    shifts: dict[str, list[Served]] = {}
    for served in organization.served:
        shifts.setdefault(served.shift.name, []).append(served)
    club = dice.random() < CLUB_SHARE
    owl = _night(dice) if dice.random() < NIGHT_OWL_SHARE else None
    for number, of_shift in enumerate(shifts.values()):
        at = max(one.recorded_at for one in of_shift) + timedelta(hours=dice.randrange(2, 200))
        at = daytime(at) if dice.random() < 0.95 else at
        at = owl if owl is not None and number < 7 else at
        together = dice.random() < 0.3
        for served in of_shift:
            at += timedelta(seconds=0 if together else dice.randrange(4, 40))
            _judge(told, dice, organization.verifiers, served, at, club=club)
            owl = None if owl is None else at


def _night(dice: random.Random) -> datetime:
    return _some_day(dice, 340, 360).replace(hour=dice.randrange(1, 3))


def _judge(
    told: Told, dice: random.Random, verifiers: Sequence[str], served: Served, at: datetime, *, club: bool
) -> None:
    staff = [one for one in verifiers if one.startswith("staff/")]
    # A volunteer's own hours are a member of staff's to verify; once in a while a colleague stands in.
    others = [one for one in verifiers if one != served.holder]
    if served.holder not in verifiers:
        able = others
    elif club and dice.random() < 0.6:
        able = [one for one in others if one not in staff]
    else:
        able = staff if dice.random() < 0.97 else others
    by = dice.choice(able)
    luck = dice.random()
    if luck < 0.03:
        told.decline(served, by, at)
    elif luck < 0.9:
        told.verify(served, by, at)
