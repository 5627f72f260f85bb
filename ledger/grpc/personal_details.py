"""Personal details on their way in: put into one form, sealed field by field, and hashed where they must be unique.

Nothing here is logged, and no refusal repeats what was given.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.access.identity_keys import IdentityKeys
from ledger.access.person_keys import PersonKeys
from ledger.domain.consent_events import GUARDIAN_PATH
from ledger.domain.identity import IdentityDocument, passes_luhn
from ledger.domain.member import COLLECTION
from ledger.domain.refusals import Reason, Refusal, refuse
from ledger.domain.volunteer import CHANGEABLE_FIELDS, SealedDetails, path_of
from ledger.grpc.status import FieldViolation, InvalidRequest
from ledger.grpc.values import IDENTITY_TYPES, day
from volunteer_hours.v1 import resources_pb2, values_pb2

_NATIONAL_FORM: Final = re.compile(r"[12][0-9]{9}")


@dataclass(frozen=True, slots=True)
class SealedForEvent:
    """Details sealed for one event that is still to be recorded."""

    details: SealedDetails
    event_id: str


_PASSPORT_OF_NO_COUNTRY: Final = FieldViolation(
    "details.identity.country", "say which country issued the passport", "identity.country"
)
PLAIN_FIELDS: Final = ("full_name", "email", "phone", "gender", "residence_region")


class PersonalDetails:
    """Seals what a request says of a person."""

    def __init__(self, person_keys: PersonKeys, identity_keys: IdentityKeys) -> None:
        self._person_keys = person_keys
        self._identity_keys = identity_keys

    def identity_key(self, identity: values_pb2.Identity) -> bytes:
        """The key under which an identity document is unique. Refuses IDENTITY_INVALID, IDENTITY_COUNTRY_INVALID."""
        return self._identity_keys.key_of(self._document(identity))

    def _document(self, identity: values_pb2.Identity) -> IdentityDocument:
        return self._identity_keys.document(IDENTITY_TYPES[identity.type], identity.number, identity.country)

    def given(self, details: resources_pb2.PersonalDetails) -> dict[str, str]:
        """Every detail that is there, in plain text. Refuses DATE_INVALID, IDENTITY_INVALID,
        IDENTITY_COUNTRY_INVALID, and INVALID_ARGUMENT for a passport of no country.
        """
        texts = {field: text for field in PLAIN_FIELDS if (text := getattr(details, field).strip())}
        birth_date = _birth_date(details.birth_date)
        if birth_date is not None:
            texts["birth_date"] = birth_date.isoformat()
        if details.HasField("identity"):
            document = self._document(details.identity)
            if document.kind == "passport":
                raise InvalidRequest([_PASSPORT_OF_NO_COUNTRY])
            texts["identity_type"] = document.kind
            texts["identity_number"] = document.number
        return texts

    async def seal(self, volunteer: str, texts: Mapping[str, str]) -> SealedForEvent:
        """Seal plain texts by field for a new event of one person."""
        event_id = secrets.token_hex(16)
        sealed = await self._person_keys.seal(
            volunteer, event_id, {path_of(field): text for field, text in texts.items()}
        )
        return SealedForEvent(SealedDetails(**{field: sealed[path_of(field)] for field in texts}), event_id)

    async def seal_one(self, person: str, path: str, text: str) -> tuple[str, str]:
        """One text sealed under a key of the person's, and the event it is sealed for."""
        event_id = secrets.token_hex(16)
        sealed = await self._person_keys.seal(person, event_id, {path: text})
        return sealed[path], event_id

    async def seal_guardian(self, volunteer: str, name: str) -> tuple[str | None, str]:
        """A guardian's name sealed under the volunteer's key, None for none, and the event it is sealed for."""
        if not name.strip():
            return None, secrets.token_hex(16)
        return await self.seal_one(volunteer, GUARDIAN_PATH, name.strip())


def checked_paths(paths: list[str]) -> tuple[str, ...]:
    """The paths of an update mask, each once. Refuses UPDATE_MASK_INVALID."""
    for path in paths:
        if path not in CHANGEABLE_FIELDS:
            refuse(Reason.UPDATE_MASK_INVALID, path=path[:60], allowed=", ".join(CHANGEABLE_FIELDS))
    return tuple(dict.fromkeys(paths))


def _birth_date(text: str) -> date | None:
    """As `day`, and the refusal does not repeat it: somebody's birth date is in it, but for a slip."""
    try:
        return day(text)
    except Refusal:
        refuse(Reason.DATE_INVALID, value="birth_date")


def checked_member_name(member: str, name: str) -> str:
    """What a member is called, empty for nothing. Refuses INVALID_ARGUMENT for one who is not of staff."""
    if name.strip() and not member.startswith(COLLECTION):
        text = "only of staff/{id}: a volunteer's name stands with the volunteer, a system has none"
        raise InvalidRequest([FieldViolation("member_name", text, "member_name.staff")])
    return name.strip()


def refuse_number_as_id(volunteer_id: str, texts: Mapping[str, str]) -> None:
    """Refuse INVALID_ARGUMENT for an id that is an identity number: names stand readable in every event, for ever."""
    bare = volunteer_id.replace("-", "")
    is_own = bool(bare) and bare == texts.get("identity_number", "").lower()
    if is_own or (_NATIONAL_FORM.fullmatch(bare) and passes_luhn(bare)):
        text = "an identity number may not be an id: leave it empty"
        raise InvalidRequest([FieldViolation("volunteer_id", text, "volunteer_id.identity")])
