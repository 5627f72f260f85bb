"""The files of the check page: templates filled for a reader, and scripts and styles with a name for their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ledger.domain.refusals import Reason, refuse
from ledger.texts.check_page import TEXTS, texts_in
from ledger.web.check.languages import DIRECTIONS, language_of, other

FOLDER: Final = Path(__file__).parent
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere and nothing inline: what a name of an organisation might smuggle in does not run."""
SAFE: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""With every page. The address of a share link is the secret: no other site may be told it."""
_COMMAND: Final = Markup('<code dir="ltr">hours-ledger verify statement</code>')
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A script, a style or a picture."""

    body: bytes
    media_type: str
    etag: str


class PageFiles:
    """Read once; safe to share between requests."""

    def __init__(self) -> None:
        self._files = {path.name: _read(path) for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES}
        loader = FileSystemLoader(FOLDER / "templates")
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)

    def answer(self, request: Request, name: str) -> Response:
        """A script, a style or a picture. Refuses NOT_FOUND."""
        found = self._files.get(name)
        if found is None:
            refuse(Reason.NOT_FOUND, name=f"check/{name[:80]}")
        # Asked for again each time: scripts that belong together must be of one version.
        headers = {"Cache-Control": "no-cache", "ETag": found.etag, "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == found.etag:
            return Response(status_code=304, headers=headers)
        return Response(found.body, media_type=found.media_type, headers=headers)

    def page(self, request: Request, template: str, data: Mapping[str, object], status: int = 200) -> Response:
        """A page in the reader's language; `data` is handed to the script as JSON."""
        language = language_of(request)
        texts = texts_in(language)
        filled = self._templates.get_template(template).render(
            language=language,
            direction=DIRECTIONS[language],
            other=other(language),
            other_name=getattr(TEXTS["language_name"], other(language)),
            texts=texts,
            sentence=lambda key: _COMMAND.join(map(escape, texts[key].split("{command}"))),
            data={"language": language, "texts": texts, **data},
            scripts=[name for name in self._files if name.endswith(".js") and name != "check.js"],
        )
        # What a search engine keeps of a link is read by people who were not given it.
        headers = {**SAFE, "Cache-Control": "no-store", "Vary": "Accept-Language", "X-Robots-Tag": "noindex"}
        return HTMLResponse(filled, status, headers)


def _read(path: Path) -> PageFile:
    body = path.read_bytes()
    return PageFile(body, _TYPES[path.suffix], f'"{sha256(body).hexdigest()[:32]}"')
