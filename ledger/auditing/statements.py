"""Rows that statements and their links must have in the read database, by the domain's own fold; and what they state.

What a statement states is what the entries of its scope add up to in the first `size` events, and no two of a partition
have one place in a list of status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import Step
from ledger.auditing.snapshots import Database
from ledger.domain.statement import Share, Statement
from ledger.domain.statement_events import StatementShareWithdrawn

PLACE: Final = "projection statements"
_PLACES: Final = """
    select partition, status_list, status_index, min(statement), max(statement), max(position)
    from statements group by partition, status_list, status_index having count(*) > 1 limit 1000
"""
_SUMS: Final = """
    select s.partition, s.position, s.statement, coalesce(stated.seconds, 0), s.verified_seconds
    from statements s left join lateral (
        select sum(seconds * ((to_class = 3)::int - (from_class = 3)::int))::bigint as seconds
        from entries
        where holder = s.volunteer and position <= s.size
          and (s.period_start is null or service_date >= s.period_start)
          and (s.period_end is null or service_date <= s.period_end)
          and (cardinality(s.organizations) = 0 or organization = any(s.organizations))
    ) stated on true
    where coalesce(stated.seconds, 0) <> s.verified_seconds limit 1000
"""


def check_stated(read: Database, report: Report) -> None:
    """Sums and places, by rows that were compared with the events before."""
    for partition, position, statement, told, held in read.execute(_SUMS):
        report.differs(Where(PLACE, partition, position, statement), "verified_seconds in its scope", told, held)
    for partition, number, index, first, second, position in read.execute(_PLACES):
        found = f"also that of {first}"
        where = Where(PLACE, partition, position, second)
        report.differs(where, "place", f"{number}/{index} of one statement alone", found)


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
