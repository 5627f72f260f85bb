"""Balances, entries and sums on a real PostgreSQL: every answer names the positions it rests on."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest

from ledger.projections.basis import NotYetApplied
from tests.system.answering import (
    ANA,
    a_life,
    answering,
    at_positions,
    at_source_time,
    positions,
    refused,
    seconds,
)
from tests.system.synthetic_events import (
    OPPORTUNITY,
)
from volunteer_hours.v1 import directory_service_pb2 as directory_pb
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import Period

WITHOUT_AGE = [one for one in pb.SummaryDimension.values()[1:] if one != pb.SUMMARY_DIMENSION_AGE_BAND]


async def test_a_balance_is_the_sum_of_its_entries_and_names_its_positions(postgres):
    story = a_life()
    async with answering(postgres, story) as asked:
        balance = await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA))
        assert seconds(balance) == {"attended": 3600, "verified": 1800, "reversed": 60, "recorded": 5400}
        assert balance.entry_count == 5
        assert positions(balance) == {0: story.position}
        assert balance.recorded_through.ToDatetime(UTC) == story.now


async def test_somebody_known_without_hours_has_none_and_somebody_unknown_is_not_found(postgres):
    story = a_life()
    story.volunteer("volunteers/ben")
    async with answering(postgres, story) as asked:
        for period in (None, Period(start_date="2026-01-01")):
            balance = await asked.hours.get_balance(pb.GetBalanceRequest(name="volunteers/ben", period=period))
            assert (seconds(balance), balance.entry_count) == ({}, 0)
            unknown = pb.GetBalanceRequest(name="volunteers/zoe", period=period)
            assert await refused(asked.hours.get_balance(unknown)) == "NOT_FOUND"
        batch = asked.hours.batch_get_balances(pb.BatchGetBalancesRequest(), [ANA, "volunteers/zoe"])
        assert await refused(batch) == "NOT_FOUND"
        listed = asked.hours.list_entries(pb.ListEntriesRequest(parent="volunteers/zoe"))
        assert await refused(listed) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("first", "last", "counted"),
    [
        ("2026-02-01", "2026-02-28", {"verified": 1800, "reversed": 60, "recorded": 1800}),
        ("2026-01-31", "2026-02-01", {"attended": 3600, "verified": 1800, "recorded": 5400}),
        ("", "2026-01-31", {"attended": 3600, "recorded": 3600}),
        ("2026-03-01", "", {}),
    ],
)
async def test_a_period_counts_dates_of_service_both_ends_included(postgres, first, last, counted):
    async with answering(postgres, a_life()) as asked:
        period = Period(start_date=first, end_date=last)
        balance = await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, period=period))
        assert seconds(balance) == counted
        assert balance.period == period
        summary = await asked.hours.summarize_hours(
            pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_OPPORTUNITY, period=period)
        )
        assert {group.key: seconds(group) for group in summary.groups} == ({OPPORTUNITY: counted} if counted else {})


async def test_an_impossible_date_and_a_period_that_ends_before_it_begins_are_refused(postgres):
    async with answering(postgres, a_life()) as asked:
        request = pb.GetBalanceRequest(name=ANA, period=Period(start_date="2026-02-30"))
        assert await refused(asked.hours.get_balance(request)) == "DATE_INVALID"
        turned = Period(start_date="2026-11-02", end_date="2026-11-01")
        assert await refused(asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, period=turned))) == "DATES_REVERSED"
        summary = pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_MONTH, period=turned)
        assert await refused(asked.hours.summarize_hours(summary)) == "DATES_REVERSED"


async def test_many_balances_come_in_the_order_asked_at_one_moment(postgres):
    story = a_life()
    for person in ("volunteers/b", "volunteers/c"):
        story.recorded(f"{person}/attendances/a", 10 if person.endswith("b") else 20)
    async with answering(postgres, story) as asked:
        names = ["volunteers/c", ANA, "volunteers/b", "volunteers/c"]
        response = await asked.hours.batch_get_balances(pb.BatchGetBalancesRequest(), names)
        assert [balance.name for balance in response.balances] == names
        assert [balance.seconds.recorded_seconds for balance in response.balances] == [20, 5400, 10, 20]
        assert positions(response) == {0: story.position}
        earlier = pb.BatchGetBalancesRequest(as_of=at_positions(p0=5))
        response = await asked.hours.batch_get_balances(earlier, [ANA, "volunteers/b"])
        assert [balance.seconds.recorded_seconds for balance in response.balances] == [3600, 0]


async def test_sums_kept_ready_equal_sums_of_the_entries(postgres):
    story = a_life()
    story.opportunity("opportunities/shore", sector="sea")
    for number in range(30):
        shift = f"opportunities/{'shore' if number % 3 else 'park'}/shifts/s"
        story.recorded(f"volunteers/v{number % 4}/attendances/a{number}", number + 1, shift=shift)
    whole = at_positions(p0=story.position)
    async with answering(postgres, story) as asked:
        for group_by in WITHOUT_AGE:
            for opportunity, organization in (("", ""), (OPPORTUNITY, ""), ("", "organizations/none")):
                request = pb.SummarizeHoursRequest(
                    group_by=group_by, opportunity=opportunity, organization=organization
                )
                present = await asked.hours.summarize_hours(request)
                request.as_of.CopyFrom(whole)
                by_entries = await asked.hours.summarize_hours(request)
                assert present == by_entries
                assert bool(present.groups) == (not organization)
        request = pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_MONTH)
        months = await asked.hours.summarize_hours(request)
        assert [group.key for group in months.groups] == ["2026-01", "2026-02", "2026-03"]


async def test_sums_less_what_came_behind_equal_sums_of_the_entries(postgres):
    """Of every past position, by every dimension: the sums kept ready less the tail are what a ledger told then."""
    story = a_life()
    story.opportunity("opportunities/shore", sector="sea")
    for number in range(12):
        shift = f"opportunities/{'shore' if number % 3 else 'park'}/shifts/s"
        story.recorded(f"volunteers/v{number % 4}/attendances/a{number}", number + 1, shift=shift)
    asked_for = [pb.SummarizeHoursRequest(group_by=group_by) for group_by in WITHOUT_AGE]
    long_ago = story.position
    async with answering(postgres, story) as asked:
        for position in range(1, long_ago + 1):
            for request in asked_for:
                request.as_of.CopyFrom(at_positions(p0=position))
                answer = await asked.hours.summarize_hours(request)
                cut = pb.SummarizeHoursRequest.FromString(request.SerializeToString())
                cut.period.end_date = "2099-12-30"  # cuts a month, so it is added up from the entries
                assert answer == await asked.hours.summarize_hours(cut)


async def test_groups_too_small_to_be_shown_are_put_together_and_never_alone(postgres):
    story = a_life()
    for name, count in (("one", 1), ("two", 2), ("five", 5), ("nine", 9)):
        story.opportunity(f"opportunities/{name}", sector=name)
        for number in range(count):
            attendance = f"volunteers/{name}/attendances/a{number}"
            story.recorded(attendance, 100, shift=f"opportunities/{name}/shifts/s")
    async with answering(postgres, story) as asked:
        request = pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_SECTOR)
        whole = await asked.hours.summarize_hours(request)
        for least in (0, 2, 3, 6, 10, 100):
            request.entry_count_min = least
            answer = await asked.hours.summarize_hours(request)
            assert answer.total == whole.total
            assert sum(group.seconds.recorded_seconds for group in answer.groups) == whole.total.recorded_seconds
            assert sum(group.entry_count for group in answer.groups) == sum(group.entry_count for group in whole.groups)
            together = [group for group in answer.groups if group.groups_together]
            assert all(group.groups_together >= 2 and not group.key for group in together)
            assert all(group.entry_count >= least for group in answer.groups if not group.groups_together)


@pytest.mark.parametrize("as_of", ["present", "source_time"])
async def test_pages_of_entries_together_are_one_answer(postgres, as_of):
    story = a_life()
    for number in range(20):
        story.recorded(f"{ANA}/attendances/n{number}", number + 1)
    story.volunteer("volunteers/ben")
    async with answering(postgres, story) as asked:
        request = pb.ListEntriesRequest(parent=ANA, page_size=7)
        if as_of == "source_time":
            request.as_of.CopyFrom(at_source_time(story.time_of(story.position - 1)))
        whole = await asked.hours.list_entries(pb.ListEntriesRequest(parent=ANA))
        entries: list[pb.Entry] = []
        while True:
            page = await asked.hours.list_entries(request)
            assert len(page.entries) <= 7
            assert positions(page) == positions(whole)
            entries += page.entries
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
            # What is recorded meanwhile belongs to another answer.
            story.recorded(f"{ANA}/attendances/m{story.position}")
            asked.projecting.apply(0, story.events, None)
        assert entries == list(whole.entries)
        assert len(entries) == 25
        first = entries[0]
        assert (first.position.position, first.entry_index, first.event_type) == (5, 0, "attendance-recorded")
        assert (first.from_class, first.to_class, first.seconds) == (0, 2, 3600)
        assert (first.service_date, first.attendance) == ("2026-01-31", f"{ANA}/attendances/a1")
        assert first.record_time.ToDatetime(UTC) == story.time_of(5)


async def test_a_page_token_belongs_to_its_question(postgres):
    story = a_life()
    async with answering(postgres, story) as asked:
        page = await asked.hours.list_entries(pb.ListEntriesRequest(parent=ANA, page_size=2))
        token = page.next_page_token
        for request in (
            pb.ListEntriesRequest(parent="volunteers/ben", page_token=token),
            pb.ListEntriesRequest(parent=ANA, page_token=token, period=Period(start_date="2026-01-01")),
            pb.ListEntriesRequest(parent=ANA, page_token=token, as_of=at_positions(p0=6)),
            pb.ListEntriesRequest(parent=ANA, page_token="nonsense"),
            pb.ListEntriesRequest(parent=ANA, page_token=token[:-8]),
        ):
            assert await refused(asked.hours.list_entries(request)) == "PAGE_TOKEN_INVALID"
        listed = directory_pb.ListVolunteersRequest(page_token=token)
        assert await refused(asked.directory.list_volunteers(listed)) == "PAGE_TOKEN_INVALID"
        # Only the size of the page may change.
        rest = await asked.hours.list_entries(pb.ListEntriesRequest(parent=ANA, page_token=token, page_size=1000))
        assert len(rest.entries) == 3


async def test_who_passes_the_positions_of_a_write_sees_it_or_waits_until_the_deadline(postgres):
    story = a_life()
    async with answering(postgres, story) as asked:
        written = [Position(position=story.position + 1)]
        for question in (
            asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, positions=written), 0.3),
            asked.hours.list_entries(pb.ListEntriesRequest(parent=ANA, positions=written), 0.3),
            asked.directory.get_volunteer(directory_pb.GetVolunteerRequest(name=ANA, positions=written), 0.3),
        ):
            with pytest.raises(NotYetApplied, match=f"0: {story.position + 1}"):
                await question
        waiting = asyncio.create_task(asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, positions=written), 20.0))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        story.recorded(f"{ANA}/attendances/just-now", 5)
        await asyncio.to_thread(asked.projecting.apply, 0, story.events, None)
        assert (await waiting).seconds.recorded_seconds == 5405


async def test_many_who_wait_do_not_starve_those_who_need_not(postgres):
    story = a_life()
    async with answering(postgres, story) as asked:
        written = [Position(position=story.position + 1)]
        waiting = [
            asyncio.create_task(asked.hours.list_entries(pb.ListEntriesRequest(parent=ANA, positions=written), 3.0))
            for _ in range(40)  # ten times the pool's connections
        ]
        await asyncio.sleep(0.3)
        async with asyncio.timeout(2.0):
            assert await asked.hours.list_entries(pb.ListEntriesRequest(parent=ANA))
        story.recorded(f"{ANA}/attendances/just-now", 5)
        await asyncio.to_thread(asked.projecting.apply, 0, story.events, None)
        assert {len(page.entries) for page in await asyncio.gather(*waiting)} == {6}
