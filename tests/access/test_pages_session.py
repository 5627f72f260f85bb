"""Sessions of pages for people: what the cookie is, what opens it, and what a form proves."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ledger.access.token_text import LIFE_SECONDS_MAX
from ledger.settings import Settings
from ledger.web.people.pages_settings import pages_faults, pages_place
from ledger.web.people.session import TOKEN_BYTES_MAX, Session, Sessions

KEY = b"a key for tests alone, 32 bytes."
TOKEN = "header.claims.signature"
GOOD = {"pages_client": "pages", "token_issuer": "us", "pages_key": "for tests: 0123456789abcdef"}


def cookie_of(sessions: Sessions, session: Session, seconds: float = 60.0) -> str:
    response = Response()
    sessions.keep(response, session, seconds)
    return response.headers["set-cookie"]


def asked_with(sessions: Sessions, value: str) -> Session | None:
    header = (b"cookie", f"{sessions.cookie_name}={value}".encode("latin-1"))
    return sessions.of(Request({"type": "http", "headers": [header]}))


def value_of(cookie: str) -> str:
    return cookie.partition("=")[2].partition(";")[0]


def test_over_tls_the_cookie_is_bound_to_the_host():
    cookie = cookie_of(Sessions(KEY, secure=True), Session(bytes(16), TOKEN))
    assert cookie.startswith("__Host-session=")
    attributes = [one.strip().lower() for one in cookie.split(";")[1:]]
    assert sorted(attributes) == ["httponly", "max-age=60", "path=/", "samesite=lax", "secure"]


def test_the_longest_token_that_is_taken_fits_a_cookie():
    assert len(cookie_of(Sessions(KEY, secure=True), Session(bytes(16), "a" * TOKEN_BYTES_MAX))) <= 4_096


def test_what_was_sealed_is_opened_by_every_process_with_the_key_and_by_no_other():
    sessions = Sessions(KEY, secure=True)
    session = sessions.begin(TOKEN)
    value = value_of(cookie_of(sessions, session))
    assert asked_with(Sessions(KEY, secure=True), value) == session
    assert asked_with(Sessions(KEY[::-1], secure=True), value) is None
    assert TOKEN not in value


def test_every_letter_of_the_cookie_matters():
    sessions = Sessions(KEY, secure=True)
    value = value_of(cookie_of(sessions, sessions.begin(TOKEN)))
    for at in range(len(value) - 1):  # of the last letter some bits are none of the bytes
        other = "A" if value[at] != "A" else "B"
        assert asked_with(sessions, value[:at] + other + value[at + 1 :]) is None


@pytest.mark.parametrize("value", ["", "x", "AAAA", "é", "A" * 5_000, "%", "=" * 40])
def test_what_is_no_cookie_is_none(value: str):
    assert asked_with(Sessions(KEY, secure=True), value) is None


def test_every_session_has_an_id_of_its_own():
    sessions = Sessions(KEY, secure=True)
    ids = {sessions.begin(TOKEN).session_id for _ in range(1_000)}
    assert len(ids) == 1_000
    assert {len(one) for one in ids} == {16}


def test_a_proof_is_of_one_session_and_one_key():
    sessions = Sessions(KEY, secure=True)
    one, other = sessions.begin(TOKEN), sessions.begin(TOKEN)
    assert sessions.is_proof(one, sessions.proof(one))
    for wrong in (sessions.proof(other), Sessions(KEY[::-1], secure=True).proof(one), "", "é"):
        assert not sessions.is_proof(one, wrong)


def test_who_signed_out_is_remembered_until_the_token_must_have_ended(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr("ledger.web.people.session._ENDED_MAX", 2)
    sessions = Sessions(KEY, secure=True, clock=lambda: now[0])
    first, *others = (sessions.begin(TOKEN) for _ in range(4))
    value = value_of(cookie_of(sessions, first))
    sessions.end(Response(), first)
    for one in others[:2]:
        sessions.end(Response(), one)
    assert asked_with(sessions, value) is None, "however many sign out"
    now[0] = LIFE_SECONDS_MAX + 1.0
    sessions.end(Response(), others[2])
    assert len(sessions._ended) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"pages_client": "No Client"}, "LEDGER_PAGES_CLIENT is no name"),
        ({"token_issuer": ""}, "nobody could sign in"),
        ({"pages_key": ""}, "LEDGER_PAGES_KEY is not set"),
        ({"http_address": "0.0.0.0:8080"}, "LEDGER_PAGES_ORIGIN is not set"),
        ({"production": True}, "LEDGER_PAGES_ORIGIN is not set"),
        ({"pages_origin": "http://hours.example"}, "must begin with https://"),
        ({"pages_origin": "https://hours.example/"}, "must be an origin"),
        ({"pages_origin": "https://Hours.example"}, "must be an origin"),
        ({"pages_origin": "https://[::1"}, "is no origin"),
        ({"pages_portals": "https://a.example https://b.example/x"}, "LEDGER_PAGES_PORTALS must be"),
    ],
)
def test_what_is_wrong_is_told_at_the_start(changed: dict[str, object], told: str):
    settings = Settings.model_validate({**GOOD, **changed})
    assert any(told in fault for fault in pages_faults(settings))


@pytest.mark.parametrize("changed", [{}, {"pages_origin": "https://hours.example"}, {"pages_client": ""}])
def test_what_is_right_is_taken(changed: dict[str, object]):
    settings = Settings.model_validate({**GOOD, **changed})
    assert list(pages_faults(settings)) == []
    assert pages_place(settings).is_secure == ("pages_origin" in changed)
