"""What a document holds beside its looks: attachments, code, metadata; and that no text of anybody breaks it."""

from __future__ import annotations

import io
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pypdf
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject, StreamObject

from ledger.documents import fonts
from ledger.documents.fonts import FontsMissing
from ledger.documents.printable import NOT_SHOWN
from ledger.documents.statement_pdf import render_statement
from tests.documents import samples
from tests.documents.pages import Box, Page
from tests.documents.qr_codes import modules_of, quiet_modules

LINK = f"{samples.SHARE_URI}#{samples.DIGEST}"
MARGIN = 50
"""Points; a little less than what is left free on either side."""
FIRST_NUMBER, LAST_NUMBER = 219, 376
"""Where the columns of dates and hours stand, in points."""


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def dictionary(found: PdfObject | None) -> DictionaryObject:
    """What a reference of a PDF leads to. Fails when it is something else."""
    assert found is not None
    led_to = found.get_object()
    assert isinstance(led_to, DictionaryObject)
    return led_to


def listed(found: PdfObject) -> ArrayObject:
    """The same for a list."""
    led_to = found.get_object()
    assert isinstance(led_to, ArrayObject)
    return led_to


def catalogue(pdf: bytes) -> DictionaryObject:
    return dictionary(read(pdf).trailer["/Root"])


def rendered(**changed: object) -> bytes:
    """A statement without a link; `changed` of what it discloses."""
    return render_statement(samples.claims(), samples.disclosed(**changed), samples.DIGEST, None, {})


def test_the_attachments_are_the_bytes_that_were_given(statement: bytes):
    assert {name: data for name, [data] in read(statement).attachments.items()} == samples.ATTACHMENTS


@pytest.mark.parametrize("data", [b"", b"\xff\x00\xfe", bytes(range(256)) * 8, "عربي\r\n".encode(), b"x" * 1_000_000])
def test_any_bytes_may_be_attached(data: bytes):
    made = render_statement(samples.claims(), samples.disclosed(), samples.DIGEST, None, {"any.bin": data})
    assert read(made).attachments["any.bin"] == [data]


def test_attachments_say_what_they_are(statement: bytes):
    told = {}
    for specification in map(dictionary, listed(catalogue(statement)["/AF"])):
        data = dictionary(dictionary(specification["/EF"])["/F"])
        told[str(specification["/UF"])] = (str(data["/Subtype"]), str(specification["/AFRelationship"]))
    assert told == {
        "statement.sd-jwt": ("/application/dc+sd-jwt", "/Source"),
        "statement.event.json": ("/application/json", "/Supplement"),
        "statement.tlog-proof": ("/text/plain", "/Supplement"),
        "statement.balance-proof": ("/text/plain", "/Supplement"),
    }


def test_it_is_titled_tagged_and_fit_for_archives(statement: bytes):
    metadata, root = read(statement).metadata, catalogue(statement)
    assert metadata
    assert metadata.title == "Statement of verified volunteer hours · إفادة بساعات التطوع المدققة · S. P."
    assert str(root["/Lang"]) == "en"
    assert dictionary(root["/MarkInfo"])["/Marked"]
    assert dictionary(root["/ViewerPreferences"])["/DisplayDocTitle"]
    described = dictionary(root["/Metadata"])
    assert isinstance(described, StreamObject)
    said = described.get_data()
    for claimed in (b"<pdfaid:part>3<", b"<pdfaid:conformance>A<", b"<pdfuaid:part>1<"):
        assert claimed in said


def test_the_text_is_there_for_who_copies_or_searches(first_page: Page, last_page: Page):
    for text in ("16 محرم 1448 هـ الموافق 1 يوليو 2026 م", "جمعية الحدائق الاصطناعية"):
        assert text in first_page.text
    # PDFium tells a line of both languages from the left: its words are whole all the same.
    assert {"إفادة", "بساعات", "التطوع", "المدققة", "الساعات", "حسب", "الجهة"} <= set(first_page.text.split())
    assert {"صحيحة", "وما", "زالت", "سارية"} <= {word.strip(".") for word in last_page.text.split()}


def test_screen_readers_are_told_what_is_arabic(statement: bytes):
    assert statement.count(b"/Lang(ar)") + statement.count(b"/Lang (ar)") > 20


def test_equal_statements_are_equal_bytes(statement: bytes):
    again = render_statement(
        samples.claims(), samples.disclosed(), samples.DIGEST, samples.SHARE_URI, samples.ATTACHMENTS
    )
    assert again == statement


def test_threads_make_the_same(statement: bytes):
    def made(_: int) -> bytes:
        return render_statement(
            samples.claims(), samples.disclosed(), samples.DIGEST, samples.SHARE_URI, samples.ATTACHMENTS
        )

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(made, range(12))) == {statement}


def test_the_code_is_that_of_the_link_and_has_its_quiet_zone(first_page: Page):
    expected = [[bool(module) for module in row] for row in segno.make_qr(LINK, error="m", boost_error=False).matrix]
    assert modules_of(first_page.picture, len(expected)) == expected
    assert quiet_modules(first_page.picture, len(expected)) >= 4


def test_a_code_of_another_link_would_be_noticed(first_page: Page):
    other = segno.make_qr(LINK[:-1] + "0", error="m", boost_error=False).matrix
    assert modules_of(first_page.picture, len(other)) != [[bool(module) for module in row] for row in other]


def test_the_printed_link_opens_with_the_digest(statement: bytes):
    links = [dictionary(one) for page in read(statement).pages for one in page.annotations or ()]
    opened = [str(dictionary(link["/A"])["/URI"]) for link in links]
    assert opened == [LINK]


