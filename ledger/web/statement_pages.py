"""The check page over HTTP: share links, the page for files, and what programs and wallets fetch of an issuer.

No page holds anything of a statement: what is shown is put there by the script, out of what it verified. GET counts
nothing, so that the preview of a messenger uses up no view (docs/statements.md, Share links).
"""

from __future__ import annotations

import logging
import re
from typing import Final

import psycopg
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ledger.credentials.claims import vct_of
from ledger.credentials.sd_jwt import read_credential
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.metrics import HTTP_REQUESTS
from ledger.statements.desk_port import OpenedStatement, StatementDesk
from ledger.texts.check_page import TEXTS
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import read_decimal
from ledger.web.check.opening import OpenRequest, opened_as_json
from ledger.web.check.page_files import SAFE, PageFiles
from ledger.web.plain_answers import guarded, line

log = logging.getLogger(__name__)

CODE: Final = re.compile("[a-z2-7]{26}")
"""128 random bits in base32, small letters."""
STATUS_LIST_TYPE: Final = "application/statuslist+jwt"
STATUS_SECONDS: Final = 60
"""How long a list may be taken out of a cache: its `ttl`."""
_BODY_BYTES_MAX: Final = 4_096
_STATUS_PATH: Final = "/statements/status/"
_HONOUR_STATUS_PATH: Final = "/honours/status/"
_ANYBODYS: Final = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"}
_JSON: Final[TypeAdapter[dict[str, object]]] = TypeAdapter(dict[str, object])


class StatementPages:
    """The pages of one issuer."""

    def __init__(self, desk: StatementDesk) -> None:
        self._desk = desk
        self._files = PageFiles()

    def routes(self) -> list[Route]:
        """Paths and the pages they name."""
        read = {
            "/check": ("check", self._check),
            "/check/{name}": ("check-file", self._file),
            "/.well-known/jwt-vc-issuer": ("issuer", self._issuer),
            f"{_STATUS_PATH}{{place}}": ("status-list", self._status),
            f"{_HONOUR_STATUS_PATH}{{place}}": ("honour-status-list", self._honour_status),
            "/vct/statement/1": ("vct", self._type),
        }
        return [
            Route("/s/{code}/open", guarded("open-statement", self._open), methods=["POST"]),
            # Not guarded: of a link that a messenger bent, percent signs and all, people are told in words.
            Route("/s/{code:path}", self._share, methods=["GET"]),
            *(Route(path, guarded(name, page), methods=["GET"]) for path, (name, page) in read.items()),
        ]

    async def _share(self, request: Request) -> Response:
        known = CODE.fullmatch(request.path_params["code"]) is not None
        status = 200 if known else 404
        HTTP_REQUESTS.labels("statement", status).inc()
        return self._files.page(request, "share.html" if known else "unknown.html", {}, status)

    async def _open(self, request: Request) -> Response:
        """Asked for by the script alone: a form of another site cannot send this type, nor read the answer."""
        code = request.path_params["code"]
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return line(415, "send application/json")
        asked = await _open_request(request)
        if CODE.fullmatch(code) is None:
            opened = OpenedStatement("unknown")
        else:
            opened = await self._desk.open(code, asked.receipt)
        answer = opened_as_json(opened, self._document(), self._desk.log_keys(), await self._status_of(opened))
        return JSONResponse(answer, headers={**SAFE, "Cache-Control": "no-store"})

    async def _check(self, request: Request) -> Response:
        keys = {"issuer": self._document(), "log_keys": list(self._desk.log_keys())}
        return self._files.page(request, "check.html", keys)

    async def _file(self, request: Request) -> Response:
        return self._files.answer(request, request.path_params["name"])

    async def _issuer(self, request: Request) -> Response:
        headers = {**_ANYBODYS, "Cache-Control": f"public, max-age={STATUS_SECONDS}"}
        return Response(self._desk.issuer_document(), media_type="application/json", headers=headers)

    async def _status(self, request: Request) -> Response:
        return _list(await self._desk.status_list(*_place(request.path_params["place"])))

    async def _honour_status(self, request: Request) -> Response:
        return _list(await self._desk.honour_status_list(*_place(request.path_params["place"])))

    async def _type(self, request: Request) -> Response:
        """SD-JWT VC type metadata."""
        title, description = TEXTS["page_title"], TEXTS["type_description"]
        metadata = {
            "vct": vct_of(self._issuer_name()),
            "name": title.en,
            "description": description.en,
            "display": [
                {"locale": "ar", "name": title.ar, "description": description.ar},
                {"locale": "en", "name": title.en, "description": description.en},
            ],
        }
        return JSONResponse(metadata, headers={**_ANYBODYS, "Cache-Control": f"public, max-age={STATUS_SECONDS}"})

    def _document(self) -> dict[str, object]:
        return _JSON.validate_json(self._desk.issuer_document())

    def _issuer_name(self) -> str:
        return str(self._document()["issuer"])

    async def _status_of(self, opened: OpenedStatement) -> str | None:
        """The list in which the statement stands; None: there is none now, and the page says that it is not shown."""
        if opened.credential is None:
            return None
        try:
            uri = read_credential(opened.credential).claims.status.status_list.uri
            return await self._desk.status_list(*_place(uri.rpartition(_STATUS_PATH)[2]))
        except (Malformed, Refusal, psycopg.OperationalError) as away:
            # The view is counted: better a statement without its list than an error and a second view.
            log.warning("no list of status beside a statement: %s", type(away).__name__)
            return None


def _list(signed: str) -> Response:
    headers = {**_ANYBODYS, "Cache-Control": f"public, max-age={STATUS_SECONDS}"}
    return Response(signed, headers={**headers, "Content-Type": STATUS_LIST_TYPE})


async def _open_request(request: Request) -> OpenRequest:
    """What was sent. Raises Malformed."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BODY_BYTES_MAX:
            raise Malformed("request", f"it must have at most {_BODY_BYTES_MAX} bytes")
    try:
        return OpenRequest.model_validate_json(body)
    except ValidationError as error:
        raise Malformed("request", 'it must be {"receipt": null} or {"receipt": "…"}') from error


def _place(text: str) -> tuple[int, int]:
    """Partition and number of a list. Refuses NOT_FOUND for what is no name of one."""
    partition, hyphen, number = text.partition("-")
    try:
        if not hyphen:
            raise Malformed("status list", "it must be <partition>-<number>")
        return read_decimal(partition, "status list", "partition"), read_decimal(number, "status list", "number")
    except Malformed:
        refuse(Reason.NOT_FOUND, name=f"statements/status/{text[:40]}")
