"""A reply is lost: the commit's, the call's, the produce request's. What was acknowledged stands once, and who asks
again, here or at another process, gets the first answer to the byte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.loopback import free_port
from ledger.settings import Settings
from tests.conftest import open_folder
from tests.faults.caller import Caller
from tests.faults.conftest import Tell
from tests.faults.grpc_conversation import GrpcConversation
from tests.faults.history import SLOTS, History, Operation
from tests.faults.kafka_conversation import KafkaConversation, ProxiedKafka
from tests.faults.postgres_conversation import PostgresConversation
from tests.faults.programme import Commands, lay_out, shift_name
from tests.faults.settled import check_settled, wait_for_lag_zero
from tests.faults.tcp_proxy import CUTS, Cut, TcpProxy
from tests.system.running_ledger import RunningLedger
from tests.system.stored_history import opened_ledger

SMALL, FULL = 20, 2_000
DOSES = [SMALL, pytest.param(FULL, marks=pytest.mark.proof)]
IN_COMPANY = 8
"""Commands that travel together: a batch of one is the easy case."""


def through(proxy: TcpProxy, url: str) -> str:
    """The same database, reached through the proxy."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{proxy.port}"))


@contextmanager
def postgres_behind_proxy(settings: Settings, postgres: EmbeddedPostgres) -> Iterator[tuple[TcpProxy, Settings]]:
    assert postgres.tcp_port is not None
    with TcpProxy(postgres.tcp_port, PostgresConversation) as proxy:
        yield proxy, settings.model_copy(update={"database": through(proxy, settings.database)})


class Attendances:
    """Commands that each record an attendance of their own; new persons as the old ones' days are used up."""

    def __init__(self, caller: Caller, history: History, seed: int) -> None:
        self._caller = caller
        self._commands = Commands(history, random.Random(seed))
        self._made = 0

    async def next(self, count: int) -> list[Operation]:
        made: list[Operation] = []
        for _ in range(count):
            person, slot = divmod(self._made, SLOTS)
            if slot == 0:
                registered = await self._caller.send(self._commands.register_volunteer(f"person-{person}"), tries=5)
                assert registered.outcome == "ok"
            made.append(self._commands.record(f"volunteers/person-{person}", slot, shift_name("green")))
            self._made += 1
        return made


async def ask_both(caller: Caller, operations: list[Operation]) -> None:
    """The same request again, at both processes: Operation.ended compares the answers byte by byte."""
    for server in (0, 1):
        await asyncio.gather(*(caller.send(operation, tries=5, server=server) for operation in operations))
    assert {operation.outcome for operation in operations} == {"ok"}


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("cuts", DOSES)
async def test_lost_commit_reply(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, cuts: int, seed: int, tell: Tell
) -> None:
    settings = opened_ledger(postgres, kafka, 1)
    with postgres_behind_proxy(settings, postgres) as (proxy, proxied):
        with RunningLedger(settings, tmp_path, servers=[proxied, settings]) as ledger:
            async with Caller(ledger.addresses) as caller:
                await lay_out(caller)
                history = History()
                attendances = Attendances(caller, history, seed)
                for number in range(cuts):
                    operations = await attendances.next(1 + number % 2 * (IN_COMPANY - 1))
                    proxy.cuts.arm(CUTS[number % 3])
                    await asyncio.gather(*(caller.send(one, tries=5, server=0) for one in operations))
                    await asyncio.to_thread(proxy.cuts.wait_for, number + 1)
                    await ask_both(caller, operations)
                tell(f"commits cut: {proxy.cuts.made}; commands {dict(history.counts())}")
                assert min(proxy.cuts.made.values()) >= cuts // 3
                await wait_for_lag_zero(ledger)
                await check_settled(ledger, history, caller)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rounds", [6, pytest.param(200, marks=pytest.mark.proof)])
