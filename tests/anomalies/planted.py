"""Fraud, planted in an ordinary synthetic year. Written before any threshold was chosen. Nobody in it exists.

Each instance names whom a finding must be about. Sizes vary from seed to seed within the stated bounds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ledger.domain.anomaly import AnomalyKind
from tests.anomalies.ordinary import FIRST_DAY, Organization, World, ordinary
from tests.anomalies.told import RIYADH, Served, Shift


@dataclass(frozen=True, slots=True)
class Planted:
    """One fraud: a finding of this kind whose subjects hold these names finds it."""

    kind: AnomalyKind
    names: frozenset[str]
    small: bool = False
    """Near the thresholds or below them: measured, and not promised."""


@dataclass(frozen=True, slots=True)
class History:
    """The stored events of a year, and what was planted in it."""

    events: list[bytes]
    planted: tuple[Planted, ...]
    volunteers: int


def history(seed: int, volunteers: int, *, instances: int = 2) -> History:
    """An ordinary year with so many instances of every kind of fraud, and of each kind a small one."""
    world = ordinary(seed, volunteers)
    dice = random.Random(f"planted/{seed}")
    planted = [one for plant in PLANTS.values() for number in range(instances) for one in plant(world, dice, number)]
    planted += [replace(one, small=True) for plant in SMALL for one in plant(world, dice, SMALL_NUMBER)]
    return History(world.told.stored(), tuple(planted), volunteers)


def _self(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """One person, two names: the one verifies 3 to 10 attendances of the other; linked at the end of the year."""
    organization = _some(world, dice)
    one, other = _people(world, f"self{number}", 2)
    for served in _serving(world, dice, organization, one, dice.randrange(3, 11)):
        world.told.verify(served, other, _later(dice, served))
    world.told.link(one, other, FIRST_DAY + timedelta(days=400))
    yield Planted("self_verification", frozenset((one, other)))


def _mutual(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """Two friends verify 4 to 12 attendances of each other."""
    yield Planted("mutual_verification", _circle(world, dice, f"mutual{number}", 2, 4, 12))


def _ring(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """Three to six verify 4 to 12 attendances of the next."""
    yield Planted("verification_ring", _circle(world, dice, f"ring{number}", dice.randrange(3, 7), 4, 12))


def _circle(world: World, dice: random.Random, called: str, size: int, low: int, high: int) -> frozenset[str]:
    organization = _some(world, dice)
    people = _people(world, called, size)
    for index, person in enumerate(people):
        for served in _serving(world, dice, organization, people[(index + 1) % size], dice.randrange(low, high + 1)):
            world.told.verify(served, person, _later(dice, served))
    return frozenset(people)


def _inflation(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """A person with 4 to 8 attendances of 2.2 to 4 times the shift; a head count of 30 to 200 hours a head."""
    [person] = _people(world, f"inflated{number}", 1)
    yield _inflated(world, dice, person, dice.randrange(4, 9), (2.2, 4.0))
    organization = _some(world, dice)
    counted = _open(world, organization, f"heads{number}", dice.randrange(1, 300), 10, 4)
    heads = dice.randrange(3, 30)
    at = counted.end + timedelta(hours=5)
    world.told.count_heads(counted, heads, heads * 3600 * dice.randrange(30, 201), at, organization.coordinators[0])
    yield Planted("inflation", frozenset({counted.name}))


def _inflated(world: World, dice: random.Random, person: str, wanted: int, times: tuple[float, float]) -> Planted:
    organization = _some(world, dice)
    for shift in dice.sample(organization.shifts, len(organization.shifts)):
        end = shift.start + timedelta(seconds=min(shift.seconds * dice.uniform(*times), 82_800))
        if wanted and world.free(person, shift.start, end):
            wanted -= 1
            served = world.serve(organization, person, shift, shift.start, end, clocked=False)
            world.told.verify(served, organization.verifiers[0], _later(dice, served))
    return Planted("inflation", frozenset({person}))


def _ghosts(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """4 to 12 persons registered within minutes, 8 to 16 attendances each, all noted by one member of staff."""
    yield _made_up(world, dice, number, dice.randrange(4, 13), (8, 16), 45)


def _made_up(
    world: World, dice: random.Random, number: int, persons: int, attendances: tuple[int, int], pause_seconds: int
) -> Planted:
    organization = _some(world, dice)
    begins = FIRST_DAY + timedelta(days=dice.randrange(20), hours=14)
    by = f"staff/ghostwriter{number}"
    ghosts = [f"volunteers/ghost{number}-{index}" for index in range(persons)]
    for index, ghost in enumerate(ghosts):
        world.told.volunteer(ghost, begins + timedelta(seconds=pause_seconds * index))
        for day in dice.sample(range(25, 320), dice.randint(*attendances)):
            shift = _open(world, organization, f"{ghost[11:]}-{day}", day, dice.randrange(8, 15), 5)
            at = shift.end + timedelta(minutes=dice.randrange(30, 300))
            served = world.told.serve(ghost, shift, shift.start, shift.end, at, by)
            world.told.verify(served, organization.verifiers[0], _later(dice, served))
    return Planted("ghost_volunteers", frozenset(ghosts))


def _burst(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """40 to 90 attendances of many shifts verified between 1 and 4 o'clock, one every 2 to 8 seconds."""
    yield _at_night(world, dice, number, dice.randrange(40, 91), (2, 9))


