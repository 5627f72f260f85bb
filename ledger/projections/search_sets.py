"""Reads the sets of numbers of keys from the read database, each once for a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.projections.search_filter import AGE_YEARS_MAX, Narrowed
from ledger.projections.search_token import SearchToken
from ledger.projections.snapshot import ReadConnection
from ledger.search.question import Group, repair_forms, repairs_of
from ledger.search.sets import CHUNK_NUMBERS, Numbers, joined, met, unpacked, without
from ledger.search.stems import stems_of

ORGANIZATIONS_MAX: Final = 8
"""A word in the names of more organisations is no name."""

CHUNKS_FIRST: Final = 2
"""The newest, which are read first: of what very many have they hold more than can be ranked."""

_KEYS: Final = """
    select key, partition, chunk, numbers from search_keys where key = any(%(keys)b::text[]) and chunk >= %(first)b
"""
_REST: Final = """
    select key, partition, chunk, numbers from search_keys where key = any(%(keys)b::text[]) and chunk < %(first)b
"""
_END: Final = ""
"""In place of a key: up to which number a partition has got."""
# Partitions come from a table. How many a function gives the planner does not know: it planned each question anew.
_BEGIN: Final = f"""
    {_KEYS}
    union all
    select '', partition,
           coalesce((select max(o.number) from search_opportunities o where o.partition = p.partition), -1) + 1, null
    from positions p
    union all
    (select organization, -1, 0, convert_to(array_to_string(stems, ' '), 'UTF8') from search_organizations
     where stems && %(stems)b::text[] order by organization limit 200)
"""
_AGES: Final = "select key, partition, chunk, numbers from search_keys where key >= %(first)b and key <= %(last)b"
_WORDS: Final = """
    select word, sum(uses)::bigint from search_words where forms && %(forms)b::bigint[] group by word
