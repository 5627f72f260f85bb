"""Templates, styles and pictures of pages for people."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from ledger.domain.refusals import Reason, refuse
from ledger.web.check.page_files import FOLDER as CHECK_FOLDER

FOLDER: Final = Path(__file__).parent
_TYPES: Final = {".css": "text/css", ".svg": "image/svg+xml"}
_FILES: Final = (FOLDER / "people.css", FOLDER / "mark.svg", CHECK_FOLDER / "check.css")
"""The check page's style is the ground of ours: both shall look like one house."""


class PeopleFiles:
    """Read once; safe to share between requests."""

    def __init__(self) -> None:
        self._files = {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in _FILES}
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def answer(self, request: Request, name: str) -> Response:
        """A style or a picture. Refuses NOT_FOUND."""
        if name not in self._files:
            refuse(Reason.NOT_FOUND, name=f"people/{name[:80]}")
        body, media_type = self._files[name]
        etag = f'"{sha256(body).hexdigest()[:32]}"'
        headers = {"Cache-Control": "no-cache", "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=media_type, headers=headers)

    def filled(self, template: str, data: dict[str, object]) -> str:
        """A page. Raises jinja2.UndefinedError where a value is missing."""
        return self._templates.get_template(template).render(data)
