"""Both pages by the keyboard alone: every control is reached in its order, is seen, and is large enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, FilePayload

from tests.browser.reader import Reader, reader
from tests.browser.sample_links import SampleSite, code_of

TARGET_PIXELS: Final = 44
FOCUSED: Final = """
() => {
  const one = document.activeElement;
  const { width, height } = one.getBoundingClientRect();
  return [one.id || one.tagName.toLowerCase(), width, height, getComputedStyle(one).outlineStyle];
}
"""


@pytest.fixture
def somebody(browser: Browser, origin: str) -> Iterator[Reader]:
    with reader(browser, origin) as one:
        yield one


def tab(somebody: Reader) -> str:
    """Go to the next control, which must be seen to have the focus; its name."""
    somebody.page.keyboard.press("Tab")
    name, width, height, outline = somebody.page.evaluate(FOCUSED)
    assert outline != "none", name
    assert min(width, height) >= TARGET_PIXELS, (name, width, height)
    return str(name)


def test_a_link_is_read_unfolded_and_turned_to_the_other_language(somebody):
    somebody.read(f"/s/{code_of('transcript')}?lang=en")

    assert tab(somebody) == "language"
    assert tab(somebody) == "summary"
    somebody.page.keyboard.press("Enter")
    somebody.page.wait_for_selector("table")
    assert somebody.page.locator("tbody tr").count() == 15
    assert not somebody.is_too_wide()
    assert tab(somebody) == "a"
    somebody.page.keyboard.press("Shift+Tab")
    somebody.page.keyboard.press("Shift+Tab")
    somebody.page.keyboard.press("Enter")
    somebody.page.wait_for_url("**?lang=ar")
    assert somebody.state() == "valid"


def test_a_file_is_chosen_and_a_text_checked(somebody, samples: SampleSite):
    credential = samples.statements["valid"].credential
    somebody.page.goto(f"{somebody.origin}/check?lang=ar")
    somebody.page.wait_for_selector("#choose:visible")

    assert [tab(somebody) for _ in range(2)] == ["language", "choose"]
    with somebody.page.expect_file_chooser() as chooser:
        somebody.page.keyboard.press("Space")
    chooser.value.set_files(FilePayload(name="a.txt", mimeType="text/plain", buffer=credential.encode()))
    assert somebody.state() == "valid"

    somebody.page.focus("#choose")
    assert tab(somebody) == "text"
    somebody.page.keyboard.insert_text(credential[:-5])
    assert tab(somebody) == "check-text"
    somebody.page.keyboard.press("Enter")
    somebody.page.wait_for_selector("[data-state=tampered]")


@pytest.mark.parametrize("name", ["valid", "superseded", "transcript", "tampered", "revoked"])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wider_than_the_narrowest_phone(browser, origin, name, language):
    with reader(browser, origin, size={"width": 320, "height": 640}) as one:
        one.read(f"/s/{code_of(name)}?lang={language}")
        if name == "transcript":
            one.page.click("summary")
            one.page.wait_for_selector("table")
        assert not one.is_too_wide()
