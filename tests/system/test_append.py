"""The append: one durable result for each request, whatever its neighbours do, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from ledger.application import Application
from ledger.batch import CommandResult
from ledger.domain.organization import AccreditOrganization, Organization, RegisterOrganization, SuspendOrganization
from ledger.domain.refusals import Refusal
from ledger.domain.streams import partition_of
from ledger.domain.values import LocalizedText
from ledger.domain.world import Command
from ledger.embedded_ledger import database_urls
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.event_store import heads, read_page
from ledger.migrate import migrate
from ledger.open_ledger import open_ledger
from ledger.recorder import FoldedStream, fold_sourced, library_repository, library_store
from ledger.settings import Settings, WrongSetting


@pytest.fixture(params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def settings(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Iterator[Settings]:
    """A freshly opened ledger in databases of its own."""
    suffix = uuid.uuid4().hex[:12]
    urls = {name: re.sub(r"/ledger_(\w+)$", rf"/t{suffix}_\1", url) for name, url in database_urls(postgres).items()}
    secrets = {"request_hash_key": "k" * 32, "identity_key": "i" * 32}
    made = Settings.model_validate({**urls, **secrets, "partitions": request.param})
    migrate(made)
    open_ledger(made)
    yield made
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        for name in ("events", "keys", "read"):
            connection.execute(f"drop database t{suffix}_{name} with (force)")


@asynccontextmanager
async def application(settings: Settings) -> AsyncIterator[Application]:
    async def no_birth_dates(_: object) -> dict[str, None]:
        return {}

    running = Application(settings.database, settings.ledger_id, settings.partitions, b"k" * 32, no_birth_dates)
    await running.open()
    try:
        yield running
    finally:
        await running.close()


async def ask(
    running: Application, command: Command, request_id: str | None = None, body: bytes = b"body"
) -> CommandResult:
    return await running.execute(
        command, client="tests", actor="staff/synthetic", request_id=request_id or str(uuid.uuid4()), request_body=body
    )


def register(name: str) -> RegisterOrganization:
    return RegisterOrganization(f"organizations/{name}", LocalizedText(en="Synthetic"))


def told(result: CommandResult) -> tuple[object, object]:
    """All that a caller learns of a command."""
    return result.state, result.events


def all_bodies(settings: Settings) -> dict[int, list[bytes]]:
    with psycopg.connect(settings.database) as connection:
        return {p: read_page(connection, p, 0, 100_000) for p in range(settings.partitions)}


def test_each_partition_begins_with_the_ledger_and_opening_again_changes_nothing(settings: Settings) -> None:
    before = all_bodies(settings)
    assert open_ledger(settings) is False
    assert all_bodies(settings) == before
    assert all(b'"type":"ledger-opened"' in bodies[0] for bodies in before.values())


def test_another_number_of_partitions_is_refused(settings: Settings) -> None:
    with pytest.raises(WrongSetting, match="LEDGER_PARTITIONS"):
        open_ledger(settings.model_copy(update={"partitions": settings.partitions + 1}))


def test_the_same_request_gives_the_first_answer_also_from_another_process(settings: Settings) -> None:
    async def run() -> None:
        request_id = str(uuid.uuid4())
        async with application(settings) as first:
            answer = await ask(first, register("a"), request_id)
            await ask(first, AccreditOrganization("organizations/a", None))
            assert told(await ask(first, register("a"), request_id)) == told(answer)
        async with application(settings) as second:
            again = await ask(second, register("a"), request_id)
            assert told(again) == told(answer)
            assert isinstance(again.state, Organization)
            assert again.state.state == "registered"
            with pytest.raises(Refusal, match="REQUEST_ID_REUSED"):
                await ask(second, register("a"), request_id, b"another body")

    asyncio.run(run())


def test_a_storm_of_one_request_records_it_once(settings: Settings) -> None:
    async def run() -> None:
        async with application(settings) as one, application(settings) as two:
            request_id = str(uuid.uuid4())
            asked = [ask(running, register("a"), request_id) for running in (one, two) for _ in range(64)]
            answers = await asyncio.gather(*asked)
            assert all(told(answer) == told(answers[0]) for answer in answers)

    asyncio.run(run())
    bodies = all_bodies(settings)[partition_of("organizations/a", settings.partitions)]
    assert sum(b'"subject":"organizations/a"' in body for body in bodies) == 1


def test_a_refused_neighbour_leaves_nothing_and_disturbs_nobody(settings: Settings) -> None:
    async def run() -> None:
        async with application(settings) as running:
            await ask(running, register("taken"))
            asked = [ask(running, register("taken" if n % 3 == 0 else f"n{n}")) for n in range(60)]
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert {refusal.reason.name for refusal in refused} == {"ALREADY_EXISTS"}
        assert len(refused) == 20
        assert sum(isinstance(outcome, CommandResult) for outcome in outcomes) == 40

    asyncio.run(run())
    with psycopg.connect(settings.database) as connection:
        for partition, head in heads(connection).items():
            assert len(read_page(connection, partition, 0, 1000)) == head.position
        keys = connection.execute("select count(*) from request_keys").fetchone()
    assert keys == (41,)


def test_commands_of_other_kinds_follow_a_batch_in_which_nothing_stood(settings: Settings) -> None:
    async def run() -> None:
        async with application(settings) as running:
            request_id = str(uuid.uuid4())
            for _ in range(4):
                await ask(running, register("a"), request_id)
                with pytest.raises(Refusal, match="ALREADY_EXISTS"):
                    await ask(running, register("a"))
            await ask(running, AccreditOrganization("organizations/a", None))
            with pytest.raises(Refusal, match="NOTHING_CHANGES"):
                await ask(running, AccreditOrganization("organizations/a", None))
            await ask(running, SuspendOrganization("organizations/a", "LICENCE_LAPSED"))

    asyncio.run(run())


def test_one_request_id_for_two_partitions_stands_once(settings: Settings) -> None:
    async def run() -> list[object]:
        async with application(settings) as running:
            request_id = str(uuid.uuid4())
            asked = [ask(running, register(f"x{n}"), request_id, str(n).encode()) for n in range(24)]
            return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = asyncio.run(run())
    assert sum(isinstance(outcome, CommandResult) for outcome in outcomes) == 1
    assert sum("REQUEST_ID_REUSED" in str(outcome) for outcome in outcomes) == 23


def test_an_event_above_the_limit_is_refused(settings: Settings) -> None:
    async def run() -> None:
        async with application(settings) as running:
            huge = RegisterOrganization("organizations/huge", LocalizedText(en="x" * 70_000))
            with pytest.raises(Refusal, match="EVENT_TOO_LARGE"):
                await ask(running, huge)
            await ask(running, register("after"))

    asyncio.run(run())


def test_the_librarys_repository_reads_what_the_group_commit_wrote(settings: Settings) -> None:
    async def run() -> CommandResult:
        async with application(settings) as running:
            await ask(running, register("a"))
            return await ask(running, AccreditOrganization("organizations/a", None))

    written = asyncio.run(run())

    partition = partition_of("organizations/a", settings.partitions)
    store = library_store(
        lambda: psycopg.connect(settings.database), settings.ledger_id, partition, settings.partitions
    )
    read: FoldedStream = library_repository(store).get("organizations/a", projector_func=fold_sourced)
    assert (read.version, read.state) == (2, written.state)


def test_the_service_may_add_events_and_not_change_them(settings: Settings) -> None:
    with psycopg.connect(settings.database, autocommit=True) as connection:
        for statement in ("update events set body = ''", "delete from events", "delete from request_keys"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
