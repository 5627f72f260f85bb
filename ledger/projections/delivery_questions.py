"""What is a receiver to be given next, how far is it behind, and what has it not got?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from ledger.domain.delivery_pieces import Piece, missing_fields, pieces_of
from ledger.domain.refusals import Reason, refuse
from ledger.domain.subscription import ENTRIES_ACKNOWLEDGED_MAX
from ledger.projections.basis import Basis, Ground, KnownHorizon, Patience, ReadPool, timestamp
from ledger.projections.delivery_lags import Lag, lag_message, lag_of
from ledger.projections.delivery_lines import (
    BEGINNING,
    END_OF_EVENT,
    LineRow,
    OpenRow,
    Place,
    lines_between,
    open_lines,
)
from ledger.projections.delivery_messages import fill_range, piece_message, place_message
from ledger.projections.delivery_rows import Known, names_after, subscription, subscriptions
from ledger.projections.delivery_waiting import NOTHING_SENT, WaitingEntries
from ledger.projections.directory_rows import DirectoryRows, Listing
from ledger.projections.page_token import read_token, token_of
from ledger.projections.snapshot import ReadConnection, Snapshot, snapshot
from volunteer_hours.v1 import delivery_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position

PIECES_DEFAULT: Final = 100
PIECES_MAX: Final = 300
"""A page: what is acknowledged together fits into one event, were all of it refused."""
LAGS_MAX: Final = 100
_OPEN_LOOKED_AT: Final = 500
_REFUSALS: Final = Listing("select piece, seconds, reason, opened_at, held from open_pieces", "piece")


class DeliveryQuestions:
    """Reads the read database. Safe to share between calls.

    Questions that name positions raise NotYetApplied when these are not reached in `seconds_left`.
    """

    def __init__(self, pool: ReadPool, partitions: int, horizon: KnownHorizon | None = None) -> None:
        self._pool = pool
        self._ground = Ground(partitions, horizon)
        self._rows = DirectoryRows(pool, self._ground)
        self._waiting = WaitingEntries()

    async def next_page(
        self, request: pb.PullRequest, seconds_left: float | None, sent: Mapping[int, Place] = NOTHING_SENT
    ) -> tuple[pb.DeliveryPage, Known]:
        """The next pieces behind what was acknowledged, and behind what was `sent` already.

        Refuses NOT_FOUND, SUBSCRIPTION_CLOSED.
        """
        size = min(request.page_size or PIECES_DEFAULT, PIECES_MAX)
        async with self._at(request.positions, seconds_left) as found:
            known = await subscription(found.connection, request.name)
            if known.state == "closed":
                refuse(Reason.SUBSCRIPTION_CLOSED, subscription=known.name)
            page = pb.DeliveryPage(subscription=known.name, limits_version=known.version)
            await self._fill(found, known, page, size, sent)
            if request.include_open:
                for one in await _sendable(found.connection, known, request.open_after, size):
                    piece = piece_message(one.piece, one.seconds, one.row, one.row.line, known.limits)
                    piece.open_reason = one.reason
                    page.pieces.append(piece)
        _rest_on(page, found.basis)
        return page, known

    async def lines(
        self, name: str, partition: int, after: Place, upto: Place, seconds_left: float | None
    ) -> list[LineRow]:
        """What a receiver was sent between two places. Refuses NOT_FOUND, INVALID_ARGUMENT for too much at once."""
        patience = Patience.of(seconds_left)
        async with snapshot(self._pool, self._ground, {partition: upto[0]}, patience) as found:
            known = await subscription(found.connection, name)
            rows = ENTRIES_ACKNOWLEDGED_MAX + 1
            lines = await lines_between(found.connection, known.organizations, partition, after, upto, rows)
        if len(lines) == rows:
            text = f"upto: acknowledge at most {ENTRIES_ACKNOWLEDGED_MAX} entries at once"
            refuse(Reason.INVALID_ARGUMENT, violations=text)
        return lines

    async def lag(self, request: pb.GetLagRequest, seconds_left: float | None) -> pb.DeliveryLag:
        """How far one receiver is behind. Refuses NOT_FOUND."""
        async with self._at(request.positions, seconds_left) as found:
            known = await subscription(found.connection, request.name)
            return await self._lag_message(found, known)

    async def lags(self, request: pb.ListLagsRequest, seconds_left: float | None) -> pb.ListLagsResponse:
        """How far each receiver is behind, by name. Refuses PAGE_TOKEN_INVALID."""
        size = min(request.page_size or LAGS_MAX, LAGS_MAX)
        token = read_token(request, request.page_token)
        after = "" if token is None else str(token.after[0])
        async with self._at(request.positions, seconds_left) as found:
            names = await names_after(found.connection, after, size + 1)
            known = await subscriptions(found.connection, names[:size])
            lags = [await self._lag_message(found, one) for one in known]
        more = token_of(request, (names[size - 1],)) if len(names) > size else ""
        return pb.ListLagsResponse(lags=lags, next_page_token=more, positions=found.basis.position_messages())

    async def refusals(self, request: pb.ListRefusalsRequest, seconds_left: float | None) -> pb.ListRefusalsResponse:
        """What a receiver has not got, by piece. Refuses NOT_FOUND, PAGE_TOKEN_INVALID."""
        async with self._at(request.positions, seconds_left) as found:
            await subscription(found.connection, request.parent)
        narrowed = ("subscription = %(subscription)b", {"subscription": request.parent})
        page, _ = await self._rows.page(_REFUSALS, request, seconds_left, narrowed)
        response = pb.ListRefusalsResponse(next_page_token=page.next_page_token, positions=page.positions)
        for piece, seconds, reason, opened_at, held in page.rows:
            response.open_pieces.add(
                piece=piece, seconds=seconds, reason=reason, open_time=timestamp(opened_at), held=held
            )
        return response

    async def watched(self) -> list[Lag]:
        """How far each open subscription is behind, without sums: cheap enough to be asked every few seconds."""
        async with self._at((), None) as found:
            names: list[str] = []
            while some := await names_after(found.connection, names[-1] if names else "", LAGS_MAX):
                names += some
            known = await subscriptions(found.connection, names)
            return [lag_of(one, await self._waiting.since(found, one)) for one in known if one.state == "open"]

    def _at(self, asked: Iterable[Position], seconds_left: float | None) -> AbstractAsyncContextManager[Snapshot]:
        return snapshot(self._pool, self._ground, self._ground.wanted(asked), Patience.of(seconds_left))

    async def _lag_message(self, found: Snapshot, known: Known) -> pb.DeliveryLag:
        waiting = await self._waiting.since(found, known)
        return await lag_message(found, known, waiting, self._waiting.places(found, known))

    async def _fill(
        self, found: Snapshot, known: Known, page: pb.DeliveryPage, size: int, sent: Mapping[int, Place]
    ) -> None:
        waiting = await self._waiting.since(found, known, sent)
        if not waiting:
            return
        partition = min(waiting, key=lambda one: (waiting[one], one))
        after = max(known.place(partition), sent.get(partition, BEGINNING))
        begin = self._waiting.places(found, known, sent)[partition]
        end = (found.basis.positions[partition], END_OF_EVENT)
        rows = await lines_between(found.connection, known.organizations, partition, begin, end, size + 1)
        made = list(_together(rows, known, size))
        last = made[-1][0]
        fill_range(page, made, known.limits)
        page.after.CopyFrom(place_message(partition, after))
        page.upto.CopyFrom(place_message(partition, (last.position, last.entry_index)))
        page.more = len(waiting) > 1 or len(rows) > len(made)


def _together(rows: Sequence[LineRow], known: Known, size: int) -> Iterator[tuple[LineRow, list[Piece]]]:
    """As many lines as fit into a page, each with all its pieces; at least one."""
    count = 0
    for row in rows[:size]:
        pieces = pieces_of(row.line, known.limits, known.version)
        count += len(pieces)
        if count > size and count > len(pieces):
            return
        yield row, pieces


async def _sendable(connection: ReadConnection, known: Known, after: str, size: int) -> list[OpenRow]:
    """Open pieces that lack nothing under the limits in force."""
    found: list[OpenRow] = []
    while len(found) < size:
        rows = await open_lines(connection, known.name, after, _OPEN_LOOKED_AT)
        found += [one for one in rows if _can_be_sent(one, known)]
        if len(rows) < _OPEN_LOOKED_AT:
            break
        after = rows[-1].piece
    return found[:size]


def _can_be_sent(one: OpenRow, known: Known) -> bool:
    seconds_max = known.limits.seconds_max
    fits = seconds_max is None or one.seconds <= seconds_max
    return fits and not missing_fields(one.row.line, known.limits)


def _rest_on(page: pb.DeliveryPage, basis: Basis) -> None:
    page.positions.extend(basis.position_messages())
    if (through := basis.recorded_through_message()) is not None:
        page.recorded_through.CopyFrom(through)
