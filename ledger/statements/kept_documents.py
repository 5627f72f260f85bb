"""What cannot be made again from events, in the keys database: texts of credentials, sealed, and views of links.

A text is written before the event that names it is recorded: if we crash in between, one is left that no event names,
and nobody is ever given it. The other way round would leave a statement that nobody can show.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.person_keys import ERASED, PersonKeys
from ledger.credentials.status_list import PLACES
from ledger.domain.sealed import SealedField
from ledger.gathered_lookups import GatheredLookups

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[Any]]

CREDENTIAL_PATH: Final = "credential"
BALANCE_PROOF_PATH: Final = "balance_proof"
PLACES_TOGETHER: Final = 64
"""Taken by one commit, at least."""
FILLED_MAX: Final = PLACES // 2
"""A list fuller than this gets no more statements: a random place is then found at the second try on average."""

_LIST: Final = """
    select status_list, count(*) from status_places where partition = %b
    group by status_list order by status_list desc limit 1
"""
_TAKE: Final = """
    insert into status_places (partition, status_list, status_index)
    select %b, %b, place from unnest(%b::integer[]) as place on conflict do nothing returning status_index
"""
_KEEP: Final = """
    insert into statement_documents (
        event_id, volunteer, partition, status_list, status_index, credential, balance_proof
    ) select * from unnest(
        %b::text[], %b::text[], %b::integer[], %b::integer[], %b::integer[], %b::text[], %b::text[]
    )
"""
_GET: Final = "select volunteer, credential, balance_proof from statement_documents where event_id = %b"
_VIEWS: Final = "select share, views from share_views where share = any(%b)"
_VIEWED: Final = """
    insert into share_views as known (share, views) values (%(share)b, 1)
    on conflict (share) do update set views = known.views + 1
    where %(views_max)b::bigint is null or known.views < %(views_max)b
"""


class StatusPlace(NamedTuple):
    """A place in a list of status."""

    partition: int
    status_list: int
    place: int


class Document(NamedTuple):
    """The texts of a statement."""

    credential: str
    balance_proof: str | None


class PlacedDocument(NamedTuple):
    """A document, whose it is, and where it is kept."""

    event_id: str
    """Of the `statement-issued` that will name it."""
    volunteer: str
    place: StatusPlace
    document: Document


_Row: TypeAlias = tuple[str, str, int, int, int, str, str | None]
"""Event id, person, place in a list of status, sealed credential, sealed balance proof."""


class KeptDocuments:
    """Of one ledger. Safe to share between calls. All methods raise psycopg.Error and PoolTimeout."""

    def __init__(self, pool: Pool, person_keys: PersonKeys) -> None:
        """`pool` is of the keys database."""
        self._pool = pool
        self._person_keys = person_keys
        self._lists: dict[int, tuple[int, int]] = {}
        """Partition → its newest list and how many places of it are taken; counted once, then kept up by ourselves."""
        self._stock: dict[int, list[StatusPlace]] = {}
        """Partition → places that were taken and are not used yet."""
        self._turn = asyncio.Lock()
        self._keeping = GatheredLookups("documents to keep", self._keep)

    async def take_places(self, partition: int, count: int) -> list[StatusPlace]:
        """Random places that nobody has or ever had. What a process took and did not use stays unused for ever."""
        async with self._turn:
            stock = self._stock.setdefault(partition, [])
            while len(stock) < count:
                stock += await self._take(partition, max(PLACES_TOGETHER, count - len(stock)))
            return [stock.pop() for _ in range(count)]

    async def _take(self, partition: int, count: int) -> list[StatusPlace]:
        async with self._pool.connection() as connection:
            number, taken = self._lists.get(partition) or await _newest_list(connection, partition)
            if taken >= FILLED_MAX:
                number, taken = number + 1, 0
            drawn = list({secrets.randbelow(PLACES) for _ in range(count)})
            rows = await (await connection.execute(_TAKE, (partition, number, drawn), binary=True)).fetchall()
        self._lists[partition] = number, taken + len(rows)
        places = [StatusPlace(partition, number, place) for (place,) in rows]
        secrets.SystemRandom().shuffle(places)
        return places

    async def keep(self, placed: Sequence[PlacedDocument]) -> None:
        """Write the texts of statements that are about to be recorded."""
        sealed = await self._person_keys.seal_all([(one.volunteer, one.event_id, _texts(one)) for one in placed])
        rows: list[_Row] = [
            (one.event_id, one.volunteer, *one.place, seals[CREDENTIAL_PATH], seals.get(BALANCE_PROOF_PATH))
            for one, seals in zip(placed, sealed, strict=True)
        ]
        await self._keeping.find_all(rows)

    async def _keep(self, rows: Sequence[_Row]) -> list[None]:
        """All who come together in one commit."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        async with self._pool.connection() as connection:
            await connection.execute(_KEEP, columns, binary=True)
        return [None] * len(rows)

    async def get(self, event_id: str) -> Document | None:
        """The texts of a statement that was recorded; None once the person was erased."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_GET, (event_id,), binary=True)).fetchone()
        if row is None:
            return None  # deleted with the keys, which are gone a moment earlier or later
        volunteer, credential, balance_proof = row
        sealed = {CREDENTIAL_PATH: credential, BALANCE_PROOF_PATH: balance_proof}
        fields = [SealedField(volunteer, event_id, path, text) for path, text in sealed.items() if text is not None]
        texts = [text for text in await self._person_keys.open_all(fields) if text is not ERASED]
        if len(texts) < len(fields):
            return None
        return Document(texts[0], texts[1] if len(texts) > 1 else None)

    async def count_view(self, share: str, views_max: int | None) -> bool:
        """Count that a link is opened; False: it was opened as often as it may be.

        It is counted before anything is shown: if we crash in between, a view is lost, never given twice.
        """
        async with self._pool.connection() as connection:
            counted = await connection.execute(_VIEWED, {"share": share, "views_max": views_max}, binary=True)
        return counted.rowcount == 1

    async def views(self, shares: list[str]) -> dict[str, int]:
        """How often links were opened; one that never was is missing."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_VIEWS, (shares,), binary=True)).fetchall()
        return dict(rows)


def _texts(placed: PlacedDocument) -> dict[str, str]:
    texts = {CREDENTIAL_PATH: placed.document.credential, BALANCE_PROOF_PATH: placed.document.balance_proof}
    return {path: text for path, text in texts.items() if text is not None}


async def _newest_list(connection: AsyncConnection[Any], partition: int) -> tuple[int, int]:
    row = await (await connection.execute(_LIST, (partition,), binary=True)).fetchone()
    return (0, 0) if row is None else (row[0], row[1])
