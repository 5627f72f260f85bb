"""What the policy asks of a person before they serve: a guardian's consent of who is a minor, a charter of everybody.

What a decision learnt is stored beside the registration (`eligibility-established`), so that a check-in need not open
the birth date again. An answer that no longer holds is learnt anew by registering again, which keeps the place.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.domain import volunteer
from ledger.domain.consent_events import Charter
from ledger.domain.policy import HoursRules, hours_rules
from ledger.domain.refusals import Reason, refuse
from ledger.domain.registration_events import EligibilityEstablished, Registration
from ledger.domain.shift import Shift, day_of_service
from ledger.domain.volunteer import Volunteer
from ledger.domain.world import World

ADULT_YEARS: Final = 18


def age_years(birth_date: date, day: date) -> int:
    """Completed years on `day`; who was born on 29 February completes one on 1 March of a common year."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def established(world: World, registration: str, wanted: Shift, person: str) -> EligibilityEstablished | None:
    """The facts that let `person` serve in this shift; None where the policy asks for none. Raises NotLoaded.

    Refuses BIRTH_DATE_MISSING, GUARDIAN_CONSENT_MISSING, CHARTER_NOT_ACCEPTED.
    """
    day = day_of_service(wanted)
    rules = _asking(world, day)
    if rules is None:
        return None
    known = volunteer.existing(world, person)
    charter = _charter(known) if rules.charter_required else None
    adult = _is_adult(world, wanted, person, day) if rules.guardian_consent_required else None
    return EligibilityEstablished(
        registration=registration,
        shift=wanted.name,
        opportunity=wanted.opportunity,
        volunteer=person,
        service_date=day,
        adult_at_service=adult,
        consent=_consent(known, day) if adult is False else None,
        charter=None if charter is None else charter.name,
        charter_version=None if charter is None else charter.version,
    )


def refuse_ineligible(world: World, place: Registration, wanted: Shift) -> None:
    """Refuse ELIGIBILITY_NOT_ESTABLISHED, GUARDIAN_CONSENT_MISSING to who may not serve. Raises NotLoaded."""
    day = day_of_service(wanted)
    rules = _asking(world, day)
    if rules is None:
        return
    if not _still_says(place.eligibility, rules, day):
        refuse(Reason.ELIGIBILITY_NOT_ESTABLISHED, volunteer=place.volunteer, shift=place.shift)
    if not _consent_holds(world, place, rules, day):
        refuse(Reason.GUARDIAN_CONSENT_MISSING, volunteer=place.volunteer, date=day)


def is_established(world: World, place: Registration, wanted: Shift) -> bool:
    """Whether what the registration knows is all that the policy asks for, still. Raises NotLoaded."""
    day = day_of_service(wanted)
    rules = _asking(world, day)
    return rules is None or (_still_says(place.eligibility, rules, day) and _consent_holds(world, place, rules, day))


def _asking(world: World, day: date) -> HoursRules | None:
    _, rules = hours_rules(world, day)
    return rules if rules.guardian_consent_required or rules.charter_required else None


def _still_says(known: EligibilityEstablished | None, rules: HoursRules, day: date) -> bool:
    """Whether the facts answer what these rules ask for that day: the shift may have moved, and the rules too."""
    if known is None or (rules.charter_required and known.charter is None):
        return False
    if not rules.guardian_consent_required:
        return True
    if known.adult_at_service is None:
        return False
    return known.service_date == day or (known.adult_at_service and known.service_date < day)


def _consent_holds(world: World, place: Registration, rules: HoursRules, day: date) -> bool:
    known = place.eligibility
    if not rules.guardian_consent_required or known is None or known.consent is None:
        return True
    consent = volunteer.existing(world, place.volunteer).consents.get(known.consent)
    return consent is not None and consent.in_force(day)


def _is_adult(world: World, wanted: Shift, person: str, day: date) -> bool:
    birth_date = world.birth_date(person)
    if birth_date is None:
        refuse(Reason.BIRTH_DATE_MISSING, opportunity=wanted.opportunity, volunteer=person)
    return age_years(birth_date, day) >= ADULT_YEARS


def _consent(known: Volunteer, day: date) -> str:
    covering = next((consent for consent in known.consents.values() if consent.in_force(day)), None)
    if covering is None:
        refuse(Reason.GUARDIAN_CONSENT_MISSING, volunteer=known.name, date=day)
    return covering.name


def _charter(known: Volunteer) -> Charter:
    if not known.charters:
        refuse(Reason.CHARTER_NOT_ACCEPTED, volunteer=known.name)
    return list(known.charters.values())[-1]
