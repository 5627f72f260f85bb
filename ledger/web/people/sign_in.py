"""Signing in with the authority's token, and signing out (docs/pages-for-people.md, Signing in)."""

from __future__ import annotations

import re
import time
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ledger.access.caller import Caller, Role
from ledger.access.door import NotProven, Proof
from ledger.access.token_text import TokenRefused
from ledger.access.tokens import TokenClaims, TokenVerifier
from ledger.security_events import SecurityEvent, security_event
from ledger.web.people.front import SAFE, Front, Reader
from ledger.web.people.posting import NOT_TAKEN, Turned, posted_form
from ledger.web.people.session import TOKEN_BYTES_MAX
from ledger.web.people.visit import Shown

NEXT: Final = re.compile(r"/(?![/\\])[A-Za-z0-9/_.~?&=%+-]{0,1000}")
"""A path of this site: no other one can be led to from here."""


class SignIn:
    """The pages for who is not signed in yet."""

    def __init__(self, front: Front, tokens: TokenVerifier) -> None:
        self._front = front
        self._tokens = tokens

    def routes(self) -> list[Route]:
        """Paths and pages."""
        return [
            Route("/", self._start, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["GET", "POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/people/{name}", self._file, methods=["GET"]),
        ]

    async def _start(self, request: Request) -> Response:
        reader = self._front.reader(request)
        path = "/sign-in" if reader.caller is None else first_page(reader.caller)
        return self._front.finished(request, reader, "start", RedirectResponse(path, 303, SAFE))

    async def _sign_in(self, request: Request) -> Response:
        reader = self._front.reader(request)

        async def answer() -> Response:
            if request.method == "GET":
                asked = request.query_params
                key = "sign_in_ended" if asked.get("ended") else "sign_in_first" if asked.get("next") else ""
                return self._form(request, reader, key, asked.get("next", ""))
            return await self._taken(request, reader)

        return self._front.finished(request, reader, "sign-in", await self._front.guarded(request, reader, answer))

    async def _taken(self, request: Request, reader: Reader) -> Response:
        form = await posted_form(request, self._front.place, self._front.place.portals)
        token, path = (form.get(name, [""])[0].strip() for name in ("token", "next"))
        if len(token) > TOKEN_BYTES_MAX:
            return self._form(request, reader, "sign_in_too_long", path, 400)
        try:
            claims, caller = self._proven(token)
        except (TokenRefused, NotProven) as refused:
            client = refused.client if isinstance(refused, NotProven) else ""
            security_event(SecurityEvent.TOKEN_REFUSED, client, "sign-in on pages")
            return self._form(request, reader, "sign_in_refused", path, 403)
        response = RedirectResponse(path if NEXT.fullmatch(path) else first_page(caller), 303, SAFE)
        sessions = self._front.sessions
        sessions.keep(response, sessions.begin(token), claims.expires_at - time.time())
        return response

    def _proven(self, token: str) -> tuple[TokenClaims, Caller]:
        """What the token says, where it was issued for these pages. Raises TokenRefused, NotProven."""
        claims = self._tokens.verify(token)
        if claims.client != self._front.place.client:
            raise NotProven("the token is another system's", claims.client, SecurityEvent.TOKEN_REFUSED)
        return claims, self._front.door.caller(Proof(token=token))

    async def _sign_out(self, request: Request) -> Response:
        reader = self._front.reader(request)

        async def answer() -> Response:
            form = await posted_form(request, self._front.place)
            session = reader.session
            if session is not None and not self._front.sessions.is_proof(session, form.get("proof", [""])[0]):
                raise Turned(NOT_TAKEN, 403)
            forgetting = {"Clear-Site-Data": '"cache", "storage"'}
            response = RedirectResponse("/sign-in?done=signed_out", 303, {**SAFE, **forgetting})
            self._front.sessions.end(response, session)
            return response

        return self._front.finished(request, reader, "sign-out", await self._front.guarded(request, reader, answer))

    async def _file(self, request: Request) -> Response:
        reader = self._front.reader(request)

        async def answer() -> Response:
            return self._front.files.answer(request, str(request.path_params["name"]))

        return self._front.finished(request, reader, "file", await self._front.guarded(request, reader, answer))

    def _form(self, request: Request, reader: Reader, key: str, path: str, status: int = 200) -> Response:
        known = path if NEXT.fullmatch(path) else ""
        told = {"key": key, "next": known, "is_refused": status != 200}
        return self._front.shown(request, reader, Shown("sign_in.html", told, status))


def first_page(caller: Caller) -> str:
    """Where somebody begins who came without a path."""
    if Role.VOLUNTEER not in caller.roles and Role.COORDINATOR in caller.roles:
        return "/organize"
    if Role.VOLUNTEER not in caller.roles and Role.VERIFIER in caller.roles:
        return "/verify"
    return "/find"
