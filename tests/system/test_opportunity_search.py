"""Finding opportunities on a real PostgreSQL, through the projection and the real questions. All of it is synthetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf import json_format

from ledger.domain.refusals import Refusal
from ledger.projections.canonical_hash import canonical_hashes
from ledger.projections.rebuild import forget_rows
from ledger.projections.search_questions import SearchQuestions
from tests.system.answering import refused
from tests.system.synthetic_events import (
    Story,
    cut,
    projector,
    read_database,
    reader_pool,
)
from volunteer_hours.v1 import opportunity_search_service_pb2 as pb
from volunteer_hours.v1 import resources_pb2

GREEN = "organizations/green"
SOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
SEARCH_TABLES = (
    "search_opportunities",
    "search_openings",
    "search_contents",
    "search_keys",
    "search_words",
    "search_organizations",
)


class Telling:
    """Opportunities told briefly, dealt out to partitions by their number."""

    def __init__(self, partitions: int = 1) -> None:
        self.stories = [Story(partition) for partition in range(partitions)]
        self.homes: dict[str, Story] = {}
        self.stories[0].organization()

    def publish(self, name: str, ar: str = "", en: str = "", **details: Any) -> str:
        title = {language: text for language, text in (("ar", ar), ("en", en)) if text}
        opportunity = f"opportunities/{name}"
        self.homes[opportunity] = self.stories[len(self.homes) % len(self.stories)]
        data = {"opportunity": opportunity, "organization": GREEN, "details": {"title": title, **details}}
        self.homes[opportunity].tell("opportunity-published", opportunity, data)
        return opportunity

    def open(
        self,
        opportunity: str,
        shift: str = "one",
        *,
        begins: datetime = SOON,
        hours: int = 3,
        places: int = 10,
        **place: Any,
    ) -> str:
        name = f"{opportunity}/shifts/{shift}"
        data = {
            "shift": name,
            "opportunity": opportunity,
            "start": begins.isoformat(),
            "end": (begins + timedelta(hours=hours)).isoformat(),
            "time_zone": "Asia/Riyadh",
            "places": places,
            "place": place or {"region": "SA-01", "city": "الرياض"},
        }
        self.homes[opportunity].tell("shift-opened", name, data)
        return name

    def tell(self, kind: str, stream: str, **data: Any) -> None:
        opportunity = "/".join(stream.split("/")[:2])
        self.homes[opportunity].tell(kind, stream, {"opportunity": opportunity, **data})

    def register(self, shift: str, volunteer: str) -> None:
        name = f"{shift}/registrations/{volunteer}"
        told = {"registration": name, "shift": shift, "volunteer": f"volunteers/{volunteer}"}
        self.tell("registration-accepted", name, **told)


class Reading:
    """A read database that takes what is told, and answers."""

    def __init__(self, postgres: Any, telling: Telling) -> None:
        self.settings = read_database(postgres)
        self.telling = telling
        self.applied = [0 for _ in telling.stories]

    def catch_up(self, size: int = 7) -> None:
        with projector(self.settings) as projecting:
            for story in self.telling.stories:
                for batch in cut(story.events[self.applied[story.partition] :], size):
                    projecting.apply(story.partition, batch, None)
                self.applied[story.partition] = len(story.events)

    def rebuild(self, size: int) -> None:
        forget_rows(self.settings.projector_database)
        self.applied = [0 for _ in self.applied]
        self.catch_up(size)

    def hashes(self) -> dict[str, str]:
        with projector(self.settings) as projecting:
            return {
                table: told for table, told in canonical_hashes(projecting._connection).items() if "search" in table
            }

    async def ask(self, query: str = "", **asked: Any) -> pb.SearchOpportunitiesResponse:
        async with reader_pool(self.settings) as pool:
            search = SearchQuestions(pool, len(self.telling.stories))
            return await search.search(pb.SearchOpportunitiesRequest(query=query, **asked))

    async def names(self, query: str = "", **asked: Any) -> list[str]:
        return names_of(await self.ask(query, **asked))


def names_of(answer: pb.SearchOpportunitiesResponse) -> list[str]:
    return [one.opportunity.name.removeprefix("opportunities/") for one in answer.results]


def a_programme(partitions: int = 1) -> Telling:
    """Some opportunities that differ in one thing each."""
    told = Telling(partitions)
    told.open(told.publish("trees", ar="حملة تشجير الوادي", sector="environment", level="general"))
    told.open(
        told.publish("blood", ar="التبرع بالدم", sector="health", minimum_age_years=18), city="جدة", region="SA-02"
    )
    told.open(told.publish("lessons", en="Teaching English to children", sector="education"), online=True)
    told.open(
        told.publish("museum", en="Museum guide", skills=["storytelling"], level="skilled"),
        city="Jeddah",
        region="SA-02",
    )
    told.open(told.publish("past", ar="تشجير قديم"), begins=datetime(2026, 1, 5, 6, tzinfo=UTC))
    told.publish("no-shift", ar="تشجير بلا موعد")
    closed = told.publish("closed", ar="تشجير مغلق")
    told.open(closed)
    told.tell("opportunity-closed", closed, organization=GREEN)
    return told


@pytest.mark.parametrize("partitions", [1, 3])
async def test_words_meet_across_languages_spellings_and_dots(postgres, partitions):
    reading = Reading(postgres, a_programme(partitions))
    reading.catch_up()
    for query in ("تشجير", "التَّشْجِيرُ", "تشجـــير", "tree planting", "ٮسحٮر", "تشجبر", "أشجار في الرياض"):
        assert (await reading.names(query))[:1] == ["trees"], query
    for query in ("blood donation", "تبرع بالدم", "متبرعين بالدم في جده", "blod donation", "دم Jeddah"):
        assert (await reading.names(query))[:1] == ["blood"], query
    assert await reading.names("children English") == ["lessons"]
    assert await reading.names("عن بعد") == ["lessons"]
    assert await reading.names("متحف") == ["museum"]


async def test_every_result_says_why_and_the_score_is_the_sum(postgres):
    reading = Reading(postgres, a_programme())
    reading.catch_up()
    answer = await reading.ask("blood donation جدة", language=pb.LANGUAGE_ENGLISH)
    [best, *_] = answer.results
    told = {
        (pb.MatchReason.Name(one.reason).removeprefix("MATCH_REASON_"), one.asked, one.matched) for one in best.reasons
    }
    assert ("SYNONYM", "donation", "blood donation") in told
    assert ("PLACE", "جده", "Jeddah") in told
    assert {name for name, _, _ in told} >= {"ALL_WORDS", "SOON", "PLACES_LEFT"}
    for one in answer.results:
        assert one.score == sum(reason.score for reason in one.reasons)
    [misspelt, *_] = (await reading.ask("Museun")).results
    assert [
        (one.asked, one.matched) for one in misspelt.reasons if one.reason == pb.MATCH_REASON_SPELLING_REPAIRED
    ] == [("museun", "museum")]


@pytest.mark.parametrize("partitions", [1, 3])
async def test_a_rebuilt_database_has_the_same_rows_and_answers(postgres, partitions):
    told = a_programme(partitions)
    moved = told.open(told.publish("moved", en="Beach cleaning"), city="ينبع", region="SA-03")
    reading = Reading(postgres, told)
    reading.catch_up(1)  # each event a batch of its own: every step between is written
    details = {"title": {"en": "Beach cleaning day"}, "description": {"ar": "تنظيف الشاطئ"}}
    told.tell("opportunity-updated", "opportunities/moved", organization=GREEN, details=details, changed=["title"])
    later = SOON + timedelta(days=40)
    told.tell(
        "shift-rescheduled", moved, shift=moved, start=later.isoformat(), end=(later + timedelta(hours=1)).isoformat()
    )
    told.tell(
        "shift-cancelled", "opportunities/museum/shifts/one", shift="opportunities/museum/shifts/one", reason="WEATHER"
    )
    reading.catch_up(1)
    before, answers = reading.hashes(), [await reading.ask(query) for query in ("beach", "متحف", "تشجير", "")]
    assert names_of(answers[0]) == ["moved"]
    assert names_of(answers[1]) == []
    assert set(before) == set(SEARCH_TABLES)
    for size in (5, 1000):
        reading.rebuild(size)
        assert reading.hashes() == before
    again = [await reading.ask(query) for query in ("beach", "متحف", "تشجير", "")]
    assert [names_of(one) for one in again] == [names_of(one) for one in answers]
    assert [[hit.score for hit in one.results] for one in again] == [
        [hit.score for hit in one.results] for one in answers
    ]


async def test_only_what_can_be_joined_is_found_unless_asked_otherwise(postgres):
    reading = Reading(postgres, a_programme())
    reading.catch_up()
    assert await reading.names("تشجير") == ["trees"]
    everything = await reading.names("تشجير", filter=pb.OpportunityFilter(include_past=True))
    assert sorted(everything) == ["closed", "no-shift", "past", "trees"]


async def test_filters_narrow_and_facets_count_what_they_would_find(postgres):
    reading = Reading(postgres, a_programme())
    reading.catch_up()
    whole = await reading.ask()
    assert (whole.total, whole.more_than) == (4, False)
    assert {(one.value, one.count) for one in whole.facets.cities} == {("jeddah", 2), ("riyadh", 1)}
    for field, values in (
        ("regions", whole.facets.regions),
        ("cities", whole.facets.cities),
        ("sectors", whole.facets.sectors),
    ):
        for value in values:
            assert (
                await reading.ask(filter=json_format.ParseDict({field: [value.value]}, pb.OpportunityFilter()))
            ).total == value.count
    for value in whole.facets.levels:
        level = resources_pb2.VolunteeringLevel.Value(f"VOLUNTEERING_LEVEL_{value.value}")
        assert (await reading.ask(filter=pb.OpportunityFilter(levels=[level]))).total == value.count
    assert whole.facets.online.count == 1
    assert await reading.names(filter=pb.OpportunityFilter(online=True)) == ["lessons"]
    assert await reading.names(filter=pb.OpportunityFilter(cities=["جدّة"], age_years=17)) == ["museum"]
    assert sorted(await reading.names(filter=pb.OpportunityFilter(cities=["Jiddah"], age_years=18))) == [
        "blood",
        "museum",
    ]
    assert await reading.names(filter=pb.OpportunityFilter(organization="organizations/other")) == []
    day = SOON.astimezone().date()
    assert (
        len(await reading.names(filter=pb.OpportunityFilter(from_date=f"{day}", until_date=f"{day + timedelta(1)}")))
        == 4
    )
    assert await reading.names(filter=pb.OpportunityFilter(until_date=f"{day - timedelta(2)}")) == []
    assert await refused(reading.ask(filter=pb.OpportunityFilter(from_date="2026-02-30"))) == "DATE_INVALID"


async def test_fields_of_shifts_must_hold_for_one_shift_together(postgres):
    told = Telling()
    offered = told.publish("two", en="Two shifts")
    morning = SOON.replace(hour=5)  # 08:00 in Riyadh
    told.open(offered, "full", begins=morning, places=1)
    told.open(offered, "evening", begins=morning + timedelta(days=1, hours=10), places=1)
    told.register(f"{offered}/shifts/full", "ana")
    reading = Reading(postgres, told)
    reading.catch_up()
    early = pb.OpportunityFilter(from_time_of_day="08:00", until_time_of_day="12:00")
    assert await reading.names(filter=early) == ["two"]
    early.places_left_min = 1
    assert await reading.names(filter=early) == []
    [result] = (await reading.ask(filter=pb.OpportunityFilter(places_left_min=1))).results
    assert [one.shift.name.rpartition("/")[2] for one in result.shifts] == ["evening"]
    [both] = (await reading.ask()).results
    assert [(one.shift.name.rpartition("/")[2], one.places_left) for one in both.shifts] == [
        ("full", 0),
        ("evening", 1),
    ]
    weekday = (morning + timedelta(hours=3)).isoweekday()
    assert (
        await reading.names(
            filter=pb.OpportunityFilter(weekdays=[resources_pb2.Weekday.ValueType(weekday)], places_left_min=1)
        )
        == []
    )


@pytest.mark.parametrize("partitions", [pytest.param(1, marks=pytest.mark.proof), 3])
async def test_pages_are_one_answer_while_others_publish(postgres, partitions):
    told = Telling(partitions)
    for number in range(25):
        told.open(told.publish(f"a{number:02}", en="Beach cleaning"), begins=SOON + timedelta(hours=number))
    reading = Reading(postgres, told)
    reading.catch_up(50)
    whole = await reading.names("beach", page_size=100)
    assert len(whole) == 25
    paged: list[str] = []
    token = ""
    for turn in range(10):
        answer = await reading.ask("beach", page_size=4, page_token=token)
        paged += names_of(answer)
        token = answer.next_page_token
        for each in range(3):  # earlier and later than all that was there
            begins = SOON + timedelta(hours=turn - 2 if each else 90)
            told.open(told.publish(f"b{turn}{each}", en="Beach cleaning on the beach"), begins=begins)
        reading.catch_up(50)
        if not token:
            break
    assert paged == whole


async def test_a_token_of_another_question_or_made_up_is_refused(postgres):
    told = Telling()
    for number in range(3):
        told.open(told.publish(f"a{number}", en="Beach"))
    reading = Reading(postgres, told)
    reading.catch_up()
    token = (await reading.ask("beach", page_size=1)).next_page_token
    assert await refused(reading.ask("sea", page_token=token)) == "PAGE_TOKEN_INVALID"
    for made_up in ("x", "AAAA", token[:-4], token[::-1]):
        assert await refused(reading.ask("beach", page_token=made_up)) == "PAGE_TOKEN_INVALID"


async def test_suggestions_lead_somewhere_when_nothing_is_found(postgres):
    reading = Reading(postgres, a_programme())
    reading.catch_up()
    answer = await reading.ask("تشجير", filter=pb.OpportunityFilter(cities=["Abha"], sectors=["environment"]))
    assert (answer.total, len(answer.results)) == (0, 0)
    [without] = [one for one in answer.suggestions if one.kind == pb.SUGGESTION_KIND_WITHOUT_FILTER]
    assert (without.text, without.count) == ("cities", 1)
    unknown = await reading.ask("xylophone", language=pb.LANGUAGE_ENGLISH)
    sectors = {one.value: one.text for one in unknown.suggestions if one.kind == pb.SUGGESTION_KIND_SECTOR}
    assert sectors["health"] == "health"
    assert not (await reading.ask("تشجير")).suggestions


HOSTILE = (
    "\x00" * 20,
    "' or 1=1 -- & | ! <-> :*",
    "a & !b | (c <-> d:*)",
    "\u202e\u200f\u2066دم\u2069",
    "%_\\" * 100,
    "ا" * 500,
    " ".join(["word"] * 100),
    " ".join(f"w{n}" for n in range(200))[:500],
    "🩸" * 200,
    "ﷺ" * 120,
    "̀" * 500,
    "١٢٣ ۴۵۶",
    "في من على",
    "the of and",
)


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
async def test_any_five_hundred_characters_are_only_words(postgres, query):
    reading = Reading(postgres, a_programme())
    reading.catch_up(100)
    try:
        answer = await reading.ask(query)
    except Refusal as refusal:
        pytest.fail(f"{query!r} was refused: {refusal.reason}")
    assert len(answer.results) <= 20


async def test_an_organisation_is_found_by_its_name(postgres):
    reading = Reading(postgres, a_programme())
    reading.catch_up()
    answer = await reading.ask("synthetic")
    assert {reason.matched for one in answer.results for reason in one.reasons if reason.asked} == {GREEN}
    assert all(pb.MATCH_REASON_ORGANIZATION in {reason.reason for reason in one.reasons} for one in answer.results)
