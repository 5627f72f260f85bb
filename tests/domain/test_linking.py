"""Two names of one person: joined by two people, undone by one, and no second verified under both."""

from __future__ import annotations

import pytest

from ledger.domain.appointing import AppointMember
from ledger.domain.attendance import RecordAttendance
from ledger.domain.disputes import ResolveDispute
from ledger.domain.erasure import EraseVolunteer
from ledger.domain.follow_ups import FOLLOW_UP_ACTOR, follow_up
from ledger.domain.link_events import LinkOverlap, VolunteerLinked, VolunteerLinkEnded, VolunteerLinkProposed
from ledger.domain.linked_overlap import DisputeLinkedOverlap
from ledger.domain.linking import (
    ApproveVolunteerLink,
    EndVolunteerLink,
    JoinVolunteer,
    LinkVolunteers,
    in_order,
    overlaps,
)
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.verification import VerifyHours
from ledger.domain.volunteer import Volunteer
from ledger.domain.world import Presence
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, BEN, GREEN, GREEN_VERIFIER, MORNING, at, programme, served, volunteer

CY = "volunteers/cy"
AMAL, HUDA, JUDGE = "staff/amal", "staff/huda", "staff/judge"
LINK, APPROVE, JOIN = LinkVolunteers(ANA, BEN), ApproveVolunteerLink(ANA, BEN), JoinVolunteer(BEN, ANA)
OF_ANA, OF_BEN = f"{ANA}/attendances/a", f"{BEN}/attendances/b"


def proposed() -> Scenario:
    return programme().given(volunteer(CY)).given(LINK, actor=AMAL)


def linked() -> Scenario:
    """Joined at both names, as what follows does it."""
    return followed(proposed().given(APPROVE, actor=HUDA))


def followed(scenario: Scenario) -> Scenario:
    """What follows from the events of the last command."""
    for event in list(scenario.events):
        following = follow_up(event)
        if following is not None:
            scenario.when(following.command, actor=FOLLOW_UP_ACTOR)
            assert scenario.refusal is None or following.may_be_done
    return scenario


def link_of(scenario: Scenario, name: str) -> tuple[str, str] | None:
    state = scenario.state(name)
    assert isinstance(state, Volunteer)
    return None if state.link is None else (state.link.volunteer, state.link.state)


def hours(name: str, start: str, end: str) -> RecordAttendance:
    return served(name, MORNING, f"2026-11-20 {start}", f"2026-11-20 {end}")


def test_a_link_lies_with_the_name_that_comes_first():
    assert in_order(BEN, ANA) == in_order(ANA, BEN) == (ANA, BEN)
    with pytest.raises(Refusal, match="LINK_TO_ITSELF"):
        in_order(ANA, ANA)


def test_it_takes_two_people():
    scenario = proposed().then_recorded(VolunteerLinkProposed, volunteer=ANA, linked_volunteer=BEN)
    scenario.when(LINK, actor=AMAL).then_refused("NOTHING_CHANGES")
    scenario.when(APPROVE, actor=AMAL).then_refused("LINK_SAME_PERSON", actor=AMAL)
    scenario.when(APPROVE, actor=HUDA).then_recorded(VolunteerLinked, overlaps=(), overlap_seconds=0)
    assert (link_of(scenario, ANA), link_of(scenario, BEN)) == ((BEN, "linked"), None)
    followed(scenario)
    assert link_of(scenario, BEN) == (ANA, "linked")
    scenario.when(APPROVE, actor=HUDA).then_refused("VOLUNTEER_ALREADY_LINKED")


def test_only_what_was_proposed_is_approved():
    programme().when(APPROVE, actor=HUDA).then_refused("LINK_NOT_PROPOSED", name=ANA, linked_name=BEN)
    proposed().when(ApproveVolunteerLink(ANA, CY), actor=HUDA).then_refused("LINK_NOT_PROPOSED")
    scenario = proposed().given(LinkVolunteers(ANA, CY), actor=HUDA)
    scenario.when(APPROVE, actor=HUDA).then_refused("LINK_NOT_PROPOSED")
    scenario.when(LINK, actor="staff/third").then_recorded(VolunteerLinkProposed)


