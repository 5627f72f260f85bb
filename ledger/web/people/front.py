"""The way of every request for a page: language, session, origin, form, story, and errors in words.

Nothing is done by GET. A POST is looked at only when it comes from a page of this site that was shown to this session.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import psycopg
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ledger.access.caller import Caller, Role
from ledger.access.door import Door, Proof
from ledger.domain.refusals import Kind, Reason, Refusal
from ledger.grpc.own_calls import OwnCalls
from ledger.metrics import HTTP_REQUESTS
from ledger.texts.people_pages import TEXTS
from ledger.texts.text import Language
from ledger.told_errors import new_incident
from ledger.web.check.languages import DIRECTIONS, language_of
from ledger.web.people.pages_settings import PagesPlace
from ledger.web.people.people_files import PeopleFiles
from ledger.web.people.posting import NOT_TAKEN, Turned, own_origin, posted_form
from ledger.web.people.session import Session, Sessions
from ledger.web.people.visit import ABSENT, Gone, Shown, Visit, new_id
from ledger.web.people.wording import Words

log = logging.getLogger(__name__)

Story = Callable[[Visit], Awaitable[Shown | Gone]]

LANGUAGE_COOKIE: Final = "language"
LANGUAGE_SECONDS: Final = 365 * 86_400
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No script at all, and nothing from elsewhere; `data:` is the QR code, which is drawn here."""
SAFE: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    # Not `no-referrer`: under it browsers say `Origin: null` for our own forms, too.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, as far as it is known."""

    words: Words
    session: Session | None
    caller: Caller | None
    ended: bool = False
    """There was a session, and who it is of is let in no more."""