def test_without_a_link_there_is_no_code_and_a_line_says_so():
    made = rendered()
    with pytest.raises(AssertionError, match="no QR code"):
        modules_of(Page(made).picture, 45)
    last = Page(made, -1).text
    assert "There is no link on this document." in last
    assert "hours-ledger verify statement FILE" in last


def test_initials_and_date_of_issue_come_first_and_largest(first_page: Page):
    left = [one for one in first_page.letters if one.box.middle < first_page.width / 2]
    sizes = sorted({round(one.box.top - one.box.bottom, 1) for one in left}, reverse=True)
    large = [one for one in left if one.box.top - one.box.bottom > sizes[2] + 0.1]
    assert sorted(one.character for one in large) == sorted("S.P.2026-07-01")
    # Nothing stands above them but the title and their labels.
    assert min(one.box.bottom for one in large) > first_page.height - 190


@pytest.mark.parametrize(
    "name",
    [
        "#panic()", "#read(\"/etc/passwd\")", "*x* _y_ `z` $a$ <b> @c", "]#text(red)[x", "\\u{1F600} \\ / //",
        "= Heading", "- item", "https://x.example", "a~b", "{page} {pages}", "\"quoted\" 'quotes'", "--- ...",
    ],
)  # fmt: skip
def test_markup_in_a_name_is_printed_as_it_is(name: str):
    organization = samples.organization("organizations/synthetic", {"en": name, "ar": name}, samples.TOTAL_SECONDS)
    made = rendered(full_name=name, organizations=(organization,), roles=None)
    read_back = [one.character for one in Page(made).letters]
    assert "".join(read_back).count(name.replace(" ", "")) >= 2


@pytest.mark.parametrize(
    ("display_name", "english", "arabic"),
    [
        ({"ar": "جمعية", "en": "Association"}, "Association", "جمعية"),
        ({"ar": "جمعية"}, "جمعية", "جمعية"),
        ({"en": "Association"}, "Association", "Association"),
        ({}, "organizations/nameless", "organizations/nameless"),
    ],
)
def test_a_name_that_is_missing_in_one_language_is_taken_from_the_other(
    display_name: dict[str, str], english: str, arabic: str
):
    organization = samples.organization("organizations/nameless", display_name, samples.TOTAL_SECONDS)
    page = Page(rendered(organizations=(organization,), roles=None))
    assert page.line(Box(50, 0, 215, 842), english)
    assert page.line(Box(385, 0, 545, 842), arabic)


def test_a_character_that_cannot_be_shown_is_told():
    assert NOT_SHOWN not in Page(rendered(), -1).text
    assert (
        f"{NOT_SHOWN} stands for a character that this document cannot show"
        in Page(rendered(full_name="漢字"), -1).text
    )


def test_letters_and_marks_that_no_font_has_together_are_no_failure():
    made = rendered(full_name="Жَ ψّ ऀ")
    assert made.startswith(b"%PDF-")


def test_without_the_arabic_font_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fonts, "ARABIC", "Synthetic Font")
    fonts.document_fonts.cache_clear()
    try:
        with pytest.raises(FontsMissing, match="fonts-hosny-amiri"):
            rendered()
    finally:
        fonts.document_fonts.cache_clear()


def outside(page: Page) -> list[str]:
    """Letters that stand in the margins or beyond them."""
    return [one.character for one in page.letters if not MARGIN <= one.box.middle <= page.width - MARGIN]


def of_one_organization(name: str, full_name: str = "Synthetic Person") -> Page:
    """A statement with an organisation that is called so."""
    organization = samples.organization("organizations/synthetic", {"en": name, "ar": name}, samples.TOTAL_SECONDS)
    return Page(rendered(full_name=full_name, organizations=(organization,), roles=None, sectors=None))


@pytest.mark.parametrize(
    "part", ["x", "W", "/", "-", "1/", "1-", "-/", "/1-1", ".", "(", "—", "ش", "ﷺ", "Ǆ", "Ѿ", "\u00a0a", "a\u2011"]
)
def test_what_has_no_spaces_stays_on_the_page(part: str):
    assert not outside(of_one_organization(part * 150, full_name=part * 150))


@pytest.mark.parametrize("character", ["z", "W", "@", "—", "ش", "ص", "Ǆ", "Ѿ", "Ж", "□", "%"])
def test_a_long_word_does_not_run_over_the_numbers_beside_it(character: str):
    page = of_one_organization(character * 150)
    shown = set(unicodedata.normalize("NFKC", character))
    # Below what it covers, between the two columns of names.
    beside = [one for one in page.letters if one.box.top < 420 and FIRST_NUMBER < one.box.middle < LAST_NUMBER]
    assert beside
    assert not [one for one in beside if one.character in shown]


_NAMES = st.text(
    st.one_of(
        st.sampled_from("محمد عبدالله شخص اصطناعي ABC abc 2026-01-01 1448 #*_$[]{}()\\/\"'`~@<>=+-،؛؟٠١٢"),
        st.characters(codec="utf-8"),
    ),
    max_size=400,
)


@settings(max_examples=40, deadline=None)
@given(name=_NAMES, english=_NAMES, arabic=_NAMES)
def test_no_name_breaks_the_page_or_moves_what_stands_beside_it(name: str, english: str, arabic: str):
    organization = samples.organization("organizations/synthetic", {"en": english, "ar": arabic}, samples.TOTAL_SECONDS)
    page = Page(rendered(full_name=name, organizations=(organization,), roles=None, sectors=None))
    assert page.line(Box(240, 600, 560, 842), "16 محرم 1448 هـ الموافق 1 يوليو 2026 م")
    assert page.line(Box(300, 0, 545, 842), "26 ساعة و 30 دقيقة")
    assert not outside(page)
