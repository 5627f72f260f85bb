"""Whatever is asked in whatever order: no second counts twice, entries sum to zero, withheld time is not free time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger.domain import attendance_events, group_attendance_state
from ledger.domain.appointing import AppointMember
from ledger.domain.attendance import CheckIn, CheckOut, CorrectAttendance, RecordAttendance, WithdrawAttendance
from ledger.domain.attendance_events import HoursReleased, VolunteerCheckedIn
from ledger.domain.attendance_state import Attendance
from ledger.domain.claims import ClaimHours, ConfirmAttendance, LapseClaim, WithdrawClaim
from ledger.domain.disputes import DisputeHours, ResolveDispute
from ledger.domain.event import Event, event_classes
from ledger.domain.follow_ups import follow_up
from ledger.domain.group_attendance import (
    CorrectGroupAttendance,
    GroupAttendance,
    RecordGroupAttendance,
    WithdrawGroupAttendance,
)
from ledger.domain.group_naming import NameGroupMember
from ledger.domain.hours import HoursMoved, PresenceMoved, subtract
from ledger.domain.opportunity import OpportunityDetails, PublishOpportunity
from ledger.domain.organization import ReinstateOrganization, SuspendOrganization
from ledger.domain.policy import HoursRules, rules_of
from ledger.domain.reassessment import ReassessHours
from ledger.domain.registration import RegisterForShift, WithdrawRegistration, registration_name
from ledger.domain.streams import is_group, volunteer_of
from ledger.domain.transfer import TransferAttendance
from ledger.domain.values import COUNTED_CLASSES, Account, LocalizedText
from ledger.domain.verification import AdjustHours, DeclineHours, ReverseHours, VerifyHours
from ledger.domain.world import Command
from tests.domain.given_when_then import InMemoryWorld, Scenario
from tests.domain.policies import with_rules
from tests.domain.programme import CARE, COORDINATOR, GREEN, at, opportunity, organization, shift, volunteer

PERSONS = ("volunteers/one", "volunteers/two")
BY_CLOCK, BY_SCHEDULE, COMPULSORY = "opportunities/clock", "opportunities/schedule", "opportunities/compulsory"
SPRING, AUTUMN = at("2026-03-28 12:00"), at("2026-10-24 12:00")
"""Half a day before London's clocks change: on 29 March 2026 to summer time, on 25 October back."""
SHIFTS = (
    shift(f"{BY_CLOCK}/shifts/london-spring", "2026-03-28 22:00", "2026-03-29 10:00", "Europe/London"),
    shift(f"{BY_CLOCK}/shifts/riyadh-spring", "2026-03-28 18:00", "2026-03-29 02:00"),
    shift(f"{BY_CLOCK}/shifts/london-autumn", "2026-10-24 23:00", "2026-10-26 00:00", "Europe/London"),
    shift(f"{BY_SCHEDULE}/shifts/london-autumn", "2026-10-24 20:00", "2026-10-25 14:00", "Europe/London"),
    shift(f"{BY_SCHEDULE}/shifts/riyadh-autumn", "2026-10-24 19:00", "2026-10-25 03:00"),
    shift(f"{COMPULSORY}/shifts/riyadh-autumn", "2026-10-24 15:00", "2026-10-24 23:00"),
)
RULES: tuple[dict[str, object], ...] = (
    {},
    {"day_seconds_max": 36_000, "two_verifiers_above_seconds": 7200},
    {"year_seconds_max": 72_000},
    {"year_seconds_max": 108_000, "attendance_seconds_max": 28_800},
    {"attendance_seconds_max": 172_800, "day_seconds_max": 172_800, "two_verifiers_above_seconds": 3600},
    {"early_seconds_credited_max": 0, "late_seconds_forgiven": 3600, "overstay_seconds_credited_max": 1800},
    {"open_presence_seconds": 7200, "break_after_seconds": 21_600, "break_seconds": 1800},
    {"rounding_seconds": 900, "rounding": "nearest", "claim_lapses_after_days": 1},
    {"rounding_seconds": 3600, "rounding": "up", "confirmation_required": True},
    {"rounding_seconds": 7200, "compulsory_service_counts": False},
)
"""Of versions of the policy that come into force in between."""
ACTORS = ("staff/green-verifier", "staff/care-verifier", COORDINATOR, *PERSONS)
CANNOT_END = frozenset(("ORGANIZATION_SUSPENDED", "COMPULSORY_SERVICE"))
JUDGE = "staff/judge"
"""A verifier of both organisations who takes no part in anything but the end of disputes."""
WAITING = ("claimed", "recorded")
"""States in which nobody has judged the hours yet."""
RECORDED: Counter[str] = Counter()
"""Events that all examples recorded together: a machine that only meets refusals would prove nothing."""

