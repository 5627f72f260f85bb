"""What people do on their pages, in a browser: by keyboard alone, on a phone, without JavaScript, twice in a hurry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from ledger.texts.text import Language
from tests.browser.people_site import PeopleSite, people_site
from tests.browser.reader import Reader
from tests.browser.test_keyboard import FOCUSED, TARGET_PIXELS
from tests.system.people_programme import ANA, BEN, CAI, COORDINATOR, VERIFIER

TABS_MAX: Final = 60
WHAT: Final = "() => (document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"


@pytest.fixture(scope="module")
def site() -> Iterator[PeopleSite]:
    with people_site() as one:
        yield one


def tab_to(somebody: Reader, *begins: str) -> None:
    """Go on by Tab until a control that is called so has the focus; each on the way is seen and large enough."""
    for _ in range(TABS_MAX):
        somebody.page.keyboard.press("Tab")
        name, width, height, outline = somebody.page.evaluate(FOCUSED)
        if name == "body":
            continue  # the page has only just come, or the browser's own controls had their turn
        told = str(somebody.page.evaluate(WHAT))
        assert outline != "none", told
        if somebody.page.evaluate("document.activeElement.matches('a.button, button, .tabs a')"):
            assert min(width, height) >= TARGET_PIXELS, (told, width, height)
        if told.startswith(begins) or name in begins:
            return
    raise AssertionError(f"no control begins with {begins}")


@pytest.mark.parametrize(
    ("language", "person", "register", "told"),
    [("ar", ANA, "سجّلني", "تم تسجيلك"), ("en", BEN, "Register me", "You are registered")],
)
def test_by_keyboard_alone_three_steps_lead_from_finding_to_registered(
    site: PeopleSite, browser: Browser, language: Language, person: str, register: str, told: str
):
    with site.person(browser, person, language) as somebody:
        page = somebody.page
        tab_to(somebody, "q")  # 1: find
        page.keyboard.type("شجر" if language == "ar" else "trees")
        page.keyboard.press("Enter")
        page.wait_for_url("**/find?q=**")
        tab_to(somebody, "التفاصيل", "Details")
        page.keyboard.press("Enter")
        page.wait_for_url("**/opportunities/trees")  # 2: choose
        tab_to(somebody, register)
        page.keyboard.press("Enter")
        page.wait_for_url("**/shifts/morning?**")  # 3: done
        assert told in page.inner_text(".verdict")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_registers_once(site: PeopleSite, browser: Browser, scripts: bool):
    with site.person(browser, CAI if scripts else BEN, "en", scripts=scripts) as somebody:
        page = somebody.page
        page.goto(f"{somebody.origin}/opportunities/kitchen")
        page.dblclick(".shift button")
        # The first answer may be broken off by the second: the page is waited for, not one way to it.
        expect(page).to_have_url(re.compile(r"/shifts/first\?"))
        assert "You are registered" in page.inner_text(".verdict")
        page.reload()
        assert "You are registered" in page.inner_text(".verdict")
        page.goto(f"{somebody.origin}/opportunities/kitchen")
        assert page.locator(".tag.mine").count() == 1
        assert ("1 place left" if not scripts else "2 places left") in page.inner_text("main")


def test_a_volunteer_checks_in_and_out_by_the_link_of_the_code(site: PeopleSite, browser: Browser):
    with site.person(browser, COORDINATOR, "ar", "desktop") as huda:
        huda.page.goto(f"{huda.origin}/organize/trees/now/presence")
        link = huda.page.inner_text(".poster .hint").strip()
        assert huda.page.evaluate("document.querySelector('.qr').naturalWidth") > 100
        with site.person(browser, ANA, "ar") as ana:
            ana.page.goto(link)
            ana.page.click(".big button")
            assert "أنت حاضر" in ana.page.inner_text(".verdict")
            huda.page.reload()
            assert "حاضر منذ" in huda.page.inner_text("[data-volunteer=ana]")
            ana.page.wait_for_timeout(1_100)  # nobody was present for no second
            ana.page.click(".big button")
            assert "شكرًا لك" in ana.page.inner_text(".verdict")
        huda.page.click("[data-volunteer=cai] button")
        assert "حاضر منذ" in huda.page.inner_text("[data-volunteer=cai]")


def test_a_coordinator_decides_about_requests_by_keyboard(site: PeopleSite, browser: Browser):
    with site.person(browser, COORDINATOR, "en") as huda:
        huda.page.goto(f"{huda.origin}/organize/teaching/lesson")
        tab_to(huda, "Accept")
        huda.page.keyboard.press("Enter")
        huda.page.wait_for_url("**done=approved")
        assert "Accepted" in huda.page.inner_text("[data-volunteer=ben]")
        tab_to(huda, "Decline")
        huda.page.keyboard.press("Enter")
        tab_to(huda, "reason-cai")
        tab_to(huda, "Decline")
        huda.page.keyboard.press("Enter")
        huda.page.wait_for_url("**done=declined")
        assert "Declined" in huda.page.inner_text("[data-volunteer=cai]")


def test_an_opportunity_is_published_and_given_a_shift(site: PeopleSite, browser: Browser):
    with site.person(browser, COORDINATOR, "ar") as huda:
        page = huda.page
        page.goto(f"{huda.origin}/organize/new")
        page.fill("#age", "كثير")
        page.fill("#title_en", "Reading to children")
        page.click("main button")
        assert page.input_value("#title_en") == "Reading to children", "what was typed stays"
        assert page.get_attribute("#age", "aria-invalid") == "true"
        page.fill("#age", "١٨")
        page.click("main button")
        page.wait_for_url("**done=published")
        page.fill("#start", "2027-03-01T16:00")
        page.fill("#end", "2027-03-01T18:00")
        page.fill("#places", "٥")
        page.click("main form >> text=افتح المناوبة")
        page.wait_for_url("**done=opened")
        assert "من 16:00 إلى 18:00" in page.inner_text("main")


def test_a_verifier_confirms_a_page_of_hours_and_the_volunteer_sees_them(site: PeopleSite, browser: Browser):
    with site.person(browser, VERIFIER, "en") as verifier:
        page = verifier.page
        page.goto(f"{verifier.origin}/verify/trees/yesterday")
        tab_to(verifier, "Verify the chosen")
        page.keyboard.press("Enter")
        page.wait_for_selector(".outcome")
        lines = [text.splitlines()[-1] for text in page.locator(".outcome.good").all_inner_texts()]
        told = [re.sub("[\u2066-\u2069]", "", line).strip() for line in lines]
        assert sorted(told) == ["1 hour verified", "2 hours verified", "2 hours verified"]
        page.reload()  # the same form once more: the same outcomes
        assert page.locator(".outcome.good").count() == 3
        page.click("text=Back to the queue")
        assert "No hours wait" in page.inner_text("main")
    with site.person(browser, ANA, "en") as ana:
        ana.page.goto(f"{ana.origin}/my/hours")
        assert ana.page.get_attribute("[data-verified]", "data-verified") == str(3 * 3_600)
        assert "it overlaps another attendance" in ana.page.inner_text("main")
        ana.page.click("text=Details >> nth=-1")
        assert "The hours were verified" in ana.page.inner_text("main")
        ana.page.click("button[value=dispute]")
        assert "Your dispute is recorded" in ana.page.inner_text("main")
        assert ana.page.get_attribute("[data-attendance]", "data-attendance") == "ATTENDANCE_STATE_DISPUTED"


def test_an_ended_session_leads_to_signing_in_and_nothing_is_recorded(site: PeopleSite, browser: Browser):
    with site.person(browser, ANA, "en") as somebody:
        page = somebody.page
        page.goto(f"{somebody.origin}/opportunities/teaching")
        page.context.clear_cookies()
        page.click(".shift button")
        page.wait_for_url("**/sign-in?**")
        assert "nothing was recorded" in page.inner_text("main")
