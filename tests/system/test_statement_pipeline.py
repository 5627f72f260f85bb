"""Statements sent together: their rows in order, large ones both ways, and the failures a writer must tell apart."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg import AsyncConnection, errors

from ledger.binary_arrays import BigintArray
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.statement_pipeline import StatementPipeline


@asynccontextmanager
async def connected(postgres: EmbeddedPostgres) -> AsyncIterator[tuple[StatementPipeline, AsyncConnection[object]]]:
    """A pipeline, and the connection it has taken over."""
    connection: AsyncConnection[object] = await AsyncConnection.connect(postgres.dsn(), autocommit=True)
    pipeline = StatementPipeline(connection)
    try:
        yield pipeline, connection
    finally:
        await pipeline.close()
        assert pipeline.closed


def test_each_statement_gives_its_own_rows_whether_new_or_known_and_whatever_the_size_of_its_values(
    postgres: EmbeddedPostgres,
) -> None:
    async def ask() -> None:
        async with connected(postgres) as (pipeline, _):
            assert await pipeline.run([]) == []
            for number in (1, 70_000, 1 << 40, 1):
                rows = await pipeline.run(
                    [
                        ("begin", ()),
                        ("select %b::bigint, 'one'", (number,)),
                        ("select * from unnest(%b::bigint[])", (BigintArray([3, number]),)),
                        ("select 1 where false", ()),
                        ("commit", ()),
                    ]
                )
                assert rows == [[], [(number, "one")], [(3,), (number,)], [], []]

    asyncio.run(ask())


def test_more_than_the_socket_holds_goes_both_ways_at_once(postgres: EmbeddedPostgres) -> None:
    async def ask() -> None:
        text = "y" * 4_000_000
        async with connected(postgres) as (pipeline, _):
            assert await pipeline.run([("select %b::text", (text,))] * 6) == [[(text,)]] * 6

    asyncio.run(asyncio.wait_for(ask(), 60))


def test_the_first_failure_is_raised_as_what_it_is(postgres: EmbeddedPostgres) -> None:
    async def ask() -> None:
        async with connected(postgres) as (pipeline, _):
            await pipeline.run([("create temporary table once (number bigint primary key)", ())])
            with pytest.raises(errors.UniqueViolation):
                await pipeline.run([*[("insert into once values (%b)", (1,))] * 2, ("select 1 / %b", (0,))])
        async with connected(postgres) as (pipeline, _):
            with pytest.raises(errors.UndefinedTable):
                await pipeline.run([("begin", ()), ("select * from nowhere", ()), ("commit", ())])

    asyncio.run(ask())


def test_a_lost_connection_is_an_operational_error(postgres: EmbeddedPostgres) -> None:
    async def ended_by_the_server() -> None:
        async with connected(postgres) as (pipeline, connection):
            asleep = asyncio.create_task(pipeline.run([("select pg_sleep(60)", ()), ("commit", ())]))
            await asyncio.sleep(0.2)
            with psycopg.connect(postgres.dsn()) as other:
                other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
            with pytest.raises(psycopg.OperationalError):
                await asleep

    async def cut() -> None:
        async with connected(postgres) as (pipeline, connection):
            asleep = asyncio.create_task(pipeline.run([("select pg_sleep(60)", ()), ("commit", ())]))
            await asyncio.sleep(0.2)
            with socket.socket(fileno=os.dup(connection.fileno())) as same:
                same.shutdown(socket.SHUT_RDWR)
            with pytest.raises(psycopg.OperationalError):
                await asleep

    asyncio.run(asyncio.wait_for(ended_by_the_server(), 30))
    asyncio.run(asyncio.wait_for(cut(), 30))


def test_a_transaction_left_idle_too_long_is_told_as_such(postgres: EmbeddedPostgres) -> None:
    async def ask() -> None:
        async with connected(postgres) as (pipeline, _):
            await pipeline.run([("set idle_in_transaction_session_timeout = '100ms'", ())])
            await pipeline.run([("begin", ()), ("select 1", ())])
            await asyncio.sleep(0.5)
            with pytest.raises((errors.IdleInTransactionSessionTimeout, psycopg.OperationalError)):
                await pipeline.run([("select 1", ())])

    asyncio.run(ask())
