from __future__ import annotations

import unicodedata

import msgspec
import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents.fonts import document_fonts
from ledger.documents.printable import NOT_SHOWN, SHOWN, printable

_EACH = b"""
#set document(title: "Each")
#set text(font: ("Libertinus Serif", "Amiri", "DejaVu Sans Mono"), lang: "en", fallback: false)
#for one in json(bytes(sys.inputs.told)) [#text(one) #parbreak()]
"""


def archived(characters: list[str]) -> None:
    """Set each of them for an archive, which refuses what no font has."""
    inputs = {"told": msgspec.json.encode(characters).decode()}
    typst.Compiler(_EACH, font_paths=document_fonts(), sys_inputs=inputs).compile(format="pdf", pdf_standards=["a-3a"])


def test_the_fonts_have_every_character_that_is_kept():
    kept = [chr(code) for first, last in SHOWN for code in range(first, last + 1)]
    archived([one for one in kept if unicodedata.category(one) != "Cn"])


def test_a_character_that_no_font_has_would_be_noticed():
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        archived(["a", "漢"])


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("#panic()", "#panic()"),
        ("*bold* $x$ `raw` <label> @ref //", "*bold* $x$ `raw` <label> @ref //"),
        ("two\nlines\tand\u2028more\x00", "two lines and more"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\u2069\u2069\u2066b", "ab"),
        ("漢字", NOT_SHOWN * 2),
        ("😀", NOT_SHOWN),
        ("\ud800", NOT_SHOWN),
        ("\ue000", NOT_SHOWN),
        ("می\u200cروم", "می\u200cروم"),
        ("محمّد الأُولى", "محمّد الأُولى"),
        ("e\u0301", "é"),
        ("\ufed3\ufef2 \ufdfa", "في صلى الله عليه وسلم"),
        ("a" + "\u0315" * 40, "a" + "\u0315" * 4),
    ],
)
def test_texts_of_people(text: str, printed: str):
    assert printable(text) == printed


def test_a_long_word_may_be_broken():
    printed = printable("x" * 300)
    assert printed.replace("\u200b", "") == "x" * 300
    assert max(map(len, printed.split("\u200b"))) < 30
    assert "\u200b" not in printable("x" * 60, room_ems=34.0)


def test_words_of_people_are_whole():
    for word in ("Internationalisation", "VOLUNTEERING", "فسيكفيكهم", "والاستراتيجيات", "Überraschungsgäste"):
        assert printable(word) == word


def test_a_mark_is_not_parted_from_its_letter():
    assert "\u200b\u0301" not in printable("q\u0301" * 100)


def test_an_identifier_breaks_by_itself_and_is_copied_as_it_is():
    name = "organizations/synthetic-association-of-synthetic-gardens"
    assert printable(name) == name


def test_what_nothing_is_assigned_to_among_shapes_of_letters_is_shown_as_missing():
    assert printable("\ufd90") == printable("\ufdc8") == NOT_SHOWN
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00)):
        printable(chr(code))


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_printed_is_one_line_that_turns_nothing(text: str):
    printed = printable(text)
    assert printed == " ".join(printed.split(" "))
    assert not {unicodedata.bidirectional(one) for one in printed} & {
        "LRE",
        "RLE",
        "LRO",
        "RLO",
        "PDF",
        "LRI",
        "RLI",
        "FSI",
        "PDI",
        "B",
    }