"""


@dataclass(slots=True)
class KeySets:
    """The sets that one question has read."""

    connection: ReadConnection
    ends: Mapping[int, int]
    """Partition → the number after the last that is looked at."""
    first: int = 0
    """The first chunk that is looked at."""
    sets: dict[str, Numbers] = field(default_factory=dict)
    """Key → its numbers; of a key that nobody has, none."""

    async def read(self, keys: Iterable[str]) -> None:
        """Read what is not known yet."""
        wanted = sorted({key for key in keys if key not in self.sets})
        if not wanted:
            return
        self.sets |= {key: {} for key in wanted}
        rows = await self.connection.execute(_KEYS, {"keys": wanted, "first": self.first}, binary=True)
        self.take(await rows.fetchall())

    async def read_rest(self) -> None:
        """Look at all chunks from now on."""
        first, self.first = self.first, 0
        if first:
            rows = await self.connection.execute(_REST, {"keys": list(self.sets), "first": first}, binary=True)
            self.take(await rows.fetchall())

    def take(self, rows: Iterable[Sequence[Any]]) -> None:
        """Keep rows of keys that are asked for."""
        for key, partition, chunk, numbers in rows:
            if chunk >= self.first and (bits := unpacked(numbers) & self._looked_at(partition, chunk)):
                self.sets[key][partition, chunk] = bits

    async def base(self, asked: Narrowed) -> Numbers:
        """All that the filter's keys leave; with no filter, everything."""
        await self.read(key for keys in asked.any_of for key in keys)
        whole = self.everything()
        for keys in asked.any_of:
            whole = met(whole, joined(self.sets[key] for key in keys))
        if asked.above_age_key:
            whole = without(whole, await self._too_young(asked.above_age_key))
        return whole

    def of_group(self, group: Group) -> Numbers:
        """All that have one of the group's keys."""
        return joined(self.sets[one.key] for one in group.keys)

    def found(self) -> set[str]:
        """Keys that some opportunity has."""
        return {key for key, numbers in self.sets.items() if numbers}

    async def _too_young(self, first: str) -> Numbers:
        whole: Numbers = {}
        last = f"=age:{AGE_YEARS_MAX:03}"
        rows = await self.connection.execute(_AGES, {"first": first, "last": last}, binary=True)
        # Of all chunks: what is left out is met with nothing.
        for _, partition, chunk, numbers in await rows.fetchall():
            place = (partition, chunk)
            whole[place] = whole.get(place, 0) | unpacked(numbers)
        return whole

    def everything(self) -> Numbers:
        """All numbers of the chunks that are looked at."""
        chunks = (
            (partition, chunk)
            for partition, end in self.ends.items()
            for chunk in range(self.first, -(-end // CHUNK_NUMBERS))
        )
        return {place: self._looked_at(*place) for place in chunks}

    def _looked_at(self, partition: int, chunk: int) -> int:
        count = min(max(self.ends.get(partition, 0) - chunk * CHUNK_NUMBERS, 0), CHUNK_NUMBERS)
        return (1 << count) - 1


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a question reads first, in one statement."""

    sets: KeySets
    organizations: Mapping[str, Sequence[str]]
    """Word → the organisations in whose names it stands, if they are few."""


async def begin(
    connection: ReadConnection,
    keys: Iterable[str],
    words: Sequence[str],
    token: SearchToken | None,
    first: int = 0,
) -> Beginning:
    """How far numbers go, the sets of `keys`, and the organisations called by `words`.

    `first`: where the newest chunks are thought to begin; the sets hold those that are the newest. 0: all are read.
    """
    by_word = {word: set(stems_of(word)) for word in words}
    wanted = sorted(set(keys))
    stems = sorted(set().union(*by_word.values()))
    asked = {"keys": wanted, "first": first, "stems": stems}
    rows = await (await connection.execute(_BEGIN, asked, binary=True)).fetchall()
    sets = KeySets(connection, limited({row[1]: row[2] for row in rows if row[0] == _END and row[2]}, token))
    if reads_newest_first(words):
        sets.first = newest_from(sets.ends)
    if first <= sets.first:
        sets.sets |= {key: {} for key in wanted}
        sets.take(row for row in rows if row[0] != _END and row[1] >= 0)
    else:
        await sets.read(wanted)  # a later page, and a chunk was begun since the first
    names = {row[0]: set(row[3].decode().split()) for row in rows if row[1] < 0}
    called = {word: [name for name, stems in names.items() if wanted & stems] for word, wanted in by_word.items()}
    return Beginning(sets, {word: some for word, some in called.items() if 0 < len(some) <= ORGANIZATIONS_MAX})


def reads_newest_first(words: Sequence[str]) -> bool:
    """One word may be in very many. Of several, two chunks seldom hold enough with all: everything is read at once."""
    return len(words) == 1


def newest_from(ends: Mapping[int, int]) -> int:
    """The first of the newest chunks; of several partitions, of the shortest."""
    chunks = [-(-end // CHUNK_NUMBERS) for end in ends.values()]
    return max(min(chunks, default=0) - CHUNKS_FIRST, 0)


def limited(ends: Mapping[int, int], token: SearchToken | None) -> dict[int, int]:
    """What is looked at: on later pages no more than on the first."""
    if token is None:
        return dict(ends)
    # A token is anybody's: it may look at less than there is, never at more.
    return {partition: min(end, token.ends.get(partition, 0)) for partition, end in ends.items()}


async def words_near(connection: ReadConnection, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What each word may have been meant to be, one letter away; nothing for a word that is near none."""
    forms = sorted({form for word in words for form in repair_forms(word)})
    if not forms:
        return {}
    rows = await connection.execute(_WORDS, {"forms": forms}, binary=True)
    candidates = dict(await rows.fetchall())
    repaired = {word: tuple(repairs_of(word, candidates)) for word in words if repair_forms(word)}
    return {word: near for word, near in repaired.items() if near}
