"""A statement as people hand it over: the credential's text, a PDF that has it attached, or only a link to one.

Files may be anything and come from anybody: whatever is wrong with one is told in words.
"""

from __future__ import annotations

import logging
import re
import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Final

from ledger.credentials.sd_jwt import CREDENTIAL_CHARACTERS_MAX
from ledger.credentials.verify_statement import StatementEvidence
from ledger.transparency.failures import Malformed

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
CREDENTIAL: Final = "statement.sd-jwt"
EVENT: Final = "statement.event.json"
TLOG_PROOF: Final = "statement.tlog-proof"
BALANCE_PROOF: Final = "statement.balance-proof"

_FORM: Final = "statement"
_PDF: Final = b"%PDF-"
_PDF_WITHIN_BYTES: Final = 1_024
"""PDF readers look so far for its first line."""
_PICTURES: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_LINK: Final = re.compile(r"(?:https?://\S+|[a-z2-7]{26})(?:#[0-9a-f]{64})?", re.IGNORECASE)

# A PDF made to confuse brings its reader to raise any of these, beside the reader's own errors.
_HOSTILE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class OnlyALink(Exception):
    """Nothing of the statement is in it: whoever has it must ask the network."""


def read_statement_file(data: bytes) -> StatementEvidence:
    """What a file holds; of a text the credential alone. Raises OnlyALink, and Malformed for what cannot be read."""
    if len(data) > FILE_BYTES_MAX:
        raise Malformed(_FORM, f"a file must have at most {FILE_BYTES_MAX} bytes")
    if _PDF in data[:_PDF_WITHIN_BYTES]:
        return _evidence(_attachments(data))
    if data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        raise OnlyALink("a picture of a QR code holds only a link to the statement")
    text = _text(data).strip()
    if _LINK.fullmatch(text):
        raise OnlyALink("it is only a link to the statement")
    return StatementEvidence(text)


def _evidence(attached: Mapping[str, bytes]) -> StatementEvidence:
    if CREDENTIAL not in attached:
        raise Malformed("PDF", f"no {CREDENTIAL} is attached to it: what is printed on it proves nothing")
    return StatementEvidence(
        credential=_text(attached[CREDENTIAL]).strip(),
        event=attached.get(EVENT),
        tlog_proof=attached.get(TLOG_PROOF),
        balance_proof=attached.get(BALANCE_PROOF),
    )


def _attachments(data: bytes) -> dict[str, bytes]:
    from pypdf import PdfReader  # here: who has the credential itself need not load it
    from pypdf.errors import PyPdfError

    # It tells what it passes over, on standard error; here the verdict is told.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    try:
        attached = PdfReader(BytesIO(data)).attachments
        found = {name: attached[name] for name in (CREDENTIAL, EVENT, TLOG_PROOF, BALANCE_PROOF) if name in attached}
    except (PyPdfError, *_HOSTILE) as error:
        raise Malformed("PDF", f"it cannot be read ({type(error).__name__})") from error
    for name, contents in found.items():
        if len(contents) != 1:
            raise Malformed("PDF", f"{name} is attached {len(contents)} times: which one counts is not known")
    return {name: contents[0] for name, contents in found.items()}


def _text(data: bytes) -> str:
    if len(data) > CREDENTIAL_CHARACTERS_MAX:
        raise Malformed(_FORM, f"a credential has at most {CREDENTIAL_CHARACTERS_MAX} characters")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(_FORM, "it is neither a PDF nor the text of a credential") from error
