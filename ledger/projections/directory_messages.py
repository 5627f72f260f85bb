"""From rows of the directory to messages. Columns come in the order of the SQL beside each function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import path_of
from ledger.projections.basis import timestamp
from ledger.projections.directory_data import OpportunityDetails, Text
from ledger.projections.sums import evidence_seconds
from volunteer_hours.v1 import resources_pb2 as pb
from volunteer_hours.v1.positions_pb2 import ImportedFrom, Position
from volunteer_hours.v1.values_pb2 import LocalizedText, Period, Place

STATES: Final = {name.removeprefix("ORGANIZATION_STATE_").lower(): n for name, n in pb.OrganizationState.items()}
ROLES: Final = {name.removeprefix("MEMBER_ROLE_").lower(): n for name, n in pb.MemberRole.items()}
OFFERED: Final = {name.removeprefix("OPPORTUNITY_STATE_").lower(): n for name, n in pb.OpportunityState.items()}
LEVELS: Final = {name.removeprefix("VOLUNTEERING_LEVEL_").lower(): n for name, n in pb.VolunteeringLevel.items()}
PARTNERS: Final = {name.removeprefix("PARTNER_TYPE_").lower(): n for name, n in pb.PartnerType.items()}
CREDITINGS: Final = {name.removeprefix("CREDITING_").lower(): n for name, n in pb.Crediting.items()}
OPEN: Final = {name.removeprefix("SHIFT_STATE_").lower(): n for name, n in pb.ShiftState.items()}
REGISTERED: Final = {name.removeprefix("REGISTRATION_STATE_").lower(): n for name, n in pb.RegistrationState.items()}
PRESENCES: Final = {name.removeprefix("ATTENDANCE_STATE_").lower(): n for name, n in pb.AttendanceState.items()}

_DETAILS: Final = msgspec.json.Decoder(OpportunityDetails)


@dataclass(frozen=True, slots=True)
class SealedVolunteer:
    """A volunteer whose details are still sealed: only the keys of persons can open them."""

    name: str
    details: Mapping[str, SealedField]
    """By field of SealedDetails."""
    consents: Sequence[pb.GuardianConsent] = field(default=())
    charters: Sequence[pb.AcceptedCharter] = field(default=())
    positions: Sequence[Position] = field(default=())
    erased: bool = False
    linked_names: Sequence[str] = field(default=())


ORGANIZATIONS: Final = """
    select organization, display_name_ar, display_name_en, state, accredited_until, required_training from organizations
"""
APPOINTMENTS: Final = """
    select organization, appointment, member, role, from_time, until_time
    from appointments where organization = any(%(names)b) order by appointment
"""


def organization(row: Sequence[Any], appointments: Sequence[Sequence[Any]]) -> pb.Organization:
    """An organisation with its appointments."""
    return pb.Organization(
        name=row[0],
        display_name=LocalizedText(ar=row[1] or "", en=row[2] or ""),
        state=STATES[row[3]],
        accredited_until_date="" if row[4] is None else row[4].isoformat(),
        appointments=[_appointment(one) for one in appointments],
        required_training=[
            pb.RoleTraining(role=ROLES[role], required_courses=courses) for role, courses in sorted(row[5].items())
        ],
    )


def _appointment(row: Sequence[Any]) -> pb.Appointment:
    return pb.Appointment(
        name=row[1],
        member=row[2],
        role=ROLES[row[3]],
        from_time=timestamp(row[4]),
        until_time=None if row[5] is None else timestamp(row[5]),
    )


INITIATIVES: Final = "select initiative, display_name_ar, display_name_en, responsible from initiatives"


def initiative(row: Sequence[Any]) -> pb.Initiative:
    """An initiative."""
    return pb.Initiative(name=row[0], display_name=LocalizedText(ar=row[1] or "", en=row[2] or ""), responsible=row[3])


VOLUNTEERS: Final = """
    select volunteer, details, consents, charters, erased, array(
        select one.linked from volunteer_links one
        join volunteer_links other on other.volunteer = one.linked and other.linked = one.volunteer
        where one.volunteer = volunteers.volunteer and one.ended_position is null and other.ended_position is null
    )
    from volunteers
"""


def volunteer(row: Sequence[Any], positions: Sequence[Position] = ()) -> SealedVolunteer:
    """A volunteer, sealed as stored."""
    details = {
        name: SealedField(row[0], seal["event_id"], path_of(name), seal["sealed"]) for name, seal in row[1].items()
    }
    consents = [
        pb.GuardianConsent(name=name, until_date=told["until_date"] or "", withdrawn=told["withdrawn"])
        for name, told in sorted(row[2].items())
    ]
    charters = [pb.AcceptedCharter(charter=charter, version=version) for charter, version in sorted(row[3].items())]
    return SealedVolunteer(row[0], details, consents, charters, positions, row[4], row[5])


OPPORTUNITIES: Final = """
    select opportunity, organization, state, details::text, imported_system, imported_record_id, source_recorded_at,
           approval_required, waiting_places
    from opportunities
