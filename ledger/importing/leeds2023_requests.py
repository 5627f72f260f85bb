"""The steps of the LEEDS history as requests of the API. The same step gives the same request, byte for byte."""

from __future__ import annotations

from typing import Final, TypeAlias
from uuid import UUID, uuid5

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from ledger.importing.leeds2023_history import (
    ChangeEventType,
    ChangePlaces,
    CorrectCount,
    CountHeads,
    Learnt,
    OpenShift,
    PublishOpportunity,
    Step,
    WithdrawCount,
    moment,
)
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.positions_pb2 import ImportedFrom
from volunteer_hours.v1.resources_pb2 import Opportunity, Shift
from volunteer_hours.v1.values_pb2 import LocalizedText, Place

ORGANIZATION_ID: Final = "leeds-2023"
ORGANIZATION: Final = f"organizations/{ORGANIZATION_ID}"
SYSTEM: Final = "leeds2023"
REGION: Final = "GB-LDS"
TIME_ZONE: Final = "Europe/London"

# Never change it: with other request ids a repeated import would record everything a second time.
_REQUEST_IDS: Final = UUID("6d1f3c58-95e2-5b0e-9c53-2f0d4f0a2023")

Request: TypeAlias = (
    registry.PublishOpportunityRequest
    | registry.UpdateOpportunityRequest
    | registry.OpenShiftRequest
    | registry.UpdateShiftRequest
    | participation.RecordGroupAttendanceRequest
    | participation.CorrectAttendanceRequest
    | participation.WithdrawAttendanceRequest
)


def register_organization() -> registry.RegisterOrganizationRequest:
    """The publisher, before anything else."""
    return registry.RegisterOrganizationRequest(
        request_id=str(uuid5(_REQUEST_IDS, "register-organization")),
        organization_id=ORGANIZATION_ID,
        display_name=LocalizedText(en="LEEDS 2023"),
    )


def opportunity_name(event_id: str) -> str:
    """Our name of an event of the programme."""
    return f"opportunities/leeds2023-{event_id}"


def shift_name(event_id: str, shift_id: str) -> str:
    """Our name of a shift."""
    return f"{opportunity_name(event_id)}/shifts/{shift_id}"


def group_name(step: CountHeads | CorrectCount | WithdrawCount) -> str:
    """Our name of a row's head count."""
    return f"{shift_name(step.event_id, step.shift_id)}/groupAttendances/{step.group_id}"


def request_of(step: Step) -> Request:
    """What to send for a step."""
    match step:
        case PublishOpportunity():
            return _publish(step)
        case ChangeEventType():
            return registry.UpdateOpportunityRequest(
                request_id=_request_id(step.learnt, "change-event-type"),
                name=opportunity_name(step.event_id),
                opportunity=Opportunity(
                    organization=ORGANIZATION,
                    title=_title(step.event_id),
                    event_type=step.event_type,
                    imported_from=_imported(step.learnt),
                ),
                update_mask=FieldMask(paths=["event_type"]),
            )
        case OpenShift():
            return _open(step)
        case ChangePlaces():
            return registry.UpdateShiftRequest(
                request_id=_request_id(step.learnt, "change-places"),
                name=shift_name(step.event_id, step.shift_id),
                places=step.places,
                imported_from=_imported(step.learnt),
            )
        case CountHeads():
            return participation.RecordGroupAttendanceRequest(
                request_id=_request_id(step.learnt, "count-heads"),
                shift=shift_name(step.event_id, step.shift_id),
                group_attendance_id=step.group_id,
                head_count=step.head_count,
                attended_seconds=step.attended_seconds,
                imported_from=_imported(step.learnt),
            )
        case CorrectCount():
            return participation.CorrectAttendanceRequest(
                request_id=_request_id(step.learnt, "correct-count"),
                name=group_name(step),
                head_count=step.head_count,
                attended_seconds=step.attended_seconds,
                reason="PUBLISHER_REVISED",
                imported_from=_imported(step.learnt),
            )
        case WithdrawCount():
            return participation.WithdrawAttendanceRequest(
                request_id=_request_id(step.learnt, "withdraw-count"),
                name=group_name(step),
                reason="PUBLISHER_DELETED",
                imported_from=_imported(step.learnt),
            )


def _publish(step: PublishOpportunity) -> registry.PublishOpportunityRequest:
    return registry.PublishOpportunityRequest(
        request_id=_request_id(step.learnt, "publish-opportunity"),
        opportunity_id=f"leeds2023-{step.event_id}",
        opportunity=Opportunity(
            organization=ORGANIZATION,
            title=_title(step.event_id),
            sector="culture",
            event_type=step.event_type,
            imported_from=_imported(step.learnt),
        ),
    )


def _open(step: OpenShift) -> registry.OpenShiftRequest:
    return registry.OpenShiftRequest(
        request_id=_request_id(step.learnt, "open-shift"),
        parent=opportunity_name(step.event_id),
        shift_id=step.shift_id,
        shift=Shift(
            service_date=step.service_date,
            time_zone=TIME_ZONE,
            places=step.places,
            place=Place(region=REGION),
            imported_from=_imported(step.learnt),
        ),
    )


def _title(event_id: str) -> LocalizedText:
    # The publisher's own names of events are left out of the history on purpose.
    return LocalizedText(en=f"LEEDS 2023 event {event_id}")


def _imported(learnt: Learnt) -> ImportedFrom:
    source_record_time = Timestamp()
    source_record_time.FromDatetime(moment(learnt.recorded_at))
    return ImportedFrom(system=SYSTEM, record_id=learnt.shift_id, source_record_time=source_record_time)


def _request_id(learnt: Learnt, what: str) -> str:
    return str(uuid5(_REQUEST_IDS, f"{learnt.recorded_at}/{learnt.shift_id}/{what}"))
