"""Sums by age band: by completed years on one date, with birth dates opened for the answer alone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.projections.age_questions import PERSONS_TOGETHER, QUESTIONS_MAX
from tests.system.added_by_hand import Event, added_up, known_events, shown
from tests.system.answering import answering, at_positions, refused
from tests.system.synthetic_events import Story
from tests.system.test_sums_valued import a_table, need_equal, worth_by_hand
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_ATTENDED, Period

SEED = 65
PEOPLE = 30
GROUP = "opportunities/park/shifts/morning/groupAttendances/g"
JUNE = date(2026, 6, 30)


class Births:
    """Synthetic birth dates, and whose were asked for at once."""

    def __init__(self, chance: random.Random, people: Sequence[str]) -> None:
        self.known = {one: date(1950, 1, 1) + timedelta(days=chance.randrange(27_000)) for one in people}
        self.asked: list[Sequence[str]] = []

    async def at(self, names: Sequence[str], positions: Mapping[int, int]) -> Mapping[str, date | None]:
        self.asked.append(names)
        return {name: self.known.get(name) for name in names}


def history(partitions: int, people: int = PEOPLE) -> tuple[list[Story], Births]:
    """People of all ages, two of them without a birth date, and a head count; everybody serves in one partition."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    stories = [Story(partition) for partition in range(partitions)]
    a_table(stories[0])
    stories[0].opportunity()
    names = [f"volunteers/v{number}" for number in range(people)]
    for number in range(3 * people):
        person = number % people
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(110))
        attendance = f"{names[person]}/attendances/a{number}"
        stories[person % partitions].recorded(attendance, chance.randrange(1, 40_000), day.isoformat())
    stories[0].recorded(GROUP, 7_200, "2026-02-20")
    births = Births(chance, names)
    del births.known[names[3]], births.known[names[17]]
    return stories, births


def question(starts: Sequence[int] = (), **fields: Any) -> pb.SummarizeHoursRequest:
    return pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_AGE_BAND, age_band_starts=starts, **fields)


def by_band(births: Births, starts: Sequence[int], day: date) -> Any:
    """The band of whoever an event is about; years counted one birthday after another."""

    def key_of(event: Event, _: object) -> str:
        born = births.known.get(event["data"]["holder"])
        if born is None:
            return ""
        years = sum(f"{year}-{born:%m-%d}" <= day.isoformat() for year in range(born.year + 1, day.year + 1))
        lowest = max(start for start in starts if start <= years)
        above = [start for start in starts if start > lowest]
        return f"{lowest}-{above[0] - 1}" if above else f"{lowest}+"

    return key_of


DEFAULT = (0, 18, 25, 35, 45, 55, 65)


@pytest.mark.parametrize("partitions", [1, 3])
async def test_bands_are_what_an_addition_by_hand_gives_at_past_positions(postgres, partitions):
    stories, births = history(partitions)
    half_year = Period(start_date="2026-01-15", end_date=JUNE.isoformat())
    async with answering(postgres, *stories, partitions=partitions) as asked:
        for back in (0, 1, 9, 20):
            upto = {story.partition: max(1, story.position - back) for story in stories}
            events = list(known_events(stories, upto))
            as_of = at_positions(**{f"p{partition}": position for partition, position in upto.items()})
            for starts, known in (((), DEFAULT), ((18, 65), (0, 18, 65)), ((0,), (0,))):
                asking = question(starts, as_of=as_of, period=half_year)
                answer = await asked.hours.summarize_by_age(asking, births.at)
                assert answer.closing_date == JUNE.isoformat()
                key_of = by_band(births, known, JUNE)
                assert shown(answer) == added_up(events, key_of, date(2026, 1, 15), JUNE)
                ages = [int(group.key.split("-")[0].rstrip("+")) for group in answer.groups if group.key]
                assert ages == sorted(ages)


async def test_the_present_is_told_by_balances_and_is_what_its_positions_tell(postgres):
    stories, births = history(3)
    named = at_positions(**{f"p{story.partition}": story.position for story in stories})
    async with answering(postgres, *stories, partitions=3) as asked:
        now = await asked.hours.summarize_by_age(question(), births.at)
        assert now.closing_date == "2026-01-01"  # of the newest event
        assert shown(now) == added_up(known_events(stories), by_band(births, DEFAULT, date(2026, 1, 1)))
        assert now == await asked.hours.summarize_by_age(question(as_of=named), births.at)
        day = Period(start_date="2026-02-20", end_date="2026-02-20")
        head_counts = question(opportunity="opportunities/park", period=day)
        births.known.clear()
        [not_stated] = (await asked.hours.summarize_by_age(head_counts, births.at)).groups
        assert (not_stated.key, not_stated.seconds.attended_seconds >= 7_200) == ("", True)


