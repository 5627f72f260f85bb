"""Pages of whole ledgers: however they are cut, every row is in one of them once, at one moment. All synthetic."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import psycopg
import pytest

from ledger.domain.refusals import InvariantBroken
from ledger.projections import attendance_pages, entry_pages
from ledger.projections.attendance_pages import AttendancePages
from ledger.projections.basis import Ground
from ledger.projections.bulk_pages import BulkPages
from ledger.projections.entry_pages import EntryPages
from ledger.settings import Settings
from tests.system.synthetic_events import ORGANIZATION, Story, entry, projector, read_database, reader_pool, rows
from volunteer_hours.v1 import bulk_reading_pb2 as pb

PEOPLE = [f"volunteers/v{number:02}" for number in range(7)]


def history(partitions: int) -> list[Story]:
    """Seven people, three attendances each; one is corrected by an event with two entries, some are verified."""
    stories = [Story(partition) for partition in range(partitions)]
    stories[0].organization()
    stories[0].opportunity()
    for number, person in enumerate(PEOPLE):
        story = stories[number % partitions]
        story.volunteer(person)
        for day in range(3):
            story.recorded(f"{person}/attendances/{day}", 3_600 + number, f"2026-02-0{day + 1}")
        story.hours(
            "hours-verified",
            f"{person}/attendances/0",
            entry("attended", "verified", 1_800, "2026-02-01"),
            entry("attended", "reversed", 1_800 + number, "2026-02-01", reason="NOT_CONFIRMED"),
        )
    return stories


@pytest.fixture(params=[(2, 2), pytest.param((5, 3), marks=pytest.mark.proof), (4_000, 4_000)], ids=str)
def cut_small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    step, rows = request.param
    monkeypatch.setattr(entry_pages, "STEP_POSITIONS", step)
    monkeypatch.setattr(entry_pages, "ROWS_MAX", max(rows, 2))
    monkeypatch.setattr(attendance_pages, "STEP_HOLDERS", step)
    monkeypatch.setattr(attendance_pages, "ROWS_MAX", rows)
    monkeypatch.setattr(attendance_pages, "_NAMED_AT_ONCE", 3)


Row = tuple[int, int, int]


def entry_rows(pages: list[pb.StreamEntriesResponse]) -> list[Row]:
    return [
        (page.partition, position, index)
        for page in pages
        for position, index in zip(page.entry_positions, page.entry_indexes, strict=True)
    ]


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
async def test_every_entry_is_in_one_page_and_the_rest_follows_any_of_them(postgres, cut_small, partitions):
    settings = read_database(postgres)
    with projector(settings) as projecting:
        for story in history(partitions):
            projecting.apply(story.partition, story.events, None)
        async with reader_pool(settings) as pool:
            reader = EntryPages(BulkPages(pool, Ground(partitions, None)))
            for parent in ("", PEOPLE[2], ORGANIZATION):
                pages = [page async for page in reader.stream(pb.StreamEntriesRequest(parent=parent))]
                found = entry_rows(pages)
                assert found == stored(settings, parent)
                assert [(page.first_position, page.next_position) for page in pages if page.partition == 0]
                for number in {0, len(pages) // 2, len(pages) - 1}:
                    page = pages[number]
                    again = pb.StreamEntriesRequest(parent=parent, page_token=page.next_page_token)
                    rest = [page async for page in reader.stream(again)]
                    assert entry_rows(rest) == entry_rows(pages[number + 1 :])


def stored(settings: Settings, parent: str) -> list[Row]:
    found = rows(
        settings,
        "select partition, position, entry_index from entries where %s in ('', holder, organization) order by 1, 2, 3",
        parent,
    )
    return [(row[0], row[1], row[2]) for row in found]


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
async def test_every_attendance_is_in_one_page_and_the_rest_follows_any_of_them(postgres, cut_small, partitions):
    settings = read_database(postgres)
    names = [f"{person}/attendances/{day}" for person in PEOPLE for day in range(3)]
    with projector(settings) as projecting:
        for story in history(partitions):
            projecting.apply(story.partition, story.events, None)
        async with reader_pool(settings) as pool:
            reader = AttendancePages(BulkPages(pool, Ground(partitions, None)))
            for parent, wanted in (("", names), (PEOPLE[2], names[6:9]), (ORGANIZATION, names)):
                pages = [found.page async for found in reader.stream(pb.StreamAttendancesRequest(parent=parent))]
                assert [one.name for page in pages for one in page.attendances] == wanted
                done = 0
                for page in pages:
                    done += len(page.attendances)
                    again = pb.StreamAttendancesRequest(parent=parent, page_token=page.next_page_token)
                    rest = [found.page async for found in reader.stream(again)]
                    assert [one.name for page in rest for one in page.attendances] == wanted[done:]


async def test_what_is_recorded_meanwhile_is_in_none_of_the_pages(postgres, monkeypatch):
    monkeypatch.setattr(entry_pages, "STEP_POSITIONS", 4)
    monkeypatch.setattr(attendance_pages, "STEP_HOLDERS", 2)
    settings = read_database(postgres)
    [story] = history(1)
    with projector(settings) as projecting:
        projecting.apply(0, story.events, None)
        async with reader_pool(settings) as pool:
            bulk = BulkPages(pool, Ground(1, None))
            entries = EntryPages(bulk).stream(pb.StreamEntriesRequest())
            presences = AttendancePages(bulk).stream(pb.StreamAttendancesRequest())
            before = stored(settings, "")
            first, found = await anext(entries), await anext(presences)
            applied = story.position
            story.recorded(f"{PEOPLE[-1]}/attendances/later", 60, "2026-02-09")
            projecting.apply(0, story.events[applied:], None)
            pages = [first, *[page async for page in entries]]
            assert entry_rows(pages) == before
            told = [found.page, *[found.page async for found in presences]]
            assert len([one for page in told for one in page.attendances]) == 3 * len(PEOPLE)
            assert {page.positions[0].position for page in pages} == {applied}
            assert {page.positions[0].position for page in told} == {applied}


OPEN = """
    select count(*) from pg_stat_activity
    where datname = current_database() and usename = 'ledger_reader' and xact_start is not null
