"""Sums by region and by level: those known at the moment asked about, equal to an addition by hand."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.system.added_by_hand import added_up, by_level, by_place, known_events, shown
from tests.system.answering import answering, at_positions, at_source_time, at_time
from tests.system.synthetic_events import Story
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf
from volunteer_hours.v1.values_pb2 import Period

SEED = 20_261_130
BY_REGION, BY_LEVEL = pb.SUMMARY_DIMENSION_REGION, pb.SUMMARY_DIMENSION_LEVEL
RIYADH: dict[str, object] = {"region": "SA-01", "online": False}
MAKKAH: dict[str, object] = {"region": "SA-02", "online": False}
ONLINE: dict[str, object] = {"online": True}
COURT = "opportunities/court"


def history(partitions: int) -> list[Story]:
    """Opportunities of several levels and places in the first partition, people who serve there in all."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    stories = [Story(partition) for partition in range(partitions)]
    offers = stories[0]
    offers.organization()
    shifts = []
    for name, level, places in (
        ("park", "general", [RIYADH, RIYADH]),
        ("court", "professional", [ONLINE, ONLINE]),
        ("shore", "skilled", [RIYADH, MAKKAH, ONLINE]),
        ("unsaid", None, []),
    ):
        offers.opportunity(f"opportunities/{name}", level=level)
        for number, place in enumerate(places):
            shifts.append(f"opportunities/{name}/shifts/s{number}")
            offers.shift(shifts[-1], place=place)
    shifts.append("opportunities/unsaid/shifts/s0")
    for number in range(60):
        if number == 30:
            offers.opportunity("opportunities/park", new=False, level="skilled")
        if number == 40:
            offers.shift("opportunities/park/shifts/late", place=MAKKAH)
            shifts.append("opportunities/park/shifts/late")
        story, person = chance.choice(stories), f"volunteers/v{chance.randrange(5)}"
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(100))
        attendance = f"{person}-{story.partition}/attendances/a{number}"
        story.recorded(attendance, chance.randrange(1, 9000), day.isoformat(), shift=chance.choice(shifts))
    return stories


def question(group_by: Any, as_of: AsOf | None = None, **fields: Any) -> pb.SummarizeHoursRequest:
    return pb.SummarizeHoursRequest(group_by=group_by, as_of=as_of, **fields)


@pytest.mark.parametrize("partitions", [1, 3])
async def test_every_past_position_is_what_an_addition_by_hand_gives(postgres, partitions):
    stories = history(partitions)
    cut_month = Period(start_date="2026-01-15", end_date="2026-03-20")
    async with answering(postgres, *stories, partitions=partitions) as asked:
        for back in range(0, stories[0].position, 3):
            upto = {story.partition: max(1, story.position - back) for story in stories}
            as_of = at_positions(**{f"p{partition}": position for partition, position in upto.items()})
            events = list(known_events(stories, upto))
            for group_by, key_of in ((BY_REGION, by_place(events)), (BY_LEVEL, by_level(events))):
                whole = await asked.hours.summarize_hours(question(group_by, as_of))
                assert shown(whole) == added_up(events, key_of)
                part = await asked.hours.summarize_hours(question(group_by, as_of, period=cut_month))
                assert shown(part) == added_up(events, key_of, date(2026, 1, 15), date(2026, 3, 20))
                # Alone, an opportunity in one place is answered from the sums kept by month.
                court = await asked.hours.summarize_hours(question(group_by, as_of, opportunity=COURT))
                there = [event for event in events if event["data"].get("opportunity") == COURT]
                assert shown(court) == added_up(there, key_of)
        for group_by in (BY_REGION, BY_LEVEL):
            now = await asked.hours.summarize_hours(question(group_by))
            named = {f"p{story.partition}": story.position for story in stories}
            assert now == await asked.hours.summarize_hours(question(group_by, at_positions(**named)))