async def test_lost_commit_reply_and_another_process_is_asked(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, rounds: int, seed: int, tell: Tell
) -> None:
    """The first process cannot reach the database any more: who asks the second one must not wait for the first."""
    settings = opened_ledger(postgres, kafka, 1)
    with postgres_behind_proxy(settings, postgres) as (proxy, proxied):
        with RunningLedger(settings, tmp_path, servers=[proxied, settings]) as ledger:
            async with Caller(ledger.addresses, deadline_seconds=10) as caller:
                await lay_out(caller)
                history = History()
                attendances = Attendances(caller, history, seed)
                for number in range(rounds):
                    operations = await attendances.next(IN_COMPANY)
                    proxy.cuts.arm(CUTS[number % 3])
                    proxy.open_doors.clear()
                    at_first = [asyncio.create_task(caller.send(one, tries=1, server=0)) for one in operations]
                    await asyncio.to_thread(proxy.cuts.wait_for, number + 1)
                    await asyncio.gather(*(caller.send(one, tries=5, server=1) for one in operations))
                    proxy.open_doors.set()
                    await asyncio.gather(*at_first)
                    await ask_both(caller, operations)
                tell(f"commits cut: {proxy.cuts.made}; commands {dict(history.counts())}")
                await wait_for_lag_zero(ledger)
                await check_settled(ledger, history, caller)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("cuts", DOSES)
async def test_lost_call_reply(
    postgres: EmbeddedPostgres, kafka: LocalKafka, tmp_path: Path, cuts: int, seed: int, tell: Tell
) -> None:
    settings = opened_ledger(postgres, kafka, 3)
    with RunningLedger(settings, tmp_path, servers=2) as ledger, ExitStack() as stack:
        ports = [int(address.rpartition(":")[2]) for address in ledger.addresses]
        proxy = stack.enter_context(TcpProxy(ports[0], GrpcConversation))
        async with Caller(ledger.addresses) as caller, Caller([f"127.0.0.1:{proxy.port}"]) as cut_off:
            await lay_out(caller)
            history = History()
            attendances = Attendances(caller, history, seed)
            unknown = 0
            for number in range(cuts):
                operations = await attendances.next(4)
                proxy.cuts.arm(CUTS[number % 3])
                await asyncio.gather(*(cut_off.send(one, tries=1) for one in operations))
                await asyncio.to_thread(proxy.cuts.wait_for, number + 1)
                unknown += sum(one.outcome == "unknown" for one in operations)
                await ask_both(caller, operations)
            tell(f"calls cut: {proxy.cuts.made}; {unknown} commands unknown to their client, then asked again")
            assert unknown >= cuts // 2
            await wait_for_lag_zero(ledger)
            await check_settled(ledger, history, caller)


@pytest.fixture
def proxied_kafka() -> Iterator[ProxiedKafka]:
    """A broker that is also advertised behind a proxy, which the relay alone is given."""
    with open_folder() as folder:
        broker = ProxiedKafka(folder)
        broker.inner_port = free_port()
        with TcpProxy(broker.inner_port, KafkaConversation) as proxy:
            broker.proxy = proxy
            with broker:
                yield broker


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("cuts", [9, pytest.param(FULL, marks=pytest.mark.proof)])
async def test_lost_produce_reply(
    postgres: EmbeddedPostgres, proxied_kafka: ProxiedKafka, tmp_path: Path, cuts: int, seed: int, tell: Tell
) -> None:
    settings = opened_ledger(postgres, proxied_kafka, 1)
    proxy = proxied_kafka.proxy
    behind = settings.model_copy(update={"kafka": f"127.0.0.1:{proxy.port}"})
    with RunningLedger(settings, tmp_path, servers=1, relay=behind) as ledger:
        async with Caller(ledger.addresses) as caller:
            await lay_out(caller)
            history = History()
            attendances = Attendances(caller, history, seed)
            choice = random.Random(seed)
            for number in range(cuts):
                cut: Cut = choice.choice(CUTS)
                proxy.cuts.arm(cut)
                operations = await attendances.next(IN_COMPANY)
                await asyncio.gather(*(caller.send(one, tries=5) for one in operations))
                await asyncio.to_thread(proxy.cuts.wait_for, number + 1, 60)
            assert {one.outcome for one in history.operations} == {"ok"}
            seconds = await wait_for_lag_zero(ledger)
            tell(
                f"produce requests cut: {proxy.cuts.made}; relay ended {len(ledger.ends)} times; lag 0 in {seconds:.1f} s"
            )
            await check_settled(ledger, history, caller)
