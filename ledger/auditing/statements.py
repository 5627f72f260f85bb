"""Rows that statements and their links must have in the read database, by the domain's own fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.auditing.folded_stream import Step
from ledger.domain.statement import Share, Statement
from ledger.domain.statement_events import StatementShareWithdrawn


def statement_rows(steps: Sequence[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The row of one statement, from its events."""
    state = steps[-1].state
    if not isinstance(state, Statement):
        return
    issued = state.issued
    yield (
        state.name,
        {
            "volunteer": issued.holder,
            "position": state.issued_position.position,
            "event_id": state.event_id,
            "kind": issued.kind,
            "period_start": issued.period_start,
            "period_end": issued.period_end,
            "organizations": list(issued.organizations),
            "shown": list(issued.shown),
            "verified_seconds": issued.verified_seconds,
            "size": issued.size,
            "root": issued.root,
            "credential_digest": issued.credential_digest,
            "issuer_key": issued.issuer_key,
            "status_list": issued.status_list,
            "status_index": issued.status_index,
            "issued_at": state.issued_at,
            "expires_at": issued.expires,
            "revoked_for": state.revoked_for,
            "revoked_at": state.revoked_at,
            "now_verified_seconds": state.now_verified_seconds,
            "superseded_at": state.superseded_at,
        },
    )


def share_rows(steps: Sequence[Step]) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows of its links."""
    state = steps[-1].state
    if not isinstance(state, Statement):
        return
    withdrawn = {
        step.event.data.share: step.event.recorded_at
        for step in steps
        if isinstance(step.event.data, StatementShareWithdrawn)
    }
    for share in state.shares.values():
        yield share.name, {**_share(state, share), "withdrawn_at": withdrawn.get(share.name)}


def _share(state: Statement, share: Share) -> dict[str, object]:
    return {
        "statement": state.name,
        "code_digest": share.shared.code_digest,
        "sealed_code": share.shared.code,
        "event_id": share.event_id,
        "shared_at": share.shared_at,
        "expires_at": share.shared.expires,
        "views_max": share.shared.views_max,
    }
