"""From a question to groups of keys: one group for each word, in it every key that the word may meet, and its score."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ledger.search.concepts import Reading, catalogue, without_stop_words
from ledger.search.keys import BODY, CONCEPT, LABEL, ROOT, SKELETON, TITLE, WITHIN, pair_keys
from ledger.search.normalise import is_arabic, words_of
from ledger.search.spelling import REPAIRED_LETTERS_MIN, forms_of, is_one_apart
from ledger.search.stems import is_dotless, stems_of

QUESTION_WORDS_MAX: Final = 16
REPAIRS_MAX: Final = 5
"""How many words a misspelt one is taken for, at most."""
_REPAIRED_LESS: Final = 2
_WITHIN_SCORE: Final = 3


class Why(Enum):
    """Why a result is there: what one word met, and what holds of the whole."""

    TITLE = "title"
    SKILL_OR_SECTOR = "skill or sector"
    SYNONYM = "synonym"
    PLACE = "place"
    WITHOUT_DOTS = "without dots"
    DESCRIPTION = "description"
    ORGANIZATION = "organization"
    SAME_ROOT = "same root"
    SPELLING_REPAIRED = "spelling repaired"
    EXACT_PHRASE = "exact phrase"
    ALL_WORDS = "all words"
    SOON = "soon"
    PLACES_LEFT = "places left"


SCORES: Final = {
    Why.TITLE: 10,
    Why.SKILL_OR_SECTOR: 7,
    Why.SYNONYM: 6,
    Why.PLACE: 6,
    Why.WITHOUT_DOTS: 5,
    Why.DESCRIPTION: 4,
    Why.ORGANIZATION: 4,
    Why.SAME_ROOT: 3,
    Why.EXACT_PHRASE: 30,
    Why.ALL_WORDS: 15,
    Why.SOON: 2,
    Why.PLACES_LEFT: 1,
}
"""A repaired word gives two less than the word itself would. `ALL_WORDS` counts for each word."""


@dataclass(frozen=True, slots=True)
class Met:
    """One key that a word may meet."""

    key: str
    why: Why
    score: int
    matched: str


@dataclass(slots=True)
class Group:
    """One word of a question."""

    word: str
    keys: list[Met] = field(default_factory=list)
    """The highest score first."""


@dataclass(frozen=True, slots=True)
class Question:
    """The words that count, read."""

    readings: tuple[Reading, ...]

    @property
    def words(self) -> list[str]:
        """As they were asked, normalised."""
        return [reading.word for reading in self.readings]

    @property
    def pairs(self) -> list[str]:
        """Keys of which a title has all that holds the words one after the other."""
        return pair_keys(self.readings)


def asked(text: str) -> Question:
    """Read a question: its first words, each once, without those that say nothing."""
    words = without_stop_words(words_of(text, QUESTION_WORDS_MAX))
    return Question(tuple(catalogue().read(list(dict.fromkeys(words)))))


def groups_of(
    question: Question,
    *,
    dotless: bool = False,
    repairs: Mapping[str, Sequence[str]] | None = None,
    organizations: Mapping[str, Collection[str]] | None = None,
) -> list[Group]:
    """The keys of each word; `repairs` and `organizations` by word, as the read database knows them."""
    groups = [Group(reading.word, list(_own_keys(reading))) for reading in question.readings]
    for index, concept in set(catalogue().in_question(question.readings)):
        groups[index].keys += _concept(concept)
    for group, reading in zip(groups, question.readings, strict=True):
        if dotless and reading.skeleton:
            group.keys += _dotless_keys(reading.skeleton)
        for repaired in (repairs or {}).get(reading.word, ()):
            group.keys += _repaired_keys(repaired)
        for organization in (organizations or {}).get(reading.word, ()):
            group.keys.append(_met(f"=organization:{organization}", Why.ORGANIZATION, organization))
        group.keys = _best_first(group.keys)
    return groups


def is_known(group: Group, found: Collection[str]) -> bool:
    """Whether the catalogue or some opportunity has the word itself, by the keys that were found."""
    return any(met.key.startswith(CONCEPT) or met.key in found for met in group.keys if met.why is not Why.SAME_ROOT)


def reads_dotless(question: Question, unknown: Collection[str]) -> bool:
    """Whether to read the question without dots: it has a letter that lost them, or an Arabic word nobody wrote."""
    return any(is_dotless(word) or (word in unknown and is_arabic(word)) for word in question.words)


def repair_forms(word: str) -> list[int]:
    """The hashes by which words one letter away are found; none for what is not repaired."""
    if len(word) < REPAIRED_LETTERS_MIN or word.isdigit():
        return []
    return sorted({form for each in _repairable(word) for form in forms_of(each)})


def repairs_of(word: str, candidates: Mapping[str, int]) -> list[str]:
    """The words one letter away among `candidates` (word → how many opportunities have it) and in the catalogue."""
    wanted = _repairable(word)
    known = {**dict.fromkeys(_of_catalogue(wanted), 1), **candidates}
    near = [one for one in known if any(is_one_apart(each, one) for each in wanted)]
    # Two readings of one stem are one repair: the first stands for both.
    by_stem = {stems_of(one)[0]: one for one in sorted(near, key=lambda one: (known[one], one))}
    return sorted(by_stem.values(), key=lambda one: (-known[one], one))[:REPAIRS_MAX]


def _repairable(word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((word, *(stem for stem in stems_of(word) if len(stem) >= REPAIRED_LETTERS_MIN))))


def _of_catalogue(wanted: Sequence[str]) -> Iterator[str]:
    forms = _catalogue_forms()
    for word in wanted:
        for form in forms_of(word):
            yield from forms.get(form, ())


_CATALOGUE_FORMS: Final[dict[int, list[str]]] = {}


def _catalogue_forms() -> dict[int, list[str]]:
    if not _CATALOGUE_FORMS:
        for word in sorted(catalogue().words):
            for form in forms_of(word):
                _CATALOGUE_FORMS.setdefault(form, []).append(word)
    return _CATALOGUE_FORMS


def _own_keys(reading: Reading) -> Iterator[Met]:
    for stem in reading.stems:
        yield _met(f"{TITLE}{stem}", Why.TITLE, reading.word)
        yield _met(f"{LABEL}{stem}", Why.SKILL_OR_SECTOR, reading.word)
        yield _met(f"{BODY}{stem}", Why.DESCRIPTION, reading.word)
    for root in reading.roots:
        yield _met(f"{ROOT}{root}", Why.SAME_ROOT, root)


def _dotless_keys(skeleton: str) -> Iterator[Met]:
    yield _met(f"{SKELETON}{skeleton}", Why.WITHOUT_DOTS, skeleton)
    for concept in sorted(catalogue().by_skeleton.get(skeleton, ())):
        yield Met(f"{CONCEPT}{concept}", Why.WITHOUT_DOTS, SCORES[Why.WITHOUT_DOTS], concept)


def _repaired_keys(repaired: str) -> Iterator[Met]:
    [reading] = catalogue().read([repaired])
    concepts = (concept for _, _, concept in catalogue().in_text([reading]))
    again = [*_own_keys(reading), *(met for concept in concepts for met in _concept(concept))]
    for met in again:
        yield Met(met.key, Why.SPELLING_REPAIRED, max(met.score - _REPAIRED_LESS, 1), repaired)


def _concept(concept: str) -> tuple[Met, Met]:
    """What is the concept, and what lies within it."""
    why = Why.PLACE if concept.startswith(("city:", "region:")) else Why.SYNONYM
    return _met(f"{CONCEPT}{concept}", why, concept), Met(f"{WITHIN}{concept}", why, _WITHIN_SCORE, concept)


def _met(key: str, why: Why, matched: str) -> Met:
    return Met(key, why, SCORES[why], matched)


def _best_first(keys: Sequence[Met]) -> list[Met]:
    """Each key once, with its best reason."""
    best: dict[str, Met] = {}
    for met in sorted(keys, key=lambda met: (-met.score, met.key)):
        best.setdefault(met.key, met)
    return list(best.values())
