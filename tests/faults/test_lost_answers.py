"""The answer of a call is lost between client and server, that of a produce request between relay and broker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from tests.faults.caller import Caller
from tests.faults.conftest import Tell, TwoServers
from tests.faults.grpc_conversation import GrpcConversation
from tests.faults.history import History
from tests.faults.kafka_conversation import ProxiedKafka
from tests.faults.programme import Attendances, lay_out
from tests.faults.settled import check_audit, check_settled, wait_for_lag_zero
from tests.faults.tcp_proxy import CUTS, TcpProxy
from tests.faults.test_lost_commits import IN_COMPANY, ask_both
from tests.system.running_ledger import RunningLedger
from tests.system.stored_history import opened_ledger

TRIES_MAX = 100


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("cuts", [11, pytest.param(2_000, marks=pytest.mark.proof)])
async def test_lost_answer_of_a_call(two_servers: TwoServers, cuts: int, seed: int, tell: Tell) -> None:
    ledger, history, unknown = two_servers.ledger, History(f"lost-answer-{cuts}"), 0
    port = int(ledger.addresses[0].rpartition(":")[2])
    with TcpProxy(port, GrpcConversation) as proxy:
        async with (
            Caller(ledger.addresses, client=history.client) as caller,
            Caller([f"127.0.0.1:{proxy.port}"], client=history.client) as cut_off,
        ):
            attendances = Attendances(caller, history, seed)
            for number in range(cuts):
                operations = await attendances.next(4)
                proxy.cuts.arm(CUTS[number % 3])
                for _ in range(TRIES_MAX):
                    # A channel that is still coming back from the last cut fails its calls without sending them.
                    await asyncio.gather(*(cut_off.send(one, tries=1) for one in operations))
                    if proxy.cuts.total > number:
                        break
                assert proxy.cuts.total == number + 1
                unknown += sum(one.outcome == "unknown" for one in operations)
                await ask_both(caller, operations)
            tell(f"calls cut: {proxy.cuts.made}; {unknown} commands unknown to their client, then asked again")
            assert unknown >= cuts // 2
            await wait_for_lag_zero(ledger)
            await check_settled(ledger, history, caller)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(("cuts", "partitions"), [(3, 1), pytest.param(2_000, 3, marks=pytest.mark.proof)])
async def test_lost_answer_of_a_produce_request(
    postgres: EmbeddedPostgres,
    mortal_kafka: ProxiedKafka,
    tmp_path: Path,
    cuts: int,
    partitions: int,
    seed: int,
    tell: Tell,
) -> None:
    settings, history = opened_ledger(postgres, mortal_kafka, partitions), History()
    cutting = mortal_kafka.proxy.cuts
    behind = settings.model_copy(update={"kafka": f"127.0.0.1:{mortal_kafka.proxy.port}"})
    with RunningLedger(settings, tmp_path, servers=1, relay=behind) as ledger:
        await lay_out(ledger.addresses[0])
        async with Caller(ledger.addresses, client=history.client) as caller:
            attendances = Attendances(caller, history, seed)
            for number in range(cuts):
                cutting.arm(CUTS[number % 3])
                operations = await attendances.next(IN_COMPANY)
                await asyncio.gather(*(caller.send(one, tries=5) for one in operations))
                await asyncio.to_thread(cutting.wait_for, number + 1, 60)
            assert {one.outcome for one in history.operations} == {"ok"}
            seconds = await wait_for_lag_zero(ledger)
            tell(
                f"produce requests cut: {cutting.made}; relay ended {len(ledger.ends)} times; lag 0 in {seconds:.1f} s"
            )
            await check_settled(ledger, history, caller)
        await asyncio.to_thread(check_audit, settings)
