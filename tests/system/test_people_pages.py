"""Pages for people over HTTP: who is let in, what a form must carry, and that they open no more than gRPC does."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest

from ledger.access.caller import Role
from tests.system import people_programme as known
from tests.system.acting import acting_as, channel_to, token_for, token_of_seconds
from tests.system.people_programme import ANA, BEN, CAI, COORDINATOR, STRANGER, VERIFIER, Programme, token
from tests.system.plain_browser import Answer, PlainBrowser
from tests.system.served_ledger import served_in_a_folder
from volunteer_hours.v1 import access_service_pb2 as access
from volunteer_hours.v1 import audit_service_pb2 as audit
from volunteer_hours.v1.access_service_pb2_grpc import AccessServiceStub
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub

PARTITIONS = 3
CLIENT = "pages-app"
PORTAL = "https://portal.example"
TOLD_SECONDS_MAX = 10.0


@dataclass
class Site:
    """A served ledger with a programme, and its address."""

    http: str
    channel: grpc.Channel
    programme: Programme

    def browser(self, actor: str = "", language: str = "en") -> PlainBrowser:
        one = PlainBrowser(self.http, language=language)
        if actor:
            assert one.sign_in(token(actor, CLIENT)).status == 303
        return one

    def events(self) -> list[dict[str, object]]:
        stub = AuditServiceStub(self.channel)
        requests = [audit.ReplayEventsRequest(partition=each, page_size=1_000) for each in range(PARTITIONS)]
        pages = (page for request in requests for page in stub.ReplayEvents(request, timeout=20))
        return [json.loads(event) for page in pages for event in page.events]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Of three partitions, so that a page must wait for the right one; those in the browser have one."""
    settings = {"LEDGER_PAGES_PORTALS": PORTAL, "LEDGER_TOKEN_LEEWAY_SECONDS": "0", "LEDGER_PAGES_CLIENT": CLIENT}
    with served_in_a_folder(PARTITIONS, **settings) as served, channel_to(served.grpc) as channel:
        programme = Programme(channel)
        let_in(channel)
        programme.begin()
        programme.served(ANA, "ana-one")
        programme.served(BEN, "ben-one")
        for person in (ANA, BEN, CAI):
            programme.register(known.YESTERDAY, person)
        site = Site(served.http, channel, programme)
        wait_for(site, ANA, "/my/hours", "2 hours")
        wait_for(site, BEN, "/my/hours", "2 hours")
        wait_for(site, COORDINATOR, "/organize/trees/yesterday", "متطوع اصطناعي ثالث")
        yield site


def let_in(channel: grpc.Channel) -> None:
    """Register the client of the pages, as an operator would."""
    roles = [access.ROLE_VOLUNTEER, access.ROLE_COORDINATOR, access.ROLE_VERIFIER]
    terms = access.ClientTerms(system_name="synthetic pages", delegated_roles=roles)
    request = access.RegisterClientRequest(request_id=known.key(), client_id=CLIENT, terms=terms)
    AccessServiceStub(channel).RegisterClient(request, metadata=acting_as(roles=(Role.ADMINISTRATOR,)), timeout=20)


def wait_for(site: Site, actor: str, path: str, text: str) -> Answer:
    """What was recorded over gRPC is projected soon."""
    browser, began = site.browser(actor), time.monotonic()
    while text not in (answer := browser.get(path)).said():
        assert time.monotonic() - began < TOLD_SECONDS_MAX, answer.said()
        time.sleep(0.1)
    return answer


# Signing in


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(site: Site):
    browser = site.browser()
    led = browser.get("/opportunities/trees?lang=ar")
    assert (led.status, led.location) == (303, "/sign-in?next=%2Fopportunities%2Ftrees%3Flang%3Dar")
    form = browser.get(led.location)
    assert form.status == 200
    back = browser.post("/sign-in", {"token": token(ANA, CLIENT), "next": form.hidden("next")})
    assert (back.status, back.location) == (303, "/opportunities/trees?lang=ar")
    assert browser.get(back.location).status == 200