def test_a_name_has_one_other_name_at_most():
    for pair in ((ANA, CY), (BEN, CY)):
        linked().when(LinkVolunteers(*pair), actor=AMAL).then_refused("VOLUNTEER_ALREADY_LINKED")


def test_who_is_not_there_or_erased_is_not_linked():
    programme().when(LinkVolunteers(ANA, "volunteers/nobody"), actor=AMAL).then_refused("NOT_FOUND")
    proposed().given(EraseVolunteer(BEN)).when(APPROVE, actor=HUDA).then_refused("VOLUNTEER_ERASED", name=BEN)


def test_a_link_is_undone_at_both_names():
    scenario = linked().when(EndVolunteerLink(ANA, BEN, "NOT_ONE_PERSON"), actor=AMAL)
    scenario.then_recorded(VolunteerLinkEnded, reason="NOT_ONE_PERSON")
    followed(scenario)
    assert (link_of(scenario, ANA), link_of(scenario, BEN)) == (None, None)
    scenario.when(EndVolunteerLink(ANA, BEN, "NOT_ONE_PERSON"), actor=AMAL).then_refused("NOTHING_CHANGES")
    scenario.given(LINK, actor=AMAL).when(APPROVE, actor=HUDA).then_recorded(VolunteerLinked)


def test_a_link_that_has_ended_meanwhile_is_not_joined():
    scenario = proposed().given(APPROVE, actor=HUDA).given(EndVolunteerLink(ANA, BEN, "MISTAKEN"), actor=AMAL)
    scenario.when(JOIN, actor=FOLLOW_UP_ACTOR).then_refused("NOTHING_CHANGES")
    linked().when(JOIN, actor=FOLLOW_UP_ACTOR).then_refused("NOTHING_CHANGES")


@pytest.mark.parametrize(("erased", "other"), [(ANA, BEN), (BEN, ANA)])
def test_who_is_erased_is_linked_to_nobody(erased: str, other: str):
    scenario = (
        linked().when(EraseVolunteer(erased)).then_recorded(VolunteerLinkEnded, "volunteer-erased", reason="ERASED")
    )
    followed(scenario)
    assert link_of(scenario, other) is None


def test_a_link_to_a_name_erased_in_the_moment_it_was_made_is_taken_back():
    scenario = proposed().given(APPROVE, actor=HUDA)
    following = follow_up(scenario.events[0])
    scenario.given(EraseVolunteer(BEN))
    assert following is not None
    assert following.otherwise is not None
    scenario.when(following.command, actor=FOLLOW_UP_ACTOR).then_refused("VOLUNTEER_ERASED")
    scenario.when(following.otherwise, actor=FOLLOW_UP_ACTOR).then_recorded(VolunteerLinkEnded)
    assert follow_up(scenario.events[0]) is None, "nothing follows from what followed"


def test_overlaps_are_listed_when_it_is_made():
    scenario = proposed().given(hours(OF_ANA, "05:00", "07:00"), hours(OF_BEN, "06:30", "08:00"))
    scenario.when(APPROVE, actor=HUDA).then_recorded(VolunteerLinked, overlap_seconds=1800)
    found = scenario.events[0].data
    assert isinstance(found, VolunteerLinked)
    assert found.overlaps == (LinkOverlap(attendance=OF_ANA, linked_attendance=OF_BEN, seconds=1800),)


@pytest.mark.parametrize(
    ("ones", "others", "seconds"),
    [
        ([(0, 10)], [(10, 20)], []),
        ([(0, 10), (20, 30)], [(5, 25)], [5, 5]),
        ([(0, 30)], [(5, 10), (12, 14), (29, 40)], [5, 2, 1]),
        ([], [(0, 10)], []),
    ],
)
def test_overlaps_are_counted_to_the_second(ones, others, seconds):
    def held(person: str, spans: list[tuple[int, int]]) -> list[Presence]:
        return [
            Presence(person, f"{person}/attendances/{start}", start, end, ((start, end),), start)
            for start, end in reversed(spans)
        ]

    assert [one.seconds for one in overlaps(held(ANA, ones), held(BEN, others))] == seconds


