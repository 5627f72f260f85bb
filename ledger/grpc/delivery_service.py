"""DeliveryService: what another system is to have of the hours, what it took, and what it refused."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.domain.delivery_pieces import Line
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.domain.subscription import (
    Acknowledge,
    ChangeSubscription,
    CloseSubscription,
    DeliveredRange,
    OpenSubscription,
    Subscription,
)
from ledger.domain.subscription_events import DeliveryField, DeliveryLimits, EntryPlace, ReceiverPosition
from ledger.domain.world import Command
from ledger.grpc.commands import CommandRequest, Commands, state_after
from ledger.grpc.interceptor import Call
from ledger.grpc.values import positions_of
from ledger.projections.delivery_lines import Place
from ledger.projections.delivery_messages import FIELDS, STATES, limits_message, place_message
from ledger.projections.delivery_questions import DeliveryQuestions
from ledger.projections.delivery_rows import Known
from ledger.projections.delivery_waiting import NOTHING_SENT
from volunteer_hours.v1 import delivery_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

LOOK_SECONDS: Final = 0.2
"""How often a stream looks whether there is more, or something was acknowledged."""
_HEAD: Final = "select position from partition_counters where partition = %b"
_NEWEST: Final = "select partition, position from events where stream = %b order by version desc limit 1"
_FIELD_NAMES: Final[dict[pb.DeliveryField.ValueType, DeliveryField]] = {number: name for name, number in FIELDS.items()}


class DeliveryService:
    """All methods raise Refusal."""

    def __init__(
        self, commands: Commands, questions: DeliveryQuestions, event_pool: AsyncConnectionPool[AsyncConnection[Any]]
    ) -> None:
        self._commands = commands
        self._questions = questions
        self._events = event_pool
        self._ending = asyncio.Event()

    def let_go(self) -> None:
        """End all streams: who subscribes goes on at another process, or here after the start."""
        self._ending.set()

    async def OpenSubscription(self, request: pb.OpenSubscriptionRequest, call: Call) -> pb.Subscription:
        name, organizations = f"subscriptions/{request.subscription_id}", tuple(sorted(request.organizations))
        command = OpenSubscription(name, request.client, organizations, _limits(request.limits))
        return await self._done(call, request, command)

    async def UpdateSubscription(self, request: pb.UpdateSubscriptionRequest, call: Call) -> pb.Subscription:
        return await self._done(call, request, ChangeSubscription(request.name, _limits(request.limits)))

    async def CloseSubscription(self, request: pb.CloseSubscriptionRequest, call: Call) -> pb.Subscription:
        return await self._done(call, request, CloseSubscription(request.name))

    async def _done(self, call: Call, request: CommandRequest, command: Command) -> pb.Subscription:
        result = await self._commands.execute(call, request, command)
        message = _subscription(state_after(result, Subscription))
        message.positions.extend(positions_of(result))
        return message

    async def Subscribe(self, request: pb.SubscribeRequest, call: Call) -> AsyncGenerator[pb.DeliveryPage, None]:
        """A first page at once, be it empty; then a page whenever there is one and the window is open."""
        asked = pb.PullRequest(name=request.name, page_size=request.page_size)
        asked.positions.extend(request.positions)
        sent: dict[int, Place] = {}
        unacknowledged: deque[tuple[int, Place]] = deque()
        first = True
        while not self._ending.is_set():
            try:
                page, known = await self._next_page(asked, None, sent)
            except Refusal as refusal:
                if refusal.reason is Reason.SUBSCRIPTION_CLOSED and not first:
                    return
                raise
            while unacknowledged and known.place(unacknowledged[0][0]) >= unacknowledged[0][1]:
                unacknowledged.popleft()
            there_is_more = page.HasField("upto") and len(unacknowledged) < (request.window or 1)
            if there_is_more:
                upto = page.upto
                sent[upto.partition] = (upto.position, upto.entry_index)
                unacknowledged.append((upto.partition, sent[upto.partition]))
            if there_is_more or first:
                first = False
                yield page
            if not there_is_more:
                await _pause(self._ending)

    async def Pull(self, request: pb.PullRequest, call: Call) -> pb.DeliveryPage:
        page, _ = await self._next_page(request, call.seconds_left)
        return page

    async def _next_page(
        self, request: pb.PullRequest, seconds_left: float | None, sent: Mapping[int, Place] = NOTHING_SENT
    ) -> tuple[pb.DeliveryPage, Known]:
        """Never one that was acknowledged already: a receiver that died has forgotten where it was answered."""
        asked = pb.PullRequest()
        asked.CopyFrom(request)
        asked.positions.extend(await self._newest(request.name))
        return await self._questions.next_page(asked, seconds_left, sent)

    async def _newest(self, name: str) -> list[Position]:
        """Where the subscription's last event stands; nothing where there is none."""
        async with self._events.connection() as connection:
            row = await (await connection.execute(_NEWEST, (name,), binary=True)).fetchone()
        return [] if row is None else [Position(partition=row[0], position=row[1])]

    async def Acknowledge(self, request: pb.AcknowledgeRequest, call: Call) -> pb.Acknowledgement:
        result = await self._commands.answered_before(call, request)
        if result is None:
            delivered = await self._delivered(request, call)
            refused = {one.piece: one.reason for one in request.refused}
            if len(refused) != len(request.refused):
                refuse(Reason.INVALID_ARGUMENT, violations="refused: name a piece once")
            command = Acknowledge(request.name, delivered, refused, tuple(request.retaken))
            result = await self._commands.execute(call, request, command)
        message = _acknowledgement(state_after(result, Subscription))
        message.positions.extend(positions_of(result))
        return message

    async def GetLag(self, request: pb.GetLagRequest, call: Call) -> pb.DeliveryLag:
        asked = pb.GetLagRequest(name=request.name, positions=request.positions)
        asked.positions.extend(await self._newest(request.name))
        return await self._questions.lag(asked, call.seconds_left)

    async def ListLags(self, request: pb.ListLagsRequest, call: Call) -> pb.ListLagsResponse:
        return await self._questions.lags(request, call.seconds_left)

    async def ListRefusals(self, request: pb.ListRefusalsRequest, call: Call) -> pb.ListRefusalsResponse:
        asked = pb.ListRefusalsRequest()
        asked.CopyFrom(request)
        asked.positions.extend(await self._newest(request.parent))
        return await self._questions.refusals(asked, call.seconds_left)

    async def _delivered(self, request: pb.AcknowledgeRequest, call: Call) -> DeliveredRange | None:
        """What the receiver was sent in the range. Refuses INVALID_ARGUMENT, DELIVERY_BEYOND, NOT_FOUND."""
        if not request.HasField("after") and not request.HasField("upto"):
            return None
        after, upto = _place(request.after), _place(request.upto)
        if not request.HasField("after") or not request.HasField("upto") or after.partition != upto.partition:
            refuse(Reason.INVALID_ARGUMENT, violations="upto: give both ends of a range in one partition, or none")
        if upto.position > await self._head(upto.partition):
            refuse(Reason.DELIVERY_BEYOND, partition=upto.partition, position=await self._head(upto.partition))
        rows = await self._questions.lines(
            request.name,
            upto.partition,
            (after.position, after.entry_index),
            (upto.position, upto.entry_index),
            call.seconds_left,
        )
        lines: list[Line] = [row.line for row in rows]
        return DeliveredRange(after, upto, request.limits_version, request.piece_count, request.seconds, lines)

    async def _head(self, partition: int) -> int:
        async with self._events.connection() as connection:
            row = await (await connection.execute(_HEAD, (partition,), binary=True)).fetchone()
        return 0 if row is None else int(row[0])


