"""Where a list goes on: an opaque token, bound to the question it belongs to.

It names the last row given and the positions of the first page, so that the pages together are one answer. It holds
nothing secret and opens nothing: whoever makes one up only reads on from elsewhere in the same list.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from google.protobuf.message import Message

from ledger.domain.refusals import Reason, refuse

PAGE_SIZE_DEFAULT: Final = 100
PAGE_SIZE_MAX: Final = 1000


class PageToken(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where the next page begins."""

    question: bytes
    after: tuple[str | int, ...]
    """The sort key of the last row given."""
    positions: dict[int, int]
    """Partition → position of the first page; empty where a list shows the present."""


_DECODER: Final = msgspec.json.Decoder(PageToken)


def rows_wanted(page_size: int) -> int:
    """How many rows a page has: 0 means 100, and 1,000 are the most."""
    return min(page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)


def token_of(request: Message, after: Sequence[str | int], positions: Mapping[int, int] | None = None) -> str:
    """The token for the page after `after` in the answer to `request`."""
    token = PageToken(question_of(request), tuple(after), dict(positions or {}))
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def read_token(request: Message, page_token: str) -> PageToken | None:
    """Where the page asked for begins, None for the first one. Refuses PAGE_TOKEN_INVALID."""
    if not page_token:
        return None
    token = _decoded(page_token)
    if token.question != question_of(request):
        refuse(Reason.PAGE_TOKEN_INVALID)
    return token


def positions_of_token(page_token: str) -> Mapping[int, int]:
    """The first page's positions, as the token claims them. Refuses PAGE_TOKEN_INVALID."""
    return _decoded(page_token).positions


def question_of(request: Message) -> bytes:
    """What is asked, without what may change from page to page."""
    question = type(request)()
    question.CopyFrom(request)
    for field in ("page_size", "page_token", "positions"):
        if field in request.DESCRIPTOR.fields_by_name:
            question.ClearField(field)
    name = request.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(name + b"\n" + question.SerializeToString(deterministic=True)).digest()[:12]


def _decoded(page_token: str) -> PageToken:
    try:
        return _DECODER.decode(base64.b64decode(page_token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        refuse(Reason.PAGE_TOKEN_INVALID)
