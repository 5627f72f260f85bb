"""One connection whose statements are prepared once and sent together: a batch pays for what it asks, not for cursors.

psycopg's own pipeline makes a cursor, a query and several trips through the event loop for each statement; behind unary
calls a batch of twenty commands spent more on that than on deciding them. Here psycopg adapts the values and waits for
the socket; what is sent is libpq's pipeline itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import TupleRow
from psycopg.waiting import READY_R, WAIT_R, WAIT_RW

Statement: TypeAlias = tuple[str, tuple[object, ...]]
"""A text with %b for each value, and the values."""

_FAILED: Final = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED, ExecStatus.BAD_RESPONSE)


class StatementPipeline:
    """Runs statements on a connection that nobody else uses, and that is closed after any failure."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        """Take over an idle connection."""
        connection.pgconn.enter_pipeline_mode()
        self._connection = connection
        self._adapted = Transformer(connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._ahead = 0
        """Answers that statements sent ahead will have."""

    @property
    def closed(self) -> bool:
        """Whether it was closed, here or by the server."""
        return self._connection.closed

    async def close(self) -> None:
        """Let go of the connection; what was not committed is rolled back."""
        await self._connection.close()

    def send_ahead(self, statements: Sequence[Statement]) -> None:
        """Send statements without waiting: the server runs them while we go on. The next `run` tells what failed."""
        pgconn = self._connection.pgconn
        for text, values in statements:
            self._ahead += self._send(pgconn, text, values)
        pgconn.flush()  # what the socket does not take now, the next call sends

    async def run(self, statements: Sequence[Statement]) -> list[list[TupleRow]]:
        """Send all statements at once and wait for all: one round trip. Gives the rows of each.

        Raises:
            psycopg.Error: the first failure. Close the connection then: later answers are left unread.
        """
        pgconn = self._connection.pgconn
        places: list[int] = []
        answers, self._ahead = self._ahead, 0
        for text, values in statements:
            answers += self._send(pgconn, text, values)
            places.append(answers - 1)  # a statement that is new is answered twice: as prepared, then as run
        pgconn.pipeline_sync()
        results = await self._connection.wait(_exchange(pgconn))
        if len(results) != answers:
            raise OperationalError(f"{len(results)} answers came instead of {answers}")
        return [self._rows(results[place]) for place in places]

    def _send(self, pgconn: PGconn, text: str, values: tuple[object, ...]) -> int:
        """Queue a statement, prepared before if it is new. Gives how many answers it will have."""
        data = self._adapted.dump_sequence(values, [PyFormat.BINARY] * len(values))
        types = (self._adapted.types or ()) if values else ()
        name = self._names.get((text, types))
        answers = 1
        if name is None:
            name = self._names[text, types] = b"s%d" % len(self._names)
            pgconn.send_prepare(name, _numbered(text), types)
            answers = 2
        pgconn.send_query_prepared(name, data, [Format.BINARY] * len(data), Format.BINARY)
        return answers

    def _rows(self, result: PGresult) -> list[TupleRow]:
        if not result.ntuples:
            return []
        self._adapted.set_pgresult(result)
        return self._adapted.load_rows(0, result.ntuples, tuple)


def _numbered(text: str) -> bytes:
    """The statement as the server counts its values: $1, $2, …"""
    first, *others = text.split("%b")
    return "".join([first, *(f"${number}{part}" for number, part in enumerate(others, 1))]).encode()


def _exchange(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """Send what is queued and give the answers up to the end of the pipeline. Raises the first failure."""
    while pgconn.flush():
        # Answers are taken in meanwhile: a server that cannot send them would not go on reading.
        if (yield WAIT_RW) & READY_R:
            pgconn.consume_input()
    results: list[PGresult] = []
    while True:
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:  # the end of one statement's answers
                if pgconn.status != ConnStatus.OK:
                    raise OperationalError("the connection is lost")  # it would go on giving None for ever
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            if result.status in _FAILED:
                raise _failure(result)
            results.append(result)
        yield WAIT_R
        pgconn.consume_input()


def _failure(result: PGresult) -> Exception:
    if result.error_field(DiagnosticField.SQLSTATE) is None:
        # The server did not say it: the connection is lost, and with it what became of the statements.
        return OperationalError(result.get_error_message())
    return error_from_result(result)
