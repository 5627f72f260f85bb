"""Answers with `proof`: computed at the newest checkpoints, and signed together with the question.

The checkpoints are read first, then the question is asked as of their sizes: whatever is recorded meanwhile, the answer
is that of a history which is signed already. docs/signed-answers.md says what is signed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.answer_keys import AnswerKeys
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.grpc.values import timestamp
from ledger.log_serving.heads import Head, heads_of_sizes, newest_heads
from ledger.projections.basis import Ground, NotYetApplied, Patience
from ledger.transparency.signed_answer import LogHead, SignedAnswer
from ledger.transparency.signed_note import NOTE_BYTES_MAX
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

Q = TypeVar(
    "Q",
    pb.GetBalanceRequest,
    pb.BatchGetBalancesRequest,
    pb.ListEntriesRequest,
    pb.SummarizeHoursRequest,
    pb.CheckRequirementRequest,
    pb.BatchCheckRequirementsRequest,
    pb.ExplainBalanceRequest,
    pb.ListRestatementsRequest,
)
A = TypeVar(
    "A",
    pb.Balance,
    pb.BatchGetBalancesResponse,
    pb.ListEntriesResponse,
    pb.SummarizeHoursResponse,
    pb.RequirementCheck,
    pb.BatchCheckRequirementsResponse,
    pb.ExplainBalanceResponse,
    pb.ListRestatementsResponse,
)

SERVICE: Final = pb.DESCRIPTOR.services_by_name["HoursService"].full_name
TEXT_BYTES_MAX: Final = NOTE_BYTES_MAX - 5_000
"""Of an answer's lines: the rest is for its first three and for two signatures."""


class SignedAnswers:
    """Signs what HoursService answers. Safe to share between calls."""

    def __init__(
        self, event_pool: AsyncConnectionPool[AsyncConnection[Any]], partitions: int, keys: AnswerKeys | None
    ) -> None:
        """`keys`: None where no answer is signed; `event_pool` reaches the event store and its checkpoints."""
        self._pool = event_pool
        self._partitions = partitions
        self._keys = keys

    async def answer(
        self,
        method: str,
        request: Q,
        seconds_left: float | None,
        ask: Callable[[Q], Awaitable[A]],
        sizes: Mapping[int, int] | None = None,
    ) -> A:
        """What `ask` answers at the newest checkpoints, or at those of `sizes`, with the signed note and them in it.

        `method` is HoursService's own name for it, `seconds_left` the time before the caller's deadline.

        Refuses ANSWERS_NOT_SIGNED, INVALID_ARGUMENT (an `as_of`), LOG_NOT_KEPT, ANSWER_TOO_LARGE and what `ask`
        refuses. Raises NotYetApplied when no checkpoint covers the positions asked for before the deadline.
        """
        if self._keys is None:
            refuse(Reason.ANSWERS_NOT_SIGNED)
        if request.HasField("as_of"):
            text = "leave it empty with proof: the newest checkpoint is the time"
            raise InvalidRequest([FieldViolation("as_of", text, "signed_answer.as_of")])
        heads = await (self._newest(request.positions, seconds_left) if sizes is None else self._of_sizes(sizes))
        result = await ask(_as_of(request, heads))
        _need_positions(result, heads)
        _say_recorded_through(result, heads)
        logs = tuple(
            LogHead(head.checkpoint.origin.decode(), head.checkpoint.size, head.checkpoint.root)
            for _, head in sorted(heads.items())
        )
        signed = SignedAnswer(
            log_origin=self._keys.log_origin,
            method=f"{SERVICE}/{method}",
            request=request.SerializeToString(deterministic=True),
            response=result.SerializeToString(deterministic=True),
            logs=logs,
        )
        text_bytes = sum(len(line) + 1 for line in signed.lines())
        if text_bytes > TEXT_BYTES_MAX:
            refuse(Reason.ANSWER_TOO_LARGE, bytes=text_bytes, bytes_max=TEXT_BYTES_MAX)
        # In a thread: a long answer takes some hundredths of a second, and others are waiting.
        result.signed_answer = await asyncio.to_thread(self._keys.sign, signed, int(time.time()))
        result.checkpoints.extend(head.checkpoint.note for _, head in sorted(heads.items()))
        return result

    async def _newest(self, asked: Iterable[Position], seconds_left: float | None) -> dict[int, Head]:
        wanted, patience = Ground(self._partitions, None).wanted(asked), Patience.of(seconds_left)
        while True:
            heads = await newest_heads(self._pool, self._partitions)
            for partition in range(self._partitions):
                if partition not in heads:
                    refuse(Reason.LOG_NOT_KEPT, partition=partition)
            behind = {one: position for one, position in wanted.items() if heads[one].checkpoint.size < position}
            if not behind:
                return heads
            if not await patience.wait():
                raise NotYetApplied(behind)

    async def _of_sizes(self, sizes: Mapping[int, int]) -> dict[int, Head]:
        """A later page rests on the checkpoints of the first one. A token that names others was made up."""
        heads = await heads_of_sizes(self._pool, sizes)
        if heads.keys() != set(range(self._partitions)):
            refuse(Reason.PAGE_TOKEN_INVALID)
        return heads


def _as_of(request: Q, heads: Mapping[int, Head]) -> Q:
    """The same question about the first so many events of each partition."""
    question = type(request)()
    question.CopyFrom(request)
    for partition, head in sorted(heads.items()):
        question.as_of.positions.positions.add(partition=partition, position=head.checkpoint.size)
    return question


def _need_positions(result: A, heads: Mapping[int, Head]) -> None:
    # Signed once, it is believed for decades: what it was computed at is compared, not assumed.
    computed_at = {one.partition: one.position for one in result.positions}
    if computed_at != {partition: head.checkpoint.size for partition, head in heads.items()}:
        raise InvariantBroken(f"an answer to be signed was computed at {computed_at}, not at the checkpoints asked for")


def _say_recorded_through(result: A, heads: Mapping[int, Head]) -> None:
    """As far as these checkpoints go, and no further: the projections may know more by now."""
    result.ClearField("recorded_through")
    recorded = [head.recorded_at for head in heads.values() if head.recorded_at is not None]
    if len(recorded) == len(heads):
        result.recorded_through.CopyFrom(timestamp(min(recorded)))
