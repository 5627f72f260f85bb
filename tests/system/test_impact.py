"""The impact report: what it counts, what it hides, and that a past moment tells what it told then. All synthetic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ledger.projections.basis import Ground
from ledger.projections.impact_questions import ImpactQuestions
from tests.system.answering import at_positions, refused
from tests.system.synthetic_events import Story, cut, entry, projector, read_database, reader_pool
from volunteer_hours.v1 import impact_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import Period

WINTER = Period(start_date="2025-12-01", end_date="2026-01-31")
PARK, COURT, MUSEUM = (f"opportunities/{name}/shifts/one" for name in ("park", "court", "museum"))
CROWD = "opportunities/crowd/shifts/one"
HOUR = 3600
SERVED = {PARK: range(8), COURT: range(8, 10), MUSEUM: range(10, 14)}


def history(partitions: int) -> list[Story]:
    """Fourteen people serve at three places in December, six of them in November, too; nine had registered."""
    stories = [Story(partition) for partition in range(partitions)]
    offers = stories[0]
    offers.organization()
    offers.opportunity(sector="environment", skills=["first-aid", "gardening"], partner_type="government")
    offers.opportunity("opportunities/court", sector="education", level="skilled")
    offers.opportunity("opportunities/museum", sector="culture")
    offers.opportunity("opportunities/crowd", sector="environment", partner_type="private")
    for shift, places, place in (
        (PARK, 12, {"region": "SA-01", "online": False}),
        (COURT, 5, {"online": True}),
        (MUSEUM, 4, {"region": "SA-02", "online": False}),
        (CROWD, 100, {"region": "SA-02", "online": False}),
    ):
        open_shift(offers, shift, places, place)
    for number in range(14):
        stories[number % partitions].volunteer(person(number))
    for number in range(9):
        registered(offers, PARK, number, "registration-accepted")
    registered(offers, PARK, 8, "absence-recorded")
    for shift, people in SERVED.items():
        for number in people:
            story = stories[number % partitions]
            story.recorded(f"{person(number)}/attendances/a", HOUR, "2025-12-30", shift=shift)
            if number < 6:
                story.recorded(f"{person(number)}/attendances/b", HOUR, "2025-11-15", shift=PARK)
    first = f"{person(0)}/attendances/a"
    stories[0].hours("hours-verified", first, entry("attended", "verified", HOUR, "2025-12-30"), shift=PARK)
    return stories


def person(number: int) -> str:
    return f"volunteers/v{number}"


def open_shift(story: Story, shift: str, places: int, place: Mapping[str, object]) -> None:
    data = {
        "shift": shift,
        "opportunity": shift.rsplit("/shifts/", maxsplit=1)[0],
        "service_date": "2025-12-30",
        "time_zone": "Asia/Riyadh",
        "places": places,
        "place": place,
    }
    story.tell("shift-opened", shift, data)


def registered(story: Story, shift: str, number: int, kind: str) -> None:
    name = f"{shift}/registrations/v{number}"
    data = {
        "registration": name,
        "opportunity": shift.rsplit("/shifts/", maxsplit=1)[0],
        "shift": shift,
        "volunteer": person(number),
    }
    story.tell(kind, name, data)


async def details(volunteers: Sequence[str], _: Sequence[str], __: Mapping[int, int]) -> dict[str, dict[str, str]]:
    """What the seals of these synthetic persons would tell: every third is erased."""
    told = {}
    for name in volunteers:
        number = int(name.removeprefix("volunteers/v"))
        gender = "female" if number % 2 else "male"
        document = "iqama" if number % 4 else "other_national:SY"
        told[name] = (
            {} if number % 3 == 0 else {"gender": gender, "identity_type": document, "birth_date": "1990-01-01"}
        )
    return told


@asynccontextmanager
async def asked(postgres: Any, stories: Sequence[Story], upto: Mapping[int, int] | None = None) -> AsyncIterator[Any]:
    """Questions to a read database that has applied these events, or their beginnings alone."""
    settings = read_database(postgres)
    with projector(settings) as projecting:
        for story in stories:
            events = story.events[: None if upto is None else upto[story.partition]]
            for batch in cut(events, 7):
                projecting.apply(story.partition, batch, None)
        async with reader_pool(settings) as pool:
            yield ImpactQuestions(pool, Ground(len(stories), None), details)


def question(**fields: Any) -> pb.GetImpactReportRequest:
    return pb.GetImpactReportRequest(period=WINTER, **{"persons_min": 3, **fields})


def lines(report: pb.ImpactReport, dimension: Any) -> dict[str, int]:
    """Key → seconds recorded; what stands together is `+` and how many."""
    [table] = [one for one in report.tables if one.dimension == dimension]
    named = {f"+{row.groups_together}" if row.groups_together else row.key: row.seconds for row in table.rows}
    return {key: seconds.recorded_seconds // HOUR for key, seconds in named.items()}


@pytest.mark.parametrize("partitions", [1, 3])
async def test_it_counts_what_was_served_and_puts_few_together(postgres, partitions):
    async with asked(postgres, history(partitions)) as questions:
        report = await questions.report(question())
    assert report.total.recorded_seconds == 14 * HOUR
    assert report.total.verified_seconds == HOUR
    people = report.people
    assert (people.registered_before, people.registered, people.active) == (0, 14, 14)
    assert (people.active_before, people.retained) == (6, 6)
    assert [(one.month, one.newly_registered, one.active) for one in report.months] == [
        ("2025-12", 0, 14),
        ("2026-01", 14, 0),
    ]
    assert lines(report, pb.IMPACT_DIMENSION_SECTOR) == {"environment": 8, "+2": 6}
    assert lines(report, pb.IMPACT_DIMENSION_REGION) == {"SA-01": 8, "+2": 6}
    assert lines(report, pb.IMPACT_DIMENSION_LEVEL) == {"+2": 14}
    assert lines(report, pb.IMPACT_DIMENSION_PARTNER_TYPE) == {"": 6, "government": 8}
    assert lines(report, pb.IMPACT_DIMENSION_MONTH) == {"2025-12": 14}
    assert (report.period_before.start_date, report.period_before.end_date) == ("2025-10-01", "2025-11-30")


async def test_places_absences_and_skills_nobody_brought(postgres):
    stories = history(1)
    crowd = "opportunities/crowd/shifts/one/groupAttendances/g"
    moved = entry("outside", "attended", HOUR, "2025-12-30")
    stories[0].hours("group-attendance-recorded", crowd, moved, shift=CROWD, head_count=40, flags=[])
    async with asked(postgres, stories) as questions:
        report = await questions.report(question())
    shifts = report.shifts
    assert (shifts.shifts, shifts.places, shifts.places_taken, shifts.no_shows) == (3, 21, 9, 1)
    assert [(one.skill, one.places, one.places_left) for one in report.demand] == [
        ("first-aid", 12, 3),
        ("gardening", 12, 3),
    ]
    assert lines(report, pb.IMPACT_DIMENSION_PARTNER_TYPE) == {"": 6, "government": 8, "private": 1}
    assert report.people.active == 14


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
async def test_a_past_moment_tells_what_it_told_then(postgres, partitions):
    stories = history(partitions)
    for back in (1, 9, 22):
        upto = {story.partition: max(1, story.position - back) for story in stories}
        at = at_positions(**{f"p{partition}": position for partition, position in upto.items()})
        async with asked(postgres, stories) as questions:
            later = await questions.report(question(as_of=at))
        async with asked(postgres, stories, upto) as questions:
            then = await questions.report(question())
        for report in (later, then):
            report.ClearField("as_of")
            report.ClearField("recorded_through")
        assert later == then


async def test_tables_by_person_have_the_same_total_and_no_one_who_is_erased(postgres):
    async with asked(postgres, history(3)) as questions:
        report = await questions.report(question(person_tables=True))
    assert lines(report, pb.IMPACT_DIMENSION_GENDER) == {"": 5, "female": 5, "male": 4}
    assert lines(report, pb.IMPACT_DIMENSION_AGE_BAND) == {"": 5, "35-44": 9}
    assert sum(lines(report, pb.IMPACT_DIMENSION_RESIDENCY).values()) == 14


async def test_a_kept_report_answers_who_does_not_ask_for_later_positions(postgres):
    stories = history(1)
    settings = read_database(postgres)
    with projector(settings) as projecting:
        for batch in cut(stories[0].events, 7):
            projecting.apply(0, batch, None)
        async with reader_pool(settings) as pool:
            questions = ImpactQuestions(pool, Ground(1, None), details)
            before = await questions.report(question())
            last = stories[0].recorded(f"{person(13)}/attendances/c", HOUR, "2025-12-30", shift=MUSEUM)
            projecting.apply(0, stories[0].events[-1:], None)
            assert await questions.report(question()) == before
            after = await questions.report(question(positions=[Position(partition=0, position=last)]))
            assert await questions.report(question()) == after
    assert after.total.recorded_seconds == before.total.recorded_seconds + HOUR
    assert [one.position for one in after.positions] == [last]


async def test_what_cannot_be_told_is_refused(postgres):
    async with asked(postgres, history(1)) as questions:
        assert await refused(questions.report(question(rates="policies/none"))) == "RATES_UNKNOWN"
        backwards = pb.GetImpactReportRequest(period=Period(start_date="2026-02-01", end_date="2026-01-01"))
        assert await refused(questions.report(backwards)) == "DATES_REVERSED"
