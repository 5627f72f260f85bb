"""Money beside hours: by the rate that holds on the date of service, equal to an addition by hand to the minor unit."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.system.added_by_hand import Event, added_up, known_events, shown
from tests.system.answering import answering, at_positions, at_source_time, at_time, refused
from tests.system.synthetic_events import Story, entry
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_ATTENDED, EVIDENCE_CLASS_VERIFIED, Period

SEED = 20_241_205
TABLE = "policies/worth"
BY_OPPORTUNITY, BY_MONTH = pb.SUMMARY_DIMENSION_OPPORTUNITY, pb.SUMMARY_DIMENSION_MONTH
RATES_SAID: tuple[dict[str, Any], ...] = (
    {"from_date": "2026-01-10", "until_date": "2026-02-14", "currency": "SAR", "minor_units_per_hour": 13_800},
    {"from_date": "2026-02-15", "currency": "SAR", "minor_units_per_hour": 2_034},
    {"from_date": "2026-02-01", "until_date": "2026-02-28", "currency": "USD", "minor_units_per_hour": 3_349},
    {"from_date": "2026-04-01", "currency": "USD", "minor_units_per_hour": 3_400},
)
RATES = tuple({**rate, "source": f"synthetic source {number}"} for number, rate in enumerate(RATES_SAID))


def propose(story: Story, number: int, rates: Sequence[dict[str, Any]], policy: str, effective: str) -> int:
    data = {"policy": policy, "version": number, "effective_date": effective, "rule_source": "synthetic table"}
    return story.tell("policy-proposed", policy, {**data, "rules": {"kind": "rates", "rates": list(rates)}})


def a_table(
    story: Story,
    number: int = 1,
    rates: Sequence[dict[str, Any]] = RATES,
    *,
    policy: str = TABLE,
    effective: str = "2026-01-01",
) -> int:
    """Propose and approve a version; gives the position of its approval."""
    propose(story, number, rates, policy, effective)
    return story.tell("policy-approved", policy, {"policy": policy, "version": number})


def history(partitions: int) -> list[Story]:
    """Hours attended and partly verified on dates of four months, in three opportunities; the table is in the first."""
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    stories = [Story(partition) for partition in range(partitions)]
    a_table(stories[0])
    for name in ("park", "shore", "court"):
        stories[0].opportunity(f"opportunities/{name}", sector=name)
        stories[0].shift(f"opportunities/{name}/shifts/s")
    for number in range(60):
        story = chance.choice(stories)
        attendance = f"volunteers/v{number % 7}-{story.partition}/attendances/a{number}"
        day = (date(2026, 1, 1) + timedelta(days=chance.randrange(110))).isoformat()
        seconds = chance.randrange(1, 40_000)
        shift = f"opportunities/{chance.choice(['park', 'shore', 'court'])}/shifts/s"
        story.recorded(attendance, seconds, day, shift=shift)
        if chance.random() < 0.7:
            verified = entry("attended", "verified", chance.randrange(1, seconds + 1), day)
            story.hours("hours-verified", attendance, verified, shift=shift)
    return stories


def question(group_by: Any = BY_OPPORTUNITY, rates: str = TABLE, **fields: Any) -> pb.SummarizeHoursRequest:
    return pb.SummarizeHoursRequest(group_by=group_by, rates=rates, **fields)


Worth = tuple[Fraction, int]
"""Exact minor units, and seconds without a rate."""


def worth_by_hand(events: Iterable[Event], key_of: Any, classes: Sequence[str], first: date, last: date) -> Any:
    """Currency → key → what is worth how much, day by day."""
    worths: dict[str, dict[str, Worth]] = {
        currency: defaultdict(lambda: (Fraction(), 0)) for currency in ("SAR", "USD")
    }
    by_day = added_up(events, lambda event, one: f"{key_of(event, one)} {one['service_date']}", first, last)
    for key_and_day, sums in by_day.items():
        key, day = key_and_day.rsplit(" ", 1)
        seconds = sum(sums[one] for one in classes)
        for currency, of_currency in worths.items():
            rates = [
                rate["minor_units_per_hour"]
                for rate in RATES
                if rate["currency"] == currency and rate["from_date"] <= day <= rate.get("until_date", "9999")
            ]
            exact, without = of_currency[key]
            if rates:
                of_currency[key] = exact + Fraction(seconds * rates[0], 3_600), without
            else:
                of_currency[key] = exact, without + seconds
    return worths


def need_equal(answer: pb.SummarizeHoursResponse, by_hand: dict[str, dict[str, Worth]]) -> None:
    """Totals are rounded half up once, groups lie less than a unit from their exact value and add up."""
    assert [one.currency for one in answer.total_values] == ["SAR", "USD"]
    for index, total in enumerate(answer.total_values):
        exact = by_hand[total.currency]
        assert total.minor_units == math.floor(sum((one for one, _ in exact.values()), Fraction()) + Fraction(1, 2))
        assert total.unvalued_seconds == sum(without for _, without in exact.values())
        assert total.minor_units == sum(group.values[index].minor_units for group in answer.groups)
        for group in answer.groups:
            value = group.values[index]
            assert value.currency == total.currency
            assert abs(value.minor_units - exact[group.key][0]) < 1
            assert value.unvalued_seconds == exact[group.key][1]


DIMENSIONS = {
    BY_OPPORTUNITY: lambda event, one: event["data"]["opportunity"],
    BY_MONTH: lambda event, one: one["service_date"][:7],
    pb.SUMMARY_DIMENSION_ORGANIZATION: lambda event, one: event["data"]["organization"],
    pb.SUMMARY_DIMENSION_REGION: lambda event, one: "SA-01",
}


@pytest.mark.parametrize("partitions", [1, 3])
async def test_values_are_what_an_addition_by_hand_gives_at_every_past_position(postgres, partitions):
    """The rates change in the middle of two months; sums kept by month answer for the others."""
    stories = history(partitions)
    periods = [(date.min, date.max), (date(2026, 2, 1), date(2026, 3, 31)), (date(2026, 2, 3), date(2026, 2, 20))]
    async with answering(postgres, *stories, partitions=partitions) as asked:
        for back in (0, 1, 10, stories[0].position // 2, stories[0].position - 10):
            upto = {
                one.partition: max(1, one.position - (0 if one is stories[0] and back < 5 else back)) for one in stories
            }
            events = list(known_events(stories, upto))
            for (group_by, key_of), (first, last) in (
                (dimension, period) for dimension in DIMENSIONS.items() for period in periods
            ):
                period = Period(
                    start_date="" if first == date.min else first.isoformat(),
                    end_date="" if last == date.max else last.isoformat(),
                )
                as_of = None if not back else at_positions(**{f"p{one}": position for one, position in upto.items()})
                asking = question(group_by, period=period, as_of=as_of)
                answer = await asked.hours.summarize_hours(asking)
                by_hand = worth_by_hand(events, key_of, ["verified"], first, last)
                need_equal(answer, by_hand)
                assert shown(answer) == added_up(events, key_of, first, last)
                asking.value_classes.extend([EVIDENCE_CLASS_ATTENDED, EVIDENCE_CLASS_VERIFIED])
                both = await asked.hours.summarize_hours(asking)
                need_equal(both, worth_by_hand(events, key_of, ["attended", "verified"], first, last))
                assert shown(both) == shown(answer)


async def test_the_answer_names_the_version_and_the_sources_of_what_it_used(postgres):
    [story] = history(1)
    async with answering(postgres, story) as asked:
        answer = await asked.hours.summarize_hours(question())
        assert (answer.rates, list(answer.value_classes)) == (f"{TABLE}/versions/1", [EVIDENCE_CLASS_VERIFIED])
        assert [(rate.source, rate.from_date, rate.until_date) for rate in answer.rates_used] == [
            ("synthetic source 0", "2026-01-10", "2026-02-14"),
            ("synthetic source 1", "2026-02-15", ""),
            ("synthetic source 2", "2026-02-01", "2026-02-28"),
            ("synthetic source 3", "2026-04-01", ""),
        ]
        march = question(period=Period(start_date="2026-03-01", end_date="2026-03-31"))
        used = (await asked.hours.summarize_hours(march)).rates_used
        assert [rate.source for rate in used] == ["synthetic source 1"]
        without = await asked.hours.summarize_hours(question(rates=""))
        assert (without.rates, len(without.total_values), without.closing_date) == ("", 0, "")


async def test_what_is_no_table_of_rates_in_force_is_refused(postgres):
    [story] = history(1)
    approved = a_table(story, 1, policy="policies/later", effective="2026-02-01")
    propose(story, 2, RATES[:1], "policies/later", "2026-01-01")
    rules = {"kind": "requirement", "levels": [{"name": "one", "seconds_min": 1}], "period": "lifetime"}
    data = {"policy": "policies/asks", "version": 1, "effective_date": "2026-01-01", "rule_source": "synthetic"}
    story.tell("policy-proposed", "policies/asks", {**data, "rules": rules})
    story.tell("policy-approved", "policies/asks", {"policy": "policies/asks", "version": 1})
    until_march = Period(end_date="2026-03-31")
    async with answering(postgres, story) as asked:
        for wrong in (
            question(rates="policies/none"),
            question(rates=f"{TABLE}/versions/2"),
            question(rates="policies/asks"),
            question(rates="policies/later"),  # on the newest event's date, 2026-01-01, it is not in force
            question(rates="policies/later/versions/2"),  # nobody approved it
            question(rates="policies/later", period=until_march, as_of=at_positions(p0=approved - 1)),
            question(as_of=at_positions(p0=0)),
        ):
            assert await refused(asked.hours.summarize_hours(wrong)) == "RATES_UNKNOWN", wrong
        for right in (
            question(rates="policies/later", period=until_march),
            question(rates="policies/later/versions/1"),
            question(rates="policies/later", period=until_march, as_of=at_positions(p0=approved)),
        ):
            assert (await asked.hours.summarize_hours(right)).rates == "policies/later/versions/1"


async def test_a_later_table_changes_no_answer_of_the_past(postgres):
    [story] = history(1)
    known = story.position
    async with answering(postgres, story) as asked:
        before = await asked.hours.summarize_hours(question())
        double = [{**rate, "minor_units_per_hour": 2 * rate["minor_units_per_hour"]} for rate in RATES]
        a_table(story, 2, double)
        asked.projecting.apply(0, story.events[known:], None)
        again = await asked.hours.summarize_hours(question(as_of=at_positions(p0=known)))
        again.recorded_through.CopyFrom(before.recorded_through)
        assert again == before
        now = await asked.hours.summarize_hours(question())
        assert now.rates == f"{TABLE}/versions/2"
        assert abs(now.total_values[0].minor_units - 2 * before.total_values[0].minor_units) <= 1
        named = await asked.hours.summarize_hours(question(rates=f"{TABLE}/versions/1"))
        assert named.total_values == before.total_values


async def test_the_date_that_decides_is_the_period_s_end_or_the_moment_asked_about(postgres):
    story = Story()
    a_table(story)
    for number in range(1_500):  # a minute each: more than a day
        story.recorded(f"volunteers/v/attendances/a{number}", 1)
    moment = datetime(2026, 1, 1, 20, 0, tzinfo=UTC)
    async with answering(postgres, story) as asked:
        for fields, day in (
            ({}, "2026-01-02"),
            ({"as_of": at_positions(p0=1_439)}, "2026-01-01"),
            ({"as_of": at_positions(p0=1_440)}, "2026-01-02"),
            ({"as_of": at_time(moment)}, "2026-01-01"),
            ({"as_of": at_source_time(moment)}, "2026-01-01"),
            ({"period": Period(end_date="2027-05-31")}, "2027-05-31"),
        ):
            assert (await asked.hours.summarize_hours(question(**fields))).closing_date == day


async def test_groups_put_together_are_worth_what_they_were_apart(postgres):
    [story] = history(1)
    for name, count in (("one", 1), ("two", 2)):
        story.opportunity(f"opportunities/{name}")
        for number in range(count):
            attendance, shift = f"volunteers/{name}/attendances/a{number}", f"opportunities/{name}/shifts/s"
            story.recorded(attendance, 1_234, "2026-02-20", shift=shift)
    async with answering(postgres, story) as asked:
        asking = question(value_classes=[EVIDENCE_CLASS_ATTENDED])
        whole = await asked.hours.summarize_hours(asking)
        for least in (2, 3, 10_000):
            asking.entry_count_min = least
            answer = await asked.hours.summarize_hours(asking)
            assert answer.total_values == whole.total_values
            for index, total in enumerate(answer.total_values):
                assert sum(group.values[index].minor_units for group in answer.groups) == total.minor_units
            assert all(group.groups_together >= 2 for group in answer.groups if not group.key)
            assert [bool(group.key) for group in answer.groups].count(False) == 1


async def test_a_value_that_no_answer_can_carry_is_refused(postgres):
    story = Story()
    a_table(story, rates=[{**RATES[1], "minor_units_per_hour": 10**12}])
    story.recorded("opportunities/park/shifts/s/groupAttendances/g", 3_600 * 10**7)
    async with answering(postgres, story) as asked:
        asking = question(value_classes=[EVIDENCE_CLASS_ATTENDED])
        assert await refused(asked.hours.summarize_hours(asking)) == "VALUE_TOO_LARGE"
