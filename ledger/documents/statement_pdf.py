"""A statement as a PDF in Arabic and English, its credential and proofs attached: made to be printed, mailed and kept.

PDF/A-3a and PDF/UA-1: it can be archived, carries attachments, and is tagged, so that screen readers read both
languages in their order. Nothing is fetched. Equal arguments make equal bytes; the date of making is that of the issue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final

import msgspec
import typst

from ledger.credentials.claims import Disclosed, StatementClaims
from ledger.documents.fonts import FontsMissing, document_fonts
from ledger.documents.printable import NOT_SHOWN
from ledger.documents.statement_content import content
from ledger.documents.wording import in_both
from ledger.texts.statement_document import TEXTS

__all__ = ["FontsMissing", "render_statement"]

CREDENTIAL_TYPE: Final = "application/dc+sd-jwt"
MEDIA_TYPES: Final = {
    ".sd-jwt": CREDENTIAL_TYPE,
    ".json": "application/json",
    ".tlog-proof": "text/plain",
    ".balance-proof": "text/plain",
}
"""By how the name of an attachment ends; another one has application/octet-stream."""
_STANDARDS: Final[Sequence[typst.PDFStandard]] = ("a-3a", "ua-1")


def render_statement(
    claims: StatementClaims,
    disclosed: Disclosed,
    digest: str,
    share_uri: str | None,
    attachments: Mapping[str, bytes],
) -> bytes:
    """The document. `share_uri` is the link without the digest; None: no QR code. `attachments` by their names.

    May be called from many threads at once; the interpreter is free for others meanwhile. Raises FontsMissing, and
    Malformed for dates that no calendar has.
    """
    printed = content(claims, disclosed, digest, share_uri, list(attachments))
    if NOT_SHOWN in msgspec.json.encode(printed).decode("utf-8"):
        printed["not_shown"] = in_both(TEXTS["not_shown"], sign=NOT_SHOWN)
    printed["attachments"] = [_attachment(name, data) for name, data in attachments.items()]
    data = msgspec.json.encode(printed).decode("utf-8")
    try:
        return _compiled(data, claims.iat, _STANDARDS)
    except typst.TypstError:
        # Letters and marks of scripts that no font has together: archives ask for a picture of each, readers do not.
        return _compiled(data, claims.iat, ())


def _compiled(data: str, made_unix_seconds: int, standards: Sequence[typst.PDFStandard]) -> bytes:
    # A compiler serves one call, and only one at a time; what costs is the fonts, and those are shared.
    compiler = typst.Compiler(_layout(), font_paths=document_fonts(), sys_inputs={"statement": data})
    made = compiler.compile(format="pdf", pdf_standards=list(standards), timestamp=made_unix_seconds)
    if not isinstance(made, bytes):
        raise TypeError(f"a document is bytes, not {type(made).__name__}")
    return made


def _attachment(name: str, data: bytes) -> dict[str, object]:
    media_type = next((found for end, found in MEDIA_TYPES.items() if name.endswith(end)), "application/octet-stream")
    is_credential = media_type == CREDENTIAL_TYPE
    text = TEXTS["attached_credential" if is_credential else "attached_proof"]
    return {
        "name": name,
        "media_type": media_type,
        "description": f"{text.en} · {text.ar}",
        "relationship": "source" if is_credential else "supplement",
        "data": _for_the_layout(data),
    }


def _for_the_layout(data: bytes) -> str | list[int]:
    """As JSON can have it: a text, which is quick, or the bytes as numbers where they are none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return list(data)


@cache
def _layout() -> bytes:
    return resources.files(__package__).joinpath("statement.typ").read_bytes()