def test_the_cookie_is_for_http_alone_lax_ends_with_the_token_and_holds_no_token(site: Site):
    given = token(ANA, CLIENT)
    [cookie] = site.browser().sign_in(given).cookies
    attributes = {one.strip().lower().partition("=")[0]: one.strip().partition("=")[2] for one in cookie.split(";")[1:]}
    assert attributes.keys() == {"httponly", "max-age", "path", "samesite"}, "and Secure, where there is TLS"
    assert attributes["samesite"] == "lax"
    assert attributes["path"] == "/"
    assert 19 * 3_600 < int(attributes["max-age"]) <= 20 * 3_600
    assert not [part for part in given.split(".") if part in cookie]


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("", 403),
        ("nonsense", 403),
        ("é" * 50, 403),
        ("a" * 2_801, 400),
        (token_for(ANA, "ministry", ()), 403),
        (token(ANA, CLIENT)[:-4] + "AAAA", 403),
    ],
    ids=["nothing", "nonsense", "letters", "too long", "another system's", "another signature"],
)
def test_what_is_no_token_for_these_pages_opens_nothing_and_is_told_in_words(site: Site, what: str, status: int):
    browser = site.browser()
    told = browser.sign_in(what)
    assert told.status == status
    assert not browser.cookies
    assert 'role="alert"' in told.text
    assert "token" in told.said()


def test_an_expired_token_ends_the_session_with_a_plain_sentence(site: Site):
    browser = site.browser()
    assert browser.sign_in(token_of_seconds(ANA, 2, CLIENT)).status == 303
    assert browser.get("/find").status == 200
    time.sleep(3.1)
    led = browser.get("/my/hours")
    assert led.location == "/sign-in?next=%2Fmy%2Fhours&ended=1"
    assert not browser.cookies
    assert "Your session has ended" in browser.get(led.location).said()


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "", "http://127.0.0.1", f"{PORTAL}.evil.example"]
)
def test_a_token_that_another_site_posts_signs_nobody_in(site: Site, origin: str):
    browser = site.browser()
    assert browser.post("/sign-in", {"token": token(ANA, CLIENT)}, Origin=origin).status == 403
    assert not browser.cookies


def test_the_portal_that_was_named_may_post_a_token(site: Site):
    browser = site.browser()
    answer = browser.post("/sign-in", {"token": token(ANA, CLIENT), "next": "/my/hours"}, Origin=PORTAL)
    assert (answer.status, answer.location) == (303, "/my/hours")
    assert browser.get("/my/hours").status == 200


@pytest.mark.parametrize(
    "path", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", "javascript:1", "/a\nb"]
)
def test_nobody_is_led_elsewhere_after_signing_in(site: Site, path: str):
    assert site.browser().post("/sign-in", {"token": token(ANA, CLIENT), "next": path}).location == "/find"


@pytest.mark.parametrize(
    "change", [lambda text: text[:-2], lambda text: "A" + text[1:], lambda text: text + "A" * 5_000, lambda _: "%%%"]
)
def test_a_changed_cookie_is_none(site: Site, change):
    browser = site.browser(ANA)
    browser.cookies["session"] = change(browser.cookies["session"])
    assert browser.get("/find").status == 303


def test_who_signed_out_is_out_also_with_a_copied_cookie(site: Site):
    browser = site.browser(ANA)
    copied, page = dict(browser.cookies), browser.get("/find")
    proof = re.search(r'action="/sign-out".*?name="proof" value="(\w+)"', page.text, re.DOTALL)
    assert proof is not None
    assert browser.post("/sign-out", {"proof": "0" * 64}).status == 403
    out = browser.post("/sign-out", {"proof": proof[1]})
    assert out.location == "/sign-in?done=signed_out"
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert not browser.cookies
    assert PlainBrowser(site.http, copied).get("/find").status == 303


# Forms


def registering(browser: PlainBrowser, opportunity: str = "trees") -> dict[str, str]:
    """What the first form of an opportunity's page sends."""
    page = browser.get(f"/opportunities/{opportunity}")
    return {name: page.hidden(name) for name in ("proof", "request_id", "shift")}