"""


async def test_no_transaction_waits_for_a_slow_reader(postgres, monkeypatch):
    monkeypatch.setattr(entry_pages, "STEP_POSITIONS", 4)
    monkeypatch.setattr(attendance_pages, "STEP_HOLDERS", 2)
    settings = read_database(postgres)
    [story] = history(1)
    with projector(settings) as projecting:
        projecting.apply(0, story.events, None)
    async with reader_pool(settings) as pool:
        bulk = BulkPages(pool, Ground(1, None))
        for pages in (
            EntryPages(bulk).stream(pb.StreamEntriesRequest()),
            AttendancePages(bulk).stream(pb.StreamAttendancesRequest()),
        ):
            async with aclosing(pages):
                await anext(pages)
                await asyncio.sleep(0.3)  # the page that is read ahead is there by now
                with psycopg.connect(settings.owner_read_database, autocommit=True) as connection:
                    assert connection.execute(OPEN).fetchone() == (0,)


async def test_a_text_that_would_be_taken_for_two_stops_the_stream(postgres):
    settings = read_database(postgres)
    [story] = history(1)
    with projector(settings) as projecting:
        projecting.apply(0, story.events, None)
        with psycopg.connect(settings.projector_database) as connection:
            connection.execute("update journal_lines set actor = E'staff/a\nstaff/b' where position = 5")
        async with reader_pool(settings) as pool:
            with pytest.raises(InvariantBroken, match="another length"):
                async for _ in EntryPages(BulkPages(pool, Ground(1, None))).stream(pb.StreamEntriesRequest()):
                    pass


async def test_an_empty_ledger_has_one_empty_page(postgres):
    settings = read_database(postgres)
    async with reader_pool(settings) as pool:
        bulk = BulkPages(pool, Ground(1, None))
        [page] = [page async for page in EntryPages(bulk).stream(pb.StreamEntriesRequest())]
        [found] = [found async for found in AttendancePages(bulk).stream(pb.StreamAttendancesRequest())]
    assert (len(page.entry_positions), len(found.page.attendances)) == (0, 0)
