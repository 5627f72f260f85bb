"""`python -m tests.browser.pictures`: pictures of the check page's main states, for docs/pictures/."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from ledger.texts.text import Language
from tests.browser.conftest import launched_browser
from tests.browser.reader import Width, reader
from tests.browser.sample_links import code_of, sample_site
from tests.browser.served_site import served_site

FOLDER: Final = Path(__file__).parents[2] / "docs" / "pictures"
BYTES_MAX: Final = 150_000
TALLEST: Final[dict[Width, int]] = {"phone": 1_500, "desktop": 1_300}
"""Pixels of a page that a picture shows."""
PICTURES: Final[tuple[tuple[str, Language, Width, bool], ...]] = (
    ("arabic", "ar", "phone", False),
    ("valid", "en", "desktop", False),
    ("superseded", "ar", "phone", False),
    ("superseded", "en", "phone", False),
    ("tampered", "en", "phone", False),
    ("revoked", "ar", "phone", False),
    ("erased", "en", "phone", False),
    ("transcript", "ar", "desktop", True),
)
"""Name of a link, language, width, by night."""


def main() -> None:
    """Take them all anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served_site(sample_site().desk) as origin, sync_playwright() as playwright:
        browser = launched_browser(playwright)
        for name, language, width, dark in PICTURES:
            with reader(browser, origin, width, dark=dark) as somebody:
                somebody.read(f"/s/{code_of(name)}?lang={language}")
                take(somebody.page, f"check-{name}-{language}-{width}", width)
        with reader(browser, origin, "phone") as somebody:
            somebody.page.goto(f"{origin}/check?lang=ar")
            somebody.page.wait_for_selector("#choose:visible")
            take(somebody.page, "check-file-ar-phone", "phone")
        browser.close()


def take(page: Page, name: str, width: Width) -> None:
    """A picture of what fits its height. Raises RuntimeError for one that is too large to be kept."""
    size = page.viewport_size
    tall = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST[width])
    if size is None:
        raise RuntimeError("the page has no size")
    page.set_viewport_size({"width": size["width"], "height": tall})
    data = page.screenshot()
    if len(data) > BYTES_MAX:
        raise RuntimeError(f"{name} has {len(data)} bytes, and {BYTES_MAX} are allowed")
    (FOLDER / f"{name}.png").write_bytes(data)


if __name__ == "__main__":
    main()
