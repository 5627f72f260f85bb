"""What an opportunity can be found by: its keys, and its words for repairing misspelt questions.

docs/finding.md, "Keys", lists their kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from ledger.search.concepts import CITY, REGION, Reading, catalogue, without_stop_words
from ledger.search.normalise import words_of
from ledger.search.stems import LETTERS_MIN, stems_of

TEXT_WORDS_MAX: Final = 400
KEY_LETTERS_MAX: Final = 200
TITLE, LABEL, BODY, ROOT, SKELETON, CONCEPT, WITHIN, PAIR = "t:", "k:", "b:", "r:", "u:", "c:", "d:", "p:"
PUBLISHED: Final = "=published"
ONLINE: Final = "=online"
_CODE: Final = re.compile(r"[-_/]")
_ESCO: Final = re.compile(r"^https?://\S+/")


@dataclass(frozen=True, slots=True)
class Offered:
    """What is said of an opportunity, as far as it is found by it."""

    organization: str
    published: bool
    titles: Sequence[str]
    descriptions: Sequence[str]
    sector: str
    labels: Sequence[str]
    """Skills and the publisher's grouping; an ESCO URI by its last part."""
    level: str
    minimum_age_years: int


@dataclass(frozen=True, slots=True)
class Opening:
    """Where and when one open shift of it is."""

    day: date
    region: str | None
    city_key: str
    online: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """Keys and words of an opportunity, each ascending."""

    keys: tuple[str, ...]
    words: tuple[str, ...]


def contents_of(offered: Offered, openings: Iterable[Opening]) -> Contents:
    """All that an opportunity is found by."""
    keys: set[str] = set()
    words: set[str] = set()
    labels = [skill_text(label) for label in (_CODE.sub(" ", offered.sector), *offered.labels)]
    for field, texts in ((TITLE, offered.titles), (LABEL, labels), (BODY, offered.descriptions)):
        for text in texts:
            said = without_stop_words(words_of(text, TEXT_WORDS_MAX))
            keys |= _text_keys(field, said)
            words |= _repairable(said)
    keys |= concept_keys(offered.sector)
    keys |= _filter_keys(offered)
    for opening in openings:
        keys |= opening_keys(opening)
    return Contents(tuple(sorted(keys)), tuple(sorted(words)))


def skill_text(skill: str) -> str:
    """What of a skill is read as words: a free tag whole, of an ESCO URI its last part."""
    return _ESCO.sub("", skill)


def concept_keys(concept: str) -> set[str]:
    """A concept, and all it lies within, where the catalogue has it."""
    known = catalogue()
    if concept not in known.labels:
        return set()
    return {f"{CONCEPT}{concept}", *(f"{WITHIN}{one}" for one in known.with_broader(concept)[1:])}


def _text_keys(field: str, words: Sequence[str]) -> set[str]:
    known = catalogue()
    readings = known.read(words)
    keys = {f"{field}{stem}" for reading in readings for stem in reading.stems}
    keys |= {f"{ROOT}{root}" for reading in readings for root in reading.roots}
    keys |= {f"{SKELETON}{reading.skeleton}" for reading in readings if reading.skeleton}
    for _, _, concept in known.in_text(readings):
        keys |= concept_keys(concept)
    return keys | set(pair_keys(readings)) if field == TITLE else keys


def pair_keys(readings: Sequence[Reading]) -> list[str]:
    """Each two words of a title that follow one another."""
    stems = [reading.stems[0] for reading in readings]
    return [f"{PAIR}{one} {next_one}" for one, next_one in pairwise(stems)]


def _repairable(words: Sequence[str]) -> set[str]:
    """Words and their stems: who misspells an ending is one letter away from neither alone."""
    forms = {form for word in words for form in (word, *stems_of(word))}
    return {form for form in forms if len(form) >= LETTERS_MIN and not form.isdigit()}


def _filter_keys(offered: Offered) -> set[str]:
    keys = {f"=organization:{offered.organization}", f"=age:{offered.minimum_age_years:03}"}
    if offered.published:
        keys.add(PUBLISHED)
    if offered.sector:
        keys.add(f"=sector:{offered.sector}"[:KEY_LETTERS_MAX])
    if offered.level:
        keys.add(f"=level:{offered.level}")
    return keys


def opening_keys(opening: Opening) -> set[str]:
    """What one open shift adds."""
    keys = {f"=day:{opening.day.isoformat()}", f"=month:{opening.day.isoformat()[:7]}"}
    if opening.online:
        keys |= {ONLINE, f"{CONCEPT}internet"}
    if opening.region:
        keys |= {f"=region:{opening.region}"} | concept_keys(f"{REGION}{opening.region}")
    if opening.city_key:
        keys |= {f"=city:{opening.city_key}"[:KEY_LETTERS_MAX]} | concept_keys(f"{CITY}{opening.city_key}")
        keys |= {f"{LABEL}{stem}" for word in words_of(opening.city_key, TEXT_WORDS_MAX) for stem in stems_of(word)}
    return keys
