"""Many want the last places of a shift, and its waiting list; others leave and places are added meanwhile.

Two server processes. Judged from the events alone, in order of position: never more hold a place than there are
places, never more wait than may, and whoever moves up is the first who waits.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import psycopg
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.conftest import open_folder
from tests.faults.caller import Caller
from tests.faults.conftest import Tell, TwoServers
from tests.faults.history import FIRST_DAY, History
from tests.faults.programme import PLACE, Commands, lay_out, request_id, shift_name, stamp, with_key
from tests.faults.settled import check_audit, wait_for_lag_zero
from tests.faults.test_contention import outcome_of
from tests.system.running_ledger import RunningLedger
from tests.system.stored_history import opened_ledger
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2

PARALLEL: Final = 64
PLACES: Final = 5
WAITING_PLACES: Final = 12
MORE_PLACES: Final = 9
FAR: Final = FIRST_DAY.replace(year=2090)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.proof)])
async def test_the_last_places_and_the_waiting_list(
    two_servers: TwoServers, rounds: int, seed: int, tell: Tell
) -> None:
    await _rounds(two_servers.ledger, f"waiting-{rounds}", rounds, random.Random(seed), tell)


@pytest.fixture
def one_partition(postgres: EmbeddedPostgres, kafka: LocalKafka) -> Iterator[RunningLedger]:
    """Two server processes on a ledger of one partition."""
    settings = opened_ledger(postgres, kafka, 1)
    with open_folder() as folder, RunningLedger(settings, folder, servers=[settings, settings]) as ledger:
        asyncio.run(lay_out(ledger.addresses[1]))
        yield ledger
        asyncio.run(wait_for_lag_zero(ledger))
        check_audit(settings)


@pytest.mark.proof
@pytest.mark.timeout(3_600)
def test_the_last_places_and_the_waiting_list_with_one_partition(
    one_partition: RunningLedger, seed: int, tell: Tell
) -> None:
    asyncio.run(_rounds(one_partition, "waiting-alone", 100, random.Random(seed), tell))


async def _rounds(ledger: RunningLedger, name: str, rounds: int, choice: random.Random, tell: Tell) -> None:
    history = History(name)
    async with Caller(ledger.addresses, client=history.client) as caller:
        commands = Commands(history, choice)
        people = [f"volunteers/{history.client}-{number}" for number in range(PARALLEL)]
        new = [commands.register_volunteer(person.partition("/")[2]) for person in people]
        await asyncio.gather(*(caller.send(one, tries=5) for one in new))
        await _let_wait(caller, choice)
        for number in range(rounds):
            shift = await _open_shift(caller, f"{name}-{number}", choice)
            told = await _all_want_it(caller, commands, people, shift)
            judged = await asyncio.to_thread(_judge, ledger.settings, shift, PLACES)
            assert (judged.taken, judged.waiting) == (PLACES, WAITING_PLACES)
            told += await _come_and_go(caller, people, shift, choice)
            judged = await asyncio.to_thread(_judge, ledger.settings, shift, PLACES)
            assert judged.taken == MORE_PLACES or not judged.waiting, judged
        tell(
            f"{rounds} shifts of {PLACES} places, wanted by {PARALLEL} at once; the last one: {dict(told)}; "
            f"{judged.taken} of {judged.places} taken, {judged.waiting} wait, {judged.moved_up} moved up"
        )


async def _let_wait(caller: Caller, choice: random.Random) -> None:
    rules = registry.SetRegistrationRulesRequest(
        name="opportunities/green-garden", rules=resources_pb2.RegistrationRules(waiting_places=WAITING_PLACES)
    )
    outcome = await outcome_of(caller, "RegistryService/SetRegistrationRules", with_key(rules, request_id(choice)), 0)
    assert outcome in ("ok", "NOTHING_CHANGES")


async def _open_shift(caller: Caller, shift_id: str, choice: random.Random) -> str:
    shift = resources_pb2.Shift(
        start_time=stamp(FAR), end_time=stamp(FAR + timedelta(hours=2)), time_zone="UTC", places=PLACES, place=PLACE
    )
    message = registry.OpenShiftRequest(parent="opportunities/green-garden", shift_id=shift_id, shift=shift)
    await caller.ask("RegistryService/OpenShift", with_key(message, request_id(choice)), seconds=20)
    return shift_name("green", shift_id)


async def _all_want_it(caller: Caller, commands: Commands, people: list[str], shift: str) -> Counter[str]:
    wanted = [commands.register_for_shift(person, shift) for person in people]
    await asyncio.gather(*(caller.send(one, tries=5, server=turn) for turn, one in enumerate(wanted)))
    told = Counter(one.reason or one.outcome for one in wanted)
    assert told == {"ok": PLACES + WAITING_PLACES, "SHIFT_FULL": PARALLEL - PLACES - WAITING_PLACES}
    return told


async def _come_and_go(caller: Caller, people: list[str], shift: str, choice: random.Random) -> Counter[str]:
    """Everybody leaves or comes, most of them in vain; four places are added in between."""
    asked: list[tuple[str, bytes]] = []
    for person in people:
        name = f"{shift}/registrations/{person.partition('/')[2]}"
        leave = participation.WithdrawRegistrationRequest(name=name)
        come = participation.RegisterForShiftRequest(shift=shift, volunteer=person)
        method, message = choice.choice([("WithdrawRegistration", leave), ("RegisterForShift", come)])
        asked.append((f"ParticipationService/{method}", with_key(message, request_id(choice))))
    more = registry.UpdateShiftRequest(name=shift, places=MORE_PLACES)
    asked.insert(PARALLEL // 2, ("RegistryService/UpdateShift", with_key(more, request_id(choice))))
    outcomes = await asyncio.gather(*(outcome_of(caller, *one, turn) for turn, one in enumerate(asked)))
    told = Counter(outcomes)
    assert told.keys() <= {"ok", "SHIFT_FULL", "ALREADY_REGISTERED", "NOT_FOUND", "NOTHING_CHANGES"}, told
    return told


@dataclass
class Judged:
    """A shift as its events tell it, one after another."""

    places: int
    taken: int = 0
    queue: list[str] = field(default_factory=list)
    moved_up: int = 0

    @property
    def waiting(self) -> int:
        return len(self.queue)

    def add(self, kind: str, stream: str, places: int | None) -> None:
        """One more event. What a command freed stays free only until its last event."""
        match kind:
            case "shift-updated":
                self.places = places or 0
            case "registration-waitlisted":
                assert self.taken == self.places, "nobody waits while there is a place"
                self.queue.append(stream)
            case "registration-accepted":
                if self.queue:
                    assert stream == self.queue.pop(0), "whoever moves up is the first who waits"
                    self.moved_up += 1
                self.taken += 1
            case "registration-withdrawn":
                self.taken -= 1
            case "waiting-ended":
                self.queue.remove(stream)
        assert self.taken <= self.places
        assert self.waiting <= WAITING_PLACES


def _judge(settings: Settings, shift: str, places: int) -> Judged:
    """Also: the constraint rows say what the events say."""
    judged = Judged(places)
    with psycopg.connect(settings.owner_database) as connection:
        for kind, stream, added in connection.execute(
            "select type, stream, (convert_from(body, 'UTF8')::jsonb -> 'data' ->> 'places')::integer from events "
            "where stream = %s or stream like %s order by position",
            [shift, f"{shift}/%"],
        ):
            judged.add(kind, stream, added)
        row = connection.execute("select places_taken, waiting from shift_places where shift = %s", [shift]).fetchone()
        rows = connection.execute(
            "select registration from shift_waiting where shift = %s and waiting_order is not null "
            "order by waiting_order",
            [shift],
        ).fetchall()
    assert row == (judged.taken, judged.waiting)
    assert [name for (name,) in rows] == judged.queue
    return judged
