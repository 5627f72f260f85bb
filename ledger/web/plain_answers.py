"""How pages answer, and how errors leave: one line of plain text, never a trace, never kept by a cache."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ledger.domain.refusals import Kind, Reason, Refusal
from ledger.metrics import HTTP_REQUESTS
from ledger.told_errors import new_incident
from ledger.transparency.failures import Malformed, OutOfTree

log = logging.getLogger(__name__)

Page: TypeAlias = Callable[[Request], Awaitable[Response]]

NO_PAGE: Final = "no such page"
_NOT_FOUND_KINDS: Final = (Kind.NOT_FOUND, Kind.NOT_YET_KNOWN)


def guarded(name: str, page: Page) -> Page:
    """The page, its errors in words and its answers counted under `name`."""

    async def answer(request: Request) -> Response:
        response = await _answer(name, page, request)
        HTTP_REQUESTS.labels(name, response.status_code).inc()
        return response

    return answer


def line(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """An error as its reader sees it."""
    one_line = " ".join(text.split())
    return PlainTextResponse(f"{one_line}\n", status, {**(headers or {}), "Cache-Control": "no-store"})


async def unknown_page(request: Request, error: Exception) -> Response:
    """What is answered where no page is, or not to this method: Starlette raises it before any page is asked."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    HTTP_REQUESTS.labels("other", status).inc()
    if status == 405:
        return line(status, "pages are only read here: use GET or HEAD", {"Allow": "GET, HEAD"})
    return line(status, NO_PAGE)


async def _answer(name: str, page: Page, request: Request) -> Response:
    try:
        # Another spelling of a path would be a second name for the same bytes, in caches too.
        if request.scope["raw_path"] != request.scope["path"].encode():
            return line(400, "write the path as it is, without percent signs")
        return await page(request)
    except Refusal as refusal:
        return line(_status_of(refusal), f"{refusal.reason.name}: {refusal.english}")
    except (Malformed, OutOfTree) as wrong:
        return line(400, str(wrong))
    except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError) as away:
        log.warning("not available: %s", type(away).__name__)
        return line(503, "UNAVAILABLE: the ledger cannot answer just now; ask again", {"Retry-After": "1"})
    except Exception:
        incident = new_incident()
        log.exception("the page %s failed", name, extra={"incident": incident})
        return line(500, f"INTERNAL: the ledger failed inside; tell those who run it the incident {incident}")


def _status_of(refusal: Refusal) -> int:
    if refusal.reason is Reason.POSITION_UNKNOWN or refusal.reason.kind in _NOT_FOUND_KINDS:
        return 404
    return 503 if refusal.may_be_asked_again else 400