async def test_what_was_answered_then_is_answered_when_more_has_happened(postgres):
    [story] = history(1)
    known = story.position
    async with answering(postgres, story) as asked:
        questions = [question(by) for by in (BY_REGION, BY_LEVEL)]
        before = [await asked.hours.summarize_hours(one) for one in questions]
        story.opportunity("opportunities/unsaid", new=False, level="general")
        story.opportunity("opportunities/court", new=False, level="general")
        story.shift("opportunities/unsaid/shifts/s0", place=RIYADH)
        story.shift("opportunities/court/shifts/moved", place=MAKKAH)
        story.recorded("volunteers/v1/attendances/later", 100, shift="opportunities/court/shifts/moved")
        asked.projecting.apply(0, story.events[known:], None)
        for one, told in zip(questions, before, strict=True):
            assert shown(await asked.hours.summarize_hours(one)) != shown(told)
            one.as_of.CopyFrom(at_positions(p0=known))
            again = await asked.hours.summarize_hours(one)
            again.recorded_through.CopyFrom(told.recorded_through)  # how much more is known is not part of the answer
            assert again == told


async def test_a_shift_that_is_not_known_yet_counts_where_the_others_of_its_opportunity_are(postgres):
    """The consumer of its partition is behind: the answer at these positions is the same once it has caught up."""
    offers, hours = Story(0), Story(1)
    offers.opportunity("opportunities/shore")
    known = offers.shift("opportunities/shore/shifts/first", place=MAKKAH)
    offers.shift("opportunities/shore/shifts/second", place=RIYADH)
    hours.recorded("volunteers/ana/attendances/a", 10, shift="opportunities/shore/shifts/first")
    hours.recorded("volunteers/ana/attendances/b", 200, shift="opportunities/shore/shifts/second")
    behind, rest = offers.events[:known], offers.events[known:]
    async with answering(postgres, hours, partitions=2) as asked:
        asked.projecting.apply(0, behind, None)

        async def sums(as_of: AsOf | None) -> dict[str, int]:
            answer = await asked.hours.summarize_hours(question(BY_REGION, as_of))
            return {group.key: group.seconds.attended_seconds for group in answer.groups}

        assert await sums(None) == {"SA-02": 210}
        asked.projecting.apply(0, rest, None)
        assert await sums(None) == {"SA-01": 200, "SA-02": 10}
        assert await sums(at_positions(p0=known)) == {"SA-02": 210}
        assert await sums(at_positions(p0=known - 1)) == {"": 210}


async def test_levels_and_places_count_as_they_were_known_by_record_time_and_by_source_time(postgres):
    first, second = datetime(2023, 6, 1, tzinfo=UTC), datetime(2023, 7, 1, tzinfo=UTC)
    story = Story()
    story.opportunity("opportunities/shore", level="general", source_time=first)
    story.recorded("volunteers/ana/attendances/a", 10, shift="opportunities/shore/shifts/s", source_time=first)
    opened = story.shift("opportunities/shore/shifts/s", source_time=second, place=ONLINE)
    story.opportunity("opportunities/shore", new=False, level="skilled", source_time=second)
    async with answering(postgres, story) as asked:

        async def keys(group_by: Any, as_of: AsOf) -> list[str]:
            return [group.key for group in (await asked.hours.summarize_hours(question(group_by, as_of))).groups]

        early = second - timedelta(seconds=1)
        assert (await keys(BY_LEVEL, at_source_time(early)), await keys(BY_REGION, at_source_time(early))) == (
            ["general"],
            [""],
        )
        assert (await keys(BY_LEVEL, at_source_time(second)), await keys(BY_REGION, at_source_time(second))) == (
            ["skilled"],
            ["online"],
        )
        assert await keys(BY_REGION, at_time(story.time_of(opened - 1))) == [""]
        assert await keys(BY_LEVEL, at_time(story.time_of(opened))) == ["general"]
