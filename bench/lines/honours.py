"""ListHonours in a ledger in which a million people hold a level, beside reading the same index once.

A cost: seconds of one question for the first page and the count, as of positions, against seconds of a bare count over
the index that lists by level. Rows are made by the projection's own function and sent by COPY: to let a million people
reach a level one by one would measure something else.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from bench.ground import Ground
from bench.pairing import Direction, Line, MeasurementFailed, Sides
from ledger.migrate import migrate
from ledger.projections.honour_questions import HonourQuestions
from ledger.projections.honours import HONOUR_COLUMNS, honour_row
from ledger.projections.recognition_data import MilestoneReached, Place
from ledger.projections.stored_event import OtherEvent
from ledger.settings import Settings
from volunteer_hours.v1 import recognition_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

VOLUNTEERS: Final = 1_000_000
SECONDS_MAX: Final = 1.0
RATIO_MAX: Final = 3.0
ASKED: Final = 5
PAGE: Final = 1_000
MEDAL, LEVEL = "recognitions/medal", "gold"
BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_BARE: Final = "select count(*) from honours where recognition = %s and level = %s"


def fill(url: str, volunteers: int) -> None:
    """Everybody holds the level, and every tenth lost it again."""
    with psycopg.connect(url) as connection:
        with connection.cursor() as cursor, cursor.copy(f"copy honours ({HONOUR_COLUMNS}) from stdin".encode()) as rows:
            for number in range(1, volunteers + 1):
                rows.write_row(honour_row(*_reached(number)))
        connection.execute(
            "update honours set until_position = since_position + 1, until_at = since_at where since_position % 10 = 0"
        )
        last = BEGAN + timedelta(seconds=volunteers)
        connection.execute("insert into positions values (0, %s, %s, null)", [volunteers + 1, last])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze honours")


def _reached(number: int) -> tuple[OtherEvent, MilestoneReached]:
    holder = f"volunteers/synthetic-{number:07}"
    name = f"{holder}/{MEDAL}/milestones/{LEVEL}"
    told = MilestoneReached(
        holder=holder,
        milestone=name,
        recognition_version=f"{MEDAL}/versions/1",
        counted_seconds=360_000,
        months=12,
        skills_count=2,
        organizations_count=3,
        evaluated_at=[Place(partition=0, position=number)],
        cause=Place(partition=0, position=number),
    )
    raw = msgspec.Raw(b'""')
    event = OtherEvent(
        specversion="1.0",
        id=f"{number:032x}",
        source="synthetic",
        type="milestone-reached",
        subject=name,
        partition=0,
        position=number,
        streamversion=1,
        schemaversion=1,
        actor="ledger/follow-ups",
        client=raw,
        requestid=raw,
        requesthash=raw,
        time=BEGAN + timedelta(seconds=number),
        data=raw,
    )
    return event, told


async def asked(url: str, volunteers: int) -> float:
    """Seconds of a question, the median of some. Raises MeasurementFailed above SECONDS_MAX, or for a wrong list."""
    taken: list[float] = []
    kwargs = {"autocommit": True, "prepare_threshold": 0}
    pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
        url, min_size=1, max_size=1, open=False, kwargs=kwargs
    )
    upto = Position(partition=0, position=volunteers)
    request = pb.ListHonoursRequest(
        parent=MEDAL, level=LEVEL, as_of=AsOf(positions=PositionSet(positions=[upto])), page_size=PAGE
    )
    async with pool:
        questions = HonourQuestions(pool, 1)
        for turn in range(ASKED + 1):
            began = time.perf_counter()
            answer = await questions.page(request)
            if turn:  # the first warms caches and statements
                taken.append(time.perf_counter() - began)
    held = volunteers - (volunteers - 1) // 10
    if (answer.honour_count, len(answer.honours)) != (held, min(PAGE, held)):
        raise MeasurementFailed(f"{answer.honour_count} of {held} are counted: this run measures nothing")
    found = statistics.median(taken)
    if found > SECONDS_MAX:
        raise MeasurementFailed(f"the list took {found:.2f} s, more than {SECONDS_MAX}")
    return found


def bare(url: str) -> float:
    """Seconds of a count over the index."""
    taken: list[float] = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(ASKED):
            began = time.perf_counter()
            connection.execute(_BARE, [MEDAL, LEVEL]).fetchone()
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


@contextmanager
def listing(ground: Ground) -> Iterator[Sides]:
    """Both sides over one read database."""
    volunteers = ground.scaled(VOLUNTEERS, least=2_000)
    with ground.fresh_database() as url:
        migrate(Settings(owner_read_database=url))
        fill(url, volunteers)
        yield Sides(reference=lambda: bare(url), ours=lambda: asyncio.run(asked(url, volunteers)))


HONOURS_LIST_1M: Final = Line(
    name="honours_list_1m", unit="s", floor=RATIO_MAX, sides=listing, direction=Direction.AT_MOST
)
