"""Which statements were issued, do they still hold, and which links open them? A row for each of both."""

from __future__ import annotations

from typing import Final

from ledger.projections.binary_rows import ReadDatabase
from ledger.projections.statement_data import (
    StatementIssued,
    StatementRestored,
    StatementRevoked,
    StatementShared,
    StatementShareWithdrawn,
    StatementSuperseded,
)
from ledger.projections.stored_event import Batch, OtherEvent

_ISSUED: Final = """
    insert into statements (
        statement, volunteer, partition, position, event_id, kind, period_start, period_end, organizations, shown,
        verified_seconds, size, root, credential_digest, issuer_key, status_list, status_index, issued_at, expires_at
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_REVOKED: Final = "update statements set revoked_for = %s, revoked_at = %s where statement = %s"
_RESTATED: Final = "update statements set now_verified_seconds = %s, superseded_at = %s where statement = %s"
_SHARED: Final = """
    insert into statement_shares (
        share, statement, partition, code_digest, sealed_code, event_id, shared_at, expires_at, views_max
    ) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_WITHDRAWN: Final = "update statement_shares set withdrawn_at = %s where share = %s"


def apply(connection: ReadDatabase, batch: Batch) -> None:
    """Bring statements and links up to date, in order; in one pipeline, for one shift's people may all want one."""
    for statement, values in [
        step for event, data in batch.directory if isinstance(data, _OF_STATEMENTS) for step in [_step(event, data)]
    ]:
        connection.execute(statement, values)


_OF_STATEMENTS: Final = (
    StatementIssued,
    StatementRevoked,
    StatementSuperseded,
    StatementRestored,
    StatementShared,
    StatementShareWithdrawn,
)


def _step(event: OtherEvent, data: object) -> tuple[str, list[object]]:
    match data:
        case StatementIssued():
            return _ISSUED, _issued(event, data)
        case StatementRevoked():
            return _REVOKED, [data.revocation, event.time, data.statement]
        case StatementSuperseded():
            return _RESTATED, [data.current_seconds, event.time, data.statement]
        case StatementRestored():
            return _RESTATED, [None, None, data.statement]
        case StatementShared():
            return _SHARED, [
                data.share,
                data.statement,
                event.partition,
                data.code_digest,
                data.code,
                event.id,
                event.time,
                data.expires,
                data.views_max,
            ]
        case StatementShareWithdrawn():
            return _WITHDRAWN, [event.time, data.share]
    raise TypeError(f"{type(data).__name__} is of no statement")


def _issued(event: OtherEvent, data: StatementIssued) -> list[object]:
    return [
        data.statement,
        data.holder,
        event.partition,
        event.position,
        event.id,
        data.kind,
        data.period_start,
        data.period_end,
        data.organizations,
        data.shown,
        data.verified_seconds,
        data.size,
        data.root,
        data.credential_digest,
        data.issuer_key,
        data.status_list,
        data.status_index,
        event.time,
        data.expires,
    ]
