"""The catalogue of what has several words: concepts in both languages, and the cities and regions with their names.

`concepts.toml` and `cities.toml` say what they hold. Who changes one changes the keys of stored opportunities: a new
migration must then forget the rows of the read database, so that they are made anew.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ledger.search.normalise import is_arabic, words_of
from ledger.search.stems import roots_of, skeleton_of, stems_of
from ledger.search.stop_words import STOP_WORDS
from ledger.texts.text import Language

CITY: Final = "city:"
REGION: Final = "region:"
_NAME_WORDS_MAX: Final = 20
_BEFORE_NAMES: Final = ("", "و", "ب", "ل", "ف", "ك")


@dataclass(frozen=True, slots=True)
class City:
    """A city of the catalogue."""

    key: str
    region: str
    """ISO 3166-2."""
    latitude_degrees: float
    longitude_degrees: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some words that stand for a concept; each word as the forms it may be met in."""

    concept: str
    words: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Name:
    """One way to write a place's name."""

    place: str
    plain: tuple[str, ...]
    """Its words without particles joined to the first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one word of a text or question is met by."""

    word: str
    stems: tuple[str, ...]
    roots: tuple[str, ...]
    skeleton: str
    """Empty where the word is not Arabic."""


@dataclass(slots=True)
class Catalogue:
    """All concepts, by what they are met by. Nothing changes once it is read."""

    labels: dict[str, dict[Language, str]] = field(default_factory=dict)
    broader: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cities: dict[str, City] = field(default_factory=dict)
    by_stem: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_skeleton: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    phrases: defaultdict[str, list[Phrase]] = field(default_factory=lambda: defaultdict(list))
    """By each form of the first word."""
    names: defaultdict[str, list[Name]] = field(default_factory=lambda: defaultdict(list))
    """Names of places by their first word, as they are written: a place is no word with endings."""
    words: set[str] = field(default_factory=set)
    """Every word that stands for something alone, for repairs."""

    def label(self, concept: str, language: Language) -> str:
        """What people are shown; the concept itself where it is not there."""
        known = self.labels.get(concept)
        return concept if known is None else known[language]

    def with_broader(self, concept: str) -> tuple[str, ...]:
        """The concept and all it belongs to."""
        found = [concept]
        for one in found:
            found += [above for above in self.broader.get(one, ()) if above not in found]
        return tuple(found)

    def read(self, words: Sequence[str]) -> list[Reading]:
        """What each word is met by. A place's name has no endings: الرياض is not of one stem with رياضة."""
        places = {
            start + index: plain
            for start in range(len(words))
            for name in self._names_from(words, start)
            for index, plain in enumerate(name.plain)
        }
        return [
            Reading(word, (places[index],), (), skeleton_of(word))
            if index in places
            else Reading(word, stems_of(word), roots_of(word), skeleton_of(word))
            for index, word in enumerate(words)
        ]

    def in_text(self, readings: Sequence[Reading]) -> Iterator[tuple[int, int, str]]:
        """First word, word after the last, and concept, of all that stands in a text without stop words."""
        forms = [_forms(reading) for reading in readings]
        words = [reading.word for reading in readings]
        for start, reading in enumerate(readings):
            for concept in {found for stem in reading.stems for found in self.by_stem.get(stem, ())}:
                yield start, start + 1, concept
            for phrase in self._phrases_from(forms[start]):
                end = start + len(phrase.words)
                if end <= len(words) and all(map(_meets, phrase.words, forms[start:end])):
                    yield start, end, phrase.concept
            for name in self._names_from(words, start):
                yield start, start + len(name.plain), name.place

    def in_question(self, readings: Sequence[Reading]) -> Iterator[tuple[int, str]]:
        """Word and concept of all that is asked for; the words of a phrase may stand in any order."""
        forms = [_forms(reading) for reading in readings]
        for start, end, concept in self.in_text(readings):
            for covered in range(start, end):
                yield covered, concept
        for phrase in {id(one): one for some in forms for one in self._phrases_from(some)}.values():
            where = [next((i for i, some in enumerate(forms) if some & wanted), None) for wanted in phrase.words]
            if None not in where and len(set(where)) == len(where):
                for index in where:
                    if index is not None:
                        yield index, phrase.concept

    def city_key(self, text: str) -> str:
        """The key of a city by any of its names; of others their normalised name; empty for none."""
        words = words_of(text, _NAME_WORDS_MAX)
        for name in self._names_from(words, 0) if words else ():
            if name.place.startswith(CITY) and len(name.plain) == len(words):
                return name.place.removeprefix(CITY)
        return " ".join(words)

    def _names_from(self, words: Sequence[str], start: int) -> list[Name]:
        return [
            name
            for name in self.names.get(words[start], ())
            if tuple(words[start + 1 : start + len(name.plain)]) == name.plain[1:]
        ]

    def _phrases_from(self, forms: frozenset[str]) -> list[Phrase]:
        found = {id(phrase): phrase for form in forms for phrase in self.phrases.get(form, ())}
        return list(found.values())

    def add(self, concept: str, texts: Mapping[Language, Sequence[str]]) -> None:
        """Learn a concept's words and phrases. Raises ValueError for a phrase of which one word is left."""
        self.labels[concept] = {language: spoken[0] for language, spoken in texts.items()}
        for text in (text for spoken in texts.values() for text in spoken):
            words = without_stop_words(words_of(text, _NAME_WORDS_MAX))
            if len(words) == 1 and len(text.split()) == 1:
                self._add_word(concept, words[0])
            elif len(words) > 1:
                phrase = Phrase(concept, tuple(map(weak_forms, words)))
                for form in phrase.words[0]:
                    self.phrases[form].append(phrase)
                self.words.update(words)
            else:
                raise ValueError(f"concept {concept}: {text!r} is one word and stop words, or nothing")

    def _add_word(self, concept: str, word: str) -> None:
        self.words.add(word)
        self.by_stem[stems_of(word)[0]].add(concept)
        if is_arabic(word):
            self.by_skeleton[skeleton_of(word)].add(concept)

    def add_place(self, place: str, texts: Mapping[Language, Sequence[str]]) -> None:
        """Learn a place's names."""
        self.labels[place] = {language: spoken[0] for language, spoken in texts.items()}
        for text in (text for spoken in texts.values() for text in spoken):
            first, *rest = words_of(text, _NAME_WORDS_MAX)
            for written in _written_forms(first):
                self.names[written].append(Name(place, (first, *rest)))
            if not rest:
                self.words.add(first)
                if is_arabic(first):
                    self.by_skeleton[skeleton_of(first)].add(place)


