"""The keys of persons, in a database of their own, and what is sealed and opened with them.

A key that is not there opens nothing any more: its person's data reads as Erased, everywhere and for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.seal import PersonKey, key_id_of, new_key, open_seal, seal_text
from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import Volunteer

KEY_SECONDS_MAX: Final = 60.0
"""How long a key may be remembered: after an erasure, other processes can open at most this long."""
KEYS_REMEMBERED_MAX: Final = 100_000


class Erasure(Enum):
    """What a seal opens to once the person's key was destroyed."""

    ERASED = "erased"


Erased: TypeAlias = Literal[Erasure.ERASED]
ERASED: Final = Erasure.ERASED

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]


class PersonKeys:
    """Seals and opens personal fields of one ledger."""

    def __init__(self, pool: Pool, ledger_id: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`pool` is of the keys database; `clock` says how old remembered keys are."""
        self._pool = pool
        self._ledger_id = ledger_id
        self._clock = clock
        self._remembered: dict[str, tuple[float, PersonKey]] = {}
        self._turn = asyncio.Lock()
        self._wanted: set[str] = set()
        self._made: dict[str, PersonKey] = {}

    async def seal(self, volunteer: str, event_id: str, texts: Mapping[str, str]) -> dict[str, str]:
        """Seal `texts` (path in the event → text) for one event of one person."""
        if not texts:
            return {}
        key = await self._key_for(volunteer)
        return {path: seal_text(key, self._ledger_id, event_id, path, text) for path, text in texts.items()}

    async def _key_for(self, volunteer: str) -> PersonKey:
        """As `keys_for`, in company: who comes while others' keys are being committed shares the next commit."""
        self._wanted.add(volunteer)
        async with self._turn:
            key = self._made.pop(volunteer, None)
            if key is None:  # nobody made it for us, or whoever tried has failed
                wanted, self._wanted = self._wanted | {volunteer}, set()
                self._made = await self.keys_for(wanted)
                key = self._made.pop(volunteer)
        return key

    async def keys_for(self, volunteers: Iterable[str]) -> dict[str, PersonKey]:
        """A key for each of the persons to seal with, made where there is none.

        A new key is committed before anything sealed with it can be recorded: if we crash in between, a key without
        use is left, which harms nobody. The other way round would leave an event that nobody can ever open.
        """
        wanted = set(volunteers)
        async with self._pool.connection() as connection:
            rows = await connection.execute(
                "select distinct on (volunteer) key_id, volunteer, key from person_keys "
                "where volunteer = any(%s) order by volunteer, created_at, key_id",
                (list(wanted),),
            )
            keys = {row[1]: PersonKey(*row) for row in await rows.fetchall()}
            fresh = [new_key(volunteer) for volunteer in sorted(wanted - keys.keys())]
            if fresh:
                await connection.execute(
                    "insert into person_keys (key_id, volunteer, key) "
                    "select * from unnest(%s::text[], %s::text[], %s::bytea[])",
                    ([k.key_id for k in fresh], [k.volunteer for k in fresh], [k.key for k in fresh]),
                )
        return keys | {key.volunteer: key for key in fresh}

    async def open(self, field: SealedField) -> str | Erased:
        """The text of one sealed field. Raises InvariantBroken on a seal that was changed or moved."""
        return (await self.open_all([field]))[0]

    async def open_all(self, fields: Sequence[SealedField]) -> list[str | Erased]:
        """The texts of many sealed fields, in their order, with one question to the database at most."""
        keys = await self._keys_by_id({key_id_of(field.sealed) for field in fields})
        return [self._opened(keys.get(key_id_of(field.sealed)), field) for field in fields]

    async def birth_date(self, volunteer: Volunteer) -> date | None:
        """As `birth_dates`, for one."""
        return (await self.birth_dates({volunteer.name: volunteer}))[volunteer.name]

    async def birth_dates(self, volunteers: Mapping[str, object | None]) -> Mapping[str, date | None]:
        """Birth dates for decisions about age, by volunteer, given their folded states.

        None when a date is not known or was erased. Raises InvariantBroken as `open` does.
        """
        fields = {
            name: state.details["birth_date"]
            for name, state in volunteers.items()
            if isinstance(state, Volunteer) and "birth_date" in state.details
        }
        texts = dict(zip(fields, await self.open_all(list(fields.values())), strict=True))
        return {name: _date_or_none(texts.get(name, ERASED)) for name in volunteers}

    def _opened(self, key: PersonKey | None, field: SealedField) -> str | Erased:
        return ERASED if key is None else open_seal(key, self._ledger_id, field)

    async def _keys_by_id(self, key_ids: set[str]) -> dict[str, PersonKey]:
        now = self._clock()
        known: dict[str, PersonKey] = {}
        for key_id in key_ids:
            read_at, key = self._remembered.get(key_id, (float("-inf"), None))
            if key is not None and now - read_at <= KEY_SECONDS_MAX:
                known[key_id] = key
        missing = list(key_ids - known.keys())
        if missing:
            async with self._pool.connection() as connection:
                rows = await connection.execute(
                    "select key_id, volunteer, key from person_keys where key_id = any(%s)", (missing,)
                )
                read = {row[0]: PersonKey(*row) for row in await rows.fetchall()}
            self._remember(read, now)
            known |= read
        return known

    def _remember(self, keys: Mapping[str, PersonKey], now: float) -> None:
        if len(self._remembered) + len(keys) > KEYS_REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered.update((key_id, (now, key)) for key_id, key in keys.items())


def _date_or_none(text: str | Erased) -> date | None:
    return None if text is ERASED else date.fromisoformat(text)
