"""A read database that answers, and short ways to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.domain.refusals import Refusal
from ledger.projections.age_questions import PERSONS_MAX
from ledger.projections.directory_questions import DirectoryQuestions
from ledger.projections.hours_questions import HoursQuestions
from ledger.projections.projector import Projector
from tests.system.synthetic_events import (
    Story,
    cut,
    entry,
    projector,
    read_database,
    reader_pool,
)
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet

ANA = "volunteers/ana"
Horizon = Callable[[], dict[int, tuple[int, datetime]]]


@dataclass
class Answering:
    """A read database with its projector and its questions."""

    projecting: Projector
    hours: HoursQuestions
    directory: DirectoryQuestions


@asynccontextmanager
async def answering(
    postgres: Any,
    *stories: Story,
    partitions: int = 1,
    horizon: Horizon | None = None,
    age_persons_max: int = PERSONS_MAX,
) -> AsyncIterator[Answering]:
    settings = read_database(postgres)
    with projector(settings) as projecting:
        for story in stories:
            for batch in cut(story.events, 7):
                projecting.apply(story.partition, batch, None)
        async with reader_pool(settings) as pool:
            yield Answering(
                projecting,
                HoursQuestions(pool, partitions, horizon, age_persons_max=age_persons_max),
                DirectoryQuestions(pool, partitions, horizon),
            )


async def refused(answer: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as caught:
        await answer
    return caught.value.reason.name


def at_time(moment: datetime) -> AsOf:
    return AsOf(record_time=stamp(moment))


def at_source_time(moment: datetime) -> AsOf:
    return AsOf(source_time=stamp(moment))


def at_positions(**positions: int) -> AsOf:
    named = [Position(partition=int(key[1:]), position=value) for key, value in positions.items()]
    return AsOf(positions=PositionSet(positions=named))


def stamp(moment: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def seconds(message: Any) -> dict[str, int]:
    """The classes that are not zero."""
    return {field.name.removesuffix("_seconds"): value for field, value in message.seconds.ListFields()}


def positions(message: Any) -> dict[int, int]:
    return {one.partition: one.position for one in message.positions}


def a_life(partition: int = 0) -> Story:
    """Ana serves three times; the second is verified, the third withdrawn."""
    story = Story(partition)
    story.organization()
    story.opportunity(sector="environment", event_type="Partner Events")
    story.volunteer(ANA)
    story.recorded(f"{ANA}/attendances/a1", 3600, "2026-01-31")
    story.recorded(f"{ANA}/attendances/a2", 1800, "2026-02-01")
    story.hours("hours-verified", f"{ANA}/attendances/a2", entry("attended", "verified", 1800, "2026-02-01"))
    story.recorded(f"{ANA}/attendances/a3", 60, "2026-02-28")
    gone = entry("attended", "reversed", 60, "2026-02-28", "WITHDRAWN")
    story.hours("attendance-withdrawn", f"{ANA}/attendances/a3", gone, reason="WITHDRAWN", source="native")
    return story