def weak_forms(word: str) -> frozenset[str]:
    """What a word of a phrase is met by: its roots where it has some, and its stems."""
    return frozenset((*roots_of(word), *stems_of(word)))


def _forms(reading: Reading) -> frozenset[str]:
    return frozenset((*reading.roots, *reading.stems))


def without_stop_words(words: Sequence[str]) -> list[str]:
    """The words that say something; all of them when none does."""
    return [word for word in words if word not in STOP_WORDS] or list(words)


@cache
def catalogue() -> Catalogue:
    """The catalogue as it was published with this program."""
    known = Catalogue()
    for concept, texts in _read("concepts.toml").items():
        known.add(concept, {"ar": texts["ar"], "en": texts["en"]})
        known.broader[concept] = tuple(texts.get("broader", ()))
    places = _read("cities.toml")
    for region, texts in places["regions"].items():
        known.add_place(f"{REGION}{region}", {"ar": texts["ar"], "en": texts["en"]})
    for city, texts in places["cities"].items():
        known.add_place(f"{CITY}{city}", {"ar": texts["ar"], "en": texts["en"]})
        known.cities[city] = City(city, texts["region"], *texts["at"])
        known.broader[f"{CITY}{city}"] = (f"{REGION}{texts['region']}",)
    return known


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("ledger.search").joinpath(name).read_text("utf-8"))


def _meets(wanted: frozenset[str], forms: frozenset[str]) -> bool:
    return not wanted.isdisjoint(forms)


def _written_forms(first: str) -> list[str]:
    """A name's first word as it stands in Arabic texts, with particles joined to it."""
    if not is_arabic(first):
        return [first]
    joined = [before + first for before in _BEFORE_NAMES]
    return [*joined, "لل" + first[2:], "ولل" + first[2:]] if first.startswith("ال") else joined
