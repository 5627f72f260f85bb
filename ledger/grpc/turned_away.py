"""Which refusals of the gate stand in the log of those who guard the ledger, and as what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.access.door import NotProven
from ledger.access.quotas import QuotaExceeded
from ledger.domain.refusals import Reason, Refusal
from ledger.security_events import SecurityEvent, security_event

_FORBIDDEN: Final[Mapping[Reason, SecurityEvent]] = {
    Reason.PERMISSION_DENIED: SecurityEvent.FORBIDDEN,
    Reason.PURPOSE_NEEDED: SecurityEvent.FORBIDDEN,
    Reason.NOT_FOUND: SecurityEvent.FORBIDDEN,
}
"""NOT_FOUND is on it because whoever looks for what belongs to others is told no more than that."""


def tell_turned_away(refusal: Refusal, method: str, *, client: str, sees_everything: bool, was_let_in: bool) -> None:
    """Tell it if somebody was turned away for who they are or for how much they ask, not for a rule of service.

    `client` is empty while it is not known who calls; `sees_everything`: what they do not find is not there.
    """
    if isinstance(refusal, NotProven):
        kind = SecurityEvent.STREAM_ENDED if was_let_in else refusal.kind
        security_event(kind, refusal.client or client, refusal.details["cause"])
    elif isinstance(refusal, QuotaExceeded):
        security_event(SecurityEvent.QUOTA_EXCEEDED, refusal.client, refusal.details["quota"])
    elif refusal.reason in _FORBIDDEN and not (sees_everything and refusal.reason is Reason.NOT_FOUND):
        named = client or refusal.details.get("client", "").removeprefix("clients/")
        security_event(_FORBIDDEN[refusal.reason], named, f"{refusal.reason.name} {method}")
