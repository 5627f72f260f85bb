"""Which stream an event of each type lies in (`docs/format.md`, Data of each event), and how such a stream is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ID: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_COLLECTIONS: Final = {
    "partitions": "partitions/(?:0|[1-9][0-9]*)",
    "policies": f"policies/{_ID}",
    "organizations": f"organizations/{_ID}",
    "volunteers": f"volunteers/{_ID}",
    "attendances": f"volunteers/{_ID}/attendances/{_ID}",
    "opportunities": f"opportunities/{_ID}",
    "shifts": f"opportunities/{_ID}/shifts/{_ID}",
    "registrations": f"opportunities/{_ID}/shifts/{_ID}/registrations/{_ID}",
    "groupAttendances": f"opportunities/{_ID}/shifts/{_ID}/groupAttendances/{_ID}",
}

COLLECTION_OF: Final[Mapping[str, str]] = {
    "ledger-opened": "partitions",
    "policy-enacted": "policies",
    "organization-registered": "organizations",
    "organization-accredited": "organizations",
    "organization-suspended": "organizations",
    "organization-reinstated": "organizations",
    "member-appointed": "organizations",
    "appointment-ended": "organizations",
    "volunteer-registered": "volunteers",
    "volunteer-updated": "volunteers",
    "opportunity-published": "opportunities",
    "opportunity-updated": "opportunities",
    "opportunity-closed": "opportunities",
    "shift-opened": "shifts",
    "shift-updated": "shifts",
    "registration-accepted": "registrations",
    "registration-withdrawn": "registrations",
    "volunteer-checked-in": "attendances",
    "volunteer-checked-out": "attendances",
    "attendance-recorded": "attendances",
    "attendance-corrected": "attendances",
    "attendance-withdrawn": "attendances",
    "hours-verified": "attendances",
    "hours-declined": "attendances",
    "hours-reversed": "attendances",
    "hours-released": "attendances",
    "group-attendance-recorded": "groupAttendances",
    "group-attendance-corrected": "groupAttendances",
    "group-attendance-withdrawn": "groupAttendances",
    "group-hours-verified": "groupAttendances",
    "group-hours-declined": "groupAttendances",
    "group-hours-reversed": "groupAttendances",
}
"""Stored name → collection of its stream."""

SUBJECT_OF: Final = {name: re.compile(_COLLECTIONS[collection]) for name, collection in COLLECTION_OF.items()}
"""Stored name → what `subject` must match."""
