"""A volunteer: a pseudonymous id, and personal details that only a key of their own can open.

These names and fields are the stored format: version them with care.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ledger.domain.consent_events import (
    Charter,
    CharterAccepted,
    Consent,
    GuardianConsentGiven,
    GuardianConsentWithdrawn,
)
from ledger.domain.event import Event, NewEvent, RecordedEvent, Value, stored_name
from ledger.domain.link_events import Link, VolunteerLinked, VolunteerLinkEnded, VolunteerLinkProposed
from ledger.domain.preference_events import PREFERENCES_PATH, VolunteerPreferencesSet
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.sealed import Sealed, SealedField, key_id_in
from ledger.domain.world import Reads, World

DETAILS_PATH: Final = "details"


class SealedDetails(Value):
    """What is known of a person, each field sealed on its own; what was not given is absent."""

    full_name: Sealed | None = None
    birth_date: Sealed | None = None
    """Seals an ISO 8601 date."""
    identity_type: Sealed | None = None
    identity_number: Sealed | None = None
    email: Sealed | None = None
    phone: Sealed | None = None
    gender: Sealed | None = None
    residence_region: Sealed | None = None

    def given(self) -> Iterator[tuple[str, str]]:
        """Field name and seal of every field that is there."""
        for field in type(self).model_fields:
            sealed = getattr(self, field)
            if sealed is not None:
                yield field, sealed


DETAIL_FIELDS: Final = tuple(SealedDetails.model_fields)
CHANGEABLE_FIELDS: Final = tuple(name for name in DETAIL_FIELDS if not name.startswith("identity_"))
"""An identity document is not swapped by an update: it is what keeps one person one volunteer."""


def path_of(field: str) -> str:
    """The path in the event that a field's seal is bound to."""
    return f"{DETAILS_PATH}.{field}"


@stored_name("volunteer-registered")
class VolunteerRegistered(Event):
    """A person takes part from now on."""

    volunteer: str
    details: SealedDetails


@stored_name("volunteer-updated")
class VolunteerUpdated(Event):
    """Some details are known anew, others no more."""

    volunteer: str
    details: SealedDetails
    """Only those that changed."""
    cleared: tuple[str, ...] = ()
    """Names of the fields that are no longer known."""


@stored_name("volunteer-erased")
class VolunteerErased(Event):
    """Who the person is shall be known no more: their keys are destroyed after this."""

    volunteer: str
    key_ids: tuple[str, ...]
    """Of every key that a field of this stream was sealed with, ascending."""


@dataclass(frozen=True, slots=True)
class Volunteer:
    """A volunteer as their events leave them; the details stay sealed."""

    name: str
    details: Mapping[str, SealedField]
    """By field of SealedDetails, each with the event it was sealed for."""
    consents: Mapping[str, Consent] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    """Guardians' consents by name, withdrawn ones too."""
    charters: Mapping[str, Charter] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    key_ids: frozenset[str] = frozenset()
    """Of every key that a field of theirs was ever sealed with, cleared ones too."""
    erased: bool = False
    link: Link | None = None
    """To another name of theirs, or the proposal of one."""
    preferences: SealedField | None = None
    """What they look for, sealed."""


def evolve(state: object | None, recorded: RecordedEvent) -> Volunteer:
    """The volunteer after one more event. Raises InvariantBroken on one that cannot follow."""
    match state, recorded.data:
        case None, VolunteerRegistered(details=details):
            fields = MappingProxyType(_fields(recorded, details))
            return Volunteer(recorded.stream, fields, key_ids=_key_ids(details))
        case Volunteer(erased=False), VolunteerUpdated(details=details, cleared=cleared):
            kept = {field: sealed for field, sealed in state.details.items() if field not in cleared}
            fields = MappingProxyType({**kept, **_fields(recorded, details)})
            return replace(state, details=fields, key_ids=state.key_ids | _key_ids(details))
        case Volunteer(erased=False), VolunteerLinkProposed(linked_volunteer=other) if not _is_linked(state):
            return replace(state, link=Link(other, "proposed", recorded.actor))
        case Volunteer(erased=False), VolunteerLinked() as linked if not _is_linked(state):
            return replace(state, link=_link(state, linked, recorded.actor))
        case Volunteer(erased=False, link=Link(volunteer=other)), VolunteerLinkEnded(linked_volunteer=ended) if (
            other == ended
        ):
            return replace(state, link=None)
        case Volunteer(erased=False, link=None), VolunteerErased():
            return replace(state, details=MappingProxyType({}), preferences=None, erased=True)
        case Volunteer(erased=False), VolunteerPreferencesSet(preferences=preferences):
            sealed = SealedField(recorded.stream, recorded.event_id, PREFERENCES_PATH, preferences)
            return replace(state, preferences=sealed, key_ids=state.key_ids | {key_id_in(preferences)})
        case Volunteer(erased=False), CharterAccepted(charter=charter, charter_version=version):
            accepted = Charter(charter, version)
            return replace(state, charters=MappingProxyType({**state.charters, charter: accepted}))
        case Volunteer(erased=False), GuardianConsentGiven(consent=consent, guardian=guardian, until_date=until_date):
            key_ids = state.key_ids if guardian is None else state.key_ids | {key_id_in(guardian)}
            return _with_consent(replace(state, key_ids=key_ids), Consent(consent, until_date))
        case Volunteer(), GuardianConsentWithdrawn(consent=consent) if consent in state.consents:
            return _with_consent(state, replace(state.consents[consent], withdrawn=True))
    raise InvariantBroken(f"{recorded.stream} cannot hold {type(recorded.data).__name__} at version {recorded.version}")


