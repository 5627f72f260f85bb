"""What opportunities are found by, made anew from rows that were compared with their streams before.

The functions that make keys are those that the projection calls, too: what a word is found by is no truth of the
ledger. What is checked is that every row is what they make of the opportunity as it is, and nothing more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database
from ledger.domain.opportunity import OpportunityDetails
from ledger.domain.values import LocalizedText
from ledger.search.keys import Contents, Opening, contents_of
from ledger.search.offering import name_stems, offered
from ledger.search.sets import CHUNK_NUMBERS, packed
from ledger.search.spelling import forms_of

_ROWS_A_LOOK: Final = 2_000

_NUMBERS: Final = """
    select coalesce(s.partition, o.partition), coalesce(s.opportunity, o.opportunity), s.number, s.wanted
    from (
        select partition, opportunity, number,
               row_number() over (partition by partition order by position) - 1 as wanted
        from search_opportunities
    ) s full join opportunities o on o.opportunity = s.opportunity and o.partition = s.partition
    where s.number is distinct from s.wanted or o.opportunity is null or s.opportunity is null
    limit 1000
"""
_FOUND_BY: Final = """
    select s.partition, s.number, s.opportunity, s.organization, s.sector, s.level, s.published,
           o.organization, o.state, o.details::text, c.keys, c.words
    from search_opportunities s
    join opportunities o using (opportunity)
    left join search_contents c on c.partition = s.partition and c.number = s.number
    order by s.partition, s.number
"""
_OPENINGS: Final = """
    select distinct opportunity, local_day, region, city_key, online
    from shifts where opportunity = any(%s) and state = 'open'
"""
_KEYS: Final = "select key, numbers from search_keys where partition = %s and chunk = %s"
_CHUNKS: Final = "select distinct partition, chunk from search_keys"
_WORDS: Final = "select word, uses, forms from search_words where partition = %s"
_PARTITIONS: Final = "select distinct partition from search_words"
_COUNTS: Final = "select (select count(*) from search_contents), (select count(*) from search_opportunities)"
_OPENINGS_DIFFER: Final = """
    with wanted as (
        select o.partition, o.number, s.begins_at, s.shift, s.places - s.places_taken as places_left, s.local_day,
               s.from_minute, s.until_minute, s.region, s.city_key, s.online, o.sector, o.level
        from shifts s join search_opportunities o using (opportunity)
        where s.state = 'open'
    )
    select 'missing', partition, shift from (select * from wanted except select * from search_openings) missing
    union all
    select 'there', partition, shift from (select * from search_openings except select * from wanted) there
    limit 1000
"""
_NAMES: Final = """
    select name, named.partition, ar, en, s.partition, s.stems from (
        select organization as name, partition, display_name_ar as ar, display_name_en as en from organizations
        union all
        select initiative, partition, display_name_ar, display_name_en from initiatives
    ) named full join search_organizations s on s.organization = name
"""


def check(read: Database, report: Report) -> None:
    """Numbers, contents, sets, words and names of organisations."""
    for partition, opportunity, number, wanted in read.execute(_NUMBERS):
        report.differs(Where("projection search_opportunities", partition, row=opportunity), "number", wanted, number)
    for found, partition, shift in read.execute(_OPENINGS_DIFFER):
        expected = "as the shift and the opportunity say" if found == "there" else "there"
        report.differs(Where("projection search_openings", partition, row=shift), "row", expected, found)
    _check_contents(read, report)
    _check_names(read, report)


def _check_contents(read: Database, report: Report) -> None:
    words: defaultdict[int, Counter[str]] = defaultdict(Counter)
    sets: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    at: tuple[int, int] | None = None
    for partition, number, contents in _contents(read, report):
        chunk = (partition, number // CHUNK_NUMBERS)
        if at is not None and chunk != at:
            _check_chunk(read, at, sets, report)
            sets = {}
        at = chunk
        seen.add(chunk)
        for key in contents.keys:
            sets[key] = sets.get(key, 0) | 1 << number % CHUNK_NUMBERS
        words[partition].update(contents.words)
    if at is not None:
        _check_chunk(read, at, sets, report)
    for partition, chunk_number in read.execute(_CHUNKS).fetchall():
        if (partition, chunk_number) not in seen:
            report.differs(Where("projection search_keys", partition), "chunk", "none", chunk_number)
    known = {row[0] for row in read.execute(_PARTITIONS)}
    for partition in sorted(known | words.keys()):
        _check_words(read, partition, words[partition], report)


def _contents(read: Database, report: Report) -> Iterator[tuple[int, int, Contents]]:
    """What each opportunity must be found by, in order of its number; it is compared with its rows on the way."""
    counted = read.execute(_COUNTS).fetchone()
    if counted is not None and counted[0] != counted[1]:
        report.differs(Where("projection search_contents"), "number of rows", counted[1], counted[0])
    with read.cursor("found_by") as cursor:
        cursor.execute(_FOUND_BY)
        while rows := cursor.fetchmany(_ROWS_A_LOOK):
            openings: defaultdict[str, list[Opening]] = defaultdict(list)
            for name, day, region, city_key, online in read.execute(_OPENINGS, [[row[2] for row in rows]]):
                openings[name].append(Opening(day, region, city_key or "", online))
            for row in rows:
                yield row[0], row[1], _compared(row, openings[row[2]], report)


def _compared(row: Sequence[Any], openings: Sequence[Opening], report: Report) -> Contents:
    partition, _, name, *columns, offering, state, raw, keys, words = row
    details = OpportunityDetails.model_validate_json(raw)
    contents = contents_of(offered(offering, state == "published", details), openings)
    expected = {
        "organization": offering,
        "sector": details.sector,
        "level": details.level,
        "published": state == "published",
    }
    where = Where("projection search_opportunities", partition, row=name)
    report.compare(where, expected, dict(zip(expected, columns, strict=True)))
    found_by = {"keys": list(contents.keys), "words": list(contents.words)}
    where = Where("projection search_contents", partition, row=name)
    report.compare(where, found_by, None if keys is None else {"keys": keys, "words": words})
    return contents


def _check_chunk(read: Database, chunk: tuple[int, int], sets: dict[str, int], report: Report) -> None:
    held = {key: bytes(numbers) for key, numbers in read.execute(_KEYS, chunk)}
    for key in sorted(held.keys() | sets.keys()):
        wanted = packed(sets[key]).hex() if key in sets else "none"
        found = held[key].hex() if key in held else "none"
        if wanted != found:
            report.differs(Where("projection search_keys", chunk[0], row=key), f"chunk {chunk[1]}", wanted, found)


def _check_words(read: Database, partition: int, words: Counter[str], report: Report) -> None:
    held = {word: (uses, forms) for word, uses, forms in read.execute(_WORDS, [partition])}
    for word in sorted(held.keys() | words.keys()):
        wanted = (words[word], forms_of(word)) if word in words else None
        if wanted != held.get(word):
            report.differs(Where("projection search_words", partition, row=word), "row", wanted, held.get(word))


def _check_names(read: Database, report: Report) -> None:
    for name, partition, ar, en, found_in, stems in read.execute(_NAMES):
        wanted = None if name is None else (partition, name_stems(LocalizedText(ar=ar, en=en)))
        found = None if stems is None else (found_in, stems)
        if wanted != found:
            report.differs(Where("projection search_organizations", row=name or ""), "row", wanted, found)
