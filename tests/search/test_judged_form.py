"""The judged collection is well-formed; whether a judgement is right, only a reader can say."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Annotated, Final, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

FOLDER: Final = Path(__file__).parent / "judged"
CLASSES_LEAST: Final = {"plain": 12, "inflected": 10, "undotted": 10, "misspelt": 10, "mixed": 10}
ARABIC, LATIN = re.compile(r"[\u0600-\u06ff]"), re.compile(r"[A-Za-z]")
DOTTED: Final = set("بتثجخذزشضظغفقنيةئأإآؤء")
HAMZA_OR_ENDING: Final = re.compile(r"[ةأإآؤئء]|ي\b")


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Row):
    ar: Annotated[str, Field(min_length=2)] | None = None
    en: Annotated[str, Field(min_length=2)] | None = None

    @model_validator(mode="after")
    def says_something(self) -> Text:
        assert self.ar or self.en
        return self

    def said(self) -> list[str]:
        return [text for text in (self.ar, self.en) if text]


class Opportunity(Row):
    id: Annotated[str, Field(pattern=r"^o-\d{3}$")]
    organization: Text
    title: Text
    description: Text
    sector: Annotated[str, Field(pattern=r"^[a-z]+$")]
    skills: list[str]
    level: Literal["general", "skilled", "professional"]
    region: Annotated[str, Field(pattern=r"^SA-(0[1-9]|1[0-24])$")]
    city: Text | None
    online: bool
    minimum_age_years: Annotated[int, Field(ge=0, le=120)]

    def text(self) -> str:
        return " ".join([*self.title.said(), *self.description.said(), *self.skills, *self.place()])

    def place(self) -> list[str]:
        return self.city.said() if self.city else []


class Query(Row):
    id: Annotated[str, Field(pattern=r"^u-\d{2}$")]
    query: Annotated[str, Field(min_length=2)]
    kind: Annotated[Literal["plain", "inflected", "undotted", "misspelt", "mixed"], Field(alias="class")]
    language: Literal["ar", "en", "mixed"]
    relevant: Annotated[list[str], Field(min_length=1, max_length=8)]
    note: Annotated[str, Field(min_length=3)]


CORPUS: Final = [Opportunity.model_validate_json(line) for line in (FOLDER / "corpus.jsonl").read_text().splitlines()]
BY_ID: Final = {offered.id: offered for offered in CORPUS}
QUERIES: Final = [
    Query.model_validate_json(line) for line in (FOLDER / "queries_unseen.jsonl").read_text().splitlines()
]


def of(kind: str) -> list[Query]:
    return [query for query in QUERIES if query.kind == kind]


def words(text: str) -> set[str]:
    """Its words in a plain form of this test's own: the search may see them otherwise."""
    bare = re.sub(r"[\u064b-\u065f\u0670\u0640]", "", unicodedata.normalize("NFC", text)).lower()
    return set(re.findall(r"\w+", bare.translate(str.maketrans("أإآةى", "اااهي"))))


def skeletons(text: str) -> set[str]:
    """Its words as they look without dots."""
    letters = str.maketrans("بتثنيىئںجخذزشضظغفقةأإآؤ", "ٮٮٮٮٮٮٮٮححدرسصطعڡٯهاااو")
    return set(re.findall(r"\w+", re.sub(r"[\u064b-\u065f\u0670\u0640]", "", text).translate(letters)))


def one_edit_apart(typed: str, meant: str) -> bool:
    """One letter inserted, deleted or replaced, or two neighbours swapped."""
    if typed == meant:
        return False
    cuts = range(len(typed) + 1)
    swapped = any(typed[:at] + typed[at + 1 : at + 2] + typed[at : at + 1] + typed[at + 2 :] == meant for at in cuts)
    replaced = len(typed) == len(meant) and sum(a != b for a, b in zip(typed, meant, strict=True)) == 1
    longer, shorter = sorted((typed, meant), key=len, reverse=True)
    inserted = any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))
    return swapped or replaced or (inserted and len(longer) == len(shorter) + 1)


