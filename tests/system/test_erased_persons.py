"""What an erased person is registered for ends by itself, wherever it lies; P=1 and P=3. All persons are synthetic."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.application import Application
from ledger.domain.attendance import RecordAttendance
from ledger.domain.erasure import EraseVolunteer
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity, SetRegistrationRules
from ledger.domain.organization import RegisterOrganization
from ledger.domain.refusals import Reason, Refusal
from ledger.domain.registration import RegisterForShift
from ledger.domain.registration_events import registration_name
from ledger.domain.shift import OpenShift, Place
from ledger.domain.streams import partition_of
from ledger.domain.values import LocalizedText
from ledger.domain.volunteer import RegisterVolunteer, SealedDetails
from ledger.domain.world import Command
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.erased_persons import ErasedPersons
from ledger.following import Following
from ledger.settings import Settings
from tests.system.stored_history import opened_store, wait_until

GREEN, GARDEN = "organizations/green", "opportunities/garden"
NARROW, ASKED, LATELY = (f"{GARDEN}/shifts/{name}" for name in ("narrow", "asked", "lately"))
ANA, BEN, CLEO = PEOPLE = ("volunteers/ana", "volunteers/ben", "volunteers/cleo")
NAME = LocalizedText(en="Synthetic")
TODAY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FOLLOWS_SECONDS_MAX = 15.0


def opening(name: str, start: datetime, places: int = 1) -> OpenShift:
    return OpenShift(name, start, start + HOUR, "Asia/Riyadh", None, places, Place(region="SA-01"))


BEGINNING: tuple[Command, ...] = (
    RegisterOrganization(GREEN, NAME),
    PublishOpportunity(GARDEN, GREEN, OpportunityDetails(title=NAME)),
    SetRegistrationRules(GARDEN, False, 5),
    opening(NARROW, TODAY + DAY),
    opening(ASKED, TODAY + 2 * DAY),
    opening(LATELY, TODAY - DAY),
    *(RegisterVolunteer(name, SealedDetails(), None, uuid.uuid4().hex) for name in PEOPLE),
    RegisterForShift(NARROW, ANA),
    RegisterForShift(NARROW, BEN),
    RegisterForShift(ASKED, CLEO),
    RegisterForShift(ASKED, ANA),
    RegisterForShift(LATELY, ANA),
)


class Ledger:
    """The writing side of one ledger."""

    def __init__(self, settings: Settings, application: Application) -> None:
        self.settings = settings
        self.application = application

    async def do(self, *commands: Command) -> None:
        for command in commands:
            request = {"client": "tests", "actor": "staff/coordinator", "request_id": str(uuid.uuid4())}
            await self.application.execute(command, **request, request_body=b"synthetic")

    def state_of(self, shift: str, person: str) -> str:
        """The last event of a registration."""
        with psycopg.connect(self.settings.owner_database) as owner:
            row = owner.execute(
                "select type from events where stream = %s order by version desc limit 1",
                [registration_name(shift, person)],
            ).fetchone()
        assert row is not None
        return str(row[0])


@asynccontextmanager
async def opened(settings: Settings):
    async def no_birth_dates(_: object) -> dict[str, None]:
        return {}

    running = Application(settings.database, settings.ledger_id, settings.partitions, b"k" * 32, no_birth_dates)
    await running.open()
    try:
        yield Ledger(settings, running)
    finally:
        await running.close()


def on_a_store(
    postgres: EmbeddedPostgres, partitions: int, scenario: Callable[[Ledger], Coroutine[Any, Any, None]]
) -> None:
    settings = opened_store(postgres, partitions)
    if partitions > 1:
        assert partition_of(ANA, partitions) != partition_of(GARDEN, partitions)

    async def run() -> None:
        async with opened(settings) as ledger:
            await ledger.do(*BEGINNING)
            await scenario(ledger)

    asyncio.run(run())


ENDED = {NARROW: "registration-withdrawn", ASKED: "waiting-ended", LATELY: "registration-accepted"}
OPEN = {NARROW: "registration-accepted", ASKED: "registration-waitlisted", LATELY: "registration-accepted"}


def of_ana(ledger: Ledger) -> dict[str, str]:
    return {shift: ledger.state_of(shift, ANA) for shift in OPEN}


@pytest.mark.parametrize("partitions", [1, 3], ids=["P=1", "P=3"])
def test_places_to_come_are_given_back_and_waiting_ends(postgres: EmbeddedPostgres, partitions: int):
    async def scenario(ledger: Ledger) -> None:
        pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            ledger.settings.database, min_size=1, open=False, kwargs={"autocommit": True}
        )
        async with pool:
            following = asyncio.create_task(Following(ledger.application, pool).watch())
            await asyncio.sleep(1)  # it has looked through everything once: what follows is told by the event
            assert of_ana(ledger) == OPEN
            await ledger.do(EraseVolunteer(ANA))
            await asyncio.to_thread(wait_until, lambda: of_ana(ledger) == ENDED, FOLLOWS_SECONDS_MAX)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        assert ledger.state_of(NARROW, BEN) == "registration-accepted"  # who waited behind her has her place
        for begins in (RegisterForShift(NARROW, ANA), RecordAttendance(f"{ANA}/attendances/a", LATELY, ANA)):
            with pytest.raises(Refusal) as refused:
                await ledger.do(begins)
            assert refused.value.reason is Reason.VOLUNTEER_ERASED

    on_a_store(postgres, partitions, scenario)


def test_a_registration_of_the_very_moment_is_found_by_a_later_look(postgres: EmbeddedPostgres):
    async def scenario(ledger: Ledger) -> None:
        async with await AsyncConnection.connect(ledger.settings.database, autocommit=True) as connection:
            looking = ErasedPersons(ledger.application)
            await looking.look_again(connection)  # nobody is erased yet
            await ledger.do(EraseVolunteer(ANA))
            # What was decided a moment before and recorded a moment after looks like this to whoever looks.
            assert of_ana(ledger) == OPEN
            await looking.look_again(connection)
            assert of_ana(ledger) == ENDED
            await looking.look_again(connection)
            assert of_ana(ledger) == ENDED

    on_a_store(postgres, 3, scenario)


def test_who_begins_to_follow_finds_what_older_erasures_left(postgres: EmbeddedPostgres):
    async def scenario(ledger: Ledger) -> None:
        await ledger.do(EraseVolunteer(ANA))
        with psycopg.connect(ledger.settings.owner_database, autocommit=True) as owner:
            owner.execute("update events set recorded_at = recorded_at - interval '1 day' where stream = %s", [ANA])
        async with await AsyncConnection.connect(ledger.settings.database, autocommit=True) as connection:
            looking = ErasedPersons(ledger.application)
            await looking.look_again(connection)
            assert of_ana(ledger) == ENDED

    on_a_store(postgres, 3, scenario)
