"""The public page of impact, as routes of the site: no scripts, no cookies, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ledger.documents.isolation import FIRST_STRONG_ISOLATE, POP_ISOLATE
from ledger.domain.refusals import Reason, refuse
from ledger.impact.presenting import presented, said, whole_hours
from ledger.texts.impact_report import TEXTS
from ledger.texts.text import Language, Text
from ledger.web.check.languages import DIRECTIONS, language_of, other
from ledger.web.check.page_files import FOLDER as CHECK_FOLDER
from ledger.web.impact.published import Published, PublishedReports
from ledger.web.plain_answers import guarded

FOLDER: Final = Path(__file__).parent
_FILES: Final = (FOLDER / "impact.css", CHECK_FOLDER / "check.css")
_SAFE: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
}


class ImpactPages:
    """The page and its style. Safe to share between requests."""

    def __init__(self, reports: PublishedReports) -> None:
        self._reports = reports
        self._files = {path.name: path.read_bytes() for path in _FILES}
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> list[Route]:
        """Paths and pages."""
        return [
            Route("/impact", guarded("impact", self._page), methods=["GET"]),
            Route("/impact/files/{name}", guarded("impact file", self._file), methods=["GET"]),
            Route("/impact/{period}", guarded("impact", self._page), methods=["GET"]),
        ]

    async def _page(self, request: Request) -> Response:
        """The newest period that has tables, or the one named. Refuses NOT_FOUND."""
        published = await self._reports.all()
        chosen = _chosen(published, request.path_params.get("period"))
        report = None
        if chosen is not None and chosen.has_tables:
            report = presented(await self._reports.report(chosen))
        language = language_of(request)
        filled = self._templates.get_template("impact.html").render(
            language=language,
            direction=DIRECTIONS[language],
            other=other(language),
            say=lambda key, **values: _isolated(getattr(said(key, **values), language)),
            told=lambda text: _isolated(getattr(text, language)),
            plain=lambda text: getattr(text, language),
            path=request.url.path,
            chosen=chosen,
            report=report,
            periods=[(one, _dates(one, language)) for one in published],
            recorded=f"{whole_hours(chosen.closed.totals.seconds.recorded_seconds):,}" if chosen else "",
            verified=f"{whole_hours(chosen.closed.totals.seconds.verified_seconds):,}" if chosen else "",
            texts=TEXTS,
        )
        return HTMLResponse(filled, headers=_SAFE)

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._files:
            refuse(Reason.NOT_FOUND, name=f"impact/{name[:80]}")
        body = self._files[name]
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        headers = {"Cache-Control": "no-cache", "ETag": etag, "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="text/css", headers=headers)


def _chosen(published: list[Published], period: str | None) -> Published | None:
    if period is None:
        return next((one for one in published if one.has_tables), None)
    found = [one for one in published if one.closed.name == f"periods/{period}"]
    if not found:
        refuse(Reason.NOT_FOUND, name=f"periods/{period[:80]}")
    return found[0]


def _isolated(text: str) -> Markup:
    """Isolates as elements: what is inside one is not broken over two lines."""
    return Markup(str(escape(text)).replace(FIRST_STRONG_ISOLATE, "<bdi>").replace(POP_ISOLATE, "</bdi>"))


def _dates(one: Published, language: Language) -> Markup:
    period = one.closed.period
    text: Text = said("period", first=period.start_date, last=period.end_date)
    return _isolated(text.ar if language == "ar" else text.en)