def registered(site: Site) -> int:
    return sum(1 for event in site.events() if str(event["type"]).startswith("registration-"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": PORTAL},
        {"Host": "elsewhere.example", "Origin": "http://elsewhere.example"},
        {"Content_Type": "text/plain"},
        {"Content_Type": "multipart/form-data; boundary=x"},
    ],
    ids=["foreign", "null", "none", "portal", "rebound name", "plain text", "multipart"],
)
def test_a_form_of_another_site_does_nothing(site: Site, headers: dict[str, str]):
    browser = site.browser(ANA)
    form, before = registering(browser), registered(site)
    answer = browser.post("/opportunities/trees", form, **headers)
    assert answer.status in (403, 415, 421)
    assert registered(site) == before


def test_a_form_that_was_shown_to_another_session_does_nothing(site: Site):
    ana, before = site.browser(ANA), registered(site)
    stolen = registering(site.browser(BEN))
    assert ana.post("/opportunities/trees", stolen).status == 403
    assert ana.post("/opportunities/trees", {**stolen, "proof": ""}).status == 403
    assert ana.post("/opportunities/trees", registering(site.browser(ANA))).status == 403, "another session of hers"
    assert registered(site) == before


def test_nothing_is_done_by_get(site: Site):
    browser, before = site.browser(ANA), len(site.events())
    form = registering(browser)
    query = "&".join(f"{name}={value}" for name, value in form.items())
    for path in (f"/opportunities/trees?{query}", f"/in/trees/now?action=in&{query}", f"/sign-out?{query}"):
        assert browser.get(path).status in (200, 405)
    assert len(site.events()) == before


def test_a_double_click_and_a_reload_record_once_and_lead_to_the_same_page(site: Site):
    browser = site.browser(ANA)
    form, before = registering(browser), registered(site)
    first, second = (browser.post("/opportunities/trees", form) for _ in range(2))
    assert first.status == second.status == 303
    assert first.location == second.location
    assert registered(site) == before + 1
    told = browser.get(first.location)
    assert "You are registered" in told.said()
    again = browser.post("/opportunities/trees", {**form, "shift": "evening"})
    assert again.status == 409
    assert "was used for another request" in again.said()
    assert again.hidden("request_id") != form["request_id"], "a new form has a new key"


def test_a_refusal_is_told_in_the_language_of_the_page_and_what_was_typed_stays(site: Site):
    for language, told in (("en", "Nothing was recorded"), ("ar", "لم يُسجَّل شيء")):
        browser = site.browser(COORDINATOR, language)
        page = browser.get("/organize/new")
        typed = {"title_en": "", "title_ar": " ", "skills": "cooking <b>", "age": "١٩x", "action": "publish"}
        carried = {name: page.hidden(name) for name in ("proof", "request_id")}
        answer = browser.post("/organize/new", {**carried, **typed, "organization": known.GREEN})
        assert answer.status == 409
        assert told in answer.said()
        assert "cooking &lt;b&gt;" in answer.text
        assert 'value="١٩x"' in answer.text
        assert len(re.findall('aria-invalid="true"', answer.text)) == 2
        assert answer.hidden("request_id") == carried["request_id"]


def test_a_full_shift_has_a_waiting_list_and_each_step_is_told_in_words(site: Site):
    for person, told in ((BEN, "You are registered"), (CAI, "You are number 1")):
        browser = site.browser(person)
        form = {**registering(browser), "shift": "evening"}
        answer = browser.post("/opportunities/trees", form)
        assert told in browser.get(answer.location).said()
    browser = site.browser(BEN)
    withdrawn = browser.press("/opportunities/trees/shifts/evening", {"action": "withdraw"})
    assert "You have withdrawn" in browser.get(withdrawn.location).said()
    wait_for(site, CAI, "/opportunities/trees/shifts/evening", "You are registered")


# Finding


def test_what_is_found_says_why_and_what_to_ask_instead(site: Site):
    began = time.monotonic()
    browser = site.browser(ANA)
    while "1 opportunity" not in (found := browser.get("/find?q=%D8%B4%D8%AC%D8%B1%D9%87")).said():  # a tree, misspelt
        assert time.monotonic() - began < TOLD_SECONDS_MAX, found.said()
        time.sleep(0.2)
    assert "Planting trees" in found.said()
    assert "Why it is here" in found.said()
    assert "Preparing meals" not in found.said()
    narrowed = browser.get("/find?region=SA-02")
    assert "Preparing meals" in narrowed.said()
    assert "Planting trees" not in narrowed.said()
    nothing = browser.get("/find?q=trees&region=SA-02").said()
    assert "Nothing fits this search" in nothing
    assert "Search without the filter: Region" in nothing


