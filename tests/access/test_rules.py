"""Rules bound to an organisation or a person: what lies outside is named as it was asked for, absent or another's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set

import pytest
from google.protobuf.message import Message

from ledger.access.caller import Caller
from ledger.access.rules import (
    NOBODY,
    OwnOrganization,
    OwnPerson,
    OwnSubscription,
    Rule,
    Serves,
    VerifiesFor,
    is_own,
)
from volunteer_hours.v1 import delivery_service_pb2 as deliveries
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import verification_service_pb2 as verification

GREEN, BLUE, PEOPLE = "organizations/green", "organizations/blue", "initiatives/people"
OWNERS = {
    "volunteers/ana/attendances/green": GREEN,
    "volunteers/ana/attendances/blue": BLUE,
    "volunteers/ana/attendances/people": PEOPLE,
    "subscriptions/ours": "clients/app",
    "subscriptions/theirs": "clients/another-app",
}


class Told:
    """Facts of this test, and how often owners were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def owners_of(self, names: Sequence[str]) -> list[str | None]:
        self.asked += 1
        return [OWNERS.get(name) for name in names]

    async def serves(self, volunteer: str, organizations: Set[str]) -> bool:
        return volunteer == "volunteers/ana" and GREEN in organizations


def outside(rule: Rule, request: Message, actor: str = "staff/amal", facts: Told | None = None) -> str | None:
    return asyncio.run(rule.outside(request, Caller("app", actor, {}), frozenset({GREEN}), facts or Told()))


def judged(*attendances: str, organization: str = "") -> verification.BatchVerifyHoursRequest:
    items = [
        verification.VerificationItem(name=f"volunteers/ana/attendances/{one}", organization=organization)
        for one in attendances
    ]
    return verification.BatchVerifyHoursRequest(items=items)


VERIFIES = VerifiesFor("items.name", "items.organization")


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        (judged("green"), None),
        (judged("green", "blue"), "volunteers/ana/attendances/blue"),
        (judged("absent"), "volunteers/ana/attendances/absent"),
        (judged("people"), "volunteers/ana/attendances/people"),
        (judged("people", organization=GREEN), None),
        (judged("people", organization=BLUE), BLUE),
        (judged("blue", organization=GREEN), "volunteers/ana/attendances/blue"),
    ],
)
def test_a_verifier_judges_their_own_and_an_initiative_s_in_an_organisation_s_name(
    request_: verification.BatchVerifyHoursRequest, found: str | None
):
    assert outside(VERIFIES, request_) == found


def test_a_page_of_objects_is_one_question():
    told = Told()
    assert outside(VERIFIES, judged(*["green"] * 500), facts=told) is None
    assert told.asked == 1


@pytest.mark.parametrize(("which", "is_outside"), [("ours", False), ("theirs", True), ("absent", True)])
def test_a_subscription_is_that_of_the_client_that_calls(which: str, is_outside: bool):
    name = f"subscriptions/{which}"
    assert outside(OwnSubscription("name"), deliveries.PullRequest(name=name)) == (name if is_outside else None)


def test_who_names_nothing_is_outside():
    assert outside(OwnSubscription("name"), deliveries.PullRequest()) == NOBODY
    assert outside(OwnOrganization("organization"), hours.SummarizeHoursRequest()) == NOBODY
    assert outside(OwnPerson("names"), hours.BatchGetBalancesRequest()) == NOBODY
    assert outside(Serves("name"), directory.GetVolunteerRequest()) == NOBODY


def test_a_person_is_themself_and_nobody_whose_name_begins_alike():
    assert (
        outside(OwnPerson("names"), hours.BatchGetBalancesRequest(names=["volunteers/ana"]), "volunteers/ana") is None
    )
    both = hours.BatchGetBalancesRequest(names=["volunteers/ana", "volunteers/anabel"])
    assert outside(OwnPerson("names"), both, "volunteers/ana") == "volunteers/anabel"
    assert is_own("volunteers/ana/attendances/1", "volunteers/ana")
    assert is_own("opportunities/o/shifts/s/registrations/ana", "volunteers/ana")
    assert not is_own("opportunities/o/shifts/s/registrations/ana", "staff/ana")
    assert not is_own("opportunities/ana", "volunteers/ana")


def test_who_serves_is_looked_up_by_the_person_of_whatever_is_named():
    assert outside(Serves("name"), directory.GetVolunteerRequest(name="volunteers/ana")) is None
    assert outside(Serves("name"), directory.GetVolunteerRequest(name="volunteers/zahra")) == "volunteers/zahra"
