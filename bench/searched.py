"""A read database with very many synthetic opportunities to find, all with an open shift to come.

Words follow Zipf's law over a made-up vocabulary, beside words of the catalogue in both languages: some stand in every tenth
opportunity, most in a few. Rows of search are made by the projection's own functions and sent by COPY: to publish half a
million opportunities one by one would measure something else.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, Final, LiteralString

import msgspec
import psycopg

from ledger.domain.opportunity import Level
from ledger.projections.directory_data import OpportunityDetails, Text
from ledger.projections.opportunity_search import name_stems, offered
from ledger.projections.shifts import local_times
from ledger.search.concepts import catalogue
from ledger.search.keys import Opening, contents_of
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
_ROWS_A_COPY: Final = 20_000


@dataclass
class Vocabulary:
    """Words by how often they are used."""

    words: list[str]
    weights: list[float]

    def some(self, random_: random.Random, count: int) -> list[str]:
        return random_.choices(self.words, cum_weights=self.weights, k=count)


def vocabulary(letters: str, seed: int) -> Vocabulary:
    """Made-up words of four to eight letters, the n-th used as often as 1/n."""
    random_ = random.Random(seed)
    words = list(
        dict.fromkeys("".join(random_.choices(letters, k=random_.randint(4, 8))) for _ in range(VOCABULARY_WORDS))
    )
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


@dataclass
class Sets:
    """Bits of keys and uses of words, gathered over all opportunities."""

    keys: defaultdict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    words: Counter[str] = field(default_factory=Counter)


def fill(database_url: str, programme: Programme) -> None:
    """Load everything, as role owner, into migrated empty tables."""
    sets, random_ = Sets(), random.Random(SEED)
    connection: psycopg.Connection[Any]
    with psycopg.connect(database_url) as connection:
        for first in range(0, programme.size, _ROWS_A_COPY):
            numbers = range(first, min(first + _ROWS_A_COPY, programme.size))
            _some(connection, programme, random_, numbers, sets)
        _copy(connection, "copy search_keys (key, partition, chunk, numbers) from stdin", _key_rows(sets))
        words = ((word, 0, uses, forms_of(word)) for word, uses in sorted(sets.words.items()))
        _copy(connection, "copy search_words (word, partition, uses, forms) from stdin", words)
        names = ((f"organizations/o{n}", 0, name_stems(_organization(programme, n))) for n in range(ORGANIZATIONS))
        _copy(connection, "copy search_organizations (organization, partition, stems) from stdin", names)
        connection.execute("insert into positions (partition, position, recorded_at) values (0, 1, now())")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def _organization(programme: Programme, number: int) -> Text:
    return Text(ar=" ".join(programme.arabic.words[-1 - number : -1 - number - 2 : -1]))


def _some(
    connection: psycopg.Connection[Any], programme: Programme, random_: random.Random, numbers: range, sets: Sets
) -> None:
    opportunities, searched, contents, shifts = [], [], [], []
    cities = sorted(catalogue().cities.values(), key=lambda city: city.key)
    for number in numbers:
        details, city = programme.details(random_), random_.choice(cities)
        name, organization = f"opportunities/s{number:07}", f"organizations/o{random_.randrange(ORGANIZATIONS)}"
        begins = programme.begins + timedelta(days=random_.randrange(DAYS), hours=random_.randrange(12))
        online = random_.random() < 0.1
        times = local_times("Asia/Riyadh", begins, begins + timedelta(hours=3), None)
        opening = Opening(times.local_day, None if online else city.region, "" if online else city.key, online)
        made = contents_of(offered(organization, published=True, details=details), [opening])
        chunk, bit = number // CHUNK_NUMBERS, 1 << number % CHUNK_NUMBERS
        for key in made.keys:
            sets.keys[key, chunk] |= bit
        sets.words.update(made.words)
        raw = msgspec.json.encode(details).decode()
        opportunities.append((name, 0, organization, "published", raw))
        searched.append((0, number, name, number + 1, organization, details.sector, details.level, True))
        contents.append((0, number, list(made.keys), list(made.words)))
        place = (None, True, None, None) if online else (city.region, False, city.key, city.key)
        shift = (f"{name}/shifts/one", 0, name, begins, begins + timedelta(hours=3), "Asia/Riyadh", 20)
        shifts.append((*shift, random_.randrange(21), *place, number + 1, begins, *times))
    _copy(
        connection,
        "copy opportunities (opportunity, partition, organization, state, details) from stdin",
        opportunities,
    )
    _copy(
        connection,
        "copy search_opportunities (partition, number, opportunity, position, organization, sector, level, published)"
        " from stdin",
        searched,
    )
    _copy(connection, "copy search_contents (partition, number, keys, words) from stdin", contents)
    _copy(
        connection,
        "copy shifts (shift, partition, opportunity, start_time, end_time, time_zone, places, places_taken, region, online,"
        " city, city_key, opened_position, opened_at, begins_at, ends_at, local_day, from_minute, until_minute) from stdin",
        shifts,
    )


def _key_rows(sets: Sets) -> Iterator[Sequence[object]]:
    for (key, chunk), bits in sorted(sets.keys.items()):
        yield key, 0, chunk, packed(bits)


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
        rare = random_.choice(programme.arabic.words[2_000:])
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
