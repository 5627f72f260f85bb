"""A served ledger with a small programme, and people who sign in to its pages in a browser. Persons are synthetic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, ViewportSize

from ledger.texts.text import Language
from tests.browser.reader import Reader, Width, reader
from tests.system import people_programme as known
from tests.system.acting import channel_to
from tests.system.people_programme import Programme, token
from tests.system.plain_browser import PlainBrowser
from tests.system.served_ledger import served_in_a_folder

NARROWEST: Final[ViewportSize] = {"width": 320, "height": 640}
TOLD_SECONDS_MAX: Final = 10.0


@dataclass(frozen=True)
class PeopleSite:
    """Where it is."""

    origin: str

    @contextmanager
    def person(
        self,
        browser: Browser,
        actor: str,
        language: Language,
        width: Width = "phone",
        *,
        size: ViewportSize | None = None,
        dark: bool = False,
        scripts: bool = True,
    ) -> Iterator[Reader]:
        """Somebody who has signed in, in a browser of their own."""
        with reader(browser, self.origin, width, size=size, dark=dark, locale=language, scripts=scripts) as one:
            one.page.goto(f"{self.origin}/sign-in")
            one.page.fill("#token", token(actor))
            one.page.click("main button")
            one.page.wait_for_selector(".tabs")
            yield one


@contextmanager
def people_site() -> Iterator[PeopleSite]:
    """Three opportunities; Ana and Ben served yesterday, an hour of hers twice; Ben and Cai ask to be in the lesson."""
    with served_in_a_folder(1) as served, channel_to(served.grpc) as channel:
        programme = Programme(channel)
        programme.begin()
        programme.served(known.ANA, "ana-one")
        programme.served(known.ANA, "ana-two", start_minutes=60)
        programme.served(known.BEN, "ben-one")
        for person in (known.ANA, known.BEN, known.CAI):
            programme.register(known.NOW, person)
        programme.register(known.LESSON, known.BEN)
        programme.register(known.LESSON, known.CAI)
        _wait(served.http)
        yield PeopleSite(f"http://{served.http}")


def _wait(http: str) -> None:
    """Until the last command is projected."""
    browser, began = PlainBrowser(http), time.monotonic()
    browser.sign_in(token(known.CAI))
    while "Your request has arrived" not in browser.get("/opportunities/teaching/shifts/lesson").said():
        assert time.monotonic() - began < TOLD_SECONDS_MAX
        time.sleep(0.1)
