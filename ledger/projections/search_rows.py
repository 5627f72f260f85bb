"""Rows of `search_contents`, `search_keys` and `search_words`: what changes in them when opportunities change."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.search.keys import Contents
from ledger.search.sets import CHUNK_NUMBERS, packed, unpacked
from ledger.search.spelling import forms_of

_CONTENTS: Final = """
    insert into search_contents (partition, number, keys, words) values (%s, %s, %s, %s)
    on conflict (partition, number) do update set keys = excluded.keys, words = excluded.words
"""
_KEYS_NOW: Final = """
    select k.key, k.chunk, k.numbers
    from unnest(%s::text[], %s::int[]) as asked (key, chunk)
    join search_keys k on k.key = asked.key and k.partition = %s and k.chunk = asked.chunk
"""
_KEYS: Final = """
    insert into search_keys (partition, key, chunk, numbers)
    select %s, * from unnest(%s::text[], %s::int[], %s::bytea[])
    on conflict (key, partition, chunk) do update set numbers = excluded.numbers
"""
_KEYS_GONE: Final = """
    delete from search_keys k using unnest(%s::text[], %s::int[]) as gone (key, chunk)
    where k.key = gone.key and k.partition = %s and k.chunk = gone.chunk
"""
_WORDS_USED: Final = """
    update search_words w set uses = w.uses + used.uses
    from unnest(%s::text[], %s::int[]) as used (word, uses)
    where w.word = used.word and w.partition = %s and w.uses + used.uses > 0
    returning w.word
"""
_WORDS_GONE: Final = "delete from search_words where partition = %s and word = any(%s)"
_WORDS_NEW: Final = "copy search_words (word, partition, uses, forms) from stdin"


@dataclass(slots=True)
class Changes:
    """What changes in one partition."""

    partition: int
    contents: dict[int, Contents] = field(default_factory=dict)
    added: defaultdict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    """Key and chunk → bits."""
    removed: defaultdict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    words: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, before: Contents, now: Contents) -> None:
        """One opportunity is found by other things than before."""
        if before == now:
            return
        self.contents[number] = now
        chunk, bit = number // CHUNK_NUMBERS, 1 << number % CHUNK_NUMBERS
        old, new = set(before.keys), set(now.keys)
        for key in new - old:
            self.added[key, chunk] |= bit
        for key in old - new:
            self.removed[key, chunk] |= bit
        self.words.update(set(now.words) - set(before.words))
        self.words.subtract(set(before.words) - set(now.words))


def write(connection: ReadDatabase, changes: Changes) -> None:
    """Bring the rows up to date; what nobody has any more has no row."""
    partition = changes.partition
    with connection.cursor() as cursor:
        contents = sorted(changes.contents.items())
        cursor.executemany(
            _CONTENTS, [(partition, number, list(now.keys), list(now.words)) for number, now in contents]
        )
    _write_keys(connection, changes)
    _write_words(connection, partition, {word: uses for word, uses in sorted(changes.words.items()) if uses})


def _write_keys(connection: ReadDatabase, changes: Changes) -> None:
    touched = sorted({*changes.added, *changes.removed})
    if not touched:
        return
    keys, chunks = [key for key, _ in touched], [chunk for _, chunk in touched]
    rows = connection.execute(_KEYS_NOW, [keys, chunks, changes.partition], binary=True)
    bits = {(key, chunk): unpacked(numbers) for key, chunk, numbers in rows}
    now = {
        place: bits.get(place, 0) & ~changes.removed.get(place, 0) | changes.added.get(place, 0) for place in touched
    }
    kept = [place for place in touched if now[place]]
    gone = [place for place in touched if not now[place]]
    if kept:
        columns = [[key for key, _ in kept], [chunk for _, chunk in kept], [packed(now[place]) for place in kept]]
        connection.execute(_KEYS, [changes.partition, *columns])
    if gone:
        connection.execute(_KEYS_GONE, [[key for key, _ in gone], [chunk for _, chunk in gone], changes.partition])


def _write_words(connection: ReadDatabase, partition: int, used: dict[str, int]) -> None:
    if not used:
        return
    rows = connection.execute(_WORDS_USED, [list(used), list(used.values()), partition])
    met = {row[0] for row in rows}
    gone = [word for word, uses in used.items() if word not in met and uses < 0]
    if gone:
        connection.execute(_WORDS_GONE, [partition, gone])
    new = [(word, uses) for word, uses in used.items() if word not in met and uses > 0]
    with connection.cursor() as cursor, cursor.copy(_WORDS_NEW) as copy:
        for word, uses in new:
            copy.write_row((word, partition, uses, forms_of(word)))
