"""Who looked: the accesses that name a person, or all of them, newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.caller import Role
from ledger.access_ledger.persons import AccessPersons
from ledger.domain.hours_read import HoursRead
from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import Envelope, decode, recorded_event
from ledger.projections.page_token import read_token, rows_wanted, token_of
from volunteer_hours.v1 import access_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]

EVERYBODY: Final = "volunteers/-"
_OF_PERSON: Final = """
    select events.recorded_at, events.partition, events.position, events.body
    from unnest(%b::integer[], %b::bigint[]) as bound (partition, position)
    cross join lateral (
        select position from access_persons
        where volunteer = %b and partition = bound.partition and position <= bound.position
        order by position desc limit %b
    ) named
    join events on events.partition = bound.partition and events.position = named.position
    order by events.recorded_at desc, events.partition, events.position desc limit %b
"""
_OF_ALL: Final = """
    select looked.recorded_at, looked.partition, looked.position, looked.body
    from unnest(%b::integer[], %b::bigint[]) as bound (partition, position)
    cross join lateral (
        select * from events
        where events.partition = bound.partition and events.position <= bound.position and type = 'hours-read'
        order by events.position desc limit %b
    ) looked
    order by looked.recorded_at desc, looked.partition, looked.position desc limit %b
"""
_ROLES: Final = {role.value: pb.Role.Value(f"ROLE_{role.name}") for role in Role}
PAGE_BYTES_MAX: Final = 4_000_000
"""A page is cut behind the access that reaches it: each of them may name a thousand persons."""


class _Looked(NamedTuple):
    recorded_at: datetime
    partition: int
    position: int
    body: bytes


class AccessQuestions:
    """Answers from the ledger of accesses. Safe to share between calls."""

    def __init__(self, pool: Pool) -> None:
        """`pool` is of its database, as the service's role; its connections commit by themselves."""
        self._pool = pool
        self._persons = AccessPersons(pool)

    async def list_accesses(
        self, request: pb.ListAccessesRequest, only_volunteer: str | None, seconds_left: float | None
    ) -> pb.ListAccessesResponse:
        """The accesses that name `request.parent`, or all; with `only_volunteer` nobody else is named in them.

        Refuses PAGE_TOKEN_INVALID. Raises TimeoutError when the caller's deadline passes.
        """
        token = read_token(request, request.page_token)
        wanted = rows_wanted(request.page_size)
        async with asyncio.timeout(seconds_left), self._pool.connection() as connection:
            bounds = token.positions if token else await self._persons.bring_up_to_date(connection)
            rows = await _rows(connection, request.parent, bounds, wanted + 1)
        accesses = _page([_access(row, only_volunteer) for row in rows[:wanted]])
        answer = pb.ListAccessesResponse(accesses=accesses)
        if len(rows) > len(accesses):
            answer.next_page_token = token_of(request, (), _bounds_after(bounds, accesses))
        return answer


async def _rows(connection: AsyncConnection[Any], parent: str, bounds: Mapping[int, int], count: int) -> list[_Looked]:
    places = list(bounds), list(bounds.values())
    if parent == EVERYBODY:
        cursor = await connection.execute(_OF_ALL, (*places, count, count), binary=True)
    else:
        cursor = await connection.execute(_OF_PERSON, (*places, parent, count, count), binary=True)
    return [_Looked(*row) for row in await cursor.fetchall()]


def _page(accesses: Sequence[pb.Access]) -> Sequence[pb.Access]:
    """The first of them, as many as one answer can carry."""
    room_bytes = PAGE_BYTES_MAX
    for count, access in enumerate(accesses, 1):
        room_bytes -= access.ByteSize()
        if room_bytes < 0:
            return accesses[:count]
    return accesses


def _bounds_after(bounds: Mapping[int, int], shown: Sequence[pb.Access]) -> dict[int, int]:
    """Up to where the next page looks, partition by partition."""
    return {**bounds, **{one.recorded_at.partition: one.recorded_at.position - 1 for one in shown}}


def _access(row: _Looked, only_volunteer: str | None) -> pb.Access:
    envelope = decode(row.body)
    read = recorded_event(envelope).data
    if not isinstance(read, HoursRead) or (envelope.partition, envelope.position) != (row.partition, row.position):
        raise InvariantBroken(
            f"accesses: position {row.position} of {row.partition} is another event than it should be"
        )
    return _message(envelope, read, only_volunteer)


def _message(envelope: Envelope, read: HoursRead, only_volunteer: str | None) -> pb.Access:
    moment = Timestamp()
    moment.FromDatetime(envelope.time)
    named = [name for name in read.volunteers if only_volunteer in (None, name)]
    return pb.Access(
        name=read.access,
        access_time=moment,
        client=envelope.client,
        actor=envelope.actor,
        role=_ROLES.get(read.caller_role, pb.ROLE_UNSPECIFIED),
        purpose=read.purpose or "",
        method=read.call,
        volunteers=named,
        volunteer_count=read.volunteer_count,
        ranges=[pb.PositionRange(**one.model_dump()) for one in read.ranges],
        positions=[Position(partition=one.partition, position=one.position) for one in read.answered_at],
        recorded_at=Position(partition=envelope.partition, position=envelope.position),
    )
