"""`python -m tests.browser.people_pictures`: pictures of pages for people, of synthetic persons, for docs."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import sync_playwright

from ledger.texts.text import Language
from tests.browser.conftest import launched_browser
from tests.browser.people_site import people_site
from tests.browser.pictures import take
from tests.browser.reader import Width
from tests.system.people_programme import ANA, COORDINATOR, VERIFIER

PICTURES: Final[tuple[tuple[str, str, str, Language, Width, bool], ...]] = (
    ("find", ANA, "/find", "ar", "phone", False),
    ("registered", ANA, "/opportunities/trees/shifts/now", "en", "phone", False),
    ("hours", ANA, "/my/hours", "ar", "phone", False),
    ("entry", ANA, "/my/hours/ana-two", "en", "phone", True),
    ("presence", COORDINATOR, "/organize/trees/now/presence", "ar", "desktop", False),
    ("queue", VERIFIER, "/verify/trees/yesterday", "en", "desktop", False),
)
"""Name, who reads it, page, language, width, by night."""


def main() -> None:
    """Take them all anew."""
    with people_site() as site, sync_playwright() as playwright:
        browser = launched_browser(playwright)
        for name, actor, path, language, width, dark in PICTURES:
            with site.person(browser, actor, language, width, dark=dark) as somebody:
                somebody.page.goto(f"{somebody.origin}{path}")
                take(somebody.page, f"people-{name}-{language}-{width}", width)
        browser.close()


if __name__ == "__main__":
    main()
