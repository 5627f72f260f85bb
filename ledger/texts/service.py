"""What the service says of a call by itself: errors that are no refusals, and names that answers carry for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from ledger.domain.opportunity import Level
from ledger.texts.codes import CODES
from ledger.texts.text import Text

ERRORS: Final[Mapping[str, Text]] = {
    "internal": Text(
        "حدث خطأ داخلي في السجل؛ أبلغ القائمين عليه برقم الحادثة {incident}.",
        "The ledger failed inside; tell those who run it the incident {incident}.",
    ),
    "deadline_exceeded": Text(
        "انتهت المهلة قبل جاهزية الجواب؛ أعد الطلب، والأمر بالمعرّف نفسه.",
        "The answer was not ready before the deadline; ask again, a command with the same request_id.",
    ),
}

FACETS: Final[Mapping[str, Text]] = {
    **{level: CODES[f"level_volunteering_level_{level}"] for level in get_args(Level)},
    "online": CODES["online"],
}
