"""Under which key a command is sent: the same command of the same system has the same one.

A lost answer is asked for again under it. It is not what keeps hours from being recorded twice: names do that, however
rows are parted into pages (docs/spreadsheets.md, "Idempotence").
"""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID, uuid5

from google.protobuf.message import Message

_REQUEST_IDS: Final = UUID("0b9f7b8e-53a6-5d0c-9f5e-6c1d5b1f7a42")


def request_id(system: str, kind: str, request: Message, compared_at: str = "") -> str:
    """Of a command without personal data; `request` has none yet.

    A change also needs the positions it was compared at: one that is taken back and made again would otherwise get the
    answer of the first time, and nothing would be recorded.
    """
    digest = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
    return _made(system, kind, type(request).DESCRIPTOR.name, digest, compared_at)


def page_request_id(system: str, kind: str, records: bytes) -> str:
    """Of a page of records, as they are sent."""
    return _made(system, kind, "page", hashlib.sha256(records).hexdigest())


def personal_request_id(system: str, kind: str, record_id: str) -> str:
    """Of a command with personal data: request ids are stored in the open for ever, and a digest confirms a guess."""
    return _made(system, kind, record_id)


def _made(*parts: str) -> str:
    return str(uuid5(_REQUEST_IDS, "\n".join(parts)))
