"""Keys of persons in their own database: made once, gone for ever, remembered for a minute at most."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import date

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ledger.access.master_keys import MasterKeys, new_master_key
from ledger.access.person_keys import ERASED, KEY_SECONDS_MAX, PersonKeys, Pool
from ledger.domain.refusals import InvariantBroken
from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import Volunteer
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.migrate import migrate
from ledger.settings import Settings

LEDGER, EVENT, PATH = "test-ledger", "e" * 32, "details.full_name"
WRAPPING = MasterKeys(LEDGER, new_master_key())


class Clock:
    """A monotonic clock that stands still until told."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def settings(postgres: EmbeddedPostgres) -> Settings:
    """Fresh databases, migrated once: each test has persons of its own."""
    unique = uuid.uuid4().hex[:8]
    names = {part: f"{part}_{unique}" for part in ("events", "keys", "read")}
    settings = Settings(
        owner_database=postgres.dsn(names["events"]),
        owner_keys_database=postgres.dsn(names["keys"]),
        owner_read_database=postgres.dsn(names["read"]),
        keys_database=postgres.dsn(names["keys"], "ledger_service"),
    )
    migrate(settings)
    return settings


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    async with AsyncConnectionPool(settings.keys_database, min_size=1, max_size=2, open=False) as pool:
        yield pool


@pytest.fixture
def ana() -> str:
    """A person of this test alone."""
    return f"volunteers/{uuid.uuid4()}"


@pytest.fixture
def ben() -> str:
    """Another one."""
    return f"volunteers/{uuid.uuid4()}"


def destroy_key(settings: Settings, volunteer: str) -> None:
    with psycopg.connect(settings.owner_keys_database) as connection:
        assert connection.execute("delete from person_keys where volunteer = %s", [volunteer]).rowcount == 1


async def seal_name(keys: PersonKeys, volunteer: str, text: str) -> SealedField:
    sealed = await keys.seal(volunteer, EVENT, {PATH: text})
    return SealedField(volunteer, EVENT, PATH, sealed[PATH])


async def test_what_one_process_seals_another_opens(pool: Pool, ana: str):
    field = await seal_name(PersonKeys(pool, LEDGER, WRAPPING), ana, "آنا")
    assert await PersonKeys(pool, LEDGER, WRAPPING).open(field) == "آنا"


async def test_a_person_keeps_one_key(pool: Pool, ana: str, ben: str):
    keys = PersonKeys(pool, LEDGER, WRAPPING)
    first = (await keys.keys_for([ana]))[ana]
    again = await PersonKeys(pool, LEDGER, WRAPPING).keys_for([ana, ben])
    assert again[ana] == first
    assert again[ben].key != first.key


async def test_many_at_once_get_one_key_each(settings: Settings, pool: Pool):
    keys, people = PersonKeys(pool, LEDGER, WRAPPING), [f"volunteers/{uuid.uuid4()}" for _ in range(50)]
    fields = await asyncio.gather(*(seal_name(keys, person, person) for person in people * 2))
    assert await PersonKeys(pool, LEDGER, WRAPPING).open_all(fields) == people * 2
    with psycopg.connect(settings.owner_keys_database) as connection:
        found = connection.execute("select volunteer from person_keys where volunteer = any(%s)", [people]).fetchall()
    assert sorted(row[0] for row in found) == sorted(people)


async def test_a_caller_that_leaves_or_fails_takes_nobody_along(pool: Pool, ana: str, ben: str):
    keys = PersonKeys(pool, LEDGER, WRAPPING)
    leaving, staying = asyncio.create_task(seal_name(keys, ana, "x")), asyncio.create_task(seal_name(keys, ben, "y"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await keys.open(await staying) == "y"
    assert await keys.open(await seal_name(keys, ana, "z")) == "z"


async def test_without_the_key_nothing_opens(settings: Settings, pool: Pool, ana: str, ben: str):
    anas, bens = [await seal_name(PersonKeys(pool, LEDGER, WRAPPING), person, "x") for person in (ana, ben)]
    destroy_key(settings, ana)
    assert await PersonKeys(pool, LEDGER, WRAPPING).open_all([bens, anas, bens]) == ["x", ERASED, "x"]


async def test_a_destroyed_key_is_forgotten_within_a_minute(settings: Settings, pool: Pool, ana: str):
    clock = Clock()
    keys = PersonKeys(pool, LEDGER, WRAPPING, clock=clock)
    field = await seal_name(keys, ana, "Ana")
    assert await keys.open(field) == "Ana"
    destroy_key(settings, ana)
    clock.seconds = KEY_SECONDS_MAX + 0.001
    assert await keys.open(field) is ERASED


async def test_a_seal_moved_to_another_person_is_an_alarm_not_an_erasure(pool: Pool, ana: str, ben: str):
    keys = PersonKeys(pool, LEDGER, WRAPPING)
    field = await seal_name(keys, ana, "Ana")
    with pytest.raises(InvariantBroken):
        await keys.open(SealedField(ben, EVENT, PATH, field.sealed))


async def test_birth_dates_of_many_are_opened_at_once(settings: Settings, pool: Pool, ana: str, ben: str):
    keys = PersonKeys(pool, LEDGER, WRAPPING)
    path = "details.birth_date"
    sealed = {person: await keys.seal(person, EVENT, {path: "2008-11-25"}) for person in (ana, ben)}
    states: dict[str, object | None] = {
        person: Volunteer(person, {"birth_date": SealedField(person, EVENT, path, seals[path])})
        for person, seals in sealed.items()
    }
    states |= {"volunteers/unknown": None, "volunteers/silent": Volunteer("volunteers/silent", {})}
    destroy_key(settings, ben)
    assert await PersonKeys(pool, LEDGER, WRAPPING).birth_dates(states) == {
        ana: date(2008, 11, 25),
        ben: None,
        "volunteers/unknown": None,
        "volunteers/silent": None,
    }


async def test_the_service_cannot_change_keys(settings: Settings, pool: Pool, ana: str):
    await PersonKeys(pool, LEDGER, WRAPPING).keys_for([ana])
    with psycopg.connect(settings.keys_database, autocommit=True) as connection:
        for statement in ("update person_keys set volunteer = 'x'", "truncate person_keys"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