def test_what_suits_a_volunteer_is_theirs_alone_to_ask(site: Site):
    told = site.browser(CAI).get("/find?mine=1")
    assert told.status == 200
    assert "Preparing meals" in told.said()
    assert site.browser(COORDINATOR).get("/find?mine=1").status == 404


# What is somebody's own


@pytest.mark.parametrize(
    ("actor", "paths"),
    [
        (ANA, ["/my/hours/ben-one", "/my/hours/none", "/organize", "/organize/trees", "/organize/none", "/verify"]),
        (ANA, ["/organize/trees/yesterday", "/organize/trees/yesterday/presence", "/organize/none/none"]),
        (ANA, ["/verify/trees/yesterday", "/verify/none/none", "/opportunities/none", "/in/none/none"]),
        (STRANGER, ["/organize/trees", "/organize/none", "/my/hours", "/verify", "/organize/trees/yesterday"]),
        (STRANGER, ["/organize/trees/yesterday/presence", "/organize/none/none/presence"]),
        (VERIFIER, ["/organize", "/organize/trees", "/my/registrations", "/my/hours/ana-one", "/in/trees/now"]),
    ],
)
def test_absent_and_forbidden_look_alike(site: Site, actor: str, paths: list[str]):
    browser = site.browser(actor)
    answers = [browser.get(path) for path in paths]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.said() for answer in answers}) == 1


def test_a_form_cannot_do_what_grpc_would_refuse(site: Site):
    """Each is sent with a good proof: what stops it is the gate."""
    before = len(site.events())
    ana = site.browser(ANA)
    proof = registering(ana)["proof"]
    key = {"proof": proof, "request_id": known.key()}
    tries = [
        ("/organize/trees", {"action": "close"}),
        ("/organize/trees/yesterday", {"action": "absent", "volunteer": "ben"}),
        ("/organize/trees/now/presence", {"action": "in", "volunteer": "ben"}),
        ("/my/hours/ben-one", {"action": "dispute", "reason": "WRONG_TIMES"}),
        ("/in/trees/now", {"action": "out", "attendance": f"{BEN}/attendances/ben-one"}),
        ("/organize/new", {"action": "publish", "organization": known.GREEN, "title_en": "mine"}),
    ]
    for path, form in tries:
        answer = ana.post(path, {**key, **form})
        assert answer.status == 404, (path, answer.said())
    verifying = ana.post("/verify/trees/yesterday", {**key, "item": f"{ANA}/attendances/ana-one", "action": "verify"})
    assert verifying.status == 404
    assert len(site.events()) == before


def test_that_a_coordinator_saw_a_name_is_recorded(site: Site):
    assert "متطوعة اصطناعية أولى" in site.browser(COORDINATOR).get("/organize/trees/yesterday").said()
    stub, began = AccessServiceStub(site.channel), time.monotonic()
    while True:
        listed = stub.ListAccesses(access.ListAccessesRequest(parent=ANA), metadata=acting_as(ANA), timeout=20)
        looks = {(one.client, one.actor, one.method) for one in listed.accesses}
        if (CLIENT, COORDINATOR, "DirectoryService/GetVolunteer") in looks:
            break
        assert time.monotonic() - began < TOLD_SECONDS_MAX, looks
        time.sleep(0.1)
    assert (CLIENT, COORDINATOR, "DirectoryService/ListRegistrations") in looks


# Coordinators and verifiers


