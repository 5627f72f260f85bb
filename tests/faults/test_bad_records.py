"""Repeated, shuffled, forged and poisoned records, written beside the relay: no balance changes, each one is named."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.migrate import migrate
from ledger.settings import Settings
from tests.faults.bad_records import BadProducer
from tests.faults.caller import Caller
from tests.faults.conftest import Tell
from tests.faults.history import History
from tests.faults.load import Client
from tests.faults.programme import Attendances, lay_out
from tests.faults.settled import check_audit, check_settled, read_hash, wait_for_lag_zero
from tests.system.running_ledger import PROJECT, RunningLedger
from tests.system.stored_history import heads_of, opened_ledger, settings_environment

CLIENTS = 3


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    ("partitions", "waves"),
    [(3, 1), *(pytest.param(*dose, marks=pytest.mark.proof) for dose in ((1, 3), (3, 3), (3, 200)))],
)
async def test_bad_records_change_nothing(
    postgres: EmbeddedPostgres,
    kafka: LocalKafka,
    tmp_path: Path,
    partitions: int,
    waves: int,
    seed: int,
    tell: Tell,
) -> None:
    settings, history, stop = opened_ledger(postgres, kafka, partitions), History(), asyncio.Event()
    bad = BadProducer(settings, seed)
    with RunningLedger(settings, tmp_path) as ledger:
        await lay_out(ledger.addresses[0])
        async with Caller(ledger.addresses, client=history.client) as caller:
            clients = [Client(number, caller, history, seed) for number in range(CLIENTS)]
            at_work = [asyncio.create_task(client.work(stop, pause_seconds=0.05)) for client in clients]
            try:
                for _ in range(waves):
                    await asyncio.sleep(1)
                    await asyncio.to_thread(bad.poison, 16)
                    await asyncio.to_thread(bad.repeat_shuffled, 300)
            finally:
                stop.set()
                await asyncio.gather(*at_work)
            await wait_for_lag_zero(ledger)
            early = await _shuffled_in_the_relays_place(ledger, bad, caller, history, seed)
            await wait_for_lag_zero(ledger)
            counts = history.counts()
            tell(f"commands: ok {counts['ok']}, unknown {counts['unknown']}, refused {counts['refused']}")
            tell(f"records: poisoned {bad.poisoned}, repeated {bad.repeated}, sent out of order {early}")
            assert history.share_ok() >= 0.5
            await check_settled(ledger, history, caller, in_any_order=True)
        assert await asyncio.to_thread(quarantined, settings) == bad.poisoned
        before = read_hash(settings)
        assert ledger.stop("consumer") == 0
        await asyncio.to_thread(drop_read_database, settings)
        await asyncio.to_thread(consume_once, settings)
        assert read_hash(settings) == before
        await asyncio.to_thread(check_audit, settings)


async def _shuffled_in_the_relays_place(
    ledger: RunningLedger, bad: BadProducer, caller: Caller, history: History, seed: int
) -> int:
    """Records that arrive before those they follow: held back until the missing ones come."""
    assert ledger.stop("relay") == 0
    relayed = heads_of(ledger.settings)
    operations = await Attendances(caller, history, seed).next(120)
    await asyncio.gather(*(caller.send(one, tries=5) for one in operations))
    sent = await asyncio.to_thread(bad.send_early_and_shuffled, relayed)
    ledger.bring_back("relay")
    return sent


def quarantined(settings: Settings) -> int:
    """How many records are named."""
    with psycopg.connect(settings.owner_read_database) as connection:
        row = connection.execute("select count(*) from quarantine").fetchone()
    assert row is not None
    return int(row[0])


def drop_read_database(settings: Settings) -> None:
    """Nothing of it is left; migrated again, it is empty."""
    name = sql.Identifier(settings.owner_read_database.rpartition("/")[2])
    with psycopg.connect(settings.owner_database, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))
    migrate(settings)


def consume_once(settings: Settings) -> None:
    """The topic alone, from its beginning to its end."""
    command = [sys.executable, "-m", "ledger", "consume", "--once"]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=settings_environment(settings),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
