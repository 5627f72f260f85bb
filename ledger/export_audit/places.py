"""What the walk over the events calls the places where it finds something."""

from __future__ import annotations

from typing import Final

EVENTS_PLACE: Final = "export events"
BUNDLES_PLACE: Final = "export entry bundles"
