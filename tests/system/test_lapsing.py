"""Claims that nobody answered in time end by themselves, once; those that somebody answered stay; P=1 and P=3."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection

from ledger import lapsing
from ledger.application import Application
from ledger.batch import CommandResult
from ledger.domain.appointing import AppointMember
from ledger.domain.attendance_state import Attendance
from ledger.domain.claims import ClaimHours
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity
from ledger.domain.organization import AccreditOrganization, RegisterOrganization
from ledger.domain.policy import STANDARD_POLICY_STREAM, ApprovePolicy, HoursRules, ProposePolicy
from ledger.domain.shift import OpenShift, Place
from ledger.domain.streams import partition_of
from ledger.domain.values import LocalizedText
from ledger.domain.verification import VerifyHours
from ledger.domain.volunteer import RegisterVolunteer, SealedDetails
from ledger.domain.world import Command
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.lapsing import ClaimLapsing
from ledger.settings import Settings
from tests.system.stored_history import opened_store

GREEN, GARDEN, ANA = "organizations/green", "opportunities/garden", "volunteers/ana"
MORNING = f"{GARDEN}/shifts/morning"
NAME = LocalizedText(en="Synthetic")
START = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD, ANSWERED, YOUNG = (f"{ANA}/attendances/{name}" for name in ("old", "answered", "young"))
DAYS = 30


class Ledger:
    """The writing side, and a look at the claims as `serve` takes it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def do(self, *commands: tuple[Command, str]) -> list[CommandResult]:
        """Each command by its actor, by an application that knows only what is stored."""
        running = self._application()
        await running.open()
        try:
            return [
                await running.execute(
                    command, client="tests", actor=actor, request_id=str(uuid.uuid4()), request_body=b"synthetic"
                )
                for command, actor in commands
            ]
        finally:
            await running.close()

    async def look(self, times: int = 2) -> None:
        """With claims enough for one look: once round, and once more."""
        running = self._application()
        await running.open()
        try:
            async with await AsyncConnection.connect(self.settings.database, autocommit=True) as connection:
                rounds = ClaimLapsing(running)
                for _ in range(times):
                    await rounds.look(connection, list(range(self.settings.partitions)))
        finally:
            await running.close()

    def _application(self) -> Application:
        async def no_birth_dates(_: object) -> dict[str, None]:
            return {}

        settings = self.settings
        return Application(settings.database, settings.ledger_id, settings.partitions, b"k" * 32, no_birth_dates)

    def events_of(self, stream: str) -> list[str]:
        """Type, and reason where there is one."""
        with psycopg.connect(self.settings.owner_database) as owner:
            rows = owner.execute("select body from events where stream = %s order by version", [stream]).fetchall()
        told = [json.loads(bytes(body)) for (body,) in rows]
        return [" ".join((event["type"], event["data"].get("reason", ""))).strip() for event in told]

    def made_older(self, *streams: str) -> None:
        """As if these claims had been recorded long ago: their stored bytes and the copies beside them."""
        with psycopg.connect(self.settings.owner_database, autocommit=True) as owner:
            for stream in streams:
                row = owner.execute("select body from events where stream = %s and version = 1", [stream]).fetchone()
                assert row is not None
                event = json.loads(bytes(row[0]))
                event["time"] = (
                    (datetime.fromisoformat(event["time"]) - timedelta(days=DAYS, hours=1))
                    .isoformat(timespec="microseconds")
                    .replace("+00:00", "Z")
                )
                body = json.dumps(event, separators=(",", ":")).encode()
                owner.execute(
                    "update events set body = %s, recorded_at = %s::timestamptz where stream = %s and version = 1",
                    [body, event["time"], stream],
                )


@pytest.fixture(params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def ledger(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Ledger:
    """Three claims of one person, one of them verified."""
    made = Ledger(opened_store(postgres, request.param))
    staff, verifier = "staff/coordinator", "staff/verifier"
    claims = [
        (ClaimHours(name, MORNING, ANA, START + index * HOUR, START + (index + 1) * HOUR), ANA)
        for index, name in enumerate((OLD, ANSWERED, YOUNG))
    ]
    asyncio.run(
        made.do(
            (RegisterOrganization(GREEN, NAME), staff),
            (AccreditOrganization(GREEN, None), staff),
            (AppointMember(f"{GREEN}/appointments/verifier", verifier, "verifier"), staff),
            (PublishOpportunity(GARDEN, GREEN, OpportunityDetails(title=NAME)), staff),
            (OpenShift(MORNING, START, START + 4 * HOUR, "Asia/Riyadh", None, 5, Place(region="SA-01")), staff),
            (RegisterVolunteer(ANA, SealedDetails(), None, "a" * 32), staff),
            *claims,
            (VerifyHours(ANSWERED), verifier),
        )
    )
    return made


def lapses(ledger: Ledger) -> None:
    """A version comes into force by which claims lapse."""
    rules = HoursRules(claim_lapses_after_days=DAYS)
    propose = ProposePolicy(STANDARD_POLICY_STREAM, date(2026, 1, 1), "synthetic rule", rules)
    asyncio.run(
        ledger.do((propose, "staff/proposer"), (ApprovePolicy(f"{STANDARD_POLICY_STREAM}/versions/2"), "staff/other"))
    )


def test_an_old_claim_that_nobody_answered_lapses_once(ledger: Ledger) -> None:
    ledger.made_older(OLD, ANSWERED)
    asyncio.run(ledger.look())
    assert ledger.events_of(OLD) == ["hours-claimed"], "no version lets claims lapse"
    lapses(ledger)
    asyncio.run(ledger.look())
    asyncio.run(ledger.look())
    assert ledger.events_of(OLD) == ["hours-claimed", "attendance-withdrawn CLAIM_LAPSED"]
    assert ledger.events_of(ANSWERED) == ["hours-claimed", "hours-verified"]
    assert ledger.events_of(YOUNG) == ["hours-claimed"]


def test_a_look_that_ends_before_the_last_claim_goes_on_behind_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lapsing, "CLAIMS_TOGETHER", 1)
    lapses(ledger)
    ledger.made_older(ANSWERED, OLD, YOUNG)
    asyncio.run(ledger.look(times=2))
    assert ledger.events_of(OLD) == ["hours-claimed", "attendance-withdrawn CLAIM_LAPSED"]
    assert ledger.events_of(YOUNG) == ["hours-claimed"], "the second look ends at the answered one"
    asyncio.run(ledger.look(times=4))
    assert ledger.events_of(YOUNG) == ["hours-claimed", "attendance-withdrawn CLAIM_LAPSED"]
    assert ledger.events_of(ANSWERED) == ["hours-claimed", "hours-verified"]


def test_the_time_of_a_lapsed_claim_is_free(ledger: Ledger) -> None:
    ledger.made_older(OLD)
    lapses(ledger)
    asyncio.run(ledger.look())
    again = ClaimHours(f"{ANA}/attendances/again", MORNING, ANA, START, START + HOUR)
    [result] = asyncio.run(ledger.do((again, ANA)))
    assert isinstance(result.state, Attendance)
    assert (result.state.counted, result.state.withheld) != ((), ())
    assert not result.state.withheld
    assert result.position[0] == partition_of(ANA, ledger.settings.partitions)
