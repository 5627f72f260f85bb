"""How many hours has a holder, now, in a period, or as of a moment?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ledger.projections.as_of import CUT_SQL, View, view
from ledger.projections.balance_lookups import BalanceLookups
from ledger.projections.basis import Basis, Ground, NotYetApplied, Patience, ReadPool, missing
from ledger.projections.holders import refuse_unknown_holders
from ledger.projections.linked_names import linked_names
from ledger.projections.sums import COUNTED, OF_ENTRIES, evidence_seconds, period_dates
from volunteer_hours.v1.hours_service_pb2 import (
    Balance,
    BatchGetBalancesRequest,
    BatchGetBalancesResponse,
    GetBalanceRequest,
)

_BALANCES: Final = """
    select holder, entry_count, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds,
           withheld_seconds, reversed_seconds
    from balances where holder = any(%b)
"""
_SUMS: Final = f"""
    with {CUT_SQL}
    select e.holder, count(*), {OF_ENTRIES}
    from entries e join cut on cut.partition = e.partition and e.position <= cut.upto
    where e.holder = any(%(holders)b) and {COUNTED}
    group by e.holder
"""
_NOTHING: Final = (0, 0, 0, 0, 0, 0, 0)


async def get_balance(
    pool: ReadPool, ground: Ground, lookups: BalanceLookups, request: GetBalanceRequest, seconds_left: float | None
) -> Balance:
    """See HoursQuestions.get_balance."""
    if not request.HasField("as_of") and not request.HasField("period"):
        present = await _present_balance(pool, ground, lookups, request, seconds_left)
        if present is not None:
            return present
    as_of = request.as_of if request.HasField("as_of") else None
    async with view(pool, ground, request.positions, as_of, seconds_left) as seen:
        linked = await linked_names(seen, [request.name])
        sums = await _sums(seen, [request.name, *linked.values()], request)
        await refuse_unknown_holders(seen.connection, [request.name] if request.name not in sums else [])
    balance = _message(request.name, sums.get(request.name, _NOTHING), request, seen.basis)
    _add_linked(balance, linked, sums, request, seen.basis)
    return balance


async def _present_balance(
    pool: ReadPool, ground: Ground, lookups: BalanceLookups, request: GetBalanceRequest, seconds_left: float | None
) -> Balance | None:
    """The balance of now; None for who may have another name: that takes more than one statement."""
    wanted = ground.wanted(request.positions) if request.positions else {}
    patience: Patience | None = None
    while True:
        found = await lookups.find(request.name)
        behind = missing(wanted, found.basis) if wanted else {}
        if not behind:
            break
        patience = patience or Patience.of(seconds_left)
        if not await patience.wait():
            raise NotYetApplied(behind)
    if found.linked:
        return None
    sums = found.sums
    if sums is None:
        async with pool.connection() as connection:
            await refuse_unknown_holders(connection, [request.name])
        sums = _NOTHING
    balance = Balance(name=request.name, seconds=evidence_seconds(sums[1:]), entry_count=sums[0])
    balance.MergeFrom(found.frame)
    return balance


async def batch_get_balances(
    pool: ReadPool,
    ground: Ground,
    request: BatchGetBalancesRequest,
    holders: Sequence[str],
    seconds_left: float | None,
) -> BatchGetBalancesResponse:
    """See HoursQuestions.batch_get_balances."""
    names = list(dict.fromkeys(holders))
    as_of = request.as_of if request.HasField("as_of") else None
    async with view(pool, ground, request.positions, as_of, seconds_left) as seen:
        linked = await linked_names(seen, names)
        together = list(dict.fromkeys((*names, *linked.values())))
        if seen.present and not request.HasField("period"):
            cursor = await seen.connection.execute(_BALANCES, (together,), binary=True)
            sums: Mapping[str, Sequence[int]] = {row[0]: row[1:] for row in await cursor.fetchall()}
        else:
            sums = await _sums(seen, together, request)
        await refuse_unknown_holders(seen.connection, [name for name in names if name not in sums])
    response = BatchGetBalancesResponse(
        positions=seen.basis.position_messages(), recorded_through=seen.basis.recorded_through_message()
    )
    period = request.period if request.HasField("period") else None
    for name in holders:
        row = sums.get(name, _NOTHING)
        balance = response.balances.add(name=name, entry_count=row[0], seconds=evidence_seconds(row[1:]), period=period)
        _add_linked(balance, linked, sums, request, seen.basis)
    return response


async def _sums(
    seen: View, names: Sequence[str], request: GetBalanceRequest | BatchGetBalancesRequest
) -> Mapping[str, Sequence[int]]:
    first, last = period_dates(request.period)
    parameters = {**seen.cut, "holders": list(names), "start_date": first, "end_date": last}
    cursor = await seen.connection.execute(_SUMS, parameters, binary=True)
    return {row[0]: row[1:] for row in await cursor.fetchall()}


def _add_linked(
    balance: Balance,
    linked: Mapping[str, str],
    sums: Mapping[str, Sequence[int]],
    request: GetBalanceRequest | BatchGetBalancesRequest,
    basis: Basis,
) -> None:
    """What stands under another name of the same person, and both together."""
    other = linked.get(balance.name)
    if other is None:
        return
    row = sums.get(other, _NOTHING)
    balance.linked_names.append(other)
    balance.linked.append(_message(other, row, request, basis))
    both = [one + more for one, more in zip(sums.get(balance.name, _NOTHING)[1:], row[1:], strict=True)]
    balance.seconds_together.CopyFrom(evidence_seconds(both))


def _message(
    name: str, row: Sequence[int], request: GetBalanceRequest | BatchGetBalancesRequest, basis: Basis
) -> Balance:
    return Balance(
        name=name,
        seconds=evidence_seconds(row[1:]),
        entry_count=row[0],
        period=request.period if request.HasField("period") else None,
        positions=basis.position_messages(),
        recorded_through=basis.recorded_through_message(),
    )
