"""An empty event store filled from the topic alone: every table as it was, and the ledger goes on from there."""

from __future__ import annotations

import asyncio
import uuid

import psycopg
import pytest

from ledger import restore
from ledger.application import Application
from ledger.domain.organization import RegisterOrganization
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.values import LocalizedText
from ledger.migrate import migrate
from ledger.open_ledger import open_ledger
from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from tests.system import whole_programme
from tests.system.stored_history import opened_ledger, produce, store_attendances
from tests.system.whole_ledger_audit import assert_audit_clean

TABLES = {
    "ledger": "only_one",
    "partition_counters": "partition",
    "events": "partition, position",
    "request_keys": "client, request_id",
    "shift_places": "shift",
    "shift_waiting": "registration",
    "presences": "volunteer, attendance",
    "volunteer_identities": "volunteer",
}


def dump(settings: Settings) -> dict[str, bytes]:
    """Every table of the event store, all columns."""
    tables: dict[str, bytes] = {}
    with psycopg.connect(settings.owner_database) as connection:
        for table, key in TABLES.items():
            statement = f"copy (select * from {table} order by {key}) to stdout"
            with connection.cursor().copy(statement.encode()) as rows:
                tables[table] = b"".join(bytes(piece) for piece in rows)
    return tables


def without_its_store(settings: Settings) -> Settings:
    """The same ledger whose event store is a database that does not exist yet."""
    name = f"t{uuid.uuid4().hex[:12]}_events"
    urls = ("database", "owner_database", "relay_database")
    return settings.model_copy(update={url: getattr(settings, url).rsplit("/", 1)[0] + f"/{name}" for url in urls})


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def settings(request, postgres, kafka) -> Settings:
    return whole_programme.everywhere(opened_ledger(postgres, kafka, request.param))


def test_every_table_is_as_it_was(settings, capsys):
    lost = without_its_store(settings)
    restore.run(lost)
    assert dump(lost) == dump(settings)
    assert capsys.readouterr().out.splitlines()[-1] == "identity numbers: 8 restored, 0 cannot be opened"
    assert_audit_clean(lost, settled=True)
    restore.run(lost)
    assert dump(lost) == dump(settings)


def test_the_restored_ledger_knows_its_requests_and_goes_on(settings):
    lost = without_its_store(settings)
    restore.run(lost)
    with psycopg.connect(lost.owner_database) as connection:
        row = connection.execute(
            "select client, request_id from request_keys join events using (partition, position) "
            "where type = 'organization-registered'"
        ).fetchone()
    assert row is not None
    client, request_id = row

    async def ask_again() -> None:
        async def no_birth_dates(_: object) -> dict[str, None]:
            return {}

        key = lost.request_hash_key.get_secret_value().encode()
        application = Application(lost.database, lost.ledger_id, lost.partitions, key, no_birth_dates)
        await application.open()
        try:
            before = dump(lost)
            again = RegisterOrganization("organizations/whatever", LocalizedText(en="asked before"))
            await application.execute(
                again, client=client, actor="staff/x", request_id=request_id, request_body=b"synthetic"
            )
            assert dump(lost) == before
            with pytest.raises(Refusal):
                await application.execute(
                    again, client=client, actor="staff/x", request_id=request_id, request_body=b"other"
                )
            await application.execute(
                again, client=client, actor="staff/x", request_id=str(uuid.uuid4()), request_body=b"new"
            )
        finally:
            await application.close()

    asyncio.run(ask_again())
    assert_audit_clean(lost)


def test_a_store_that_lost_its_end_is_continued(postgres, kafka):
    made = whole_programme.everywhere(opened_ledger(postgres, kafka, 1))
    lost = without_its_store(made)
    whole = dump(made)
    restore.run(lost)
    with psycopg.connect(lost.owner_database) as superuser:
        # As of an older backup: everything of the last requests is gone.
        superuser.execute(
            "create temp table gone as select * from request_keys where position > 45; "
            "delete from request_keys where position > 45; delete from events where position > 45; "
            "update partition_counters set position = 45, recorded_at = (select recorded_at from events "
            "where position = 45)"
        )
        left = superuser.execute(
            "select count(*) from events e where position <= 45 and type like 'registration-%'"
        ).fetchone()
        assert left is not None
    restore.run(lost)
    restored = dump(lost)
    for table in ("ledger", "partition_counters", "events", "request_keys"):
        assert restored[table] == whole[table]


def test_a_person_whose_key_is_gone_is_counted(postgres, kafka, capsys):
    made = whole_programme.everywhere(opened_ledger(postgres, kafka, 1))
    with psycopg.connect(made.owner_keys_database) as keys:
        keys.execute("delete from person_keys where volunteer = %s", [whole_programme.PERSONS[0]])
    lost = without_its_store(made)
    restore.run(lost)
    assert capsys.readouterr().out.splitlines()[-1] == "identity numbers: 7 restored, 1 cannot be opened"


def test_a_store_with_another_beginning_is_refused(settings):
    lost = without_its_store(settings)
    migrate(lost)
    open_ledger(lost)
    with pytest.raises(InvariantBroken, match="position 1: the store holds another event"):
        restore.run(lost)


def test_a_hole_in_the_topic_is_named_and_whole_requests_before_it_are_restored(postgres, kafka):
    made = whole_programme.everywhere(opened_ledger(postgres, kafka, 1))
    with psycopg.connect(made.owner_database) as connection:
        head = connection.execute("select position from partition_counters").fetchone()
    assert head is not None
    store_attendances(made, 3)
    with psycopg.connect(made.owner_database) as connection:
        rows = connection.execute("select body from events where position > %s order by 1", [head[0] + 1]).fetchall()
    produce(made, 0, [(row[0], RecordSeal.of(made).headers(row[0])) for row in rows])
    lost = without_its_store(made)
    with pytest.raises(InvariantBroken, match=f"position {head[0] + 1} is missing"):
        restore.run(lost)
    with psycopg.connect(lost.owner_database) as connection:
        assert connection.execute("select max(position) from events").fetchone() == (head[0] - 1,)