def _at_night(world: World, dice: random.Random, number: int, wanted: int, pause_seconds: tuple[int, int]) -> Planted:
    organization = max(world.organizations, key=lambda one: len(one.shifts))
    by = f"staff/nightly{number}"
    at = FIRST_DAY + timedelta(days=340 + number, hours=dice.randrange(1, 4), minutes=dice.randrange(20))
    for index in range(wanted):
        [person] = _people(world, f"burst{number}-{index}", 1)
        [served] = _serving(world, dice, organization, person, 1)
        world.told.verify(served, by, at)
        at += timedelta(seconds=dice.randrange(*pause_seconds))
    return Planted("night_burst", frozenset({by}))


def _travel(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """In one city until noon, and 10 to 40 minutes later in another one, 300 km away or more; 1 to 3 times."""
    yield _travelled(world, dice, number, dice.randrange(1, 4), (10, 40))


def _travelled(world: World, dice: random.Random, number: int, times: int, gap_minutes: tuple[int, int]) -> Planted:
    [person] = _people(world, f"traveller{number}", 1)
    organization = _some(world, dice)
    for time in range(times):
        day = dice.randrange(1, 300)
        here = _open(world, organization, f"here{number}-{time}", day, 8, 4, "Riyadh")
        there = _open(
            world, organization, f"there{number}-{time}", day, 12, 6, dice.choice(("Jeddah", "Abha", "Tabuk"))
        )
        for shift, minutes in ((here, 0), (there, dice.randint(*gap_minutes))):
            start = shift.start + timedelta(minutes=minutes)
            world.serve(organization, person, shift, start, shift.end, clocked=False)
    return Planted("impossible_travel", frozenset({person}))


Plant = Callable[[World, random.Random, int], Iterator[Planted]]
PLANTS: Mapping[str, Plant] = {
    "self": _self,
    "mutual": _mutual,
    "ring": _ring,
    "inflation": _inflation,
    "ghost": _ghosts,
    "burst": _burst,
    "travel": _travel,
}


SMALL_NUMBER = 99


def _small_circle(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """Two verify 1 to 5 attendances of each other."""
    yield Planted("mutual_verification", _circle(world, dice, f"mutual{number}", 2, 1, 5))


def _wide_ring(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """3 to 10 verify 1 to 6 attendances of the next."""
    yield Planted("verification_ring", _circle(world, dice, f"ring{number}", dice.randrange(3, 11), 1, 6))


def _small_inflation(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """A person with 2 to 6 attendances of 1.4 to 3 times the shift."""
    [person] = _people(world, f"inflated{number}", 1)
    yield _inflated(world, dice, person, dice.randrange(2, 7), (1.4, 3.0))


def _few_ghosts(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """2 to 5 persons registered with pauses of up to 15 minutes, 3 to 9 attendances each."""
    yield _made_up(world, dice, number, dice.randrange(2, 6), (3, 9), dice.randrange(60, 901))


def _slow_burst(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """15 to 60 attendances at night, one every 5 to 90 seconds."""
    yield _at_night(world, dice, number, dice.randrange(15, 61), (5, 91))


def _near_travel(world: World, dice: random.Random, number: int) -> Iterator[Planted]:
    """In another city 10 minutes to 4 hours later, once."""
    yield _travelled(world, dice, number, 1, (10, 240))


SMALL: tuple[Plant, ...] = (_small_circle, _wide_ring, _small_inflation, _few_ghosts, _slow_burst, _near_travel)


def _some(world: World, dice: random.Random) -> Organization:
    return dice.choice([one for one in world.organizations if len(one.shifts) >= 20])


def _people(world: World, called: str, size: int) -> list[str]:
    people = [f"volunteers/{called}-{index}" for index in range(size)]
    for index, person in enumerate(people):
        world.told.volunteer(person, FIRST_DAY + timedelta(days=index * 3, hours=10))
    return people


def _open(
    world: World, organization: Organization, called: str, day: int, hour: int, hours: int, city: str = ""
) -> Shift:
    start = (FIRST_DAY + timedelta(days=day)).astimezone(RIYADH).replace(hour=hour)
    name = f"{organization.shifts[0].opportunity}/shifts/{called}"
    shift = Shift(name, organization.name, start, start + timedelta(hours=hours))
    world.told.shift(shift, city or organization.city)
    return shift


def _serving(
    world: World, dice: random.Random, organization: Organization, person: str, wanted: int
) -> Iterator[Served]:
    """So many ordinary attendances of theirs."""
    found = 0
    for shift in dice.sample(organization.shifts, len(organization.shifts)):
        if found == wanted:
            return
        if world.free(person, shift.start, shift.end):
            found += 1
            yield world.serve(organization, person, shift, shift.start, shift.end, clocked=False)


def _later(dice: random.Random, served: Served) -> datetime:
    """Verified on one of the next days, in the afternoon."""
    day = served.recorded_at.astimezone(RIYADH) + timedelta(days=dice.randrange(1, 9))
    return day.replace(hour=dice.randrange(13, 20), minute=dice.randrange(60))
