"""What a browser posts: taken only from a page of this site, of the one type that our forms have, and not too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from ledger.loopback import is_loopback
from ledger.web.people.pages_settings import PagesPlace

FORM_BYTES_MAX: Final = 64 * 1_024
FORM_FIELDS_MAX: Final = 2_000
FORM_TYPE: Final = "application/x-www-form-urlencoded"
NOT_TAKEN: Final = "form_foreign.html"


class Turned(Exception):
    """A request that is answered by a page of its own: its template and status."""

    def __init__(self, template: str, status: int) -> None:
        super().__init__(template)
        self.template = template
        self.status = status


async def posted_form(
    request: Request, place: PagesPlace, also_from: frozenset[str] = frozenset()
) -> Mapping[str, Sequence[str]]:
    """What was posted, from this site or one of `also_from`. Raises Turned for anything else."""
    if request.headers.get("origin") not in also_from | {own_origin(request, place)}:
        raise Turned(NOT_TAKEN, 403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Turned(NOT_TAKEN, 415)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise Turned(NOT_TAKEN, 413)
    try:
        text = body.decode("ascii")
        return parse_qs(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=FORM_FIELDS_MAX
        )
    except ValueError as wrong:
        raise Turned(NOT_TAKEN, 400) from wrong


def own_origin(request: Request, place: PagesPlace) -> str:
    """As the browser writes it. Without a setting a loopback address alone: no other name leads a browser here."""
    if place.origin:
        return place.origin
    host = request.headers.get("host", "")
    if not is_loopback(urlsplit(f"//{host}").hostname or ""):
        raise Turned(NOT_TAKEN, 421)
    return f"{request.url.scheme}://{host}"
