"""Reviews of anomalies: who looked, what came of it; never by somebody it is about; the name never of the evidence."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest

from ledger.domain.anomaly import Anomaly, AnomalyReviewed, ReviewAnomaly, anomaly_name, evolve
from ledger.domain.event import RecordedEvent
from ledger.domain.refusals import InvariantBroken
from tests.domain.given_when_then import NOW, Scenario

FRIENDS = ("volunteers/ana", "volunteers/ben")
NAME = anomaly_name("mutual_verification", FRIENDS, None, None)


def review(**given) -> ReviewAnomaly:
    fields = {
        "kind": "mutual_verification",
        "subjects": FRIENDS,
        "start_date": None,
        "end_date": None,
        "outcome": "explained",
        "reason": "TWO_LEADERS",
        "evidence_events": 9,
        "evidence_seconds": 36_000,
    }
    return ReviewAnomaly(**{**fields, **given})


def test_a_review_is_recorded_with_what_was_seen():
    scenario = Scenario().when(review(), actor="staff/auditor")
    scenario.then_recorded(AnomalyReviewed, anomaly=NAME, outcome="explained", reason="TWO_LEADERS", evidence_events=9)
    state = scenario.state(NAME)
    assert isinstance(state, Anomaly)
    assert (state.reviewed_by, state.review_time, state.last.subjects) == ("staff/auditor", NOW, FRIENDS)


def test_the_name_is_that_of_kind_subjects_and_period_and_of_nothing_else():
    # The golden value of docs/anomalies.md: whoever computes it another way has another name.
    lines = b"volunteer-hours anomaly\nmutual_verification\n\n\nvolunteers/ana\nvolunteers/ben\n"
    assert f"anomalies/{hashlib.sha256(lines).hexdigest()[:32]}" == NAME
    assert anomaly_name("mutual_verification", reversed(FRIENDS), None, None) == NAME
    others = {
        anomaly_name("verification_ring", FRIENDS, None, None),
        anomaly_name("mutual_verification", FRIENDS[:1], None, None),
        anomaly_name("mutual_verification", FRIENDS, date(2026, 1, 1), None),
        anomaly_name("mutual_verification", FRIENDS, None, date(2026, 1, 1)),
    }
    assert len(others | {NAME}) == 5


def test_more_evidence_and_another_order_of_subjects_change_no_name():
    scenario = Scenario().given(review(), actor="staff/auditor")
    again = review(subjects=FRIENDS[::-1], evidence_events=20, outcome="follow_up")
    scenario.when(again, actor="staff/other").then_recorded(AnomalyReviewed, anomaly=NAME, evidence_events=20)


def test_nobody_reviews_what_they_are_a_subject_of():
    for actor in FRIENDS:
        refused = Scenario().when(review(), actor=actor)
        refused.then_refused("ANOMALY_ABOUT_ONESELF", actor=actor, anomaly=NAME)


def test_the_same_word_of_the_same_person_is_not_recorded_twice_but_another_s_is():
    scenario = Scenario().given(review(), actor="staff/auditor")
    scenario.when(review(), actor="staff/auditor").then_refused("NOTHING_CHANGES", name=NAME)
    scenario.when(review(), actor="staff/other").then_recorded(AnomalyReviewed)


def test_reversed_dates_are_no_period():
    wrong = review(start_date=date(2026, 2, 1), end_date=date(2026, 1, 1))
    Scenario().when(wrong).then_refused("DATES_REVERSED", start_date="2026-02-01", end_date="2026-01-01")


def test_an_event_under_another_name_than_that_of_what_it_tells_is_never_read_over():
    said = AnomalyReviewed(
        anomaly=NAME,
        anomaly_kind="mutual_verification",
        subjects=("volunteers/ana", "volunteers/eve"),
        outcome="explained",
        reason="TWO_LEADERS",
        evidence_events=0,
        evidence_seconds=0,
    )
    recorded = RecordedEvent(
        stream=NAME,
        version=1,
        event_id="0" * 32,
        partition=0,
        position=2,
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        actor="staff/auditor",
        data=said,
    )
    with pytest.raises(InvariantBroken):
        evolve(None, recorded)
