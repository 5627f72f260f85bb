"""What the page of a link shows in every state, in both languages, on a phone and on a desk; and who can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from ledger.texts.check_page import texts_in
from ledger.texts.text import Language
from ledger.web.check.languages import DIRECTIONS
from tests.browser.axe import violations
from tests.browser.reader import Reader, Width, reader
from tests.browser.sample_links import CARD_STATES, WITH_STATEMENT, code_of

PERSONAL = ("Synthetic Person", "شخص اصطناعي", "S. P.", "Synthetic Green Hands", "120", "gardening")


@pytest.fixture(scope="module", params=["ar", "en"])
def language(request: pytest.FixtureRequest) -> Language:
    return "en" if request.param == "en" else "ar"


@pytest.fixture(scope="module", params=["phone", "desktop"])
def width(request: pytest.FixtureRequest) -> Width:
    return "desktop" if request.param == "desktop" else "phone"


@pytest.fixture(scope="module")
def somebody(browser: Browser, origin: str, language: Language, width: Width) -> Iterator[Reader]:
    """Reads by day on the phone and by night on the desk, so that the colours of both are looked at."""
    with reader(browser, origin, width, dark=width == "desktop") as one:
        yield one


@pytest.mark.parametrize("name", CARD_STATES)
def test_every_state_is_told(somebody: Reader, axe: Path, language: Language, width: Width, name: str):
    somebody.requests.clear()
    texts = texts_in(language)

    assert somebody.read(f"/s/{code_of(name)}?lang={language}") == CARD_STATES[name]

    shown = somebody.text()
    title = "unasked" if name == "unasked" else CARD_STATES[name]
    assert texts[f"state_{title}"] in shown
    root = somebody.page.locator("html")
    assert (root.get_attribute("lang"), root.get_attribute("dir")) == (language, DIRECTIONS[language])
    if CARD_STATES[name] in WITH_STATEMENT:
        initials = "ش. ا." if name == "arabic" else "S. P."
        assert shown.startswith(f"{texts['initials']}\n{initials}\n{texts['issued']}\n")
    else:
        assert [each for each in PERSONAL if each in somebody.page.inner_text("body")] == []
    assert not somebody.is_too_wide()
    assert somebody.asked_elsewhere() == []
    assert somebody.complaints == []
    # Neither the width nor the night changes what stands there: of the night each colour once.
    if width == "phone" or name in ("valid", "superseded", "tampered"):
        assert violations(somebody.page, axe) == []


def test_what_is_printed_by_night_is_dark_on_white(browser: Browser, origin: str, axe: Path):
    with reader(browser, origin, dark=True) as one:
        one.read(f"/s/{code_of('superseded')}?lang=en")
        one.page.emulate_media(media="print")
        assert violations(one.page, axe) == []
        assert one.page.is_hidden("#language")
        assert one.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_page_for_files_can_be_used_by_all(somebody: Reader, axe: Path, language: Language, width: Width):
    somebody.page.goto(f"{somebody.origin}/check?lang={language}")
    somebody.page.wait_for_selector("#choose:visible")

    assert not somebody.is_too_wide()
    assert violations(somebody.page, axe) == []
    assert somebody.complaints == []


def test_a_path_that_is_no_link_is_the_page_that_says_so(somebody: Reader, axe: Path, language: Language):
    told = texts_in(language)["state_unknown"]
    for path in ("/s/short", f"/s/{'A' * 26}", f"/s/{'a' * 26}/more", "/s/%D8%A7"):
        response = somebody.page.goto(f"{somebody.origin}{path}?lang={language}")
        assert response is not None
        assert response.status == 404
        assert told in somebody.text()
    somebody.complaints.clear()  # Chromium tells of each answer 404.
    assert violations(somebody.page, axe) == []