def test_no_second_is_verified_under_both_names():
    scenario = linked().given(hours(OF_ANA, "05:00", "07:00"), hours(OF_BEN, "06:30", "08:00"))
    scenario.given(VerifyHours(OF_ANA, 5400), actor=GREEN_VERIFIER)  # up to half past six
    scenario.when(VerifyHours(OF_BEN), actor=GREEN_VERIFIER).then_recorded("hours-verified")
    scenario = linked().given(hours(OF_ANA, "05:00", "07:00"), hours(OF_BEN, "06:30", "08:00"))
    scenario.given(VerifyHours(OF_BEN), actor=GREEN_VERIFIER)
    scenario.when(VerifyHours(OF_ANA), actor=GREEN_VERIFIER)
    scenario.then_refused("LINKED_OVERLAP", attendance=OF_ANA, linked_attendance=OF_BEN, seconds="1800")
    scenario.when(VerifyHours(OF_ANA, 5400), actor=GREEN_VERIFIER).then_recorded("hours-verified")


def test_names_that_are_not_linked_do_not_hinder_each_other():
    for scenario in (proposed(), followed(linked().given(EndVolunteerLink(ANA, BEN, "MISTAKEN"), actor=AMAL))):
        scenario.given(hours(OF_ANA, "05:00", "07:00"), hours(OF_BEN, "06:30", "08:00"))
        scenario.given(VerifyHours(OF_ANA), VerifyHours(OF_BEN), actor=GREEN_VERIFIER)


def test_what_was_verified_twice_is_disputed_under_the_second_name_and_stays_so():
    scenario = proposed().given(hours(OF_ANA, "05:00", "07:00"), hours(OF_BEN, "06:30", "08:00"))
    scenario.given(VerifyHours(OF_ANA), VerifyHours(OF_BEN), actor=GREEN_VERIFIER)
    dispute = DisputeLinkedOverlap(OF_BEN, OF_ANA)
    scenario.when(dispute, actor=FOLLOW_UP_ACTOR).then_refused("NOTHING_CHANGES")
    followed(scenario.given(APPROVE, actor=HUDA))
    scenario.when(dispute, actor=FOLLOW_UP_ACTOR).then_recorded("hours-disputed", reason="LINKED_OVERLAP")
    assert scenario.seconds(OF_BEN) == {"disputed": 5400}
    scenario.when(dispute, actor=FOLLOW_UP_ACTOR).then_refused("NOTHING_CHANGES")
    scenario.given(AppointMember(f"{GREEN}/appointments/judge", JUDGE, "verifier", at("2020-01-01 00:00")))
    rejected, upheld = (ResolveDispute(OF_BEN, resolution, "HEARD") for resolution in ("REJECTED", "UPHELD"))
    scenario.when(rejected, actor=JUDGE).then_refused("LINKED_OVERLAP", linked_attendance=OF_ANA, seconds="1800")
    scenario.when(upheld, actor=JUDGE).then_recorded("dispute-resolved")
    assert scenario.seconds(OF_BEN) == {"reversed": 5400}


@pytest.mark.parametrize(
    "data",
    [
        VolunteerLinked(volunteer=ANA, linked_volunteer=CY, overlaps=(), overlap_seconds=0),
        VolunteerLinkProposed(volunteer=ANA, linked_volunteer=CY),
        VolunteerLinkEnded(volunteer=ANA, linked_volunteer=CY, reason="X_Y"),
    ],
)
def test_a_history_in_which_links_cross_is_broken(data):
    with pytest.raises(InvariantBroken):
        linked().given((ANA, data))
