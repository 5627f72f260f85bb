"""The same question about the same moment has the same answer for ever, whichever clock it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from tests.system.answering import (
    ANA,
    a_life,
    answering,
    at_positions,
    at_source_time,
    at_time,
    positions,
    refused,
    seconds,
)
from tests.system.synthetic_events import (
    OPENED,
    OPPORTUNITY,
    Story,
)
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet


async def test_the_past_is_answered_at_exact_positions_and_at_record_times(postgres):
    story = a_life()
    later = [{"attended": 3600}, {"attended": 5400}, {"attended": 3600, "verified": 1800}]
    async with answering(postgres, story) as asked:
        for position, counted in enumerate(later, 5):
            exactly = await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, as_of=at_positions(p0=position)))
            moment = story.time_of(position)
            for as_of in (at_time(moment), at_time(moment + timedelta(seconds=59, microseconds=999_999))):
                at_moment = await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, as_of=as_of))
                assert at_moment == exactly
            assert seconds(exactly) == {**counted, "recorded": sum(counted.values())}
            assert positions(exactly) == {0: position}
        before = await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, as_of=at_time(OPENED)))
        assert (seconds(before), positions(before)) == ({}, {0: 0})


async def test_the_same_question_has_the_same_answer_when_more_has_happened(postgres):
    story = a_life()
    async with answering(postgres, story) as asked:
        questions = [at_positions(p0=6), at_time(story.time_of(6)), at_time(story.time_of(7))]
        before = [await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, as_of=one)) for one in questions]
        for number in range(10):
            story.recorded(f"{ANA}/attendances/later{number}")
        asked.projecting.apply(0, story.events, None)
        after = [await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, as_of=one)) for one in questions]
        for one, other in zip(before, after, strict=True):
            other.recorded_through.CopyFrom(one.recorded_through)  # only how far the past is closed has moved
            assert one == other


async def test_source_time_counts_what_the_other_system_knew_and_native_events_by_record_time(postgres):
    learnt = [datetime(2023, 6, 1, tzinfo=UTC), datetime(2023, 7, 1, tzinfo=UTC)]
    story = Story()
    story.opportunity()
    story.recorded(f"{ANA}/attendances/late", 100, source_time=learnt[1])  # imported in another order
    story.recorded(f"{ANA}/attendances/early", 10, source_time=learnt[0])
    story.recorded(f"{ANA}/attendances/native", 1)
    story.volunteer("volunteers/ben")
    async with answering(postgres, story) as asked:
        for moment, counted in (
            (learnt[0] - timedelta(seconds=1), 0),
            (learnt[0], 10),
            (learnt[1], 110),
            (story.time_of(4), 110),
            (story.time_of(5), 111),
        ):
            request = pb.GetBalanceRequest(name=ANA, as_of=at_source_time(moment))
            balance = await asked.hours.get_balance(request)
            assert balance.seconds.attended_seconds == counted
            assert positions(balance) == {0: story.position}


async def test_sector_and_event_type_count_as_they_were_known_then(postgres):
    first, second = datetime(2023, 6, 1, tzinfo=UTC), datetime(2023, 7, 1, tzinfo=UTC)
    story = Story()
    story.opportunity(event_type="Other", sector="culture", source_time=first)
    story.recorded(f"{OPPORTUNITY}/shifts/s/groupAttendances/g", 100, source_time=first)
    story.opportunity(event_type="Partner Events", sector="environment", new=False, source_time=second)
    story.recorded(f"{ANA}/attendances/a", 1)
    by_type, by_sector = pb.SUMMARY_DIMENSION_EVENT_TYPE, pb.SUMMARY_DIMENSION_SECTOR
    async with answering(postgres, story) as asked:

        async def summed(group_by: Any, as_of: AsOf | None) -> dict[str, int]:
            request = pb.SummarizeHoursRequest(group_by=group_by, as_of=as_of)
            summary = await asked.hours.summarize_hours(request)
            assert summary.total.attended_seconds == sum(group.seconds.attended_seconds for group in summary.groups)
            return {group.key: group.seconds.attended_seconds for group in summary.groups}

        assert await summed(by_type, None) == {"Partner Events": 101}
        assert await summed(by_type, at_positions(p0=3)) == {"Other": 100}
        assert await summed(by_type, at_positions(p0=4)) == {"Partner Events": 100}
        assert await summed(by_type, at_time(story.time_of(3))) == {"Other": 100}
        assert await summed(by_type, at_source_time(second - timedelta(seconds=1))) == {"Other": 100}
        assert await summed(by_sector, at_source_time(first)) == {"culture": 100}
        assert await summed(by_sector, at_source_time(second)) == {"environment": 100}
        assert await summed(by_sector, None) == {"environment": 101}


async def test_a_partition_that_is_not_there_is_refused(postgres):
    async with answering(postgres, a_life()) as asked:
        nowhere = [Position(partition=1, position=1)]
        request = pb.GetBalanceRequest(name=ANA, positions=nowhere)
        assert await refused(asked.hours.get_balance(request)) == "POSITION_UNKNOWN"
        as_of = pb.GetBalanceRequest(name=ANA, as_of=AsOf(positions=PositionSet(positions=nowhere)))
        assert await refused(asked.hours.get_balance(as_of)) == "POSITION_UNKNOWN"


async def test_a_moment_that_is_not_closed_is_not_answered(postgres):
    story = a_life()
    closed: dict[int, tuple[int, datetime]] = {}
    async with answering(postgres, story, horizon=lambda: closed) as asked:
        for as_of in (
            at_time(story.now),  # another event of this very moment may still come
            at_time(story.now + timedelta(hours=1)),
            at_source_time(story.now + timedelta(hours=1)),
            at_positions(p0=story.position + 1),
        ):
            asking = asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, as_of=as_of), 0.3)
            assert await refused(asking) == "NOT_YET_KNOWN"
        # The event store says that nothing more happened until now: the horizon closes the past.
        closed[0] = (story.position, story.now + timedelta(hours=2))
        request = pb.GetBalanceRequest(name=ANA, as_of=at_time(story.now + timedelta(hours=1)))
        balance = await asked.hours.get_balance(request)
        assert positions(balance) == {0: story.position}
        assert balance.recorded_through.ToDatetime(UTC) == story.now + timedelta(hours=2)
        # A horizon beyond what is applied here closes nothing.
        closed[0] = (story.position + 1, story.now + timedelta(hours=9))
        later = pb.GetBalanceRequest(name=ANA, as_of=at_time(story.now + timedelta(hours=3)))
        assert await refused(asked.hours.get_balance(later, 0.3)) == "NOT_YET_KNOWN"


async def test_a_time_out_of_range_is_refused(postgres):
    async with answering(postgres, a_life()) as asked:
        request = pb.GetBalanceRequest(name=ANA, as_of=AsOf(record_time=Timestamp(seconds=10**15)))
        assert await refused(asked.hours.get_balance(request)) == "INVALID_ARGUMENT"


async def test_partitions_answer_together_though_one_lags(postgres):
    here, there, empty = Story(0), Story(1), Story(2)
    here.opportunity(sector="environment")
    here.recorded(f"{ANA}/attendances/a", 10)
    there.recorded("volunteers/ben/attendances/a", 200)  # of the same shift, in another partition
    there.recorded("volunteers/ben/attendances/b", 3000)
    async with answering(postgres, here, there, partitions=3) as asked:
        by_sector = pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_SECTOR)
        summary = await asked.hours.summarize_hours(by_sector)
        assert {group.key: group.seconds.attended_seconds for group in summary.groups} == {"environment": 3210}
        assert positions(summary) == {0: 3, 1: 3}
        assert not summary.HasField("recorded_through")  # partition 2 has applied nothing: no past is closed
        request = pb.GetBalanceRequest(name=ANA, as_of=at_time(OPENED + timedelta(minutes=2)))
        assert await refused(asked.hours.get_balance(request, 0.3)) == "NOT_YET_KNOWN"
        asked.projecting.apply(2, empty.events, None)
        summary = await asked.hours.summarize_hours(by_sector)
        assert summary.recorded_through.ToDatetime(UTC) == empty.now  # the slowest partition's
        by_sector.as_of.CopyFrom(at_positions(p1=2))
        summary = await asked.hours.summarize_hours(by_sector)
        assert summary.total.attended_seconds == 210
        assert positions(summary) == {0: 3, 1: 2, 2: 1}  # partitions not named count as whole