class Front:
    """Stands before all stories. One process has one."""

    def __init__(self, place: PagesPlace, sessions: Sessions, door: Door, calls: OwnCalls) -> None:
        self.place = place
        self.sessions = sessions
        self.door = door
        self.files = PeopleFiles()
        self._calls = calls

    def route(self, path: str, name: str, story: Story, *, posts: bool = True) -> Route:
        """A page for who is signed in."""

        async def answer(request: Request) -> Response:
            reader = self.reader(request)
            return self.finished(request, reader, name, await self._told(request, reader, story))

        return Route(path, answer, methods=["GET", "POST"] if posts else ["GET"])

    def reader(self, request: Request) -> Reader:
        """Language and session of a request."""
        words = Words(chosen_language(request))
        session = self.sessions.of(request)
        if session is None:
            return Reader(words, None, None)
        try:
            return Reader(words, session, self.door.caller(Proof(token=session.token)))
        except Refusal as refusal:
            if refusal.reason.kind is not Kind.UNAUTHENTICATED:
                return Reader(words, session, None)
            return Reader(words, None, None, ended=True)

    def shown(self, request: Request, reader: Reader, page: Shown) -> Response:
        """A page, filled."""
        words, session = reader.words, reader.session
        data: dict[str, object] = {
            "words": words,
            "say": words.say,
            "language": words.language,
            "direction": words.direction,
            "other": words.other,
            "other_name": TEXTS["language_name"].ar if words.other == "ar" else TEXTS["language_name"].en,
            "here": request.url.path,
            "switch": switch_address(request, words.other),
            "caller": reader.caller,
            "is_volunteer": _holds(reader.caller, Role.VOLUNTEER),
            "is_coordinator": _holds(reader.caller, Role.COORDINATOR),
            "is_verifier": _holds(reader.caller, Role.VERIFIER),
            "proof": "" if session is None else self.sessions.proof(session),
            "new_id": new_id,
            "done": _sentence(words, request.query_params.get("done", "")),
            "refused": None,
            **page.data,
        }
        return HTMLResponse(self.files.filled(page.template, data), page.status, SAFE)

    def finished(self, request: Request, reader: Reader, name: str, response: Response) -> Response:
        """The answer as it leaves: counted, with the chosen language kept, without a session that is over."""
        HTTP_REQUESTS.labels(f"people-{name}", response.status_code).inc()
        if reader.ended:
            self.sessions.end(response, None)
        if request.query_params.get("lang") in DIRECTIONS:
            response.set_cookie(
                LANGUAGE_COOKIE,
                reader.words.language,
                max_age=LANGUAGE_SECONDS,
                secure=self.place.is_secure,
                httponly=True,
                samesite="lax",
            )
        response.headers.setdefault("Vary", "Accept-Language, Cookie")
        return response

    async def guarded(self, request: Request, reader: Reader, answer: Callable[[], Awaitable[Response]]) -> Response:
        """An answer, its errors in words."""
        try:
            # Another spelling of a path would be a second name of the same page.
            if request.scope["raw_path"] != request.scope["path"].encode():
                raise Turned("absent.html", 404)
            return await answer()
        except Turned as turned:
            return self.shown(request, reader, Shown(turned.template, status=turned.status))
        except Refusal as refusal:
            return self._refused(request, reader, refusal)
        except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as away:
            log.warning("not available: %s", type(away).__name__)
            return self._refused(request, reader, Refusal(Reason.UNAVAILABLE, {}))
        except Exception:
            incident = new_incident()
            log.exception("a page for people failed", extra={"incident": incident})
            return self.shown(request, reader, Shown("broken.html", {"incident": incident}, 500))

    async def _told(self, request: Request, reader: Reader, story: Story) -> Response:
        async def answer() -> Response:
            if reader.session is None or reader.caller is None:
                return self._to_sign_in(request, reader)
            form = await posted_form(request, self.place) if request.method == "POST" else {}
            visit = Visit(request, reader.words, reader.session, reader.caller, self._calls, form)
            if visit.posted and not self.sessions.is_proof(reader.session, visit.typed("proof")):
                raise Turned(NOT_TAKEN, 403)
            told = await story(visit)
            if isinstance(told, Gone):
                return RedirectResponse(told.address, 303, SAFE)
            return self.shown(request, reader, told)

        return await self.guarded(request, reader, answer)

    def _to_sign_in(self, request: Request, reader: Reader) -> Response:
        if reader.session is not None:
            # Signed in, but nothing fresh is known of who may call.
            raise Refusal(Reason.UNAVAILABLE, {})
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        ended = "&ended=1" if reader.ended or request.method == "POST" else ""
        return RedirectResponse(f"/sign-in?next={quote(back, safe='')}{ended}", 303, SAFE)

    def _refused(self, request: Request, reader: Reader, refusal: Refusal) -> Response:
        if refusal.reason in ABSENT:
            return self.shown(request, reader, Shown("absent.html", status=404))
        if refusal.reason.kind is Kind.UNAUTHENTICATED:
            return self._to_sign_in(request, Reader(reader.words, None, None, ended=True))
        status = 503 if refusal.may_be_asked_again else 409
        response = self.shown(request, reader, Shown("refused.html", {"text": reader.words.refused(refusal)}, status))
        if refusal.may_be_asked_again:
            response.headers["Retry-After"] = "2"
        return response

    def own_address(self, request: Request, path: str) -> str:
        """A whole address of a page of this site, for a QR code."""
        return own_origin(request, self.place) + path


def chosen_language(request: Request) -> Language:
    """What was chosen here or before; else what the browser asks for."""
    kept = request.cookies.get(LANGUAGE_COOKIE)
    if request.query_params.get("lang") not in DIRECTIONS and kept in DIRECTIONS:
        return "en" if kept == "en" else "ar"
    return language_of(request)


def switch_address(request: Request, language: Language) -> str:
    """The same page in the other language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in ("lang", "done")]
    asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in (*kept, ("lang", language)))
    return f"?{asked}"


def _holds(caller: Caller | None, role: Role) -> bool:
    return caller is not None and role in caller.roles


def _sentence(words: Words, key: str) -> str:
    """What was done, where it is one of our sentences: an address cannot make the page say anything else."""
    return words.say(f"done_{key}") if f"done_{key}" in TEXTS else ""