def test_a_coordinator_publishes_opens_a_shift_changes_it_and_closes(site: Site):
    browser = site.browser(COORDINATOR)
    answer = browser.press(
        "/organize/new",
        {"action": "publish", "organization": known.GREEN, "title_ar": "فرصة", "age": "٠", "skills": "one\r\ntwo\none"},
    )
    path = answer.location.partition("?")[0]
    assert "is published" in browser.get(answer.location).said()
    shift = {
        "start": "2027-03-01T16:00",
        "end": "2027-03-01T18:30",
        "zone": "Asia/Riyadh",
        "places": "١٢",
        "region": "SA-05",
    }
    opened = browser.press(path, {"action": "open", **shift})
    told = browser.get(opened.location).said()
    assert "16:00 to 18:30" in told
    assert "0 of 12 places taken" in told
    wrong = browser.press(
        path, {"action": "open", **shift, "end": "2027-03-01T15:00", "zone": "Nowhere", "places": "0"}, 1
    )
    assert wrong.status == 409
    assert len(re.findall('aria-invalid="true"', wrong.text)) == 2
    edited = browser.press(path, {"action": "edit", "title_ar": "فرصة", "title_en": "Changed", "age": "18"}, 2)
    assert "Changed" in browser.get(edited.location).said()
    ruled = browser.press(path, {"action": "rules", "approval": "1", "waiting": "7"}, 3)
    assert 'value="7"' in browser.get(ruled.location).text
    cancelled = browser.press(path, {"action": "cancel", "reason": "WEATHER", "shift": shift_id(browser.get(path))})
    assert "cancelled" in browser.get(cancelled.location).said()
    closed = browser.press(path, {"action": "close"}, 3)
    assert "This opportunity is closed" in browser.get(closed.location).said()


def shift_id(page: Answer) -> str:
    found = re.search(r'name="shift" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_requests_are_accepted_and_declined(site: Site):
    for person in (ANA, BEN):
        browser = site.browser(person)
        asked = browser.post("/opportunities/teaching", registering(browser, "teaching"))
        assert "Your request has arrived" in browser.get(asked.location).said()
    huda = site.browser(COORDINATOR)
    accepted = huda.press("/organize/teaching/lesson", {"action": "approve", "volunteer": "ana"})
    assert "accepted" in huda.get(accepted.location).said()
    declined = huda.press(
        "/organize/teaching/lesson", {"action": "decline", "volunteer": "ben", "reason": "SKILLS_MISSING"}
    )
    assert "declined" in huda.get(declined.location).said()
    assert "You are registered" in site.browser(ANA).get("/opportunities/teaching/shifts/lesson").said()
    assert "The organisation declined" in site.browser(BEN).get("/opportunities/teaching/shifts/lesson").said()


def test_people_check_in_by_the_code_and_the_coordinator_checks_them_out(site: Site):
    huda = site.browser(COORDINATOR)
    listed = huda.get("/organize/trees/now/presence")
    assert f"http://{site.http}/in/trees/now" in listed.text
    assert "data:image/svg+xml;base64," in listed.text
    cai = site.browser(CAI)
    cai.post("/opportunities/trees", {**registering(cai), "shift": "now"})
    came = cai.press("/in/trees/now", {"action": "in"})
    assert "You are checked in" in cai.get(came.location).said()
    wait_for(site, COORDINATOR, "/organize/trees/now/presence", "In since")
    attendance = re.search(r'name="attendance" value="([^"]+)"', huda.get("/organize/trees/now/presence").text)
    assert attendance is not None
    time.sleep(1.1)  # nobody was present for no second
    out = huda.press("/organize/trees/now/presence", {"action": "out", "volunteer": "cai", "attendance": attendance[1]})
    assert "Checked out" in huda.get(out.location).said()
    wait_for(site, CAI, "/in/trees/now", "Thank you")


def test_hours_are_verified_many_at_a_time_and_each_outcome_is_told(site: Site):
    browser = site.browser(VERIFIER)
    wait_for(site, VERIFIER, "/verify", "2 wait")
    page = browser.get("/verify/trees/yesterday")
    names = [f"{ANA}/attendances/ana-one", f"{BEN}/attendances/ben-one"]
    carried = [("proof", page.hidden("proof")), ("request_id", page.hidden("request_id")), ("action", "verify")]
    form = [*carried, *(("item", name) for name in names)]
    first = browser.post("/verify/trees/yesterday", form)
    assert first.status == 200
    assert first.said().count("2 hours verified") == 2
    assert browser.post("/verify/trees/yesterday", form).said() == first.said(), "a reload tells the same"
    wait_for(site, ANA, "/my/hours", "Verified hours 2 hours")
    anew = [("proof", page.hidden("proof")), ("request_id", known.key()), ("item", names[0])]
    again = browser.post("/verify/trees/yesterday", [*anew, ("action", "verify")])
    assert again.status == 200
    assert "hours verified" not in again.said(), "refused in its own line"
    declined = browser.post("/verify/trees/yesterday", [*anew, ("action", "decline"), ("reason", "NOT_PRESENT")])
    assert declined.status == 200
    assert "Declined" not in declined.said()
    nothing = browser.post("/verify/trees/yesterday", carried)
    assert nothing.status == 409
    assert "You chose nothing" in nothing.said()


def test_a_dispute_takes_the_hours_out_of_the_balance_until_it_is_decided(site: Site):
    wait_for(site, ANA, "/my/hours", "Verified hours 2 hours")
    browser = site.browser(ANA)
    disputed = browser.press("/my/hours/ana-one", {"action": "dispute", "reason": "WRONG_TIMES"})
    told = browser.get(disputed.location).said()
    assert "Your dispute is recorded" in told
    assert "The hours were disputed" in told
    assert "Verified hours 0 hours" in browser.get("/my/hours?" + disputed.location.partition("?")[2]).said()


# Hostile input


@pytest.mark.parametrize(
    "path",
    [
        "/find?q=%00%1b%5b", "/find?q=" + "x" * 6_000, "/find?region=%3Cscript%3E&level=9&from=2026-99-99&page=%F0%9F",
        "/opportunities/..%2f..%2fetc", "/opportunities/TREES", "/opportunities/trees'--", "/my/hours?page=abc",
        "/my/hours?seen=9.9", "/my/hours?seen=0.-1", "/find?lang=%3Cb%3E", "/find?done=%3Cb%3E",
        "/people/..%2fpages.py", "/people/people.py", "/opportunities/trees/shifts/" + "a" * 300,
    ],
)  # fmt: skip
def test_an_odd_address_is_answered_in_words(site: Site, path: str):
    answer = site.browser(ANA).get(path)
    assert answer.status in (200, 303, 404, 409, 503), answer.status
    assert "<script" not in answer.text
    assert "<b>" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a" * 70_000, 413),
        (b"&".join(b"a=1" for _ in range(2_001)), 400),
        (b"\xff\xfe=1", 400),
        (b"proof", 400),
        (b"proof=%ff", 400),
        (b"", 403),
    ],
    ids=["long", "many fields", "no letters", "no form", "no text", "empty"],
)
def test_a_form_that_is_none_is_not_taken(site: Site, body: bytes, status: int):
    assert site.browser(ANA).post("/opportunities/trees", body).status == status