def test_ids_are_unique_and_every_judgement_names_an_opportunity():
    assert len(BY_ID) == len(CORPUS) >= 350
    assert len({query.id for query in QUERIES}) == len({query.query for query in QUERIES}) == len(QUERIES) >= 60
    for query in QUERIES:
        assert set(query.relevant) <= BY_ID.keys(), query.id
        assert len(set(query.relevant)) == len(query.relevant), query.id


def test_languages_have_their_shares():
    shares = Counter((bool(offered.title.ar), bool(offered.title.en)) for offered in CORPUS)
    assert shares[True, False] >= 0.3 * len(CORPUS)
    assert shares[False, True] >= 0.2 * len(CORPUS)
    assert shares[True, True] >= 0.4 * len(CORPUS)
    for offered in CORPUS:
        assert all(ARABIC.search(text.ar) for text in (offered.title, offered.description) if text.ar), offered.id
        assert not any(ARABIC.search(text.en) for text in (offered.title, offered.description) if text.en), offered.id


def test_an_opportunity_has_a_city_or_is_online_and_a_city_has_one_region():
    regions: dict[str, set[str]] = {}
    for offered in CORPUS:
        assert (offered.city is None) == offered.online, offered.id
        for city in offered.place():
            regions.setdefault(city, set()).add(offered.region)
    assert {city: found for city, found in regions.items() if len(found) > 1} == {}


def test_every_organisation_says_that_it_is_synthetic():
    for offered in CORPUS:
        assert "Synthetic" in (offered.organization.en or ""), offered.id
        assert "صطناعي" in (offered.organization.ar or ""), offered.id


@pytest.mark.parametrize(("kind", "least"), CLASSES_LEAST.items())
def test_classes_have_their_numbers(kind, least):
    assert len(of(kind)) >= least


def test_the_language_named_is_the_language_typed():
    for query in QUERIES:
        scripts = (bool(ARABIC.search(query.query)), bool(LATIN.search(query.query)))
        assert scripts == (query.language != "en", query.language != "ar"), query.id


@pytest.mark.parametrize("query", of("inflected"), ids=lambda query: query.id)
def test_an_inflected_query_has_a_word_in_a_form_its_answers_lack(query):
    texts = set().union(*(words(BY_ID[name].text()) for name in query.relevant))
    assert words(query.query) - texts


@pytest.mark.parametrize("query", of("undotted"), ids=lambda query: query.id)
def test_an_undotted_query_lacks_dots_and_looks_like_words_of_its_answers(query):
    assert not HAMZA_OR_ENDING.search(query.query)
    texts = " ".join(BY_ID[name].text() for name in query.relevant)
    assert skeletons(query.query) <= skeletons(texts)
    if re.search("[ٮڡٯں]", query.query):
        assert not DOTTED & set(query.query)


def test_many_undotted_queries_have_no_dot_at_all():
    assert sum(not DOTTED & set(query.query) for query in of("undotted")) >= 6


@pytest.mark.parametrize("query", of("misspelt"), ids=lambda query: query.id)
def test_a_misspelt_query_has_one_word_one_edit_from_a_word_of_its_answers(query):
    known = set().union(*(words(offered.text()) for offered in CORPUS))
    texts = set().union(*(words(BY_ID[name].text()) for name in query.relevant))
    wrong = words(query.query) - known
    assert len(wrong) == 1
    assert any(one_edit_apart(wrong.copy().pop(), meant) for meant in texts)


@pytest.mark.parametrize("query", of("mixed"), ids=lambda query: query.id)
def test_a_mixed_query_crosses_languages(query):
    if query.language == "mixed":
        return
    titles = [BY_ID[name].title for name in query.relevant]
    assert any((title.ar if query.language == "ar" else title.en) is None for title in titles)


@pytest.mark.parametrize(
    ("typed", "apart"),
    [("museom", True), ("musem", True), ("musseum", True), ("musuem", True), ("museum", False), ("musoem", False)],
)
def test_one_edit_is_one_edit(typed, apart):
    assert one_edit_apart(typed, "museum") is apart