async def test_who_is_erased_moves_to_not_stated_and_every_sum_stays(postgres):
    """The one exception: an erasure changes answers of the past, and only by moving a person to `not stated`."""
    [story], births = history(1)
    asking = question(as_of=at_positions(p0=story.position))
    async with answering(postgres, story) as asked:
        before = await asked.hours.summarize_by_age(asking, births.at)
        erased = "volunteers/v0"
        theirs = added_up(known_events([story]), lambda event, _: event["data"]["holder"])[erased]
        band = by_band(births, DEFAULT, date(2026, 1, 1))({"data": {"holder": erased}}, None)
        del births.known[erased]
        after = await asked.hours.summarize_by_age(asking, births.at)
        assert after.total == before.total
        moved = shown(before)
        for name, seconds in theirs.items():
            moved[band][name] -= seconds
            moved[""][name] += seconds
        assert shown(after) == {key: group for key, group in moved.items() if group["entries"]}


@pytest.mark.parametrize("partitions", [1, 3])
async def test_bands_are_worth_what_an_addition_by_hand_gives(postgres, partitions):
    stories, births = history(partitions)
    period = Period(end_date=JUNE.isoformat())
    asking = question(rates="policies/worth", value_classes=[EVIDENCE_CLASS_ATTENDED], period=period)
    async with answering(postgres, *stories, partitions=partitions) as asked:
        answer = await asked.hours.summarize_by_age(asking, births.at)
        events, key_of = list(known_events(stories)), by_band(births, DEFAULT, JUNE)
        need_equal(answer, worth_by_hand(events, key_of, ["attended"], date.min, JUNE))
        assert shown(answer) == added_up(events, key_of, date.min, JUNE)
        asking.entry_count_min = 12
        published = await asked.hours.summarize_by_age(asking, births.at)
        assert published.total_values == answer.total_values
        assert [group.groups_together >= 2 for group in published.groups if group.groups_together] == [True]
        for index, total in enumerate(published.total_values):
            assert sum(group.values[index].minor_units for group in published.groups) == total.minor_units


async def test_people_come_by_some_at_a_time_and_nobody_else_s_birth_date_is_opened(postgres):
    people = 2 * PERSONS_TOGETHER + 50
    [story], births = history(1, people)
    async with answering(postgres, story) as asked:
        await asked.hours.summarize_by_age(question(), births.at)
        names = [name for together in births.asked for name in together]
        assert sorted(names) == sorted({f"volunteers/v{number}" for number in range(people)})
        assert max(map(len, births.asked)) <= PERSONS_TOGETHER
        births.asked.clear()
        day = Period(start_date="2026-01-05", end_date="2026-01-05")
        answer = await asked.hours.summarize_by_age(question(period=day), births.at)
        served = added_up(known_events([story]), lambda event, _: event["data"]["holder"], *[date(2026, 1, 5)] * 2)
        assert {name for together in births.asked for name in together} == served.keys()
        assert answer.total.attended_seconds == sum(one["attended"] for one in served.values()) > 0


async def test_more_people_than_one_question_may_open_are_refused_before_anything_is_opened(postgres):
    [story], births = history(1)
    async with answering(postgres, story, age_persons_max=PEOPLE - 1) as asked:
        assert await refused(asked.hours.summarize_by_age(question(), births.at)) == "PERSONS_TOO_MANY"
        past = question(as_of=at_positions(p0=story.position))
        assert await refused(asked.hours.summarize_by_age(past, births.at)) == "PERSONS_TOO_MANY"
        assert births.asked == []
        # Whoever has no hours in the question does not count.
        days = Period(start_date="2026-01-01", end_date="2026-02-01")
        narrow = await asked.hours.summarize_by_age(question(period=days), births.at)
        assert 0 < len({name for together in births.asked for name in together}) < PEOPLE
        assert narrow.total.attended_seconds > 0
    async with answering(postgres, story, age_persons_max=PEOPLE) as asked:  # the head count is no person
        assert (await asked.hours.summarize_by_age(question(), births.at)).groups


async def test_one_question_about_ages_is_answered_at_a_time_and_only_some_wait(postgres):
    [story], births = history(1)
    running: list[int] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(names: Sequence[str], positions: Mapping[int, int]) -> Mapping[str, date | None]:
        running.append(len(running))
        begun.set()
        await go_on.wait()
        return await births.at(names, positions)

    async with answering(postgres, story) as asked:
        # Who waits for what is not recorded yet keeps nobody from a turn.
        later = question(positions=[Position(partition=0, position=story.position + 1)])
        patient = asyncio.create_task(asked.hours.summarize_by_age(later, slowly, 60.0))
        asking = [
            asyncio.create_task(asked.hours.summarize_by_age(question(), slowly)) for _ in range(QUESTIONS_MAX - 1)
        ]
        await begun.wait()
        assert await refused(asked.hours.summarize_by_age(question(), births.at)) == "SERVER_BUSY"
        await asyncio.sleep(0.1)
        assert len(running) == 1
        month = pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_MONTH)
        assert (await asked.hours.summarize_hours(month)).groups  # other questions do not wait for it
        go_on.set()
        answers = await asyncio.gather(*asking)
        assert all(answer == answers[0] for answer in answers)
        patient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await patient
        assert (await asked.hours.summarize_by_age(question(), births.at)) == answers[0]
