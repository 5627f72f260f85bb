"""The page for files: a PDF or a credential's text is read and verified in the browser, and never sent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, FilePayload

from ledger.texts.check_page import texts_in
from tests.browser.reader import Reader, reader
from tests.browser.sample_links import SampleSite, code_of
from tests.browser.sample_log import StatementLog
from tests.browser.sample_pdf import encrypted, files_of, pdf_with, saved_by_another_program, with_object_stream
from tests.browser.sample_statement import SampleIssuer, SampleStatement, Wanted, issue

TEXTS: Final = texts_in("en")
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(100)
DROP: Final = """
([name, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: "application/pdf" }));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}
"""


@pytest.fixture
def somebody(browser: Browser, origin: str) -> Iterator[Reader]:
    with reader(browser, origin) as one:
        one.page.goto(f"{origin}/check?lang=en")
        one.page.wait_for_selector("#choose:visible")
        one.requests.clear()
        yield one


@pytest.fixture(scope="module")
def statement(samples: SampleSite) -> SampleStatement:
    return samples.statements["valid"]


@pytest.fixture(scope="module")
def pdf(statement: SampleStatement) -> bytes:
    return pdf_with(files_of(statement))


def give(somebody: Reader, data: bytes, name: str = "statement.pdf") -> str:
    """Choose a file by the button; the state that follows."""
    with somebody.page.expect_file_chooser() as chooser:
        somebody.page.click("#choose")
    chooser.value.set_files(FilePayload(name=name, mimeType="application/octet-stream", buffer=data))
    return somebody.state()


def paste(somebody: Reader, text: str) -> str:
    somebody.page.fill("#text", text)
    somebody.page.click("#check-text")
    return somebody.state()


def test_a_pdf_is_verified_and_only_the_list_of_status_is_asked_for(somebody, pdf):
    assert give(somebody, pdf) == "valid"
    assert set(somebody.steps().values()) == {"holds"}
    assert somebody.requests == [f"GET {somebody.origin}/statements/status/0-0"]
    assert somebody.complaints == []


def test_a_pdf_is_verified_when_it_is_dropped(somebody, pdf):
    somebody.page.evaluate(DROP, ["statement.pdf", b64encode(pdf).decode()])
    assert somebody.state() == "valid"


def test_a_pdf_that_another_program_saved_is_read(somebody, pdf, statement):
    assert give(somebody, saved_by_another_program(pdf)) == "valid"
    assert set(somebody.steps().values()) == {"holds"}
    somebody.page.evaluate("document.getElementById('result').replaceChildren()")
    assert give(somebody, with_object_stream(files_of(statement))) == "valid"
    assert set(somebody.steps().values()) == {"holds"}


def test_a_text_alone_is_verified_as_far_as_it_goes(somebody, statement):
    assert paste(somebody, f"\n {statement.credential}\n") == "valid"
    assert somebody.steps() == {
        "form": "holds",
        "signature": "holds",
        "disclosures": "holds",
        "log": "not_shown",
        "complete": "not_shown",
        "status": "holds",
    }
    somebody.page.evaluate("document.getElementById('result').replaceChildren()")
    assert give(somebody, statement.credential.encode(), "statement.txt") == "valid"


def test_the_result_is_where_the_keyboard_is(somebody, statement):
    paste(somebody, statement.credential)
    assert somebody.page.evaluate("document.activeElement.textContent") == TEXTS["state_valid"]


def test_one_that_was_corrected_says_so_without_the_sum_of_today(somebody, samples):
    assert paste(somebody, samples.statements["superseded"].credential) == "superseded"
    assert "Issued for 120 hours; the number has changed since." in somebody.text()


def test_without_a_network_the_status_is_not_shown(somebody, statement):
    somebody.page.route("**/statements/status/**", lambda route: route.abort())
    assert paste(somebody, statement.credential) == "valid"
    assert somebody.steps()["status"] == "not_shown"
    assert TEXTS["state_unasked"] in somebody.text()
    assert TEXTS["why_status_unreachable"] in somebody.text()


def test_one_of_another_issuer_is_told_and_nothing_of_it_shown(somebody):
    other = issue(SampleIssuer("https://elsewhere.example"), StatementLog(), Wanted())
    assert paste(somebody, other.credential) == "other_issuer"
    assert "https://elsewhere.example" in somebody.text()
    assert "S. P." not in somebody.text()
    assert somebody.requests == []


def test_a_forged_one_under_the_same_name_fails_at_the_signature(somebody):
    forged = issue(SampleIssuer(), StatementLog(), Wanted())
    assert paste(somebody, forged.credential) == "tampered"
    assert somebody.steps()["signature"] == "fails"
    assert TEXTS["why_key_unknown"] in somebody.text()


@pytest.mark.parametrize("name", ["statement.tlog-proof", "statement.event.json", "statement.balance-proof"])
def test_a_pdf_with_the_proof_of_another_fails(somebody, samples, statement, name):
    other = files_of(issue(samples.desk.issuer, StatementLog(seed=2), Wanted(place=30, seconds=90 * 3_600)))
    assert give(somebody, pdf_with({**files_of(statement), name: other[name]})) == "tampered"
    assert somebody.steps()["complete" if name == "statement.balance-proof" else "log"] == "fails"


def test_what_holds_no_statement_is_told_in_words(somebody, pdf, statement):
    files = files_of(statement)
    twice = with_object_stream(files).replace(b"%PDF-1.7\n", b"%PDF-1.7\n" + _specification("statement.sd-jwt"))
    given = {
        "pdf_without": pdf_with({"notes.txt": b"nothing"}),
        "pdf_encrypted": encrypted(pdf),
        "picture": PNG,
        "no_pdf": b"a letter",
        "not_utf8": b"\xff\xfe\x00",
        "pdf_broken": pdf.replace(
            b"/Filter/FlateDecode/Subtype/application#2Fdc", b"/Filter/LZWDecode/Subtype/application#2Fdc"
        ),
        "twice": twice,
    }
    for reason, data in given.items():
        somebody.page.evaluate("document.getElementById('result').replaceChildren()")
        assert give(somebody, data) == "unreadable", reason
        assert TEXTS[f"why_{reason}"] in somebody.text(), reason


def _specification(name: str) -> bytes:
    return f"70 0 obj\n<</Type /Filespec /F ({name}) /EF <</F 10 0 R>>>>\nendobj\n".encode()


def test_a_small_file_that_inflates_to_a_large_one_is_not_kept(somebody):
    assert give(somebody, pdf_with({"statement.sd-jwt": bytes(4_000_000)})) == "unreadable"
    assert TEXTS["why_too_long"] in somebody.text()


def test_a_link_is_no_statement(somebody, origin):
    assert paste(somebody, f"https://hours.example/s/{code_of('valid')}#{'0' * 64}") == "needs_network"
    assert somebody.requests == []


def test_the_same_file_may_be_chosen_again(somebody, pdf):
    give(somebody, pdf)
    somebody.page.evaluate("document.getElementById('result').replaceChildren()")
    assert give(somebody, pdf) == "valid"
