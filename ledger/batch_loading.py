"""Loading what a batch of commands must know: one round trip for all of them, inside the append's transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import TypeAlias

from msgspec.structs import replace
from psycopg.rows import TupleRow

from ledger import append_sql
from ledger.aggregate_cache import AggregateCache
from ledger.batch import Loaded
from ledger.binary_arrays import BigintArray, BytesArray, IntegerArray, TextArray
from ledger.domain.catalogue import beside, fold
from ledger.domain.refusals import InvariantBroken
from ledger.domain.world import Presence, Reads, ShiftPlaces
from ledger.event_bytes import decode, recorded_event
from ledger.event_store import column_difference
from ledger.statement_pipeline import Statement
from ledger.waiting_list import WaitingList

BirthDates: TypeAlias = Callable[[Mapping[str, object | None]], Awaitable[Mapping[str, date | None]]]
"""Opens the birth dates of volunteers, given their folded states."""


class Loading:
    """Turns `Reads` into statements and their rows into `Loaded`."""

    def __init__(self, cache: AggregateCache, birth_dates: BirthDates) -> None:
        self._cache = cache
        self._birth_dates = birth_dates

    def statements(self, reads: Reads, loaded: Loaded) -> list[Statement]:
        """What to ask for; what is loaded already is not asked for again."""
        asked: list[Statement] = []
        streams = self._streams_to_read(reads, loaded)
        if streams:
            known = [self._cache.get(stream)[0] for stream in streams]
            asked.append((append_sql.STREAMS, (TextArray(streams), IntegerArray(known))))
        exists = [stream for stream in reads.exists if stream not in loaded.exists and stream not in loaded.streams]
        if exists:
            asked.append((append_sql.EXISTS, (TextArray(exists),)))
        shifts = [shift for shift in reads.shifts if shift not in loaded.places]
        if shifts:
            asked.append((append_sql.PLACES, (TextArray(shifts),)))
        heads = [shift for shift in reads.heads if shift not in loaded.heads]
        if heads:
            asked.append((append_sql.HEADS, (TextArray(heads),)))
        if reads.waiting:
            wanted = _waiting_wanted(reads)
            asked.append((append_sql.WAITING, (TextArray(wanted), IntegerArray(wanted.values()))))
        if reads.presences:
            volunteers, starts, ends = zip(*reads.presences, strict=True)
            windows = TextArray(volunteers), BigintArray(starts), BigintArray(ends)
            asked.append((append_sql.PRESENCES, windows))
        identities = [key for key in reads.identities if key not in loaded.identities]
        if identities:
            asked.append((append_sql.IDENTITIES, (BytesArray(identities),)))
        return asked

    def _streams_to_read(self, reads: Reads, loaded: Loaded) -> list[str]:
        wanted = dict.fromkeys((*reads.streams, *reads.birth_dates))
        for stream in tuple(wanted):
            wanted.update(dict.fromkeys(beside(self._cache.get(stream)[1])))
        return [stream for stream in wanted if stream not in loaded.streams]

    async def take(self, reads: Reads, loaded: Loaded, rows_of: Mapping[str, list[TupleRow]]) -> None:
        """Take the rows of `statements(reads, …)`, by their texts. What the batch itself has changed since is kept."""
        self._take_streams(self._streams_to_read(reads, loaded), loaded, rows_of.get(append_sql.STREAMS, []))
        begun: set[str] = set()
        for stream, erased, linked in rows_of.get(append_sql.EXISTS, []):
            begun.add(stream)
            if erased:
                loaded.erased.add(stream)
            if linked:
                loaded.linked.add(stream)
        for stream in reads.exists:
            loaded.exists.setdefault(stream, stream in begun)
        places = {row[0]: ShiftPlaces(row[1], row[2]) for row in rows_of.get(append_sql.PLACES, [])}
        for shift in reads.shifts:
            loaded.places.setdefault(shift, places.get(shift, ShiftPlaces()))
        counted: dict[str, dict[str, int]] = {shift: {} for shift in reads.heads}
        for shift, name, heads in rows_of.get(append_sql.HEADS, []):
            counted[shift][name] = heads
        for shift, counts in counted.items():
            loaded.heads.setdefault(shift, counts)
        if reads.waiting:
            _take_waiting(reads, loaded, rows_of.get(append_sql.WAITING, []))
        self._take_presences(reads, loaded, rows_of.get(append_sql.PRESENCES, []))
        holders = {row[0]: row[1] for row in rows_of.get(append_sql.IDENTITIES, [])}
        for key in reads.identities:
            loaded.identities.setdefault(key, holders.get(key))
        if reads.birth_dates:
            states = {volunteer: loaded.streams[volunteer][1] for volunteer in reads.birth_dates}
            loaded.birth_dates.update(await self._birth_dates(states))

    def _take_streams(self, streams: list[str], loaded: Loaded, rows: list[TupleRow]) -> None:
        for stream in streams:
            loaded.streams[stream] = self._cache.get(stream)
        for row in rows:
            difference = column_difference(row[0], row[1:])
            if difference:
                raise InvariantBroken(f"partition {row[0]} position {row[1]}: column {difference}")
            event = recorded_event(decode(row[6]))
            version, state = loaded.streams[event.stream]
            if event.version != version + 1:
                raise InvariantBroken(f"{event.stream}: version {event.version} follows {version}")
            loaded.streams[event.stream] = (event.version, fold(state, event))

    def _take_presences(self, reads: Reads, loaded: Loaded, rows: list[TupleRow]) -> None:
        for volunteer, attendance, start, end, counted, order in rows:
            held = loaded.presences.setdefault(volunteer, {})
            if attendance in held:
                held[attendance] = replace(held[attendance], recorded_order=order)
                continue
            spans = tuple(zip(counted[::2], counted[1::2], strict=True))
            held[attendance] = Presence(volunteer, attendance, start, end, spans, order)
        for volunteer, low, high in reads.presences:
            loaded.windows.setdefault(volunteer, []).append((low, high))


def _take_waiting(reads: Reads, loaded: Loaded, rows: list[TupleRow]) -> None:
    for shift, count in _waiting_wanted(reads).items():
        found = [(registration, order) for of, registration, order in rows if of == shift]
        loaded.waiting.setdefault(shift, WaitingList()).take(found, whole=len(found) < count)


def _waiting_wanted(reads: Reads) -> dict[str, int]:
    """Shift → how many rows: several commands may ask for different numbers of one shift."""
    wanted: dict[str, int] = {}
    for shift, count in reads.waiting:
        wanted[shift] = max(count, wanted.get(shift, 0))
    return wanted
