"""What a row asks for, beside what the ledger has: the commands that bring the second to the first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from google.protobuf.field_mask_pb2 import FieldMask

from ledger.feeds.cells import Problem
from ledger.feeds.comparing_shifts import ShiftChanges, shift_changes
from ledger.feeds.mapping import Mapping, Texts
from ledger.feeds.names import request_id
from ledger.feeds.rows import Refused, Wanted
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.resources_pb2 import OPPORTUNITY_STATE_CLOSED, Opportunity, Shift
from volunteer_hours.v1.values_pb2 import LocalizedText

Action: TypeAlias = Literal["create", "update", "close", "unchanged"]
Request: TypeAlias = (
    registry.PublishOpportunityRequest
    | registry.UpdateOpportunityRequest
    | registry.CloseOpportunityRequest
    | registry.OpenShiftRequest
    | registry.UpdateShiftRequest
    | registry.CancelShiftRequest
)
STAYS_CLOSED: Final = "is closed in the ledger, and does not open again: a new offer needs a new id"
_OPPORTUNITIES: Final = "opportunities/"


@dataclass(frozen=True, slots=True)
class Present:
    """What the ledger has of a row."""

    opportunity: Opportunity | None = None
    shifts: Sequence[Shift] = ()
    compared_at: str = ""
    """The positions of this answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done for a row: commands, in the order they are sent, and the same in words."""

    line: int
    name: str
    action: Action
    requests: tuple[Request, ...] = ()
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def compare(wanted: Wanted, present: Present, mapping: Mapping) -> Plan | Refused:
    """The commands that are missing. The same question has the same commands, with the same ids."""
    known = present.opportunity
    if known is None:
        return _unknown(wanted, mapping)
    problem = _not_ours(wanted, known, mapping)
    if problem:
        return Refused(wanted.line, (Problem(mapping.columns.id, problem),))
    if wanted.closed:
        if known.state == OPPORTUNITY_STATE_CLOSED:
            return Plan(wanted.line, wanted.name, "unchanged")
        closing = close_request(mapping.feed, wanted.record_id, wanted.name)
        return Plan(wanted.line, wanted.name, "close", (closing,))
    if known.state == OPPORTUNITY_STATE_CLOSED:
        return Plan(wanted.line, wanted.name, "unchanged", notes=(STAYS_CLOSED,))
    return _changed(wanted, present, known, mapping)


def close_request(feed: str, record_id: str, name: str) -> registry.CloseOpportunityRequest:
    """Close an opportunity of a feed."""
    closing = registry.CloseOpportunityRequest(name=name)
    closing.request_id = request_id(feed, record_id, closing)
    return closing


def _unknown(wanted: Wanted, mapping: Mapping) -> Plan:
    if wanted.closed:
        return Plan(wanted.line, wanted.name, "unchanged", notes=("closed before the ledger knew of it",))
    publish = registry.PublishOpportunityRequest(
        opportunity_id=wanted.name.removeprefix(_OPPORTUNITIES), opportunity=wanted.opportunity
    )
    publish.request_id = request_id(mapping.feed, wanted.record_id, publish)
    opened = shift_changes(wanted, (), mapping, "")
    return Plan(wanted.line, wanted.name, "create", (publish, *opened.requests), opened.told)


def _not_ours(wanted: Wanted, known: Opportunity, mapping: Mapping) -> str:
    source = known.imported_from
    if (source.system, source.record_id) != (mapping.feed, wanted.opportunity.imported_from.record_id):
        return f"{wanted.name} is in the ledger, and is not this feed's: choose another name for the feed"
    if known.organization != wanted.opportunity.organization:
        return f"{wanted.name} is offered by {known.organization}, and that cannot change"
    return ""


def _changed(wanted: Wanted, present: Present, known: Opportunity, mapping: Mapping) -> Plan | Refused:
    shifts: ShiftChanges = shift_changes(wanted, present.shifts, mapping, present.compared_at)
    if shifts.problems:
        return Refused(wanted.line, shifts.problems)
    target = _with_other_languages(wanted.opportunity, known, mapping)
    paths = [path for path in mapping.paths if _differs(path, target, known)]
    requests: tuple[Request, ...] = shifts.requests
    if paths:
        update = registry.UpdateOpportunityRequest(
            name=wanted.name, opportunity=target, update_mask=FieldMask(paths=paths)
        )
        update.request_id = request_id(mapping.feed, wanted.record_id, update, present.compared_at)
        requests = (update, *requests)
    changes = (*paths, *shifts.told)
    return Plan(wanted.line, wanted.name, "update" if requests else "unchanged", requests, changes, shifts.notes)


def _differs(path: str, target: Opportunity, known: Opportunity) -> bool:
    match path:
        case "title":
            return target.title != known.title
        case "description":
            return target.description != known.description
        case "skills":
            return list(target.skills) != list(known.skills)
        case _:
            different: bool = getattr(target, path) != getattr(known, path)
            return different


def _with_other_languages(wanted: Opportunity, known: Opportunity, mapping: Mapping) -> Opportunity:
    """What the row asks for, with the texts that people wrote here in a language the file does not have."""
    target = Opportunity()
    target.CopyFrom(wanted)
    target.title.CopyFrom(_merged(wanted.title, known.title, mapping.columns.title))
    described = _merged(wanted.description, known.description, mapping.columns.description)
    target.ClearField("description")
    if described.en or described.ar:
        target.description.CopyFrom(described)
    return target


def _merged(wanted: LocalizedText, known: LocalizedText, columns: Texts) -> LocalizedText:
    return LocalizedText(
        en=wanted.en if columns.en else known.en,
        ar=wanted.ar if columns.ar else known.ar,
    )
