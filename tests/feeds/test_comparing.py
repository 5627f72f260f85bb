"""What the ledger has and what a row asks for: which commands bring the one to the other."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message

from ledger.feeds.comparing import Plan, Present, compare
from ledger.feeds.rows import Refused, Wanted
from ledger.grpc.validation import read_request
from tests.feeds.test_rows import mapping, wanted
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1.resources_pb2 import (
    OPPORTUNITY_STATE_CLOSED,
    OPPORTUNITY_STATE_PUBLISHED,
    SHIFT_STATE_CANCELLED,
    SHIFT_STATE_OPEN,
    Opportunity,
    Shift,
)

R = TypeVar("R", bound=Message)
DATES = {"from": "", "until": ""}


def known(row: Wanted, **details) -> Present:
    """The ledger after this row was imported, with other details."""
    opportunity = Opportunity(name=row.name, state=OPPORTUNITY_STATE_PUBLISHED)
    opportunity.MergeFrom(row.opportunity)
    opportunity.MergeFrom(Opportunity(**details))
    shifts = []
    for key, asked in row.shifts.items():
        shift = Shift(name=f"{row.name}/shifts/{key}", state=SHIFT_STATE_OPEN)
        shift.MergeFrom(asked)
        shifts.append(shift)
    return Present(opportunity, shifts, "0:17")


def plan(row: Wanted, present: Present) -> Plan:
    found = compare(row, present, mapping())
    assert isinstance(found, Plan), found
    for request in found.requests:
        read_request(type(request), request.SerializeToString())  # the service's own rules
    return found


def only(kind: type[R], found: Plan) -> R:
    """The one command of this kind."""
    [request] = [one for one in found.requests if isinstance(one, kind)]
    return request


def names(found: Plan) -> list[str]:
    return [type(request).__name__.removesuffix("Request") for request in found.requests]


def problem(row: Wanted, present: Present) -> str:
    found = compare(row, present, mapping())
    assert isinstance(found, Refused)
    return " ".join(map(str, found.problems))


def test_what_is_not_there_is_made_and_what_is_there_is_left():
    made = plan(wanted(), Present())
    assert (made.action, names(made)) == ("create", ["PublishOpportunity", "OpenShift"])
    assert plan(wanted(), known(wanted())).action == "unchanged"
    assert plan(wanted(**DATES), known(wanted(**DATES))).action == "unchanged"


def test_only_the_fields_that_differ_are_named():
    changed = plan(wanted(title="Other", skills=""), known(wanted()))
    assert only(registry.UpdateOpportunityRequest, changed).update_mask.paths == ["title", "skills"]
    assert changed.changes == ("title", "skills")


def test_what_the_mapping_does_not_name_is_never_changed():
    present = known(wanted(), sector="health", event_type="ours")
    assert present.opportunity is not None
    present.opportunity.description.en = "Written here by a coordinator."
    assert plan(wanted(), present).action == "unchanged"
    update = only(registry.UpdateOpportunityRequest, plan(wanted(about="سطر آخر"), present))
    assert update.update_mask.paths == ["description"]
    assert update.opportunity.description.en == "Written here by a coordinator."


def test_places_and_times_of_a_shift_change_together():
    changed = plan(wanted(places="30", until="13:00"), known(wanted()))
    assert (names(changed), changed.changes) == (["UpdateShift"], ("1 shift changed",))
    update = only(registry.UpdateShiftRequest, changed)
    assert update.places == 30
    assert update.HasField("start_time")
    present = known(wanted())
    present.shifts[0].places_taken = 25
    assert "below the 25 places" in problem(wanted(places="10", title="x"), present)


def test_another_date_or_place_opens_a_new_shift_before_the_old_one_is_cancelled():
    moved = plan(wanted(**DATES, start="2026-11-24", end="2026-11-24"), known(wanted(**DATES)))
    assert names(moved) == ["OpenShift", "CancelShift"]
    elsewhere = plan(wanted(region="مكة المكرمة"), known(wanted()))
    assert names(elsewhere) == ["OpenShift", "CancelShift"]
    assert only(registry.OpenShiftRequest, elsewhere).shift_id == "1-r2"


def test_stopped_between_the_two_only_the_older_is_cancelled():
    present = known(wanted(region="مكة المكرمة"))
    old = Shift()
    old.CopyFrom(present.shifts[0])
    old.place.region = "SA-01"
    present.shifts[0].name = f"{wanted().name}/shifts/1-r2"
    found = plan(wanted(region="مكة المكرمة"), Present(present.opportunity, [present.shifts[0], old], "0:18"))
    assert names(found) == ["CancelShift"]
    assert only(registry.CancelShiftRequest, found).name.endswith("/shifts/1")


def test_people_who_are_registered_are_not_moved():
    present = known(wanted(**DATES))
    present.shifts[0].places_taken = 3
    assert "3 registered" in problem(wanted(**DATES, start="2026-11-24", end="2026-11-24"), present)


def test_a_shift_that_people_cancelled_stays_so_and_theirs_are_theirs():
    present = known(wanted())
    present.shifts[0].state = SHIFT_STATE_CANCELLED
    found = plan(wanted(), present)
    assert found.action == "unchanged"
    assert "stays so" in found.notes[0]
    theirs = known(wanted())
    shift = Shift(name=f"{wanted().name}/shifts/2026-01-01", state=SHIFT_STATE_OPEN)
    assert plan(wanted(), Present(theirs.opportunity, [*theirs.shifts, shift])).action == "unchanged"


def test_closing_and_what_does_not_open_again():
    closed = wanted(status="full")
    assert names(plan(closed, known(wanted()))) == ["CloseOpportunity"]
    assert plan(closed, known(wanted(), state=OPPORTUNITY_STATE_CLOSED)).action == "unchanged"
    never = plan(closed, Present())
    assert never.action == "unchanged"
    assert never.notes
    reopened = plan(wanted(title="x"), known(wanted(), state=OPPORTUNITY_STATE_CLOSED))
    assert (reopened.action, names(reopened)) == ("unchanged", [])
    assert "does not open again" in reopened.notes[0]


def test_what_is_not_this_feeds_is_left_alone():
    assert "cannot change" in problem(wanted(), known(wanted(), organization="organizations/other"))
    present = known(wanted())
    assert present.opportunity is not None
    present.opportunity.ClearField("imported_from")
    assert "not this feed's" in problem(wanted(), present)


def ids(found: Plan) -> list[str]:
    return [request.request_id for request in found.requests]


def test_the_same_question_has_the_same_ids_and_a_change_made_again_has_others():
    assert ids(plan(wanted(), Present())) == ids(plan(wanted(), Present()))
    there = plan(wanted(title="B"), known(wanted()))
    assert ids(there) == ids(plan(wanted(title="B"), known(wanted())))
    later = Present(known(wanted()).opportunity, known(wanted()).shifts, "0:40")
    assert ids(there) != ids(plan(wanted(title="B"), later))


def test_each_command_of_a_row_has_an_id_of_its_own():
    assert len(set(ids(plan(wanted(), Present())))) == 2
