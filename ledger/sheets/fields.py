"""What a row of each kind may have. One table: the mapping, the guess and the page speak of these fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["volunteers", "registrations", "attendances", "hours", "verifications"]
FieldType: TypeAlias = Literal["number_like", "text", "code", "day", "clock", "moment", "duration", "number"]
"""`number_like`: a text of which Excel may have made a number, with digits lost."""

_ID: Final[dict[str, FieldType]] = {"id": "number_like"}
_SOURCE: Final[dict[str, FieldType]] = {"source_time": "moment"}
_TIMES: Final[dict[str, FieldType]] = {
    "date": "day", "start_time": "clock", "end_time": "clock", "duration": "duration"
}  # fmt: skip
_PERSON: Final[dict[str, FieldType]] = {"volunteer": "number_like", "identity_type": "code", "country": "code"}
"""By name, by id, or by the number of a document of the type that the mapping says."""
FIELDS: Final[Mapping[Kind, Mapping[str, FieldType]]] = {
    "volunteers": _ID
    | {
        "name.ar": "text",
        "name.en": "text",
        "birth_date": "day",
        "gender": "code",
        "identity_type": "code",
        "identity_number": "number_like",
        "country": "code",
        "email": "text",
        "phone": "number_like",
        "residence_region": "code",
    }
    | _SOURCE,
    "registrations": _ID | _PERSON | {"shift": "code", "status": "code"} | _SOURCE,
    "attendances": _ID | _PERSON | {"shift": "code"} | _TIMES | _SOURCE,
    "hours": _ID
    | _PERSON
    | {"organization": "code", "activity": "code", "shift_name": "code", "head_count": "number"}
    | _TIMES
    | {"time_zone": "code", "city": "text", "region": "code"}
    | _SOURCE,
    "verifications": _ID | _PERSON | {"verified": "duration", "organization": "code"},
}
NEEDED: Final[Mapping[Kind, tuple[str, ...]]] = {
    "volunteers": ("id",),
    "registrations": ("id", "volunteer", "shift"),
    "attendances": ("id", "volunteer", "shift"),
    "hours": ("id", "volunteer", "organization", "activity"),
    "verifications": ("id",),
}
"""Each needs a column or a default, else no row says anything; `id` a column: a default would be everybody's."""
FIELD_TYPES: Final[Mapping[str, FieldType]] = {
    field: kind_of for fields in FIELDS.values() for field, kind_of in fields.items()
}
