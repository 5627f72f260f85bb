"""Where a list of results goes on, and what the first page fixed so that later pages belong to the same answer.

Like every page token it is opaque, bound to its question, and opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from google.protobuf.message import Message

from ledger.domain.refusals import Reason, refuse
from ledger.projections.page_token import question_of
from ledger.search.ranking import Ranked

PAGE_SIZE_DEFAULT: Final = 20
PAGE_SIZE_MAX: Final = 100
_TOKEN_BYTES_MAX: Final = 16_384


class SearchToken(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the first page fixed, and the last result given."""

    question: bytes
    asked_at: datetime
    ends: dict[int, int]
    """Partition → the number after the last that is looked at."""
    positions: dict[int, int]
    rareness: tuple[int, ...]
    repairs: dict[str, tuple[str, ...]]
    dotless: bool
    words_min: int
    """How many words a result has at least."""
    after_score: int
    after_begins_at: datetime
    after_number: tuple[int, int]

    @property
    def after(self) -> tuple[int, datetime, tuple[int, int]]:
        """As `Ranked.place`."""
        return -self.after_score, self.after_begins_at, self.after_number


_DECODER: Final = msgspec.json.Decoder(SearchToken)


def page_rows(page_size: int) -> int:
    """How many results a page has: 0 means 20, and 100 are the most."""
    return min(page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)


def page_of(in_order: Sequence[Ranked], token: SearchToken | None, page_size: int) -> tuple[Sequence[Ranked], bool]:
    """The next page of ranked results, and whether there are more."""
    left = [one for one in in_order if token is None or one.place > token.after]
    rows = page_rows(page_size)
    return left[:rows], len(left) > rows


def written(token: SearchToken) -> str:
    """The token as text."""
    return base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(token))).decode()


def read(request: Message, text: str) -> SearchToken | None:
    """What the first page fixed, None for the first one. Refuses PAGE_TOKEN_INVALID."""
    if not text:
        return None
    token = _decoded(text)
    if token is None or token.question != question_of(request):
        refuse(Reason.PAGE_TOKEN_INVALID)
    for moment in (token.asked_at, token.after_begins_at):
        if moment.tzinfo is None:
            refuse(Reason.PAGE_TOKEN_INVALID)
    return token


def _decoded(text: str) -> SearchToken | None:
    try:
        packed = zlib.decompressobj()
        raw = packed.decompress(base64.b64decode(text, altchars=b"-_", validate=True), _TOKEN_BYTES_MAX)
        return _DECODER.decode(raw) if packed.eof else None
    except (binascii.Error, ValueError, zlib.error, msgspec.MsgspecError):
        return None


def now() -> datetime:
    """The moment of a first page."""
    return datetime.now(UTC)
