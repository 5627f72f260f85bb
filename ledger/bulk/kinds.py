"""All kinds of spreadsheets that are imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ledger.bulk.attendances import Attendances
from ledger.bulk.kind import Import, Kind
from ledger.bulk.older_hours import OlderHours
from ledger.bulk.registrations import Registrations
from ledger.bulk.verifications import Verifications
from ledger.bulk.volunteers import Volunteers
from ledger.sheets import fields

KINDS: Final[Mapping[fields.Kind, Callable[[Import], Kind]]] = {
    "volunteers": Volunteers,
    "registrations": Registrations,
    "attendances": Attendances,
    "hours": OlderHours,
    "verifications": Verifications,
}
