"""Statements and links as callers see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from ledger.batch import CommandResult
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.statement import Share, Statement
from ledger.domain.statement_events import Detail, Revocation, StatementIssued, StatementKind
from ledger.grpc.status import status_of
from ledger.grpc.values import timestamp
from ledger.projections.statement_questions import ShareRow, StatementRow
from ledger.statements.confirming import Confirmed, ConfirmedState
from ledger.statements.share_codes import share_uri
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import Period

KINDS: Final[Mapping[pb.StatementKind.ValueType, StatementKind]] = {
    pb.STATEMENT_KIND_UNSPECIFIED: "statement",
    pb.STATEMENT_KIND_STATEMENT: "statement",
    pb.STATEMENT_KIND_TRANSCRIPT: "transcript",
}
DETAILS: Final[Mapping[Detail, pb.StatementDetail.ValueType]] = {
    "name": pb.STATEMENT_DETAIL_NAME,
    "organizations": pb.STATEMENT_DETAIL_ORGANIZATIONS,
    "roles": pb.STATEMENT_DETAIL_ROLES,
    "sectors": pb.STATEMENT_DETAIL_SECTORS,
}
"""Years, skills and entries are always and only in a transcript."""
REVOCATIONS: Final[Mapping[pb.StatementRevocation.ValueType, Revocation]] = {
    pb.STATEMENT_REVOCATION_WITHDRAWN: "withdrawn",
    pb.STATEMENT_REVOCATION_ISSUED_IN_ERROR: "issued_in_error",
    pb.STATEMENT_REVOCATION_KEY_COMPROMISED: "key_compromised",
}
_KIND_NUMBERS: Final = {
    "statement": pb.STATEMENT_KIND_STATEMENT,
    "transcript": pb.STATEMENT_KIND_TRANSCRIPT,
}
_REVOCATION_NUMBERS: Final = {name: number for number, name in REVOCATIONS.items()}
STATES: Final[Mapping[ConfirmedState, pb.StatementState.ValueType]] = {
    "valid": pb.STATEMENT_STATE_VALID,
    "superseded": pb.STATEMENT_STATE_SUPERSEDED,
    "revoked": pb.STATEMENT_STATE_REVOKED,
    "erased": pb.STATEMENT_STATE_ERASED,
    "expired": pb.STATEMENT_STATE_EXPIRED,
    "unknown": pb.STATEMENT_STATE_UNKNOWN,
    "tampered": pb.STATEMENT_STATE_TAMPERED,
    "withdrawn": pb.STATEMENT_STATE_NOT_SHARED,
    "share_expired": pb.STATEMENT_STATE_NOT_SHARED,
    "used_up": pb.STATEMENT_STATE_NOT_SHARED,
}


def statement_message(state: Statement) -> pb.Statement:
    """A statement right after a command about it."""
    issued = state.issued
    row = StatementRow(
        statement=state.name,
        volunteer=issued.holder,
        partition=state.issued_position.partition,
        position=state.issued_position.position,
        event_id=state.event_id,
        kind=issued.kind,
        period_start=issued.period_start,
        period_end=issued.period_end,
        organizations=issued.organizations,
        shown=issued.shown,
        verified_seconds=issued.verified_seconds,
        size=issued.size,
        root=issued.root,
        credential_digest=issued.credential_digest,
        status_list=issued.status_list,
        status_index=issued.status_index,
        issued_at=state.issued_at,
        expires_at=issued.expires,
        revoked_for=state.revoked_for,
        revoked_at=state.revoked_at,
        now_verified_seconds=state.now_verified_seconds,
        superseded_at=state.superseded_at,
        erased=False,
    )
    # Of its first answer: had it ended since, the same answer would not be the first one.
    return row_message(row, state.issued_at)


def issued_page(request_id: str, outcomes: Sequence[CommandResult | Refusal]) -> pb.BatchIssueStatementsResponse:
    """The short answers of a page, in its order."""
    response = pb.BatchIssueStatementsResponse(request_id=request_id)
    last: dict[int, int] = {}
    for outcome in outcomes:
        if isinstance(outcome, Refusal):
            response.outcomes.add().refusal.CopyFrom(status_of(outcome))
            continue
        event = outcome.events[0].data  # from the event itself: no aggregate is folded for a short answer
        if not isinstance(event, StatementIssued):
            raise InvariantBroken(f"a statement was to be issued, {type(event).__name__} was recorded")
        partition, position = outcome.position
        response.outcomes.add().issued.CopyFrom(
            pb.IssuedItem(
                name=event.statement,
                verified_seconds=event.verified_seconds,
                size=event.size,
                credential_digest=bytes.fromhex(event.credential_digest),
                partition=partition,
                position=position,
            )
        )
        last[partition] = max(position, last.get(partition, 0))
    response.positions.extend(Position(partition=one, position=last[one]) for one in sorted(last))
    return response


def row_message(row: StatementRow, now: datetime) -> pb.Statement:
    """A statement as the projections know it, without its credential."""
    message = pb.Statement(
        name=row.statement,
        kind=_KIND_NUMBERS[row.kind],
        period=_period(row),
        organizations=row.organizations,
        details=[number for name, number in DETAILS.items() if name in row.shown],
        verified_seconds=row.verified_seconds,
        state=STATES[row.state(now)],
        size=row.size,
        root=bytes.fromhex(row.root),
        credential_digest=bytes.fromhex(row.credential_digest),
        issued_time=timestamp(row.issued_at.astimezone(UTC)),
        issued_at=Position(partition=row.partition, position=row.position),
    )
    if row.expires_at is not None:
        message.expire_time.CopyFrom(timestamp(row.expires_at.astimezone(UTC)))
    if row.revoked_at is not None and row.revoked_for is not None:
        message.revoked_time.CopyFrom(timestamp(row.revoked_at.astimezone(UTC)))
        message.revoked_for = _REVOCATION_NUMBERS[_revocation(row.revoked_for)]
    if row.now_verified_seconds is not None and row.superseded_at is not None:
        message.now_verified_seconds = row.now_verified_seconds
        message.superseded_time.CopyFrom(timestamp(row.superseded_at.astimezone(UTC)))
    return message


def _revocation(text: str) -> Revocation:
    return next(name for name in _REVOCATION_NUMBERS if name == text)


def _period(row: StatementRow) -> Period:
    return Period(
        start_date="" if row.period_start is None else row.period_start.isoformat(),
        end_date="" if row.period_end is None else row.period_end.isoformat(),
    )


def share_message(share: Share, code: str, issuer: str) -> pb.StatementShare:
    """A link right after a command about it."""
    told = share.shared
    message = pb.StatementShare(
        name=share.name,
        code=code,
        uri=share_uri(issuer, code) if code else "",
        state=pb.SHARE_STATE_WITHDRAWN if share.withdrawn else pb.SHARE_STATE_OPEN,
        created_time=timestamp(share.shared_at),
        views_max=told.views_max or 0,
    )
    if told.expires is not None:
        message.expire_time.CopyFrom(timestamp(told.expires))
    return message


def share_row_message(row: ShareRow, code: str, issuer: str, views: int, now: datetime) -> pb.StatementShare:
    """A link as the projections know it."""
    message = pb.StatementShare(
        name=row.share,
        code=code,
        uri=share_uri(issuer, code) if code else "",
        state=_share_state(row, views, now),
        created_time=timestamp(row.shared_at.astimezone(UTC)),
        views_max=row.views_max or 0,
        views=views,
    )
    if row.expires_at is not None:
        message.expire_time.CopyFrom(timestamp(row.expires_at.astimezone(UTC)))
    return message


def _share_state(row: ShareRow, views: int, now: datetime) -> pb.ShareState.ValueType:
    if row.withdrawn_at is not None:
        return pb.SHARE_STATE_WITHDRAWN
    if row.expires_at is not None and row.expires_at <= now:
        return pb.SHARE_STATE_EXPIRED
    return pb.SHARE_STATE_USED_UP if row.views_max is not None and views >= row.views_max else pb.SHARE_STATE_OPEN


def confirmation_message(confirmed: Confirmed) -> pb.StatementConfirmation:
    """Whether a statement stands."""
    message = pb.StatementConfirmation(
        state=STATES[confirmed.state],
        initials=confirmed.initials,
        failed_step=confirmed.failed_step,
        positions=[Position(partition=one, position=at) for one, at in (confirmed.positions or {}).items()],
    )
    row = confirmed.row
    if row is None:
        return message
    message.name = row.statement
    if confirmed.state == "revoked":
        return message
    message.issued_time.CopyFrom(timestamp(row.issued_at.astimezone(UTC)))
    message.period.CopyFrom(_period(row))
    message.verified_seconds = row.verified_seconds
    if row.now_verified_seconds is not None and row.superseded_at is not None:
        message.now_verified_seconds = row.now_verified_seconds
        message.superseded_time.CopyFrom(timestamp(row.superseded_at.astimezone(UTC)))
    return message