def test_what_people_write_is_text_and_never_markup(site: Site):
    browser = site.browser(COORDINATOR)
    evil = "<script>alert(1)</script>\"'{{7*7}}"
    made = browser.press(
        "/organize/new",
        {"action": "publish", "organization": known.GREEN, "title_en": evil, "sector": "", "skills": evil},
    )
    page = browser.get(made.location).text
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page


def test_pages_let_nothing_in_from_elsewhere_and_are_not_kept(site: Site):
    for answer in (
        site.browser().get("/sign-in"),
        site.browser(ANA).get("/find"),
        site.browser(ANA).get("/nothing/here"),
    ):
        if answer.status == 200:
            policy = answer.headers["content-security-policy"]
            assert "script-src" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "form-action 'self'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert not re.search(r"<script|javascript:| on\w+=|style=", answer.text)
            assert not re.search(r'(src|href|action)="(?!/|#|\?|data:image/svg)', answer.text)


def test_a_revoked_client_is_out_within_seconds(site: Site):
    """The last one: nobody signs in afterwards."""
    browser = site.browser(ANA)
    AccessServiceStub(site.channel).RevokeClient(
        access.RevokeClientRequest(request_id=known.key(), name=f"clients/{CLIENT}", revoked_for="test-ended"),
        metadata=acting_as(roles=(Role.ADMINISTRATOR,)),
        timeout=20,
    )
    began = time.monotonic()
    while (answer := browser.get("/find")).status == 200:
        assert time.monotonic() - began < TOLD_SECONDS_MAX
        time.sleep(0.1)
    assert answer.location.endswith("ended=1")
    assert site.browser().sign_in(token(ANA, CLIENT)).status == 403
