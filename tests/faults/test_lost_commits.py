"""The reply to a COMMIT is lost: everything stands once, and who asks again gets the first answer to the byte."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.caller import Caller
from tests.faults.conftest import Tell, TwoServers
from tests.faults.history import History, Operation
from tests.faults.programme import Attendances
from tests.faults.settled import check_settled, wait_for_lag_zero
from tests.faults.tcp_proxy import CUTS

IN_COMPANY = 8
"""Commands that travel together: a batch of one is the easy case."""


async def ask_both(caller: Caller, operations: list[Operation]) -> None:
    """The same request again, at both processes: Operation.ended compares the answers byte by byte."""
    for server in (0, 1):
        await asyncio.gather(*(caller.send(operation, tries=5, server=server) for operation in operations))
    assert {operation.outcome for operation in operations} == {"ok"}


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("cuts", [20, pytest.param(2_000, marks=pytest.mark.proof)])
async def test_the_process_itself_finds_out(two_servers: TwoServers, cuts: int, seed: int, tell: Tell) -> None:
    ledger, proxy = two_servers.ledger, two_servers.proxy
    history, before = History(f"lost-commit-{cuts}"), dict(proxy.cuts.made)
    async with Caller(ledger.addresses, client=history.client) as caller:
        attendances = Attendances(caller, history, seed)
        for number in range(cuts):
            operations = await attendances.next(IN_COMPANY if number % 2 else 1)
            made = proxy.cuts.total
            proxy.cuts.arm(CUTS[number % 3])
            await asyncio.gather(*(caller.send(one, tries=5, server=0) for one in operations))
            await asyncio.to_thread(proxy.cuts.wait_for, made + 1)
            await ask_both(caller, operations)
        made_here = {cut: proxy.cuts.made[cut] - before[cut] for cut in CUTS}
        tell(f"commits cut: {made_here}; commands {dict(history.counts())}")
        assert min(made_here.values()) >= cuts // 3
        await wait_for_lag_zero(ledger)
        await check_settled(ledger, history, caller)


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("rounds", [6, pytest.param(200, marks=pytest.mark.proof)])
async def test_another_process_is_asked_meanwhile(two_servers: TwoServers, rounds: int, seed: int, tell: Tell) -> None:
    """The first process cannot reach the database any more: it must neither know better nor hold up the second."""
    ledger, proxy = two_servers.ledger, two_servers.proxy
    history, before = History(f"cut-off-{rounds}"), proxy.cuts.total
    async with Caller(ledger.addresses, client=history.client, deadline_seconds=10) as caller:
        attendances = Attendances(caller, history, seed)
        for number in range(rounds):
            operations = await attendances.next(IN_COMPANY)
            made = proxy.cuts.total
            proxy.open_doors.clear()
            try:
                proxy.cuts.arm(CUTS[number % 3])
                at_first = [asyncio.create_task(caller.send(one, tries=1, server=0)) for one in operations]
                await asyncio.to_thread(proxy.cuts.wait_for, made + 1)
                await asyncio.gather(*(caller.send(one, tries=5, server=1) for one in operations))
            finally:
                proxy.open_doors.set()
            await asyncio.gather(*at_first)
            await ask_both(caller, operations)
        tell(f"commits cut: {proxy.cuts.total - before}; commands {dict(history.counts())}")
        await wait_for_lag_zero(ledger)
        await check_settled(ledger, history, caller)
