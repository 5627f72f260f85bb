"""Arabic lines read from the right and their numbers and dates from the left; letters are joined; nothing flips.

Order is taken from where PDFium finds the letters on the page. That trusts what the PDF says each picture of a letter
means, so the pictures are looked at as well: beside the same text set alone, and beside its mirrored reading.
"""

from __future__ import annotations

import pytest

from tests.documents.pages import Box, Page, around
from tests.documents.plain_typst import line, picture_of

ARABIC_HALF = Box(300, 0, 545, 842)
ARABIC_VALUES = Box(300, 0, 459, 842)
WORDS_OF_ISSUE = Box(240, 600, 407, 842)
FACT_SIZE = 10.8
LIKE = 0.9
UNLIKE = 0.4


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (ARABIC_HALF, "26 ساعة و 30 دقيقة"),
        (ARABIC_VALUES, "من 2026-01-01 إلى 2026-06-30"),
        (ARABIC_VALUES, "من 12 رجب 1447 هـ إلى 15 محرم 1448 هـ"),
        (WORDS_OF_ISSUE, "16 محرم 1448 هـ الموافق 1 يوليو 2026 م"),
        (ARABIC_VALUES, "جميع الجهات"),
        (ARABIC_HALF, "الساعات حسب الجهة"),
        (ARABIC_HALF, "المهارات : reading"),
    ],
)
def test_an_arabic_line_reads_from_the_right_and_its_numbers_from_the_left(first_page: Page, part: Box, words: str):
    assert first_page.line(part, words)


def test_the_page_number_reads_from_the_right(last_page: Page):
    assert last_page.line(Box(440, 0, 595, 60), "صفحة 2 من 2")


def test_the_running_head_keeps_initials_and_date_as_they_are(last_page: Page):
    head = last_page.lines(Box(300, 780, 595, 842))[0][::-1]
    assert head[-1].reads("2026-07-01")
    # Told from the right: "S. P." itself reads from the left.
    assert [word.text for word in head if not word.letters[0].is_arabic] == ["·", "P.", "S.", "·", "2026-07-01"]


def test_a_sentence_over_two_lines_reads_from_the_right_and_downwards(last_page: Page):
    lines = [" ".join(word.text[::-1] for word in line[::-1]) for line in last_page.lines(ARABIC_HALF)]
    first = lines.index("الورق وحده لا يثبت شيئا . التحقق وحده يبين أن هذه الإفادة")
    assert lines[first + 1] == "صحيحة وما زالت سارية ."


@pytest.mark.parametrize("text", ["من 2026-01-01 إلى 2026-06-30", "صدرت في 2026-07-01"])
def test_a_date_that_is_not_isolated_would_be_noticed(text: str):
    page = line(text, "ar", FACT_SIZE)
    assert not page.line(Box(0, 0, 595, 200), text)


def test_arabic_written_from_the_left_would_be_noticed():
    page = line("\u202d" + "جميع الجهات" + "\u202c", "ar", FACT_SIZE)
    assert not page.line(Box(0, 0, 595, 200), "جميع الجهات")


def test_a_year_looks_like_itself_and_not_like_its_mirror(first_page: Page):
    words = first_page.line(WORDS_OF_ISSUE, "16 محرم 1448 هـ الموافق 1 يوليو 2026 م")
    assert words
    seen = first_page.seen(words[2].box)
    size = 9.5 * 1.08
    assert seen.likeness(picture_of(line("1448", "en", size))) > LIKE
    assert seen.likeness(picture_of(line("8441", "en", size))) < UNLIKE


def test_a_date_in_an_arabic_line_looks_like_itself(first_page: Page):
    words = first_page.line(ARABIC_VALUES, "من 2026-01-01 إلى 2026-06-30")
    assert words
    seen = first_page.seen(words[1].box)
    assert seen.likeness(picture_of(line("2026-01-01", "en", FACT_SIZE))) > LIKE
    assert seen.likeness(picture_of(line("01-01-2026", "en", FACT_SIZE))) < UNLIKE


def test_arabic_words_look_shaped_and_in_order(first_page: Page):
    words = first_page.line(ARABIC_VALUES, "جميع الجهات")
    assert words
    seen = first_page.seen(around(word.box for word in words))
    assert seen.likeness(picture_of(line("جميع الجهات", "ar", FACT_SIZE))) > LIKE
    assert seen.likeness(picture_of(line("الجهات جميع", "ar", FACT_SIZE))) < UNLIKE
    assert seen.likeness(picture_of(line("ج\u200cم\u200cي\u200cع الجهات", "ar", FACT_SIZE))) < UNLIKE


def test_letters_that_join_are_one_body_of_ink(first_page: Page):
    words = first_page.line(ARABIC_VALUES, "جميع الجهات")
    assert words
    assert first_page.seen(words[0].box).largest_body() > 0.9
    apart = picture_of(line("ج\u200cم\u200cي\u200cع", "ar", FACT_SIZE))
    assert apart.largest_body() < 0.6
