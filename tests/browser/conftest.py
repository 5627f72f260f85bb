"""One browser and one site for all tests here: the system's Chromium, without a window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.axe import install_axe
from tests.browser.sample_links import SampleSite, sample_site
from tests.browser.served_site import served_site


def launched_browser(playwright: Playwright) -> Browser:
    """The system's Chromium. None is ever downloaded: a missing one fails the test."""
    chromium = shutil.which("chromium")
    assert chromium is not None, "the program `chromium` is missing: `make test` installs it when run as root"
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    return playwright.chromium.launch(executable_path=chromium, args=arguments)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of the run: while it is open its event loop runs, and no asynchronous test could."""
    with sync_playwright() as playwright:
        launched = launched_browser(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def samples() -> SampleSite:
    """A link of every kind."""
    return sample_site()


@pytest.fixture(scope="module")
def origin(samples: SampleSite) -> Iterator[str]:
    """Of the running site."""
    with served_site(samples.desk) as address:
        yield address


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script of axe-core, which finds violations of WCAG."""
    return install_axe(tmp_path_factory.mktemp("axe"))
