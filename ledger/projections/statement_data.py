"""`data` of the events about statements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, TypeAlias

import msgspec


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    """What no projection reads stays raw."""

    statement: str
    holder: str


class StatementIssued(_Data, kw_only=True):
    """statement-issued"""

    kind: str
    period_start: date | None = None
    period_end: date | None = None
    organizations: list[str]
    shown: list[str]
    verified_seconds: int
    size: int
    root: str
    credential_digest: str
    issuer_key: str
    status_list: int
    status_index: int
    expires: datetime | None = None


class StatementRevoked(_Data):
    """statement-revoked"""

    revocation: str


class _Restated(_Data):
    current_seconds: int
    evaluated_at: msgspec.Raw
    cause: msgspec.Raw


class StatementSuperseded(_Restated):
    """statement-superseded"""


class StatementRestored(_Restated):
    """statement-restored"""


class StatementShared(_Data, kw_only=True):
    """statement-shared"""

    share: str
    code_digest: str
    code: str
    expires: datetime | None = None
    views_max: int | None = None


class StatementShareWithdrawn(_Data):
    """statement-share-withdrawn"""

    share: str


StatementData: TypeAlias = (
    StatementIssued
    | StatementRevoked
    | StatementSuperseded
    | StatementRestored
    | StatementShared
    | StatementShareWithdrawn
)

STATEMENT_DATA: Final[dict[str, type[StatementData]]] = {
    "statement-issued": StatementIssued,
    "statement-revoked": StatementRevoked,
    "statement-superseded": StatementSuperseded,
    "statement-restored": StatementRestored,
    "statement-shared": StatementShared,
    "statement-share-withdrawn": StatementShareWithdrawn,
}
