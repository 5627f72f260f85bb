"""Requirements, explanations and watched balances out of a real read database, at any moment of the past."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from ledger.domain.policy import STANDARD_POLICY_V1
from ledger.domain.refusals import Refusal
from ledger.projections.basis import NotYetApplied
from ledger.projections.watching import Watchers
from tests.system.answering import ANA, a_life, answering, at_positions, at_source_time, at_time, positions, refused
from tests.system.synthetic_events import OPPORTUNITY, Story, entry
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1.policy_service_pb2 import REQUIREMENT_PERIOD_CALENDAR_YEAR
from volunteer_hours.v1.positions_pb2 import Position
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_ATTENDED, EVIDENCE_CLASS_VERIFIED, EvidenceSeconds, Period

HOUR = 3_600
RULE = "policies/hour-a-year"


def propose(story: Story, number: int, *, policy: str = RULE, effective: str = "2026-01-01", **rules: object) -> None:
    levels = [{"name": "bronze", "seconds_min": HOUR}, {"name": "silver", "seconds_min": 2 * HOUR}]
    rules = {"kind": "requirement", "levels": levels, "period": "calendar_year", **rules}
    data = {
        "policy": policy,
        "version": number,
        "effective_date": effective,
        "rule_source": f"synthetic rule {number}",
        "rules": rules,
    }
    story.tell("policy-proposed", policy, data)


def approve(story: Story, number: int, policy: str = RULE) -> int:
    return story.tell("policy-approved", policy, {"policy": policy, "version": number})


def a_rule(story: Story, number: int = 1, *, policy: str = RULE, effective: str = "2026-01-01", **rules: object) -> int:
    propose(story, number, policy=policy, effective=effective, **rules)
    return approve(story, number, policy)


async def no_births(names: Sequence[str], at: Mapping[int, int]) -> Mapping[str, date | None]:
    raise AssertionError("no birth date is opened where no rule asks for the age")


def asking(requirement: str = RULE, day: str = "2026-05-05", **fields: Any) -> pb.CheckRequirementRequest:
    return pb.CheckRequirementRequest(requirement=requirement, date=day, **fields)


async def test_the_answer_states_rule_evidence_and_position(postgres):
    story = a_life()
    a_rule(story, measure_classes=["attended", "verified"])
    async with answering(postgres, story) as asked:
        check = await asked.hours.check_requirement(asking(), ANA, no_births)
        assert (check.name, check.requirement) == (ANA, f"{RULE}/versions/1")
        assert check.requirement_source == "synthetic rule 1"
        assert (check.met, check.level, check.next_level) == (True, "bronze", "silver")
        assert (check.counted_seconds, check.missing_seconds) == (5400, 1800)
        assert list(check.measure_classes) == [EVIDENCE_CLASS_ATTENDED, EVIDENCE_CLASS_VERIFIED]
        assert check.period_kind == REQUIREMENT_PERIOD_CALENDAR_YEAR
        assert check.period == Period(start_date="2026-01-01", end_date="2026-12-31")
        assert (check.entry_count, positions(check)) == (5, {0: story.position})
        # The way by rules that are kept, and the way by one snapshot, give one answer.
        again = [await asked.hours.check_requirement(asking(), ANA, no_births) for _ in range(2)]
        at_once = await asyncio.gather(*(asked.hours.check_requirement(asking(), ANA, no_births) for _ in range(20)))
        named = asking(as_of=at_positions(p0=story.position))
        assert {one.SerializeToString() for one in (check, *again, *at_once)} == {check.SerializeToString()}
        assert await asked.hours.check_requirement(named, ANA, no_births) == check


async def test_what_is_unknown_is_refused(postgres):
    story = a_life()
    a_rule(story)
    propose(story, 2)
    story.volunteer("volunteers/ben")
    async with answering(postgres, story) as asked:
        for _ in range(2):  # before and after the rules are kept
            for requirement, day, holder, reason in (
                ("policies/none", "2026-05-05", ANA, "REQUIREMENT_UNKNOWN"),
                (f"{RULE}/versions/2", "2026-05-05", ANA, "REQUIREMENT_UNKNOWN"),
                (RULE, "2025-12-31", ANA, "REQUIREMENT_UNKNOWN"),
                (RULE, "2026-05-05", "volunteers/zoe", "NOT_FOUND"),
                (RULE, "2026-02-30", ANA, "DATE_INVALID"),
                (RULE, "", "volunteers/ben", "INVALID_ARGUMENT"),
            ):
                question = asked.hours.check_requirement(asking(requirement, day), holder, no_births)
                assert await refused(question) == reason, (requirement, day, holder)
            nothing = await asked.hours.check_requirement(asking(), "volunteers/ben", no_births)
            assert (nothing.met, nothing.missing_seconds, nothing.entry_count) == (False, HOUR, 0)


async def test_without_a_date_the_newest_service_tells_the_period(postgres):
    story = a_life()
    a_rule(story, period="calendar_month", measure_classes=["attended", "verified"])
    async with answering(postgres, story) as asked:
        check = await asked.hours.check_requirement(asking(day=""), ANA, no_births)
        assert check.period == Period(start_date="2026-02-01", end_date="2026-02-28")
        assert check.counted_seconds == 1800
        earlier = asking(day="", as_of=at_positions(p0=5))
        assert await refused(asked.hours.check_requirement(earlier, ANA, no_births)) == "REQUIREMENT_UNKNOWN"


async def test_an_answer_of_the_past_stays_the_same_whatever_follows(postgres):
    """Corrections, a later version and a changed opportunity act on later answers only."""
    story = a_life()
    approved_at = a_rule(story, measure_classes=["attended", "verified"])
    questions = [
        asking(as_of=at_positions(p0=approved_at)),
        asking(as_of=at_time(story.time_of(approved_at))),
        asking(as_of=at_positions(p0=5)),
    ]
    story.volunteer("volunteers/somebody")
    async with answering(postgres, story) as asked:

        async def ask(question: pb.CheckRequirementRequest) -> str:
            try:
                check = await asked.hours.check_requirement(question, ANA, no_births)
            except Refusal as error:  # what was refused stays refused, in the same words
                return str(error)
            check.ClearField("recorded_through")  # how much more is known is not part of the answer
            return str(check)

        before = [await ask(question) for question in questions]
        known = story.position
        gone = entry("attended", "reversed", 3600, "2026-01-31", "WITHDRAWN")
        story.hours("attendance-withdrawn", f"{ANA}/attendances/a1", gone, reason="WITHDRAWN", source="native")
        a_rule(story, 2, levels=[{"name": "hundred", "seconds_min": 100 * HOUR}])
        story.opportunity(new=False, compulsory_service=True)
        asked.projecting.apply(0, story.events[known:], None)
        assert [await ask(question) for question in questions] == before
        assert "REQUIREMENT_UNKNOWN" in before[2]
        now = await asked.hours.check_requirement(asking(), ANA, no_births)
        assert (now.requirement, now.counted_seconds) == (f"{RULE}/versions/2", 0)
        first = await asked.hours.check_requirement(asking(f"{RULE}/versions/1"), ANA, no_births)
        assert (first.counted_seconds, first.excluded_seconds) == (0, 1800)


async def test_a_rule_approved_a_moment_ago_is_found_by_whoever_names_its_position(postgres):
    story = a_life()
    a_rule(story)
    async with answering(postgres, story) as asked:
        await asked.hours.check_requirement(asking(), ANA, no_births)
        known = story.position
        position = a_rule(story, 2)
        question = asking(positions=[Position(partition=0, position=position)])
        with pytest.raises(NotYetApplied):
            await asked.hours.check_requirement(question, ANA, no_births, 0.2)
        waiting = asyncio.create_task(asked.hours.check_requirement(question, ANA, no_births, 10.0))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(asked.projecting.apply, 0, story.events[known:], None)
        assert (await waiting).requirement == f"{RULE}/versions/2"


async def test_rules_and_hours_of_several_partitions_count_each_at_its_own_position(postgres):
    hours, rules = a_life(0), Story(1)
    hours.opportunity("opportunities/other")
    first = a_rule(rules, measure_classes=["attended", "verified"])
    second = a_rule(rules, 2, measure_classes=["verified"])
    async with answering(postgres, hours, rules, partitions=2) as asked:
        for upto, version, counted in ((first, 1, 5400), (second - 1, 1, 5400), (second, 2, 1800)):
            then = asking(as_of=at_positions(p0=hours.position, p1=upto))
            check = await asked.hours.check_requirement(then, ANA, no_births)
            assert (check.requirement, check.counted_seconds) == (f"{RULE}/versions/{version}", counted)
            assert positions(check) == {0: hours.position, 1: upto}
        earlier = asking(as_of=at_positions(p0=5, p1=first))
        assert (await asked.hours.check_requirement(earlier, ANA, no_births)).counted_seconds == 3600
        unknown_yet = asking(as_of=at_positions(p1=first - 1))
        assert await refused(asked.hours.check_requirement(unknown_yet, ANA, no_births)) == "REQUIREMENT_UNKNOWN"


async def test_compulsory_service_is_left_out_and_said_so(postgres):
    story = a_life()
    story.opportunity("opportunities/court", compulsory_service=True)
    story.recorded(f"{ANA}/attendances/c", 600, "2026-03-03", shift="opportunities/court/shifts/s")
    a_rule(story, measure_classes=["attended", "verified"])
    a_rule(story, policy="policies/all", measure_classes=["attended", "verified"], compulsory_service_counts=True)
    async with answering(postgres, story) as asked:
        for _ in range(2):
            free = await asked.hours.check_requirement(asking(), ANA, no_births)
            assert (free.counted_seconds, free.excluded_seconds, free.entry_count) == (5400, 600, 6)
            everything = await asked.hours.check_requirement(asking("policies/all"), ANA, no_births)
            assert (everything.counted_seconds, everything.excluded_seconds) == (6000, 0)


async def test_many_people_have_an_outcome_each(postgres):
    story = a_life()
    by_age = [
        {"name": "young", "seconds_min": 60, "age_max_years": 13},
        {"name": "old", "seconds_min": HOUR, "age_min_years": 18},
    ]
    a_rule(story, levels=by_age, measure_classes=["attended"])
    for number in range(4):
        story.volunteer(f"volunteers/v{number}")
        story.recorded(f"volunteers/v{number}/attendances/a", 100)
    born = {"v0": date(2020, 1, 1), "v1": date(1990, 1, 1), "v2": date(2010, 1, 1)}
    opened: list[tuple[list[str], Mapping[int, int]]] = []

    async def births(names: Sequence[str], at: Mapping[int, int]) -> Mapping[str, date | None]:
        opened.append((list(names), at))
        return {name: born.get(name.rsplit("/", 1)[1]) for name in names}

    async with answering(postgres, story) as asked:
        names = [f"volunteers/{one}" for one in ("v1", "v0", "zoe", "v2", "v3")]
        request = pb.BatchCheckRequirementsRequest(requirement=RULE, date="2026-05-05")
        checked = await asked.hours.batch_check_requirements(request, names, births)
        told = [
            (one.met, one.next_level, one.missing_seconds) if isinstance(one, pb.RequirementCheck) else one.reason.name
            for one in checked.outcomes
        ]
        assert told == [
            (False, "old", HOUR - 100), (True, "", 0), "NOT_FOUND", "NO_LEVEL_FOR_AGE", "AGE_UNKNOWN"
        ]  # fmt: skip
        assert opened == [([names[0], names[1], names[3], names[4]], {0: story.position})]
        for name, outcome in zip(names[:2], checked.outcomes, strict=False):
            alone = await asked.hours.check_requirement(asking(), name, births)
            for field in ("requirement_source", "positions", "recorded_through"):
                alone.ClearField(field)
            assert alone == outcome
        without_date = pb.BatchCheckRequirementsRequest(requirement=RULE)
        assert (await asked.hours.batch_check_requirements(without_date, [ANA], births)).outcomes[0]
        nobody = pb.BatchCheckRequirementsRequest(requirement="policies/none")
        assert await refused(asked.hours.batch_check_requirements(nobody, names, births)) == "REQUIREMENT_UNKNOWN"


async def explained(asked, **fields) -> list[pb.ExplainBalanceResponse]:
    request = pb.ExplainBalanceRequest(**fields)
    pages = [await asked.hours.explain_balance(request)]
    while pages[-1].next_page_token:
        request.page_token = pages[-1].next_page_token
        pages.append(await asked.hours.explain_balance(request))
    return pages


async def test_what_is_explained_sums_to_the_balance(postgres):
    story = a_life()
    withheld = entry("outside", "withheld", 500, "2026-02-02", "OVERLAP")
    story.hours("attendance-recorded", f"{ANA}/attendances/a4", withheld, withheld_reason="OVERLAP", source="native")
    moments = [None, at_positions(p0=6), at_source_time(story.time_of(7))]
    periods = [("", ""), ("2026-02-01", ""), ("", "2026-01-31"), ("2026-02-01", "2026-02-02"), ("2027-01-01", "")]
    async with answering(postgres, story) as asked:
        for as_of, (first, last), page_size in product(moments, periods, (1, 2, 0)):
            period = Period(start_date=first, end_date=last)
            balance = await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA, period=period, as_of=as_of))
            pages = await explained(asked, name=ANA, period=period, as_of=as_of, page_size=page_size)
            sums = [page.seconds for page in pages], [one.seconds for page in pages for one in page.attendances]
            assert [total_of(one) for one in sums] == [balance.seconds] * 2
            events = [event for page in pages for one in page.attendances for event in one.events]
            assert sum(len(event.movements) for event in events) == balance.entry_count
            assert all(page.positions == balance.positions for page in pages)


def total_of(sums: Sequence[EvidenceSeconds]) -> EvidenceSeconds:
    names = [field.name for field in EvidenceSeconds.DESCRIPTOR.fields]
    return EvidenceSeconds(**{name: sum(getattr(one, name) for one in sums) for name in names})


@pytest.mark.parametrize(
    ("reason", "hours_long", "rule"),
    [
        ("DURATION_ABOVE_CAP", 25, "attendance_seconds_max"),
        ("DURATION_ABOVE_CAP", 2, "day_seconds_max"),
        ("YEAR_ABOVE_CAP", 2, "year_seconds_max"),
        ("COMPULSORY_SERVICE", 2, "compulsory_service_counts"),
        ("ORGANIZATION_SUSPENDED", 2, ""),
    ],
)
async def test_the_rule_that_withholds_is_named(postgres, reason, hours_long, rule):
    story = a_life()
    story.tell("policy-enacted", "policies/standard", json.loads(STANDARD_POLICY_V1.to_json()))
    start = datetime(2026, 3, 1, tzinfo=UTC)
    told: dict[str, Any] = {"start": start.isoformat(), "end": (start + timedelta(hours=hours_long)).isoformat()}
    told |= {"withheld_reason": reason, "source": "native"}
    withheld = entry("outside", "withheld", hours_long * HOUR, "2026-03-01", reason)
    story.hours("attendance-recorded", f"{ANA}/attendances/w", withheld, **told)
    async with answering(postgres, story) as asked:
        [page] = await explained(asked, name=ANA, period=Period(start_date="2026-03-01"))
        [because] = page.attendances[0].withheld
        assert (because.reason, because.rule, because.seconds) == (reason, rule, hours_long * HOUR)


async def test_an_explanation_names_events_actors_versions_and_the_rule_that_withholds(postgres):
    story = a_life()
    withheld = entry("outside", "withheld", 500, "2026-02-02", "OVERLAP")
    story.hours("attendance-recorded", f"{ANA}/attendances/a4", withheld, withheld_reason="OVERLAP", source="native")
    async with answering(postgres, story) as asked:
        [page] = await explained(asked, name=ANA)
        assert [one.name.rsplit("/", 1)[1] for one in page.attendances] == ["a1", "a2", "a3", "a4"]
        verified = page.attendances[1]
        assert [event.event_type for event in verified.events] == ["attendance-recorded", "hours-verified"]
        assert (verified.opportunity, verified.seconds.verified_seconds) == (OPPORTUNITY, 1800)
        last = verified.events[-1]
        assert (last.actor, last.policy, last.state) == ("staff/synthetic", "policies/standard/versions/1", "verified")
        [because] = page.attendances[3].withheld
        assert (because.reason, because.rule, because.seconds) == ("OVERLAP", "overlap", 500)
        assert because.policy == "policies/standard/versions/1"
        assert (
            await refused(asked.hours.explain_balance(pb.ExplainBalanceRequest(name="volunteers/zoe"))) == "NOT_FOUND"
        )
        wrong = pb.ExplainBalanceRequest(name=ANA, page_token=page.next_page_token or "x")
        assert await refused(asked.hours.explain_balance(wrong)) == "PAGE_TOKEN_INVALID"


async def test_a_watcher_is_told_the_balance_and_each_change_and_a_slow_one_the_latest(postgres):
    story = a_life()
    async with answering(postgres, story) as asked:
        watchers = Watchers(2)
        first = await asked.hours.get_balance(pb.GetBalanceRequest(name=ANA))

        def watch() -> AsyncGenerator[pb.Balance, None]:
            return watchers.changes(
                first,
                lambda: asked.hours.get_balance(pb.GetBalanceRequest(name=ANA)),
                lambda balance: balance.entry_count,
                0.02,
            )

        watched, second = watch(), watch()
        await anext(second)

        async def more(*seconds: int) -> None:
            known = story.position
            for one in seconds:
                story.recorded(f"{ANA}/attendances/n{story.position}", one)
            await asyncio.to_thread(asked.projecting.apply, 0, story.events[known:], None)

        assert (await anext(watched)).seconds.attended_seconds == 3600
        await more(1)
        told = await anext(watched)
        assert (told.seconds.attended_seconds, positions(told)) == (3601, {0: story.position})
        for _ in range(3):  # nobody reads meanwhile
            await more(10)
        assert (await anext(watched)).seconds.attended_seconds == 3631
        assert await refused(anext(watch())) == "SERVER_BUSY", "who watches keeps nobody else out"
        await second.aclose()
        third = watch()
        await anext(third)
        watchers.let_go()
        assert [one async for one in watched] == [one async for one in third] == []
