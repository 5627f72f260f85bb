"""Every page for people in a browser: both languages, phone and desk, 320 px, axe-core, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from playwright.sync_api import Browser, ViewportSize

from ledger.texts.text import Language
from tests.browser.axe import violations
from tests.browser.people_site import NARROWEST, PeopleSite, people_site
from tests.browser.reader import SIZES, Reader, reader
from tests.system.people_programme import ANA, COORDINATOR, VERIFIER

PAGES: Final = {
    ANA: (
        "/find",
        "/find?q=trees&region=SA-01&places=1",
        "/find?q=nothing+of+the+kind",
        "/find?mine=1",
        "/opportunities/trees",
        "/opportunities/trees/shifts/now",
        "/my/registrations",
        "/my/hours",
        "/my/hours/ana-two",
        "/in/trees/now",
        "/opportunities/none",
    ),
    COORDINATOR: (
        "/organize",
        "/organize/new",
        "/organize/trees",
        "/organize/teaching/lesson",
        "/organize/trees/now/presence",
    ),
    VERIFIER: ("/verify", "/verify/trees/yesterday"),
}
"""By who reads them."""


class Sight(NamedTuple):
    """How somebody sees a page."""

    language: Language
    size: ViewportSize
    dark: bool

    def __str__(self) -> str:
        return f"{self.language}-{self.size['width']}-{'dark' if self.dark else 'light'}"


USUAL: Final = (Sight("ar", NARROWEST, dark=False), Sight("en", SIZES["desktop"], dark=True))
_LANGUAGES: Final[tuple[Language, ...]] = ("ar", "en")
EVERY: Final = tuple(
    Sight(language, size, dark)
    for language in _LANGUAGES
    for size in (NARROWEST, SIZES["phone"], SIZES["desktop"])
    for dark in (False, True)
)


@pytest.fixture(scope="module")
def site() -> Iterator[PeopleSite]:
    with people_site() as one:
        yield one


def look(somebody: Reader, path: str, axe: Path, language: Language) -> None:
    """One page, all of it unfolded."""
    page = somebody.page
    page.goto(f"{somebody.origin}{path}")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert violations(page, axe) == [], path
    assert not somebody.is_too_wide(), path
    assert page.get_attribute("html", "lang") == language
    assert page.get_attribute("html", "dir") == ("rtl" if language == "ar" else "ltr")
    begins_right = page.evaluate("document.querySelector('h1').getBoundingClientRect().right > innerWidth / 2")
    assert begins_right or language == "en", path
    assert "{" not in page.inner_text("body"), path


def look_at_all(site: PeopleSite, browser: Browser, axe: Path, actor: str, sight: Sight) -> None:
    """Every page of somebody's."""
    with site.person(browser, actor, sight.language, size=sight.size, dark=sight.dark) as somebody:
        for path in PAGES[actor]:
            look(somebody, path, axe, sight.language)
        assert somebody.asked_elsewhere() == []
        # A page that is not there is told by the console, too.
        assert [each for each in somebody.complaints if "404" not in each] == []


@pytest.mark.parametrize("actor", PAGES)
@pytest.mark.parametrize("sight", USUAL, ids=str)
def test_every_page_is_for_everybody(site: PeopleSite, browser: Browser, axe: Path, actor: str, sight: Sight):
    look_at_all(site, browser, axe, actor, sight)


@pytest.mark.proof
@pytest.mark.parametrize("actor", PAGES)
@pytest.mark.parametrize("sight", EVERY, ids=str)
def test_every_page_is_for_everybody_in_every_light(
    site: PeopleSite, browser: Browser, axe: Path, actor: str, sight: Sight
):
    look_at_all(site, browser, axe, actor, sight)


@pytest.mark.parametrize(("language", "dark"), [("ar", True), ("en", False)])
def test_signing_in_is_for_everybody(site: PeopleSite, browser: Browser, axe: Path, language: Language, dark: bool):
    with reader(browser, site.origin, size=NARROWEST, locale=language, dark=dark) as somebody:
        look(somebody, "/sign-in?next=%2Ffind", axe, language)
        somebody.page.fill("#token", "nonsense")
        somebody.page.click("main button")
        assert somebody.page.locator("[role=alert]").count() == 1
        assert violations(somebody.page, axe) == []


def test_dates_stand_in_both_calendars_with_latin_digits(site: PeopleSite, browser: Browser):
    with site.person(browser, ANA, "ar") as somebody:
        somebody.page.goto(f"{somebody.origin}/opportunities/trees")
        told = re.sub("[\u2066-\u2069]", "", somebody.page.inner_text("main"))
        assert re.search(r"\d{1,2} \S+( \S+)? 14\d\d هـ", told)
        assert re.search(r"\d{1,2} \S+ 20\d\d م", told)
        assert "من 16:30 إلى 19:30" in told
        assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", told)


def test_the_language_is_kept_and_the_switch_stays_on_the_page(site: PeopleSite, browser: Browser):
    with site.person(browser, ANA, "en") as somebody:
        page = somebody.page
        page.goto(f"{somebody.origin}/find?q=trees")
        page.click(".switch")
        assert page.get_attribute("html", "lang") == "ar"
        assert page.input_value("#q") == "trees"
        page.goto(f"{somebody.origin}/my/hours")
        assert page.get_attribute("html", "lang") == "ar"
