"""A read database with very many synthetic opportunities to find, all with an open shift to come.

Words follow Zipf's law over a made-up vocabulary, beside words of the catalogue in both languages: some stand in every
tenth opportunity, most in a few. Rows of search are made by the projection's own functions and sent by COPY: to
publish half a million opportunities one by one would measure something else.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any, Final, LiteralString

import msgspec
import psycopg

from ledger.domain.opportunity import Level
from ledger.projections.directory_data import OpportunityDetails, Text
from ledger.projections.opportunity_search import OPENINGS_SQL
from ledger.search.concepts import City, catalogue
from ledger.search.keys import Contents, Opening, contents_of, opening_keys
from ledger.search.local_times import local_times
from ledger.search.offering import name_stems, offered
from ledger.search.sets import CHUNK_NUMBERS, packed
from ledger.search.spelling import forms_of

SEED: Final = 1448
ORGANIZATIONS: Final = 2_000
VOCABULARY_WORDS: Final = 30_000
DAYS: Final = 120
LEVELS: Final[tuple[Level, ...]] = ("general", "skilled", "professional")
SECTORS: Final = ("environment", "health", "education", "social", "culture", "technology", "sports", "events")
_ARABIC: Final = "ابتثجحخدرزسشصضطعغفقكلمنهوي"
_LATIN: Final = "abcdefghiklmnoprstuvwy"
WORDINGS: Final = 20_000
_ROWS_A_COPY: Final = 4_096
RARE_WORDS: Final = 60_000
_NOBODY: Final = "organizations/nobody"
_COLUMNS: Final[Mapping[LiteralString, LiteralString]] = {
    "opportunities": "opportunity, partition, organization, state, details",
    "search_opportunities": "partition, number, opportunity, position, organization, sector, level, published",
    "search_contents": "partition, number, keys, words",
    "shifts": (
        "shift, partition, opportunity, start_time, end_time, time_zone, places, places_taken, region, online, city,"
        " city_key, opened_position, opened_at, begins_at, ends_at, local_day, from_minute, until_minute"
    ),
    "search_keys": "key, partition, chunk, numbers",
}


@dataclass
class Vocabulary:
    """Words by how often they are used."""

    words: list[str]
    weights: list[float]

    def some(self, random_: random.Random, count: int) -> list[str]:
        return random_.choices(self.words, cum_weights=self.weights, k=count)


def vocabulary(letters: str, seed: int, count: int = VOCABULARY_WORDS) -> Vocabulary:
    """Made-up words of four to eight letters, the n-th used as often as 1/n."""
    random_ = random.Random(seed)
    words = list(dict.fromkeys("".join(random_.choices(letters, k=random_.randint(4, 8))) for _ in range(count)))
    return Vocabulary(words, list(accumulate(1 / (rank + 20) for rank in range(len(words)))))


@dataclass
class Programme:
    """The opportunities and how they are worded, the same for the same size."""

    size: int
    arabic: Vocabulary = field(default_factory=lambda: vocabulary(_ARABIC, SEED))
    english: Vocabulary = field(default_factory=lambda: vocabulary(_LATIN, SEED + 1))
    known: list[tuple[str, str]] = field(
        default_factory=lambda: [
            (known["ar"], known["en"])
            for concept, known in sorted(catalogue().labels.items())
            if not concept.startswith(("city:", "region:"))
        ]
    )
    rare: list[str] = field(default_factory=lambda: vocabulary(_LATIN, SEED + 3, RARE_WORDS).words)
    """Each in a few opportunities."""
    cities: list[City] = field(default_factory=lambda: [city for _, city in sorted(catalogue().cities.items())])
    begins: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    )

    def details(self, random_: random.Random) -> OpportunityDetails:
        """One opportunity, in Arabic, in English or in both."""
        arabic, english = random_.choice(self.known)
        described = random_.choice(self.known)
        speaks = random_.random()
        title = Text(
            ar=" ".join([arabic, *self.arabic.some(random_, 3)]) if speaks < 0.8 else None,
            en=" ".join([english, *self.english.some(random_, 3)]) if speaks > 0.3 else None,
        )
        description = Text(
            ar=" ".join([*self.arabic.some(random_, 10), described[0]]) if speaks < 0.8 else None,
            en=" ".join([*self.english.some(random_, 10), described[1]]) if speaks > 0.3 else None,
        )
        return OpportunityDetails(
            title=title,
            description=description,
            sector=random_.choice(SECTORS),
            skills=tuple(random_.choice(self.known)[1] for _ in range(2)),
            minimum_age_years=random_.choice((0, 0, 0, 16, 18)),
            level=random_.choice(LEVELS),
        )


@dataclass(frozen=True)
class Wording:
    """One way to describe opportunities, and what it is found by."""

    details: OpportunityDetails
    found_by: Contents


def fill(database_url: str, programme: Programme) -> None:
    """Load everything, as role owner, into migrated empty tables."""
    random_ = random.Random(SEED)
    wordings = [_wording(programme.details(random_)) for _ in range(min(WORDINGS, programme.size))]
    words: Counter[str] = Counter()
    connection: psycopg.Connection[Any]
    with psycopg.connect(database_url, autocommit=True) as connection:
        for chunk, first in enumerate(range(0, programme.size, CHUNK_NUMBERS)):
            numbers = range(first, min(first + CHUNK_NUMBERS, programme.size))
            words += _load_chunk(connection, programme, wordings, random_, chunk, numbers)
        rows = ((word, 0, uses, forms_of(word)) for word, uses in sorted(words.items()))
        _copy(connection, "copy search_words (word, partition, uses, forms) from stdin", rows)
        names = ((f"organizations/o{n}", 0, name_stems(_organization(programme, n))) for n in range(ORGANIZATIONS))
        _copy(connection, "copy search_organizations (organization, partition, stems) from stdin", names)
        connection.execute(f"insert into search_openings {OPENINGS_SQL}")
        connection.execute("insert into positions (partition, position, recorded_at) values (0, 1, now())")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def _wording(details: OpportunityDetails) -> Wording:
    return Wording(details, contents_of(offered(_NOBODY, published=True, details=details), []))


@cache
def _rare(word: str) -> Contents:
    """What one more word of the title adds."""
    details = OpportunityDetails(title=Text(en=word))
    return contents_of(offered(_NOBODY, published=True, details=details), [])


def _organization(programme: Programme, number: int) -> Text:
    return Text(ar=" ".join(programme.arabic.words[-1 - number : -1 - number - 2 : -1]))


def _load_chunk(
    connection: psycopg.Connection[Any],
    programme: Programme,
    wordings: Sequence[Wording],
    random_: random.Random,
    chunk: int,
    numbers: range,
) -> Counter[str]:
    """One chunk of numbers; how many opportunities in it have each word."""
    tables: dict[str, list[tuple[object, ...]]] = {table: [] for table in _COLUMNS}
    sets: defaultdict[str, int] = defaultdict(int)
    words: Counter[str] = Counter()
    for number in numbers:
        wording, rare = random_.choice(wordings), random_.choice(programme.rare)
        name, organization = f"opportunities/s{number:07}", f"organizations/o{random_.randrange(ORGANIZATIONS)}"
        begins = programme.begins + timedelta(days=random_.randrange(DAYS), hours=random_.randrange(12))
        ends, online, city = begins + timedelta(hours=3), random_.random() < 0.1, random_.choice(programme.cities)
        times = local_times("Asia/Riyadh", begins, ends, None)
        opening = Opening(times.local_day, None if online else city.region, "" if online else city.key, online)
        keys = {*wording.found_by.keys, *_rare(rare).keys, *opening_keys(opening), f"=organization:{organization}"}
        keys -= {f"=organization:{_NOBODY}"}
        found_by = sorted({*wording.found_by.words, *_rare(rare).words})
        for key in keys:
            sets[key] |= 1 << number % CHUNK_NUMBERS
        words.update(found_by)
        details = wording.details
        place = (None, True, None, None) if online else (city.region, False, city.key, city.key)
        at = (number + 1, begins, *times)
        tables["opportunities"].append((name, 0, organization, "published", msgspec.json.encode(details).decode()))
        found_in = (0, number, name, number + 1, organization, details.sector, details.level, True)
        tables["search_opportunities"].append(found_in)
        tables["search_contents"].append((0, number, sorted(keys), found_by))
        shift = (f"{name}/shifts/one", 0, name, begins, ends, "Asia/Riyadh", 20, random_.randrange(21))
        tables["shifts"].append((*shift, *place, *at))
        if len(tables["shifts"]) == _ROWS_A_COPY:
            _send(connection, tables)
    tables["search_keys"] = [(key, 0, chunk, packed(bits)) for key, bits in sorted(sets.items())]
    _send(connection, tables)
    return words


def _send(connection: psycopg.Connection[Any], tables: dict[str, list[tuple[object, ...]]]) -> None:
    """Send what was gathered, and forget it."""
    for table, columns in _COLUMNS.items():
        if tables[table]:
            _copy(connection, f"copy {table} ({columns}) from stdin", tables[table])
            tables[table] = []


def _copy(connection: psycopg.Connection[Any], statement: LiteralString, rows: Any) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def questions(programme: Programme, count: int) -> list[tuple[str, str]]:
    """Queries and what kind each is: frequent and rare words, both languages, misspelt, undotted, with a city."""
    random_ = random.Random(SEED + 2)
    made: list[tuple[str, str]] = []
    cities = sorted(catalogue().cities)
    for number in range(count):
        arabic, english = random_.choice(programme.known)
        rare = random_.choice(programme.rare)
        city = catalogue().label(f"city:{random_.choice(cities)}", "ar" if number % 2 else "en")
        made.append(
            [
                ("frequent", f"{programme.arabic.words[number % 20]} {programme.english.words[number % 7]}"),
                ("rare", rare),
                ("concept in Arabic", arabic),
                ("concept in English, city", f"{english} {city}"),
                ("three words", f"{arabic} {programme.arabic.words[number % 50]} {rare}"),
                ("misspelt", _misspelt(random_.choice(programme.english.words[:5_000]), random_)),
                ("mixed", f"{arabic} {programme.english.words[number % 300]}"),
                ("filtered", english),
                ("no words", ""),
            ][number % 9]
        )
    return made


def _misspelt(word: str, random_: random.Random) -> str:
    at = random_.randrange(1, len(word))
    return word[:at] + random_.choice(_LATIN) + word[at + 1 :]
