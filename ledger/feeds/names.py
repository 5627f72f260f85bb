"""What a row of a feed is called in the ledger: the same row has the same names for ever.

Never change these rules: with others a repeated import would publish everything a second time.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from urllib.parse import quote
from uuid import UUID, uuid5

from google.protobuf.message import Message

_REQUEST_IDS: Final = UUID("5b0b6c0e-7d0e-5a52-9a39-0d2f6c6f8e11")
_PLAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_HASHED: Final = re.compile(r"h-[0-9a-f]{24}")
_ID_CHARACTERS_MAX: Final = 63
_RECORD_ID_CHARACTERS_MAX: Final = 128
_PRINTED: Final = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"
"""What stands for itself in a record id, beside letters, digits and `_.-~`."""
_GENERATION: Final = re.compile(r"(?P<key>[0-9]{4}-[0-9]{2}-[0-9]{2}|1)(?:-r(?P<number>[0-9]{1,6}))?")


def opportunity_name(feed: str, record_id: str) -> str:
    """opportunities/<feed>--<id>; two rows never have one name, and neither have two feeds."""
    return f"opportunities/{own_id(feed, record_id)}"


def own_id(system: str, record_id: str) -> str:
    """<system>--<id>, or a hash where the id is not of our form; two records never have one id."""
    plain = f"{system}--{record_id}"
    if _PLAIN.fullmatch(record_id) and not _HASHED.fullmatch(record_id) and len(plain) <= _ID_CHARACTERS_MAX:
        return plain
    return hashed_id(system, record_id)


def hashed_id(system: str, text: str) -> str:
    """<system>--h-<24 hex digits>: where no id can be read from the text, or should not be."""
    return f"{system}--h-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def printable_record_id(record_id: str) -> str:
    """The partner's id as `imported_from` can hold it: what is no printable ASCII is percent-encoded."""
    encoded = quote(record_id, safe=_PRINTED)
    if len(encoded) <= _RECORD_ID_CHARACTERS_MAX:
        return encoded
    return f"sha256:{hashlib.sha256(record_id.encode()).hexdigest()}"


def shift_id(key: str, generation: int) -> str:
    """`1` or a date; `-r2` and so on after shifts that were replaced."""
    return key if generation == 1 else f"{key}-r{generation}"


def key_and_generation(shift: str) -> tuple[str, int] | None:
    """The two parts of a shift's id; None for one that no feed has made."""
    matched = _GENERATION.fullmatch(shift)
    return None if matched is None else (matched["key"], int(matched["number"] or 1))


def request_id(feed: str, record_id: str, request: Message, compared_at: str = "") -> str:
    """The same request of the same row has the same id. `request` has none yet.

    A change also needs the positions it was compared at: a partner who takes a change back and makes it again
    would otherwise get the answer of the first time, and nothing would be recorded.
    """
    digest = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
    what = type(request).DESCRIPTOR.name
    return str(uuid5(_REQUEST_IDS, "\n".join((feed, record_id, what, digest, compared_at))))
