"""Which events move hours, by their stored names: this package's own list, from `docs/format.md`."""

from __future__ import annotations

from typing import Final

MOVES_HOURS: Final = frozenset(
    {
        "volunteer-checked-out",
        "attendance-recorded",
        "attendance-corrected",
        "attendance-withdrawn",
        "attendance-transferred",
        "attendance-received",
        "hours-verified",
        "hours-declined",
        "hours-reversed",
        "hours-released",
        "hours-claimed",
        "hours-adjusted",
        "hours-disputed",
        "dispute-resolved",
        "group-attendance-recorded",
        "group-attendance-corrected",
        "group-attendance-withdrawn",
        "group-head-named",
        "group-hours-verified",
        "group-hours-declined",
        "group-hours-reversed",
    }
)
"""Events that have entries, though the list may be empty."""
MOVES_NOTHING: Final = frozenset(
    {
        "ledger-opened",
        "policy-enacted",
        "policy-proposed",
        "policy-approved",
        "period-closed",
        "organization-registered",
        "organization-accredited",
        "organization-suspended",
        "organization-reinstated",
        "member-appointed",
        "appointment-ended",
        "initiative-registered",
        "member-named",
        "member-erased",
        "client-registered",
        "client-updated",
        "client-revoked",
        "volunteer-registered",
        "volunteer-updated",
        "volunteer-erased",
        "volunteer-link-proposed",
        "volunteer-linked",
        "volunteer-link-ended",
        "charter-accepted",
        "guardian-consent-given",
        "guardian-consent-withdrawn",
        "opportunity-published",
        "opportunity-updated",
        "opportunity-closed",
        "registration-rules-set",
        "shift-opened",
        "shift-updated",
        "shift-rescheduled",
        "shift-cancelled",
        "registration-accepted",
        "registration-withdrawn",
        "registration-requested",
        "registration-waitlisted",
        "registration-declined",
        "waiting-ended",
        "absence-recorded",
        "eligibility-established",
        "volunteer-checked-in",
        "attendance-confirmed",
        "verification-begun",
        "requirement-met",
        "requirement-lost",
        "statement-issued",
        "statement-revoked",
        "statement-superseded",
        "statement-restored",
        "statement-shared",
        "statement-share-withdrawn",
        "hours-read",
        "service-started",
        "key-holders-listed",
    }
)
SCHEMA: Final = 1
"""Of every type above."""
KNOWN: Final = MOVES_HOURS | MOVES_NOTHING
"""Every stored name of `docs/format.md`."""
