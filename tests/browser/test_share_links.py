"""What opening a link counts, keeps and compares, and what the address tells nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser

from ledger.domain.refusals import Reason, refuse
from ledger.texts.check_page import texts_in
from tests.browser.reader import Reader, reader
from tests.browser.sample_desk import opened
from tests.browser.sample_links import SampleSite, code_of
from tests.browser.sample_statement import Wanted, issue

CODE = code_of("valid")
PATH = f"/s/{CODE}"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def somebody(browser: Browser, origin: str, samples: SampleSite) -> Iterator[Reader]:
    samples.desk.views.clear()
    with reader(browser, origin) as one:
        yield one


def get(address: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of a page."""
    try:
        answer = urlopen(Request(address, headers=headers), timeout=10)
    except HTTPError as refused:
        answer = refused
    with answer:
        named = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, named, answer.read().decode()


def post(address: str, body: bytes, content_type: str = "application/json") -> tuple[int, dict[str, object]]:
    asked = Request(address, data=body, headers={"Content-Type": content_type}, method="POST")
    try:
        with urlopen(asked, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as refused:
        return refused.code, {"said": refused.read().decode()}


def test_get_shows_nothing_and_counts_nothing(origin, samples):
    samples.desk.views.clear()
    for _ in range(3):
        status, _, page = get(origin + PATH)
        assert status == 200
    assert samples.desk.views == {}
    for personal in ("S. P.", "Synthetic Person", "120", "volunteers/", "~"):
        assert personal not in page.partition("<script type=")[0]


def test_the_address_is_told_to_nobody_and_kept_by_nobody(origin):
    _, headers, _ = get(origin + PATH)
    assert headers["content-security-policy"] == POLICY
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("", "ar"), ("en-GB,en;q=0.8", "en"), ("fr, en;q=0.4, ar;q=0.9", "ar"), ("fr", "ar"), ("en;q=0, ar", "ar")],
)
def test_the_page_speaks_the_readers_language(origin, accepted, language):
    _, _, page = get(origin + PATH, **{"Accept-Language": accepted})
    assert f'<html lang="{language}"' in page
    _, _, page = get(f"{origin}{PATH}?lang={'ar' if language == 'en' else 'en'}", **{"Accept-Language": accepted})
    assert f'<html lang="{language}"' not in page


def test_without_scripts_somebody_is_told_what_to_do(browser, origin, samples):
    samples.desk.views.clear()
    with reader(browser, origin, scripts=False) as somebody:
        somebody.page.goto(f"{origin}{PATH}?lang=en")
        assert "which needs JavaScript" in somebody.page.inner_text("main")
    assert samples.desk.views == {}


def test_opening_counts_one_view_and_so_do_reload_and_the_other_language(somebody, samples):
    somebody.read(f"{PATH}?lang=en")
    somebody.page.reload()
    somebody.state()
    somebody.page.click("#language")
    somebody.page.wait_for_url("**?lang=ar")
    assert somebody.state() == "valid"
    assert samples.desk.views == {CODE: 1}


def test_another_browser_counts_another_view(browser, origin, somebody, samples):
    somebody.read(PATH)
    with reader(browser, origin) as another:
        another.read(PATH)
    assert samples.desk.views == {CODE: 2}


def test_the_digest_of_the_paper_is_compared_and_goes_along_to_the_other_language(somebody, samples):
    digest = samples.statements["valid"].digest
    assert somebody.read(f"{PATH}?lang=en#{digest}") == "valid"
    assert somebody.steps()["link"] == "holds"
    somebody.page.click("#language")
    somebody.page.wait_for_url(f"**?lang=ar#{digest}")
    somebody.state()
    assert somebody.steps()["link"] == "holds"
    # The server is told the code, never what stands behind #.
    assert all(digest not in each.partition("#")[0] for each in somebody.requests)


def test_a_server_that_shows_another_statement_than_the_paper_is_caught(somebody):
    assert somebody.read(f"{PATH}?lang=en#{'0' * 64}") == "tampered"
    assert somebody.steps()["link"] == "fails"
    assert "Synthetic Person" not in somebody.text()


def test_what_was_left_away_is_counted_and_not_shown(somebody, samples):
    samples.desk.links[code_of("less")] = opened(samples.statements["valid"].without(2))
    somebody.read(f"/s/{code_of('less')}?lang=en")
    assert "Details left away\n2" in somebody.text()
    assert "gardening" not in somebody.text()


def test_a_correction_that_only_the_list_tells_is_told(somebody, samples):
    samples.desk.issuer.statuses[7] = 3
    try:
        assert somebody.read(f"{PATH}?lang=en") == "superseded"
    finally:
        del samples.desk.issuer.statuses[7]
    assert "the number has changed since" in somebody.text()


