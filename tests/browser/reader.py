"""Somebody who reads a page: a browser of their own, what it asked for, and what it complained about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

Width = Literal["phone", "desktop"]

SIZES: Final[dict[Width, ViewportSize]] = {
    "phone": {"width": 360, "height": 740},
    "desktop": {"width": 1280, "height": 900},
}
CARD: Final = "[data-state]"


class Reader:
    """One page in a browser context of its own."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.origin = origin
        self.page: Page = context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.requests.append(f"{request.method} {request.url}"))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        # From the start: a file chooser that opens before it is intercepted is gone.
        self.page.on("filechooser", lambda _: None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def read(self, path: str) -> str:
        """Open a page and wait for its card; its state."""
        if "#" in path:
            # An address that differs behind # alone would not be loaded again.
            self.page.goto("about:blank")
        self.page.goto(f"{self.origin}{path}")
        return self.state()

    def state(self) -> str:
        """The state of the card, once it is there."""
        return self.page.locator(CARD).first.get_attribute("data-state") or ""

    def text(self, selector: str = CARD) -> str:
        """What stands there, without the marks that isolate."""
        return self.page.inner_text(selector)

    def steps(self) -> dict[str, str]:
        """The outcome of each step that is told."""
        found = self.page.eval_on_selector_all(
            "[data-step]", "all => all.map(each => [each.dataset.step, each.dataset.outcome])"
        )
        return dict(found)

    def asked_elsewhere(self) -> list[str]:
        """Requests that left the site's origin."""
        own = (f"{self.origin}/", "about:blank")
        return [each for each in self.requests if not each.split(" ", 1)[1].startswith(own)]

    def is_too_wide(self) -> bool:
        """Whether somebody would have to scroll sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@contextmanager
def reader(
    browser: Browser,
    origin: str,
    width: Width = "phone",
    *,
    size: ViewportSize | None = None,
    dark: bool = False,
    scripts: bool = True,
    locale: str | None = None,
) -> Iterator[Reader]:
    """A reader with an empty browser."""
    made = browser.new_context(
        viewport=size or SIZES[width],
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
        locale=locale,
    )
    try:
        yield Reader(made, origin)
    finally:
        made.close()
