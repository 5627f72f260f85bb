"""How words are normalised, stemmed, read without dots and repaired."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.search.concepts import catalogue, without_stop_words
from ledger.search.normalise import WORD_LETTERS_MAX, normalised, words_of
from ledger.search.question import asked, groups_of, repairs_of
from ledger.search.spelling import forms_of, is_one_apart
from ledger.search.stems import roots_of, skeleton_of, stems_of

LETTERS = st.text("ابتثجحخدرزسشابedcba", min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("إِبْراهيم", "ابراهيم"),
        ("مدرسة", "مدرسه"),
        ("مـــدرسـة", "مدرسه"),
        ("مستشفى", "مستشفي"),
        ("آثار", "اثار"),
        ("مسؤول", "مسوول"),
        ("شاطئ", "شاطي"),
        ("٢٠٢٦ و ۱۴۰۵", "2026 و 1405"),
        ("ﻣﺴﺠﺪ", "مسجد"),
        ("\u200fدم\u200e", "دم"),
        ("Café", "cafe"),
        ("کتابی", "كتابي"),
    ],
)
def test_spellings_of_one_word_become_one(written, meant):
    assert normalised(written) == meant


def test_words_are_of_one_script_and_punctuation_ends_them():
    assert words_of("تشجير،Riyadh؛ 20شجرة volunteer's", 16) == ["تشجير", "riyadh", "20", "شجره", "volunteer"]
    assert words_of("أ" * 100, 16) == ["ا" * WORD_LETTERS_MAX]
    assert words_of("x " * 100, 16) == ["x"] * 16


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_reading_it_again_changes_nothing(text):
    words = words_of(text, 16)
    assert words_of(" ".join(words), 16) == words


@pytest.mark.parametrize(
    "words",
    ["متطوع المتطوعين للمتطوعات والمتطوعون متطوعة", "مسجد المسجد بالمسجد وللمسجد", "volunteer volunteers volunteering"],
)
def test_inflected_words_have_a_stem_in_common(words):
    first, *others = (set(stems_of(word)) for word in words_of(words, 16))
    assert all(first & other for other in others), words


@pytest.mark.parametrize(
    "words", ["شجرة أشجار تشجير", "مسجد مساجد", "طفل أطفال", "متطوع يتطوع تطوع", "زراعة نزرع مزارعين"]
)
def test_broken_plurals_and_verbs_have_a_root_in_common(words):
    first, *others = (set(roots_of(word)) for word in words_of(words, 16))
    assert first
    assert all(first & other for other in others), words


def test_a_word_and_its_form_without_dots_have_one_skeleton():
    for dotted, dotless in (("تشجير", "ٮسحٮر"), ("التبرع", "الٮٮرع"), ("قرآن", "ڡراں"), ("غذائية", "عداىىه")):
        assert {skeleton_of(word) for word in words_of(dotted, 1)} == {
            skeleton_of(word) for word in words_of(dotless, 1)
        }


@given(LETTERS, LETTERS)
def test_words_one_letter_apart_share_a_form(one, other):
    if is_one_apart(one, other):
        assert set(forms_of(one)) & set(forms_of(other))


@given(LETTERS, st.data())
def test_one_wrong_letter_is_one_apart(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("ابجدxyz"))
    wrong = [word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :]]
    wrong.append(word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :])
    for one in wrong:
        assert one == word or is_one_apart(word, one)
        assert is_one_apart(word, one) == is_one_apart(one, word)


def test_two_wrong_letters_are_not_one():
    for one, other in (("abcd", "abxy"), ("abcd", "badc"), ("ab", "abcd"), ("abc", "cab"), ("abc", "abc")):
        assert not is_one_apart(one, other)


def test_repairs_are_few_and_the_most_used_first():
    near = {f"car{letter}": n for n, letter in enumerate("abdefg", 1)}
    found = repairs_of("carz", near)
    assert found[0] == "carg"
    assert len(found) <= 5
    assert repairs_of("zzzzzz", near) == []


def test_the_catalogue_speaks_both_languages_and_knows_what_it_names():
    known = catalogue()
    for concept, labels in known.labels.items():
        assert labels["ar"], concept
        assert labels["en"], concept
        assert set(known.broader.get(concept, ())) <= known.labels.keys(), concept
    assert {city.region for city in known.cities.values()} <= {f"SA-{n:02}" for n in (*range(1, 13), 14)}
    assert all(15 < city.latitude_degrees < 33 and 34 < city.longitude_degrees < 56 for city in known.cities.values())


def test_a_phrase_is_met_whole_and_a_city_by_its_name_alone():
    known = catalogue()

    def concepts(text: str) -> set[str]:
        return {concept for _, _, concept in known.in_text(known.read(without_stop_words(words_of(text, 99))))}

    assert "blood-donation" in concepts("نشارك في التبرع بالدم")
    assert "blood-donation" not in concepts("التبرع بالملابس")
    assert "city:riyadh" in concepts("في الرياض")
    assert "sports" not in concepts("في الرياض")
    assert "city:riyadh" not in concepts("نشاط رياضي")
    assert known.city_key("مكّة المكرمة") == known.city_key("Mecca") == "makkah"
    assert known.city_key("Nowhere Town") == "nowhere town"


def test_a_question_asks_each_word_once_and_leaves_out_what_says_nothing():
    question = asked("أريد أن أتطوع في تشجير تشجير the park")
    assert question.words == ["اتطوع", "تشجير", "park"]
    assert [group.word for group in groups_of(question)] == question.words
    assert asked("the of في").words == ["the", "of", "في"]
    for group in groups_of(question):
        assert [met.score for met in group.keys] == sorted((met.score for met in group.keys), reverse=True)