async def _pause(ending: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(ending.wait(), LOOK_SECONDS)
    except TimeoutError:
        return


def _place(message: pb.EntryPlace) -> EntryPlace:
    return EntryPlace(partition=message.partition, position=message.position, entry_index=message.entry_index)


def _limits(message: pb.DeliveryLimits) -> DeliveryLimits:
    """Refuses INVALID_ARGUMENT where two positions are given for the same."""
    named = [one.done_for for one in message.receiver_positions]
    if len(set(named)) != len(named):
        refuse(Reason.INVALID_ARGUMENT, violations="limits.receiver_positions: give one for each done_for")
    positions = sorted(message.receiver_positions, key=lambda one: one.done_for)
    return DeliveryLimits(
        seconds_max=message.seconds_max or None,
        required_fields=tuple(_FIELD_NAMES[number] for number in sorted(message.required_fields)),
        receiver_positions=tuple(
            ReceiverPosition(done_for=one.done_for or None, receiver_position=one.receiver_position)
            for one in positions
        ),
        stall_after_seconds=message.stall_after_seconds,
    )


def _places(state: Subscription) -> list[pb.EntryPlace]:
    ordered = [state.places[partition] for partition in sorted(state.places)]
    return [place_message(one.partition, (one.position, one.entry_index)) for one in ordered]


def _subscription(state: Subscription) -> pb.Subscription:
    return pb.Subscription(
        name=state.name,
        client=state.client,
        organizations=state.organizations,
        limits=limits_message(state.limits[-1]),
        limits_version=state.version,
        state=STATES[state.state],
        acknowledged=_places(state),
    )


def _acknowledgement(state: Subscription) -> pb.Acknowledgement:
    return pb.Acknowledgement(
        subscription=state.name,
        acknowledged=_places(state),
        taken_seconds=sum(state.taken.values()),
        open_pieces=len(state.open),
        open_seconds=sum(piece.seconds for piece in state.open.values()),
    )
