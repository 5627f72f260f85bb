"""A live session: opened with a rule, attended by whoever may, ended once; its peak certified and confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.domain.erasure import EraseVolunteer
from ledger.domain.live_session import (
    AttachExternalCurve,
    CertifyPeak,
    ConfirmPeak,
    EndLiveSession,
    OpenLiveSession,
    RecordPresences,
    RecordSigns,
)
from ledger.domain.live_session_events import (
    CurvePoint,
    Ended,
    ExternalCurveAttached,
    Joined,
    LivePresencesRecorded,
    LiveRule,
    LiveSessionEnded,
    LiveSessionOpened,
    LiveSignsRecorded,
    PeakCertified,
    PeakConfirmed,
    Signs,
)
from ledger.domain.opportunity import CloseOpportunity
from ledger.domain.refusals import InvariantBroken
from ledger.domain.registration import RegisterForShift
from ledger.domain.shift_changes import CancelShift
from tests.domain.given_when_then import NOW, Scenario
from tests.domain.programme import ANA, BEN, GARDEN, GREEN, MORNING, opportunity, organization, shift, volunteer

LESSON = f"{MORNING}/liveSessions/lesson"
FREE = LiveRule(version=1, silence_seconds=90, registration_required=False, excluded=())
OPEN = OpenLiveSession(LESSON, FREE)
CERTIFIED = PeakCertified(
    session=LESSON,
    shift=MORNING,
    opportunity=GARDEN,
    certificate="a.b.c",
    peak_participants=1,
    peak_seconds=5,
    persons=1,
)


def joins(*devices: tuple[str, int]) -> RecordPresences:
    return RecordPresences(
        LESSON, NOW, tuple(Joined(volunteer=volunteer, seconds=seconds) for volunteer, seconds in devices)
    )


def curve_point(seconds: int, participants: int) -> CurvePoint:
    return CurvePoint(seconds=seconds, participants=participants)


def programme() -> Scenario:
    return Scenario().given(
        *organization(GREEN),
        opportunity(GARDEN, GREEN),
        shift(MORNING, "2026-11-24 05:00", "2026-11-24 09:00"),
        volunteer(ANA),
        volunteer(BEN),
    )


def test_it_declares_its_rule_once():
    scenario = programme().when(OPEN).then_recorded(LiveSessionOpened, rule=FREE, organization=GREEN, at=NOW)
    scenario.when(OPEN).then_refused("ALREADY_EXISTS", name=LESSON)


def test_there_must_be_a_shift_that_takes_people():
    Scenario().when(OPEN).then_refused("NOT_FOUND", name=GARDEN)
    programme().given(CancelShift(MORNING, "rain")).when(OPEN).then_refused("SHIFT_CANCELLED", shift=MORNING)
    programme().given(CloseOpportunity(GARDEN)).when(OPEN).then_refused("OPPORTUNITY_CLOSED", opportunity=GARDEN)


def test_connections_are_numbered_on():
    scenario = programme().given(OPEN, joins((ANA, 0), (BEN, 1)))
    scenario.when(joins((ANA, 5))).then_recorded(LivePresencesRecorded, first_number=3)


def test_who_may_not_attend_is_left_out_and_the_others_stand():
    both = joins((ANA, 0), ("volunteers/nobody", 0), (BEN, 1))
    programme().given(OPEN).when(both).then_recorded(LivePresencesRecorded, joined=joins((ANA, 0), (BEN, 1)).joined)
    alone = joins(("volunteers/nobody", 0))
    programme().given(OPEN).when(alone).then_refused("NOT_FOUND", name="volunteers/nobody")
    erased = programme().given(OPEN, EraseVolunteer(ANA))
    erased.when(joins((ANA, 0))).then_refused("VOLUNTEER_ERASED", name=ANA)


def test_the_rule_may_ask_for_a_registration():
    asking = OpenLiveSession(LESSON, LiveRule(version=1, silence_seconds=90, registration_required=True, excluded=()))
    scenario = programme().given(asking, RegisterForShift(MORNING, ANA))
    both = joins((ANA, 0), (BEN, 0))
    scenario.when(both).then_recorded(LivePresencesRecorded, joined=joins((ANA, 0)).joined)
    alone = joins((BEN, 0))
    scenario.when(alone).then_refused("NOT_REGISTERED", volunteer=BEN, shift=MORNING)


def test_who_never_joined_cannot_end():
    with pytest.raises(InvariantBroken, match="never joined"):
        programme().given(OPEN).when(RecordPresences(LESSON, NOW, ended=(Ended(number=1, seconds=0, ended_by="left"),)))


def test_nobody_attends_what_has_ended():
    scenario = programme().given(OPEN, joins((ANA, 0)))
    scenario.when(RecordSigns(LESSON, NOW, 5, (Signs(seconds=3, numbers=(1,)),))).then_recorded(
        LiveSignsRecorded, through_seconds=5
    )
    scenario.when(EndLiveSession(LESSON)).then_recorded(LiveSessionEnded, at=NOW)
    scenario.when(EndLiveSession(LESSON)).then_refused("LIVE_SESSION_ENDED", session=LESSON)
    scenario.when(joins((ANA, 0))).then_refused("LIVE_SESSION_ENDED", session=LESSON)
    scenario.when(RecordSigns(LESSON, NOW, 5, ())).then_refused("LIVE_SESSION_ENDED", session=LESSON)


def test_a_peak_is_certified_once_and_after_the_end():
    scenario = programme().given(OPEN)
    scenario.when(CertifyPeak(LESSON, CERTIFIED)).then_refused("LIVE_SESSION_OPEN", session=LESSON)
    scenario = scenario.given(EndLiveSession(LESSON))
    scenario.when(CertifyPeak(LESSON, CERTIFIED)).then_recorded(PeakCertified, certificate="a.b.c")
    scenario.when(CertifyPeak(LESSON, CERTIFIED)).then_refused("PEAK_ALREADY_CERTIFIED", session=LESSON)


def test_an_adjudicator_confirms_once():
    confirm = ConfirmPeak(LESSON, "00" * 32, "adjudicator.example+12345678+AAAA", "c2ln")
    scenario = programme().given(OPEN, EndLiveSession(LESSON))
    scenario.when(confirm).then_refused("PEAK_NOT_CERTIFIED", session=LESSON)
    scenario.given(CertifyPeak(LESSON, CERTIFIED)).when(confirm).then_recorded(PeakConfirmed, signature="c2ln")
    scenario.when(confirm).then_refused("NOTHING_CHANGES")


def test_an_outside_curve_is_evidence_of_its_own_class():
    points = ((NOW, 0), (NOW + timedelta(seconds=60), 2135))
    attach = AttachExternalCurve(LESSON, "Synthetic platform", "ab" * 32, points)
    scenario = programme().given(OPEN)
    scenario.when(attach).then_recorded(
        ExternalCurveAttached, evidence_class="external", points=(curve_point(0, 0), curve_point(60, 2135))
    )
    turned = AttachExternalCurve(LESSON, "Synthetic platform", "ab" * 32, points[::-1])
    scenario.when(turned).then_refused("TIMES_REVERSED")