persons = st.sampled_from(PERSONS)
shifts = st.sampled_from([known.shift for known in SHIFTS])
actors = st.sampled_from(ACTORS)
judges = st.sampled_from((None, None, None, None, *ACTORS))
"""None: the verifier of the organisation where the hours were served."""
picks = st.integers(min_value=0, max_value=30)
half_hours = st.integers(min_value=0, max_value=70).map(lambda number: timedelta(minutes=30 * number))
moments = st.builds(lambda season, later: season + later, st.sampled_from((SPRING, AUTUMN)), half_hours)
lengths = st.one_of(
    st.integers(min_value=1, max_value=24).map(lambda hours: timedelta(hours=hours)),
    st.sampled_from([timedelta(seconds=seconds) for seconds in (0, 1, 59, 86_399, 86_400, 86_401, 90_000)]),
)
portions = st.sampled_from((None, 0, 1, 1800, 7200))


class HoursMachine(RuleBasedStateMachine):
    """Two persons, two organisations, clock and schedule, both clock changes of London, and Riyadh without any."""

    def __init__(self) -> None:
        super().__init__()
        self.scenario = Scenario(now=at("2026-11-01 00:00")).given(
            *organization(GREEN),
            *organization(CARE),
            *(AppointMember(f"{name}/appointments/judge", JUDGE, "verifier", SPRING) for name in (GREEN, CARE)),
            opportunity(BY_CLOCK, GREEN),
            opportunity(BY_SCHEDULE, CARE, "schedule"),
            PublishOpportunity(
                COMPULSORY, GREEN, OpportunityDetails(title=LocalizedText(en="Service"), compulsory_service=True)
            ),
            *SHIFTS,
            *(volunteer(person) for person in PERSONS),
        )
        self.attendances: list[str] = []
        self.groups: list[str] = []
        self.names = 0

    def ask(self, command: Command, actor: str = COORDINATOR) -> None:
        self.scenario.when(command, actor=actor)
        RECORDED.update(recorded.data.stored_name for recorded in self.scenario.events)
        for recorded in self.scenario.events:
            if recorded.version == 1 and isinstance(recorded.data, HoursMoved | VolunteerCheckedIn):
                (self.groups if is_group(recorded.stream) else self.attendances).append(recorded.stream)
            if isinstance(recorded.data, PresenceMoved):
                self.no_date_above_its_cap(recorded.stream)

    def new(self, parent: str) -> str:
        self.names += 1
        return f"{parent}/{self.names}"

    def judge(self, command: VerifyHours | DeclineHours | ReverseHours | AdjustHours, actor: str | None) -> None:
        known = self.scenario.state(command.attendance)
        if actor is None and isinstance(known, Attendance | GroupAttendance):
            actor = f"staff/{known.organization.removeprefix('organizations/')}-verifier"
        self.ask(command, actor or COORDINATOR)

    def known(self, pick: int, names: list[str]) -> str:
        return names[-1 - pick % len(names)] if names else f"{PERSONS[0]}/attendances/unknown"

    @rule(shift=shifts, person=persons, comes=moments, actor=actors, stays=lengths, leaves=st.booleans())
    def somebody_comes(
        self, shift: str, person: str, comes: datetime, actor: str, stays: timedelta, leaves: bool
    ) -> None:
        self.ask(RegisterForShift(shift, person), actor)
        name = self.new(f"{person}/attendances")
        self.ask(CheckIn(name, shift, person, comes, "qr"), actor)
        if leaves:
            self.ask(CheckOut(name, comes + stays, "qr"), actor)

    @rule(pick=picks, leaves=moments)
    def somebody_leaves(self, pick: int, leaves: datetime) -> None:
        self.ask(CheckOut(self.known(pick, self.attendances), leaves, "app"))

    @rule(shift=shifts, person=persons)
    def somebody_gives_a_place_back(self, shift: str, person: str) -> None:
        self.ask(WithdrawRegistration(registration_name(shift, person)))

    @rule(shift=shifts, person=persons, start=moments, stays=lengths)
    def a_presence_is_recorded(self, shift: str, person: str, start: datetime, stays: timedelta) -> None:
        self.ask(RecordAttendance(self.new(f"{person}/attendances"), shift, person, start, start + stays))

    @rule(shift=shifts, person=persons)
    def a_schedule_is_recorded(self, shift: str, person: str) -> None:
        self.ask(RecordAttendance(self.new(f"{person}/attendances"), shift, person))

    @rule(pick=picks, start=moments, stays=lengths)
    def times_are_corrected(self, pick: int, start: datetime, stays: timedelta) -> None:
        self.ask(CorrectAttendance(self.known(pick, self.attendances), start, start + stays))

    @rule(pick=picks)
    def a_presence_is_withdrawn(self, pick: int) -> None:
        self.ask(WithdrawAttendance(self.known(pick, self.attendances)))

    @rule(pick=picks, actor=judges, portion=portions, group=st.booleans())
    def hours_are_verified(self, pick: int, actor: str | None, portion: int | None, group: bool) -> None:
        name = self.known(pick, self.groups if group else self.attendances)
        self.judge(VerifyHours(name, portion), actor)
        known = self.scenario.state(name)
        if isinstance(known, Attendance) and known.begun is not None:
            self.judge(VerifyHours(name, portion), JUDGE)

    @rule(pick=picks, actor=judges, group=st.booleans())
    def hours_are_declined(self, pick: int, actor: str | None, group: bool) -> None:
        self.judge(DeclineHours(self.known(pick, self.groups if group else self.attendances), "NOT_SEEN"), actor)

    @rule(pick=picks, group=st.booleans())
    def a_verification_is_taken_back(self, pick: int, group: bool) -> None:
        name = self.known(pick, self.groups if group else self.attendances)
        self.judge(VerifyHours(name), None)
        self.judge(ReverseHours(name, "NOT_SEEN"), None)

    @rule(pick=picks, actor=judges, group=st.booleans())
    def hours_are_reversed(self, pick: int, actor: str | None, group: bool) -> None:
        self.judge(ReverseHours(self.known(pick, self.groups if group else self.attendances), "NOT_SEEN"), actor)

    @rule(pick=picks, actor=judges, kept=portions)
    def a_verification_is_lowered(self, pick: int, actor: str | None, kept: int | None) -> None:
        name = self.known(pick, self.attendances)
        self.judge(VerifyHours(name), None)
        self.judge(AdjustHours(name, 600 if kept is None else kept, "TOO_LONG"), actor)

    @rule(shift=shifts, person=persons, actor=actors, start=moments, stays=lengths)
    def hours_are_claimed(self, shift: str, person: str, actor: str, start: datetime, stays: timedelta) -> None:
        self.ask(ClaimHours(self.new(f"{person}/attendances"), shift, person, start, start + stays), actor)

    @rule(pick=picks, actor=actors, lapses=st.booleans())
    def a_claim_ends(self, pick: int, actor: str, lapses: bool) -> None:
        name = self.known(pick, self.attendances)
        if lapses:
            self.scenario.when(LapseClaim(name), actor=actor, now=self.scenario.now + timedelta(days=1))
        else:
            self.ask(WithdrawClaim(name), actor)

    @rule(pick=picks)
    def the_person_confirms(self, pick: int) -> None:
        name = self.known(pick, self.attendances)
        self.ask(ConfirmAttendance(name), volunteer_of(name))

    @rule(pick=picks, actor=actors)
    def hours_are_contested(self, pick: int, actor: str) -> None:
        self.ask(DisputeHours(self.known(pick, self.attendances), "NOT_THERE"), actor)

    @rule(pick=picks, actor=judges, upheld=st.booleans(), releases=st.booleans())
    def a_dispute_ends(self, pick: int, actor: str | None, upheld: bool, releases: bool) -> None:
        contested = [known.name for known in self.folded() if known.state == "disputed"]
        name = self.known(pick, contested or self.attendances)
        self.ask(ResolveDispute(name, "UPHELD" if upheld else "REJECTED", "LOOKED_INTO", releases), actor or JUDGE)

    @rule(shift=shifts, heads=st.integers(0, 12), seconds=st.one_of(st.none(), st.integers(0, 2_000_000)))
    def heads_are_counted(self, shift: str, heads: int, seconds: int | None) -> None:
        self.ask(RecordGroupAttendance(self.new(f"{shift}/groupAttendances"), shift, heads, seconds))

    @rule(shift=shifts, heads=st.integers(1, 5), confirmed=st.booleans())
    def a_count_is_judged(self, shift: str, heads: int, confirmed: bool) -> None:
        self.ask(RecordGroupAttendance(self.new(f"{shift}/groupAttendances"), shift, heads, heads * 7200))
        name = self.known(0, self.groups)
        if not confirmed:
            self.judge(DeclineHours(name, "NOT_SEEN"), None)
            return
        self.judge(VerifyHours(name), None)
        self.judge(ReverseHours(name, "NOT_SEEN"), None)

    @rule(shift=shifts, person=persons, start=moments, upheld=st.booleans())
    def a_presence_is_contested_and_looked_into(self, shift: str, person: str, start: datetime, upheld: bool) -> None:
        self.a_presence_is_recorded(shift, person, start, timedelta(hours=2))
        self.hours_are_contested(0, person)
        self.a_dispute_ends(0, None, upheld, True)

    @rule(pick=picks, heads=st.integers(0, 12), seconds=st.one_of(st.none(), st.integers(0, 2_000_000)))
    def a_count_is_corrected(self, pick: int, heads: int, seconds: int | None) -> None:
        if self.groups:
            self.ask(CorrectGroupAttendance(self.known(pick, self.groups), heads, seconds))

    @rule(pick=picks)
    def a_count_is_withdrawn(self, pick: int) -> None:
        if self.groups:
            self.ask(WithdrawGroupAttendance(self.known(pick, self.groups)))

    @rule(pick=picks, shift=shifts, person=persons)
    def hours_are_transferred(self, pick: int, shift: str, person: str) -> None:
        to = self.new(f"{person}/attendances")
        self.ask(TransferAttendance(self.known(pick, self.attendances), to, shift))
        self.what_follows_is_asked_for()

    @rule(shift=shifts, person=persons, heads=st.integers(2, 5))
    def one_of_a_count_gets_a_name(self, shift: str, person: str, heads: int) -> None:
        self.ask(RecordGroupAttendance(self.new(f"{shift}/groupAttendances"), shift, heads, heads * 7200))
        self.ask(NameGroupMember(self.known(0, self.groups), self.new(f"{person}/attendances")))
        self.what_follows_is_asked_for()

    def what_follows_is_asked_for(self) -> None:
        following = [one for one in map(follow_up, self.scenario.events) if one is not None]
        for one in following:
            self.ask(one.command, "ledger/follow-ups")
            assert self.scenario.refusal is None, "whatever could refuse it was asked before"

    @rule(name=st.sampled_from((GREEN, CARE)), pick=picks)
    def an_organization_is_suspended_for_a_time(self, name: str, pick: int) -> None:
        self.ask(ReinstateOrganization(name))
        if pick == 7:
            self.ask(SuspendOrganization(name, "INQUIRY"))

    @rule(name=st.sampled_from((GREEN, CARE)), since=moments, lasts=lengths)
    def an_organization_had_been_suspended(self, name: str, since: datetime, lasts: timedelta) -> None:
        if lasts.total_seconds() < 60:  # rarely: hours are withheld for good
            self.scenario.when(SuspendOrganization(name, "INQUIRY"), now=since)
            self.scenario.when(ReinstateOrganization(name), now=since + lasts)

    @rule(rules=st.sampled_from(RULES), since=st.sampled_from((date(2026, 3, 1), date(2026, 10, 25))))
    def another_policy_comes_into_force(self, rules: dict[str, object], since: date) -> None:
        with_rules(self.scenario, since, **rules)
        RECORDED.update(("policy-approved",))

    @rule(pick=picks)
    def hours_are_reassessed(self, pick: int) -> None:
        waiting = [known.name for known in self.folded() if isinstance(known, Attendance) and known.withheld]
        self.reassess(self.known(pick, waiting or self.attendances))

    @rule(shift=shifts, person=persons, start=moments)
    def a_later_version_lets_a_long_presence_count_and_asks_for_two_words(
        self, shift: str, person: str, start: datetime
    ) -> None:
        name = self.new(f"{person}/attendances")
        self.ask(RecordAttendance(name, shift, person, start, start + timedelta(hours=25)))
        with_rules(self.scenario, date(2026, 3, 1), attendance_seconds_max=172_800, two_verifiers_above_seconds=7200)
        self.reassess(name)
        for actor in (None, JUDGE):
            self.judge(VerifyHours(name), actor)

    def reassess(self, name: str) -> None:
        self.ask(ReassessHours(name))
        released = [recorded.data for recorded in self.scenario.events]
        RECORDED.update(event.reason for event in released if isinstance(event, HoursReleased))

    @rule(shift=shifts, person=persons, start=moments, rules=st.sampled_from(RULES))
    def what_was_too_long_is_reassessed_under_another_policy(
        self, shift: str, person: str, start: datetime, rules: dict[str, object]
    ) -> None:
        self.a_presence_is_recorded(shift, person, start, timedelta(hours=30))
        self.another_policy_comes_into_force(rules, date(2026, 3, 1))
        self.hours_are_reassessed(0)

    # What always holds

    @invariant()
    def all_accounts_sum_to_zero_and_only_outside_is_below(self) -> None:
        totals: Counter[tuple[str, Account]] = Counter()
        for recorded in self.scenario.ledger.events:
            if isinstance(recorded.data, HoursMoved):
                for entry in recorded.data.entries:
                    totals[recorded.data.holder, entry.from_class] -= entry.seconds
                    totals[recorded.data.holder, entry.to_class] += entry.seconds
        assert sum(totals.values()) == 0
        assert all(
            (seconds >= 0) != (account is Account.OUTSIDE) or not seconds for (_, account), seconds in totals.items()
        )

    @invariant()
    def balances_are_the_sums_of_their_entries(self) -> None:
        for known in self.folded():
            folded: Counter[str] = Counter()
            for (_, account), seconds in known.seconds.items():
                folded[account] += seconds
            assert folded == self.scenario.seconds(known.name)

    @invariant()
    def classes_sum_to_all_seconds_that_came_from_outside(self) -> None:
        came: Counter[str] = Counter()
        for recorded in self.scenario.ledger.events:
            if isinstance(recorded.data, HoursMoved):
                for entry in recorded.data.entries:
                    came[recorded.stream] += entry.seconds * (entry.from_class is Account.OUTSIDE)
        for known in self.folded():
            assert sum(known.seconds.values()) == came[known.name]

    @invariant()
    def no_second_of_a_person_counts_twice(self) -> None:
        for person in PERSONS:
            counted = sorted(span for presence in self.presences(person) for span in presence.counted)
            assert all(before[1] <= after[0] for before, after in pairwise(counted))

    @invariant()
    def what_no_rule_withholds_and_nobody_reversed_takes_time(self) -> None:
        for known in self.folded():
            if isinstance(known, Attendance):
                counted = length(self.scenario.ledger.presences[known.name].counted)
                assert sum(known.total(account) for account in COUNTED_CLASSES) == counted
                assert not known.total(Account.DISPUTED) or known.total(Account.DISPUTED) == counted
                assert known.total(Account.VERIFIED) == length(known.verified)
                assert known.recorded_order == self.scenario.ledger.presences[known.name].recorded_order

    @invariant()
    def what_is_withheld_is_not_free(self) -> None:
        """Withheld seconds overlap others, or a date or year has no room for them, or the presence is too long.

        All of it by the version that decided them; what was no service that counts waits for nobody.
        """
        for known in self.folded():
            if not isinstance(known, Attendance) or known.state not in WAITING or not known.withheld:
                continue
            if not CANNOT_END.isdisjoint(known.withheld_reasons):
                continue
            rules = self.rules_of(known)
            elsewhere = [other for other in self.presences(known.holder) if other.attendance != known.name]
            taken = [span for other in elsewhere for span in other.counted]
            free = sum(length([span]) - sum(overlap(span, other) for other in taken) for span in known.withheld)
            if free and (known.end - known.start).total_seconds() <= rules.attendance_seconds_max:
                above = self.dates_above_cap(known.holder, known.name, min(86_400, rules.day_seconds_max))
                assert above or self.year_above_cap(known, rules.year_seconds_max), (known.name, free)

    def no_date_above_its_cap(self, name: str) -> None:
        """On every calendar date of the place that this attendance counts on, the person has at most 24 hours."""
        decided = self.scenario.state(name)
        assert isinstance(decided, Attendance)
        assert not self.dates_above_cap(decided.holder, None)

    def rules_of(self, known: Attendance) -> HoursRules:
        assert known.policy is not None
        return rules_of(InMemoryWorld(self.scenario.ledger, self.scenario.now, COORDINATOR), known.policy)

    def year_above_cap(self, known: Attendance, seconds_max: int | None) -> bool:
        """Whether 2026 would hold more at this place if the attendance counted in whole; no presence is of another."""
        if seconds_max is None:
            return False
        spans = self.spans_counting(known.holder, known.name)
        return sum(length(counted) for counted in spans.values()) > seconds_max

    def dates_above_cap(self, person: str, counting: str | None, seconds_max: int = 86_400) -> list[date]:
        """Dates of any place the person served at that hold more; `counting` as if it counted in whole."""
        spans = self.spans_counting(person, counting)
        everything = [span for counted in spans.values() for span in counted]
        above = []
        for name, counted in spans.items():
            for day, whole in dates_of(counted, self.zone_of(name)).items():
                if sum(overlap(whole, span) for span in everything) > seconds_max:
                    above.append(day)
        return above

    def spans_counting(self, person: str, counting: str | None) -> dict[str, tuple[tuple[int, int], ...]]:
        """By attendance the spans that count; `counting` as if it did in whole."""
        spans = {known.attendance: known.counted for known in self.presences(person)}
        if counting is not None:
            known = self.scenario.ledger.presences[counting]
            elsewhere = [span for name, counted in spans.items() if name != counting for span in counted]
            spans[counting] = subtract(((known.start, known.end),), elsewhere)
        return spans

    def zone_of(self, name: str) -> ZoneInfo:
        known = self.scenario.state(name)
        assert isinstance(known, Attendance)
        return ZoneInfo(known.time_zone)

    def folded(self) -> list[Attendance | GroupAttendance]:
        states = (self.scenario.state(name) for name in (*self.attendances, *self.groups))
        return [state for state in states if isinstance(state, Attendance | GroupAttendance)]

    def presences(self, person: str):
        return [known for known in self.scenario.ledger.presences.values() if known.volunteer == person]


def length(spans: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in spans)


def overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def dates_of(spans: Iterable[tuple[int, int]], zone: ZoneInfo) -> dict[date, tuple[int, int]]:
    """The calendar dates that spans touch, as spans themselves."""
    dates: dict[date, tuple[int, int]] = {}
    for start, end in spans:
        day = datetime.fromtimestamp(start, UTC).astimezone(zone).date()
        while midnight(day, zone) < end:
            dates[day] = midnight(day, zone), midnight(day + timedelta(days=1), zone)
            day += timedelta(days=1)
    return dates


def midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp())


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        HoursMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def events_of_hours() -> set[type[Event]]:
    modules = (attendance_events.__name__, group_attendance_state.__name__)
    return {known for known in event_classes().values() if known.__module__ in modules}


def test_hours_are_sound_in_whatever_order_things_happen():
    RECORDED.clear()
    run(examples=300, steps=40)
    missing = {known.stored_name for known in events_of_hours()} | {"policy-approved", "POLICY_CHANGED"}
    missing -= RECORDED.keys()
    assert not missing, f"the machine never reached {missing}; it recorded {RECORDED}"


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_hours_are_sound_in_the_full_dose():
    run(examples=5_000, steps=60)
