"""What the page's script sends when it opens a link, and what it is answered: JSON, bytes in base64."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from ledger.statements.desk_port import OpenedStatement

RECEIPT_CHARACTERS_MAX = 1_000


class OpenRequest(BaseModel):
    """The body of `POST /s/{code}/open`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    receipt: Annotated[str, StringConstraints(max_length=RECEIPT_CHARACTERS_MAX)] | None = None
    """What an earlier opening by this browser gave: then this one is no further view."""


def opened_as_json(
    opened: OpenedStatement, issuer: object, log_keys: Sequence[str], status_list: str | None
) -> dict[str, object]:
    """The answer: the statement as the desk gave it, and all that it is checked with."""
    return {
        "state": opened.state,
        "credential": opened.credential,
        "event": _base64(opened.event),
        "tlog_proof": _base64(opened.tlog_proof),
        "balance_proof": _base64(opened.balance_proof),
        "now_verified_seconds": opened.now_verified_seconds,
        "superseded_at": _moment(opened.superseded_at),
        "revoked_at": _moment(opened.revoked_at),
        "receipt": opened.receipt,
        "issuer": issuer,
        "log_keys": list(log_keys),
        "status_list": status_list,
    }


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
