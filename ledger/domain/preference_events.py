"""What somebody looks for, as it is stored: one seal, because together its parts say who somebody is.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

from typing import Final

from ledger.domain.event import Event, stored_name
from ledger.domain.sealed import Sealed

PREFERENCES_PATH: Final = "preferences"
"""The path in the event that the seal is bound to."""


@stored_name("volunteer-preferences-set")
class VolunteerPreferencesSet(Event):
    """What the person looks for from now on, whole."""

    volunteer: str
    preferences: Sealed
    """Seals a JSON object: docs/finding.md, "What is sealed of preferences"."""
