"""The keys of persons, in a database of their own, wrapped there, and what is sealed and opened with them.

A key that is not there opens nothing any more: its person's data reads as Erased, everywhere and for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.key_wrapping import KeyWrapping, StoredKey
from ledger.access.seal import PersonKey, key_id_of, new_key, open_seal, seal_text
from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import Volunteer

KEY_SECONDS_MAX: Final = 60.0
"""How long a key may be remembered: after an erasure, other processes can open at most this long."""
KEYS_REMEMBERED_MAX: Final = 100_000
FORGET_SECONDS: Final = 1.0
"""Between two looks at what was remembered long enough."""

_KEYS_OF: Final = """
    select distinct on (volunteer) key_id, volunteer, key, master_key_id from person_keys
    where volunteer = any(%s) order by volunteer, created_at, key_id
"""
_KEYS: Final = "select key_id, volunteer, key, master_key_id from person_keys where key_id = any(%s)"
_ERASED: Final = "select volunteer from erased_persons where volunteer = any(%s)"
_ADD: Final = """
    insert into person_keys (key_id, volunteer, key, master_key_id)
    select * from unnest(%s::text[], %s::text[], %s::bytea[], %s::text[])
"""
_DESTROY: Final = """
    with gone as (delete from person_keys where volunteer = any(%(erased)s) returning volunteer)
    insert into erased_persons (volunteer, keys_destroyed)
    select name, (select count(*) from gone where gone.volunteer = name) from unnest(%(erased)s::text[]) as name
    on conflict (volunteer) do update
    set keys_destroyed = erased_persons.keys_destroyed + excluded.keys_destroyed, destroyed_at = excluded.destroyed_at
    where excluded.keys_destroyed > 0
"""
_FORGET_TEXTS: Final = "delete from statement_documents where volunteer = any(%s)"
_REACHED: Final = """
    insert into erasures_followed (partition, position) values (%s, %s)
    on conflict (partition) do update set position = excluded.position
"""
_DESTRUCTION: Final = """
    select keys_destroyed, destroyed_at, extract(epoch from clock_timestamp() - destroyed_at)::float8
    from erased_persons where volunteer = %s
"""


class Erasure(Enum):
    """What a seal opens to once the person's key was destroyed."""

    ERASED = "erased"


Erased: TypeAlias = Literal[Erasure.ERASED]
ERASED: Final = Erasure.ERASED

Pool: TypeAlias = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Destruction:
    """What is left of an erased person's keys: that they were destroyed."""

    keys: int
    at: datetime
    seconds_ago: float