"""


def opportunity(row: Sequence[Any]) -> pb.Opportunity:
    """An opportunity with its details of now."""
    details = _DETAILS.decode(row[3])
    return pb.Opportunity(
        name=row[0],
        organization=row[1],
        state=OFFERED[row[2]],
        title=_localized(details.title),
        description=_localized(details.description),
        sector=details.sector or "",
        event_type=details.event_type or "",
        skills=details.skills,
        minimum_age_years=details.minimum_age_years,
        level=LEVELS[details.level or "unspecified"],
        partner_type=PARTNERS[details.partner_type or "unspecified"],
        compulsory_service=details.compulsory_service,
        crediting=CREDITINGS[details.crediting],
        required_courses=details.required_courses or (),
        imported_from=_imported(row[4:7]),
        registration_rules=pb.RegistrationRules(approval_required=row[7], waiting_places=row[8]),
    )


def _localized(text: Text | None) -> LocalizedText | None:
    return None if text is None else LocalizedText(ar=text.ar or "", en=text.en or "")


def _imported(row: Sequence[Any]) -> ImportedFrom | None:
    system, record_id, learnt = row
    if system is None:
        return None
    moment = None if learnt is None else timestamp(learnt)
    return ImportedFrom(system=system, record_id=record_id, source_record_time=moment)


SHIFTS: Final = """
    select shift, start_time, end_time, time_zone, service_date, places, places_taken, region, online, city,
           imported_system, imported_record_id, source_recorded_at, state
    from shifts
"""


def shift(row: Sequence[Any]) -> pb.Shift:
    """A shift with its places taken."""
    return pb.Shift(
        name=row[0],
        start_time=None if row[1] is None else timestamp(row[1]),
        end_time=None if row[2] is None else timestamp(row[2]),
        time_zone=row[3],
        service_date="" if row[4] is None else row[4].isoformat(),
        places=row[5],
        places_taken=row[6],
        place=Place(region=row[7] or "", online=row[8], city=row[9] or ""),
        imported_from=_imported(row[10:13]),
        state=OPEN[row[13]],
    )


REGISTRATIONS: Final = """
    select registration, shift, volunteer, state,
           case when waiting_order is not null then (
               select count(*) from registrations ahead
               where ahead.shift = registrations.shift and ahead.waiting_order <= registrations.waiting_order
           ) else 0 end
    from registrations
"""


def registration(row: Sequence[Any]) -> pb.Registration:
    """A registration; its rank, 1 for the first, where it waits."""
    return pb.Registration(name=row[0], shift=row[1], volunteer=row[2], state=REGISTERED[row[3]], waiting_rank=row[4])


STANDINGS: Final = """
    select standing, requirement, period_start, period_end, level, counted_seconds, evaluated_at, cause_partition,
           cause_position, partition, position
    from requirement_standings
"""


def standing(row: Sequence[Any]) -> pb.RequirementStanding:
    """How somebody was last told to stand with a requirement."""
    evaluated_at = sorted((int(partition), position) for partition, position in row[6].items())
    return pb.RequirementStanding(
        name=row[0],
        requirement=row[1],
        period=Period(start_date="" if row[2] is None else row[2].isoformat(), end_date=row[3].isoformat()),
        met=row[4] is not None,
        level=row[4] or "",
        counted_seconds=row[5],
        evaluated_at=[Position(partition=partition, position=position) for partition, position in evaluated_at],
        cause=Position(partition=row[7], position=row[8]),
        event=Position(partition=row[9], position=row[10]),
    )


ATTENDANCES: Final = """
    select attendance, holder, shift, state, start_time, end_time, head_count, flags, withheld_reasons, policy,
           migrated, claimed_seconds, attended_seconds, verified_seconds, disputed_seconds, withheld_seconds,
           reversed_seconds
    from attendances
"""
ATTENDANCES_NAMED: Final = (
    f"{ATTENDANCES} where holder = any(%(holders)b) and attendance = any(%(names)b) order by attendance"
)


def attendance(row: Sequence[Any]) -> pb.Attendance:
    """One presence, of a person or of a group."""
    person = row[1] if row[1].startswith("volunteers/") else ""
    return pb.Attendance(
        name=row[0],
        shift=row[2],
        volunteer=person,
        state=PRESENCES[row[3]],
        start_time=None if row[4] is None else timestamp(row[4]),
        end_time=None if row[5] is None else timestamp(row[5]),
        head_count=row[6],
        flags=row[7] or (),
        withheld_reasons=row[8] or (),
        policy=row[9] or "",
        migrated=row[10],
        seconds=evidence_seconds(row[11:]),
    )