def _is_linked(known: Volunteer) -> bool:
    return known.link is not None and known.link.state == "linked"


def _link(known: Volunteer, linked: VolunteerLinked, actor: str) -> Link:
    proposed = known.link
    mine = proposed is not None and proposed.volunteer == linked.linked_volunteer
    proposed_by = proposed.proposed_by if proposed is not None and mine else actor
    return Link(linked.linked_volunteer, "linked", proposed_by, linked.overlaps, linked.overlap_seconds)


def _with_consent(known: Volunteer, consent: Consent) -> Volunteer:
    return replace(known, consents=MappingProxyType({**known.consents, consent.name: consent}))


def _key_ids(details: SealedDetails) -> frozenset[str]:
    return frozenset(key_id_in(sealed) for _, sealed in details.given())


def _fields(recorded: RecordedEvent, details: SealedDetails) -> dict[str, SealedField]:
    return {
        field: SealedField(recorded.stream, recorded.event_id, path_of(field), sealed)
        for field, sealed in details.given()
    }


def existing(world: World, name: str) -> Volunteer:
    """The volunteer called `name`. Refuses NOT_FOUND."""
    state = world.state(name)
    if state is None:
        refuse(Reason.NOT_FOUND, name=name)
    if not isinstance(state, Volunteer):
        raise InvariantBroken(f"{name} is no volunteer: {type(state).__name__}")
    return state


def known_person(world: World, name: str) -> Volunteer:
    """The volunteer called `name`, of whom more may be learnt. Refuses NOT_FOUND, VOLUNTEER_ERASED."""
    known = existing(world, name)
    if known.erased:
        refuse(Reason.VOLUNTEER_ERASED, name=name)
    return known


def refuse_unknown(world: World, name: str) -> None:
    """Refuse NOT_FOUND for a person nobody knows, VOLUNTEER_ERASED where something new would begin under their name.

    Raises NotLoaded.
    """
    if not world.exists(name):
        refuse(Reason.NOT_FOUND, name=name)
    refuse_erased(world, name)


def refuse_erased(world: World, name: str) -> None:
    """Refuse VOLUNTEER_ERASED, MEMBER_ERASED for who was erased. Raises NotLoaded.

    A person at home in another partition may be erased while this is decided: what stands then is ended by what
    follows from the erasure, or stays under the name like everything before it.
    """
    if world.erased(name):
        refuse(Reason.VOLUNTEER_ERASED if name.startswith("volunteers/") else Reason.MEMBER_ERASED, name=name)


@dataclass(frozen=True, slots=True)
class RegisterVolunteer:
    """Register a person once. Refuses ALREADY_EXISTS, IDENTITY_ALREADY_REGISTERED."""

    volunteer: str
    details: SealedDetails
    """Sealed for `event_id`."""
    identity_key: bytes | None
    """Keyed hash of the identity document, None when none was shown."""
    event_id: str

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        identities = () if self.identity_key is None else (self.identity_key,)
        return Reads(streams=(self.volunteer,), identities=identities)

    def decide(self, world: World) -> list[NewEvent]:
        if world.state(self.volunteer) is not None:
            refuse(Reason.ALREADY_EXISTS, name=self.volunteer)
        if self.identity_key is not None and world.identity_holder(self.identity_key) is not None:
            refuse(Reason.IDENTITY_ALREADY_REGISTERED)
        registered = VolunteerRegistered(volunteer=self.volunteer, details=self.details)
        return [NewEvent(self.volunteer, registered, identity_key=self.identity_key, event_id=self.event_id)]


@dataclass(frozen=True, slots=True)
class UpdateVolunteer:
    """Change or clear details. Refuses NOT_FOUND, VOLUNTEER_ERASED, UPDATE_MASK_INVALID, NOTHING_CHANGES.

    Two seals of one text differ, so a detail given again is recorded again: nobody can tell, and nobody should.
    """

    volunteer: str
    details: SealedDetails
    """Only the changed ones, sealed for `event_id`."""
    cleared: tuple[str, ...]
    event_id: str

    @property
    def stream(self) -> str:
        return self.volunteer

    def reads(self) -> Reads:
        return Reads(streams=(self.volunteer,))

    def decide(self, world: World) -> list[NewEvent]:
        known = known_person(world, self.volunteer)
        changed = dict(self.details.given())
        for field in (*changed, *self.cleared):
            if field not in CHANGEABLE_FIELDS:
                refuse(Reason.UPDATE_MASK_INVALID, path=field, allowed=", ".join(CHANGEABLE_FIELDS))
        cleared = tuple(field for field in self.cleared if field in known.details and field not in changed)
        if not changed and not cleared:
            refuse(Reason.NOTHING_CHANGES, name=self.volunteer)
        updated = VolunteerUpdated(volunteer=self.volunteer, details=self.details, cleared=cleared)
        return [NewEvent(self.volunteer, updated, event_id=self.event_id)]
