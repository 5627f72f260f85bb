"""kill -9 of every kind of process under load; then nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from tests.faults.caller import Caller
from tests.faults.conftest import Tell
from tests.faults.fault_schedule import FaultLog, Striker, planned
from tests.faults.history import History
from tests.faults.kafka_conversation import ProxiedKafka
from tests.faults.load import Client, ask_everything_again
from tests.faults.programme import lay_out
from tests.faults.settled import check_audit, check_settled, wait_for_lag_zero
from tests.system.running_ledger import RunningLedger
from tests.system.stored_history import opened_ledger

CLIENTS = 4
SMALL, FULL = 6, 100
"""Faults; of six each kind happens once."""
CALM_SECONDS = 3.0


@pytest.fixture
def crashing_ledger(
    mortal_postgres: EmbeddedPostgres, mortal_kafka: ProxiedKafka, tmp_path: Path, partitions: int, servers: int
) -> Iterator[RunningLedger]:
    """Processes, a database server and a broker to be killed."""
    settings = opened_ledger(mortal_postgres, mortal_kafka, partitions)
    with RunningLedger(settings, tmp_path, servers=servers) as ledger:
        yield ledger


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    ("partitions", "servers", "faults"),
    [
        pytest.param(1, 2, SMALL, marks=pytest.mark.proof),
        (3, 2, SMALL),
        pytest.param(1, 1, FULL, marks=pytest.mark.proof),
        pytest.param(1, 2, FULL, marks=pytest.mark.proof),
        pytest.param(3, 2, FULL, marks=pytest.mark.proof),
    ],
)
async def test_killed_under_load(
    crashing_ledger: RunningLedger,
    mortal_postgres: EmbeddedPostgres,
    mortal_kafka: ProxiedKafka,
    faults: int,
    seed: int,
    tell: Tell,
) -> None:
    history, log, stop = History(), FaultLog(), asyncio.Event()
    striker = Striker(crashing_ledger, mortal_postgres, mortal_kafka, log)
    await lay_out(crashing_ledger.addresses[0])
    async with Caller(crashing_ledger.addresses, client=history.client) as caller:
        clients = [Client(number, caller, history, seed) for number in range(CLIENTS)]
        at_work = [asyncio.create_task(client.work(stop, pause_seconds=0.4)) for client in clients]
        try:
            await asyncio.sleep(CALM_SECONDS)
            for fault in planned(seed, faults):
                await asyncio.to_thread(striker.strike, fault)
            await asyncio.sleep(CALM_SECONDS)
        finally:
            stop.set()
            await asyncio.gather(*at_work)
        counts, share_ok = history.counts(), history.share_ok()
        tell("\n".join(log.lines))
        tell(f"commands: ok {counts['ok']}, unknown {counts['unknown']}, refused {counts['refused']}")
        tell(f"reads: {dict(history.reads)}; faults: {dict(log.happened)}")
        tell(f"seconds to the next answer, longest: {history.first_answers(log.healed)}")
        assert history.reads["answered"], "nobody read anything"
        assert share_ok >= 0.5, "a run in which little succeeds proves nothing"
        assert log.happened.total() >= faults, "fewer faults happened than were planned"
        lag_seconds = await wait_for_lag_zero(crashing_ledger)
        await check_settled(crashing_ledger, history, caller)
        await ask_everything_again(caller, history, seed)
        tell(f"everything projected {lag_seconds:.1f} s after the last fault; asked again: {dict(history.counts())}")
        assert history.counts()["unknown"] == 0
        await wait_for_lag_zero(crashing_ledger)
        await check_settled(crashing_ledger, history, caller)
    await asyncio.to_thread(check_audit, crashing_ledger.settings)
