"""Whom a live session completes a course for: who was there for long enough in all, in an order that repeats."""

from __future__ import annotations

from datetime import UTC, date, datetime

from ledger.domain.shift import Place
from ledger.domain.training_session import TrainingSessionOpened
from ledger.live.live_completions import completions

SESSION, LESSON = "courses/c/sessions/s", "opportunities/o/shifts/s/liveSessions/l"
ENDED = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
SPANS = {
    "volunteers/once": [(100, 700)],
    "volunteers/in-two-parts": [(100, 400), (900, 1_200)],
    "volunteers/too-short": [(100, 400), (900, 1_199)],
}


def opened(seconds_min: int | None) -> TrainingSessionOpened:
    return TrainingSessionOpened(
        training_session=SESSION,
        course="courses/c",
        organization="organizations/o",
        start=datetime(2026, 11, 20, 5, tzinfo=UTC),
        end=datetime(2026, 11, 20, 6, tzinfo=UTC),
        time_zone="Asia/Riyadh",
        places=5,
        place=Place(online=True),
        live_session=LESSON,
        attendance_seconds_min=seconds_min,
    )


def test_who_was_there_for_long_enough_in_all_completes():
    made = completions(opened(600), SPANS, ENDED)
    assert [one.volunteer for one in made] == ["volunteers/in-two-parts", "volunteers/once"]
    assert {(one.course, one.result, one.training_session, one.live_session) for one in made} == {
        ("courses/c", "attended", SESSION, LESSON)
    }


def test_the_order_depends_on_nothing_but_names():
    assert completions(opened(600), SPANS, ENDED) == completions(opened(600), dict(reversed(SPANS.items())), ENDED)


def test_a_second_is_the_least():
    assert len(completions(opened(None), {**SPANS, "volunteers/no-time": []}, ENDED)) == len(SPANS)


def test_the_day_is_that_of_the_lessons_end_where_the_session_is_held():
    assert {one.completed_on for one in completions(opened(600), SPANS, ENDED)} == {date(2026, 11, 21)}