def test_a_correction_that_the_list_does_not_have_yet_is_told(somebody, samples):
    samples.desk.links[code_of("ahead")] = opened(samples.statements["valid"], "superseded")
    assert somebody.read(f"/s/{code_of('ahead')}?lang=en") == "superseded"
    assert "Issued for 120 hours, now 112 hours since 3 May 2026" in somebody.text()
    assert somebody.steps()["status"] == "fails"


def test_the_service_cannot_make_good_what_the_list_says_is_not(somebody, samples):
    samples.desk.links[code_of("hidden")] = opened(samples.statements["superseded"], "valid")
    assert somebody.read(f"/s/{code_of('hidden')}?lang=en") == "superseded"


def test_a_browser_without_ed25519_says_what_it_cannot_check(somebody):
    somebody.page.add_init_script(
        """
        const real = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = async (form, key, algorithm, ...rest) => {
          if (algorithm.name === "Ed25519") throw new DOMException("no", "NotSupportedError");
          return real(form, key, algorithm, ...rest);
        };
        """
    )
    assert somebody.read(f"{PATH}?lang=en") == "valid"
    assert [name for name, outcome in somebody.steps().items() if outcome == "not_shown"] == ["log", "complete"]
    assert texts_in("en")["why_browser"] in somebody.text()


def test_a_revocation_that_only_the_list_tells_shows_nothing_of_it(somebody, samples):
    samples.desk.issuer.statuses[7] = 1
    try:
        assert somebody.read(f"{PATH}?lang=en") == "revoked"
    finally:
        del samples.desk.issuer.statuses[7]
    assert "S. P." not in somebody.text()


def test_an_old_list_of_status_is_not_taken_online(somebody, samples):
    issuer = samples.desk.issuer
    samples.desk.status_list_of = lambda _partition, number: issuer.status_list(number, signed_at=issuer.valid_from)
    try:
        assert somebody.read(f"{PATH}?lang=en") == "tampered"
    finally:
        samples.desk.status_list_of = None
    assert "older than allowed" in somebody.text()


def test_a_statement_under_a_revoked_key_holds_if_the_log_shows_it_before(somebody, samples):
    issuer = samples.desk.issuer
    old = samples.statements["valid"]
    # A list under a revoked key says nothing any more, so none is given here.
    samples.desk.status_list_of = lambda _partition, _number: refuse(Reason.NOT_FOUND, name="no list")
    try:
        issuer.revoked_at = 4_000_000_000
        assert somebody.read(f"{PATH}?lang=en") == "valid"
        samples.desk.links[code_of("unlogged")] = replace(opened(old), event=None, tlog_proof=None)
        assert somebody.read(f"/s/{code_of('unlogged')}?lang=en") == "tampered"
        issuer.revoked_at = issuer.valid_from + 1
        assert somebody.read(f"{PATH}?lang=en") == "tampered"
        assert somebody.steps()["signature"] == "fails"
    finally:
        issuer.revoked_at, samples.desk.status_list_of = None, None


def test_a_service_that_is_away_can_be_asked_again(somebody, samples):
    samples.desk.available = False
    try:
        assert somebody.read(f"{PATH}?lang=en") == "away"
    finally:
        samples.desk.available = True
    somebody.page.get_by_role("button", name=texts_in("en")["again"]).click()
    somebody.page.wait_for_selector("[data-state=valid]")
    assert samples.desk.views == {CODE: 1}


def test_a_hostile_name_stays_text(somebody, samples):
    hostile = "<img src=x onerror=alert(1)>\u202e</script>"
    made = issue(samples.desk.issuer, samples.desk.log, Wanted(place=20, full_name=hostile))
    samples.desk.links[code_of("hostile")] = opened(made)
    somebody.read(f"/s/{code_of('hostile')}?lang=ar")
    assert hostile in (somebody.page.text_content("[data-state]") or "")
    assert somebody.page.query_selector("[data-state] img") is None
    assert somebody.complaints == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"receipt": null}', "text/plain", 415),
        (b"{}", "application/json", 200),
        (b'{"receipt": 5}', "application/json", 400),
        (b'{"receipt": null, "more": 1}', "application/json", 400),
        (b'{"receipt": "' + b"a" * 5_000 + b'"}', "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff", "application/json", 400),
    ],
)
def test_opening_takes_one_form_alone(origin, body, content_type, status):
    assert post(f"{origin}{PATH}/open", body, content_type)[0] == status


@pytest.mark.parametrize("code", [code_of("nobody"), "A" * 26, "short", "0" * 26])
def test_a_code_that_nobody_has_opens_nothing(origin, samples, code):
    samples.desk.views.clear()
    status, answer = post(f"{origin}/s/{code}/open", b'{"receipt": null}')
    assert (status, answer["state"], answer["credential"]) == (200, "unknown", None)
    assert samples.desk.views == {}
