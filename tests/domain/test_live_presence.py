"""The declared rule: who is a participant of which second. Compared with a count second by second, by brute force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.event import Event
from ledger.domain.live_presence import Peak, Presences, curve, peak
from ledger.domain.live_session_events import (
    Ended,
    EndedBy,
    Joined,
    LivePresencesRecorded,
    LiveRule,
    LiveSessionEnded,
    LiveSessionOpened,
    LiveSignsRecorded,
    Signs,
)
from ledger.domain.refusals import InvariantBroken

SHIFT = "opportunities/o/shifts/s"
OF = {"session": f"{SHIFT}/liveSessions/l", "shift": SHIFT, "opportunity": "opportunities/o"}
BEGIN = datetime(2026, 12, 1, 16, tzinfo=UTC)
AT = int(BEGIN.timestamp())
ANA, BEN, TEST = "volunteers/ana", "volunteers/ben", "volunteers/test-account"


def opened(silence: int = 30) -> LiveSessionOpened:
    rule = LiveRule(version=1, silence_seconds=silence, registration_required=False, excluded=(TEST,))
    return LiveSessionOpened(**OF, organization="organizations/green", rule=rule, at=BEGIN)


def joined(number: int, *persons: tuple[str, int]) -> LivePresencesRecorded:
    return LivePresencesRecorded(
        **OF,
        base=BEGIN,
        first_number=number,
        joined=tuple(Joined(volunteer=who, seconds=second) for who, second in persons),
        ended=(),
    )


def gone(following: int, *ends: tuple[int, int, EndedBy]) -> LivePresencesRecorded:
    return LivePresencesRecorded(
        **OF,
        base=BEGIN,
        first_number=following,
        joined=(),
        ended=tuple(Ended(number=number, seconds=second, ended_by=by) for number, second, by in ends),
    )


def signs(second: int, *numbers: int, through: int | None = None) -> LiveSignsRecorded:
    gaps = tuple(number - before for before, number in zip((0, *numbers), numbers, strict=False))
    return LiveSignsRecorded(
        **OF,
        base=BEGIN,
        through_seconds=second if through is None else through,
        signs=(Signs(seconds=second, numbers=gaps),),
    )


def ended(second: int) -> LiveSessionEnded:
    return LiveSessionEnded(**OF, at=BEGIN + timedelta(seconds=second))


def after(*events: Event) -> Presences:
    presences = Presences()
    for event in events:
        presences.add(event)
    return presences


def spans(*events: Event) -> dict[str, list[tuple[int, int]]]:
    found = after(*events).spans()
    return {person: [(start - AT, end - AT) for start, end in of_person] for person, of_person in found.items()}


def test_from_join_to_leave():
    assert spans(opened(), joined(1, (ANA, 5)), gone(2, (1, 25, "left"))) == {ANA: [(5, 25)]}


def test_who_is_silent_was_there_until_the_last_sign():
    told = (opened(), joined(1, (ANA, 5)), signs(20, 1), joined(2, (BEN, 51)))
    assert spans(*told) == {ANA: [(5, 20)]}


def test_who_is_not_silent_for_long_is_there_still():
    assert spans(opened(), joined(1, (ANA, 5)), signs(20, 1), joined(2, (BEN, 50)))[ANA] == [(5, 50)]


def test_a_sign_after_long_silence_does_not_count():
    assert spans(opened(), joined(1, (ANA, 5)), signs(36, 1), ended(60)) == {}
    assert spans(opened(), joined(1, (ANA, 5)), signs(35, 1), ended(60)) == {ANA: [(5, 60)]}


def test_a_leave_after_long_silence_is_dated_to_the_last_sign():
    assert spans(opened(), joined(1, (ANA, 5)), signs(10, 1), gone(2, (1, 41, "left"))) == {ANA: [(5, 10)]}


def test_two_devices_are_one_participant():
    told = (opened(60), joined(1, (ANA, 0), (ANA, 10)), gone(3, (1, 20, "left")), gone(3, (2, 30, "left")))
    assert spans(*told) == {ANA: [(0, 30)]}
    assert [count for _, count in curve(after(*told).spans())] == [1, 0]


def test_the_same_second_is_never_two_people_who_follow_each_other():
    told = (opened(), joined(1, (ANA, 0)), gone(2, (1, 10, "left")), joined(2, (BEN, 10)), gone(3, (2, 20, "left")))
    assert peak(curve(after(*told).spans())) == Peak(1, AT, 20)


def test_test_accounts_count_for_nothing():
    assert spans(opened(), joined(1, (TEST, 0), (ANA, 1)), ended(10)) == {ANA: [(1, 10)]}


def test_all_leave_with_the_session():
    told = spans(opened(), joined(1, (ANA, 5), (BEN, 6)), signs(30, 2), ended(50))
    assert told == {BEN: [(6, 50)]}


def test_nobody_was_there():
    assert peak(curve(after(opened(), ended(10)).spans())) == Peak(0, None, 0)


def test_what_cannot_follow_is_told():
    with pytest.raises(InvariantBroken, match="never joined"):
        after(opened(), signs(1, 1))
    with pytest.raises(InvariantBroken, match="follows 0"):
        after(opened(), joined(2, (ANA, 0)))
    with pytest.raises(InvariantBroken, match="cannot hold"):
        after(opened(), ended(5), joined(1, (ANA, 6)))
    with pytest.raises(InvariantBroken, match="cannot hold"):
        after(joined(1, (ANA, 6)))


PERSONS = st.sampled_from([ANA, BEN, "volunteers/cem", TEST])
STEPS = st.lists(
    st.tuples(st.integers(0, 15), st.sampled_from(["join", "sign", "left", "silent"]), PERSONS, st.integers(0, 9)),
    max_size=40,
)


@given(STEPS, st.integers(0, 40))
def test_the_curve_is_what_a_count_second_by_second_finds(steps: list[tuple[int, str, str, int]], tail: int):
    told: list[Event] = [opened(30)]
    devices: list[tuple[str, list[int], bool]] = []
    """Person, signs that count, gone."""
    now = 0
    for passed, what, person, choice in steps:
        now += passed
        if what == "join":
            told.append(joined(len(devices) + 1, (person, now)))
            devices.append((person, [now], False))
        elif devices:
            number = choice % len(devices)
            who, seen, has_gone = devices[number]
            counts = not has_gone and now - seen[-1] <= 30
            if what == "sign":
                told.append(signs(now, number + 1))
            else:
                told.append(gone(len(devices) + 1, (number + 1, now, "left" if what == "left" else "silent")))
            if counts and what != "silent":
                seen.append(now)
            devices[number] = (who, seen, has_gone or what != "sign")
    last = now + tail
    told.append(ended(last))
    counted = []
    for second in range(last + 1):
        there = set()
        for who, seen, has_gone in devices:
            until = last if not has_gone and last - seen[-1] <= 30 else seen[-1]
            if seen[0] <= second < until and who != TEST:
                there.add(who)
        counted.append(len(there))
    points = dict(curve(after(*told).spans()))
    running, found = 0, []
    for second in range(last + 1):
        running = points.get(AT + second, running)
        found.append(running)
    assert found == counted
    highest = max(counted)
    expected = Peak(highest, AT + counted.index(highest), counted.count(highest)) if highest else Peak(0, None, 0)
    assert peak(sorted(points.items())) == expected