class PersonKeys:
    """Seals and opens personal fields of one ledger."""

    def __init__(
        self, pool: Pool, ledger_id: str, wrapping: KeyWrapping, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`pool` is of the keys database; `clock` says how old remembered keys are."""
        self._pool = pool
        self._wrapping = wrapping
        self._ledger_id = ledger_id
        self._clock = clock
        self._remembered: dict[str, tuple[float, PersonKey]] = {}
        self._turn = asyncio.Lock()
        self._wanted: set[str] = set()
        self._made: dict[str, PersonKey] = {}

    async def seal(self, volunteer: str, event_id: str, texts: Mapping[str, str]) -> dict[str, str]:
        """Seal `texts` (path in the event → text) for one event of one person."""
        return (await self.seal_all([(volunteer, event_id, texts)]))[0]

    async def seal_all(self, wanted: Sequence[tuple[str, str, Mapping[str, str]]]) -> list[dict[str, str]]:
        """As `seal`, for the events of many persons: person, event id and texts of each."""
        keys = await self._keys_in_company({volunteer for volunteer, _, texts in wanted if texts})
        return [
            {path: seal_text(keys[volunteer], self._ledger_id, event_id, path, text) for path, text in texts.items()}
            for volunteer, event_id, texts in wanted
        ]

    async def _keys_in_company(self, volunteers: set[str]) -> dict[str, PersonKey]:
        """As `keys_for`: who comes while others' keys are being committed shares the next commit."""
        if not volunteers:
            return {}
        self._wanted |= volunteers
        async with self._turn:
            keys = {name: self._made.pop(name) for name in volunteers & self._made.keys()}
            missing = volunteers - keys.keys()
            if missing:  # nobody made them for us, or whoever tried has failed
                wanted, self._wanted = self._wanted | missing, set()
                self._made = await self.keys_for(wanted)
                keys |= {name: self._made.pop(name) for name in missing}
        return keys

    async def keys_for(self, volunteers: Iterable[str]) -> dict[str, PersonKey]:
        """A key for each of the persons to seal with, made where there is none.

        A new key is committed before anything sealed with it can be recorded: if we crash in between, a key without
        use is left, which harms nobody. The other way round would leave an event that nobody can ever open.

        Who was erased gets a key that is kept nowhere: a command about them is refused, and a repeated one is answered
        from what was recorded first, so nothing sealed with it is ever stored.
        """
        wanted = set(volunteers)
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_KEYS_OF, (list(wanted),))).fetchall()
            keys = {key.volunteer: key for key in self._wrapping.unwrap([StoredKey(*row) for row in rows])}
            fresh = [new_key(volunteer) for volunteer in sorted(wanted - keys.keys())]
            if fresh:
                named = ([key.volunteer for key in fresh],)
                erased = {row[0] for row in await (await connection.execute(_ERASED, named)).fetchall()}
                kept = self._wrapping.wrap([key for key in fresh if key.volunteer not in erased])
                columns = zip(*((row.key_id, row.volunteer, row.key, row.master_key_id) for row in kept), strict=True)
                if kept:
                    await connection.execute(_ADD, [list(column) for column in columns])
        return keys | {key.volunteer: key for key in fresh}

    async def destroy(self, volunteers: Sequence[str], partition: int, position: int) -> None:
        """Destroy all keys of these persons, whose erasures stand at positions up to `position` of a partition.

        Keys and position go in one transaction. Doing it again changes nothing. This process forgets the keys at once,
        others within KEY_SECONDS_MAX.
        """
        async with self._pool.connection() as connection, connection.transaction():
            if volunteers:
                await connection.execute(_DESTROY, {"erased": list(volunteers)})
                await connection.execute(_FORGET_TEXTS, (list(volunteers),))
            await connection.execute(_REACHED, (partition, position))
        gone = set(volunteers)
        for key_id in [key_id for key_id, (_, key) in self._remembered.items() if key.volunteer in gone]:
            del self._remembered[key_id]

    async def erasures_followed(self) -> dict[int, int]:
        """Partition → position up to which `destroy` has seen to erasures."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute("select partition, position from erasures_followed")
            return dict(await cursor.fetchall())

    async def destruction_of(self, volunteer: str) -> Destruction | None:
        """What was destroyed of a person; None: nothing yet."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_DESTRUCTION, (volunteer,))).fetchone()
        return None if row is None else Destruction(*row)

    async def watch(self) -> None:
        """Forget what was remembered long enough, until cancelled: nothing destroyed stays in an idle process."""
        while True:
            self._forget_old(self._clock())
            await asyncio.sleep(FORGET_SECONDS)

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
                rows = await (await connection.execute(_KEYS, (missing,))).fetchall()
            read = {key.key_id: key for key in self._wrapping.unwrap([StoredKey(*row) for row in rows])}
            self._remember(read, now)
            known |= read
        return known

    def _remember(self, keys: Mapping[str, PersonKey], now: float) -> None:
        self._forget_old(now)
        if len(self._remembered) + len(keys) > KEYS_REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered.update((key_id, (now, key)) for key_id, key in keys.items())

    def _forget_old(self, now: float) -> None:
        """The oldest come first: a key is remembered anew only after it was forgotten."""
        while self._remembered:
            key_id, (read_at, _) = next(iter(self._remembered.items()))
            if now - read_at <= KEY_SECONDS_MAX:
                return
            del self._remembered[key_id]


def _date_or_none(text: str | Erased) -> date | None:
    return None if text is ERASED else date.fromisoformat(text)
