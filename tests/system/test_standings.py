"""Who meets a watched requirement is told of, and who loses it by a correction; P=1 and P=3."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from tests.independent_audit.real_export import both_agree
from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import COORDINATOR, refusal_of, with_id
from tests.system.served_ledger import hours_ledger, served_in_a_folder
from tests.system.small_programme import GARDEN, GREEN, NAME
from tests.system.standing_programme import HOUR, Programme
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import policy_service_pb2 as policy
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2

BEN, CEM, DINA, EVA, FARID, GITA, YOUNG, ZAID = (
    f"volunteers/{name}" for name in ("ben", "cem", "dina", "eva", "farid", "gita", "young", "zaid")
)
MONTH, LIFE, UNWATCHED, AGED = (f"policies/{name}" for name in ("month", "life", "unwatched", "aged"))
ACTOR = acting_as(COORDINATOR)
LEVELS = [("two-hours", 2 * HOUR), ("four-hours", 4 * HOUR)]


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seed: int) -> Iterator[Programme]:
    partitions = request.param
    with served_in_a_folder(partitions) as ledger, channel_to(ledger.grpc) as channel:
        programme = Programme(channel, partitions)
        programme.begin(BEN, CEM, DINA, EVA, FARID)
        programme.register(ZAID)
        programme.serve(ZAID, "2026-11-03", 2)
        programme.require(MONTH, LEVELS)
        # The walk that the approval begins looks at people by name: once the last one is told of, it is over.
        programme.one(f"{ZAID}/requirements/month/standings/2026-11", is_met)
        programme.require(UNWATCHED, [("met", HOUR)], watched=False)
        yield programme
        applied = programme.directory.ListVolunteers(directory.ListVolunteersRequest(), metadata=ACTOR, timeout=10)
        reached = {one.partition: one.position for one in applied.positions}
        both_agree(ledger, reached, tmp_path_factory.mktemp("exported") / "export", seed)
        rebuilt = hours_ledger(
            "rebuild", "--from", "store", "--data-dir", ledger.folder, LEDGER_PARTITIONS=str(partitions)
        )
        assert (rebuilt.returncode, "equal hashes" in rebuilt.stdout) == (0, True), rebuilt


def told(served: Programme, holder: str) -> list[tuple[str, str]]:
    """(stream, level) of all events of a person, in order; the level is empty when it was lost."""
    return [(event["subject"], event["data"].get("level", "")) for event in served.events(holder)]


def is_met(standing: resources_pb2.RequirementStanding) -> bool:
    return standing.met


def is_lost(standing: resources_pb2.RequirementStanding) -> bool:
    return not standing.met


def assert_asked_again(served: Programme, standing: resources_pb2.RequirementStanding) -> None:
    """The question itself, at the positions of the event, has the outcome that the event tells."""
    check = served.asked_again(standing)
    assert (check.met, check.level, check.counted_seconds, check.period, check.requirement) == (
        standing.met,
        standing.level,
        standing.counted_seconds,
        standing.period,
        standing.requirement,
    )
    assert list(check.positions) == list(standing.evaluated_at)


def test_met_then_lost_by_a_reversal_then_met_again(served: Programme) -> None:
    name = f"{BEN}/requirements/month/standings/2026-11"
    attendance, verified = served.serve(BEN, "2026-11-03", 2)
    met = served.told(name, verified)
    assert (met.met, met.level, met.counted_seconds) == (True, "two-hours", 2 * HOUR)
    assert (met.requirement, met.period.start_date, met.period.end_date) == (
        f"{MONTH}/versions/1",
        "2026-11-01",
        "2026-11-30",
    )
    lost = served.told(name, served.reverse(attendance))
    assert (lost.met, lost.level, lost.counted_seconds) == (False, "", 0)
    again = served.told(name, served.serve(BEN, "2026-11-04", 3)[1])
    assert (again.met, again.counted_seconds) == (True, 3 * HOUR)
    assert told(served, BEN) == [(name, "two-hours"), (name, ""), (name, "two-hours")]
    for standing in (met, lost, again):
        assert_asked_again(served, standing)
    one = served.directory.GetRequirementStanding(directory.GetRequirementStandingRequest(name=name), timeout=10)
    one.ClearField("positions")
    assert one == again


def test_another_level_is_told_and_more_of_the_same_is_not(served: Programme) -> None:
    name = f"{CEM}/requirements/month/standings/2026-11"
    served.told(name, served.serve(CEM, "2026-11-03", 3)[1])
    attendance, verified = served.serve(CEM, "2026-11-04", 1)
    higher = served.told(name, verified)
    assert (higher.level, higher.counted_seconds) == ("four-hours", 4 * HOUR)
    more, _ = served.serve(CEM, "2026-11-05", 1)
    served.reverse(more)
    lower = served.told(name, served.reverse(attendance))
    assert (lower.level, lower.counted_seconds) == ("two-hours", 3 * HOUR)
    assert told(served, CEM) == [(name, "two-hours"), (name, "four-hours"), (name, "two-hours")]


def test_a_requirement_that_is_not_watched_leaves_nothing(served: Programme) -> None:
    last = served.serve(DINA, "2026-11-03", 1)[1], served.serve(DINA, "2026-10-03", 2)[1]
    october = f"{DINA}/requirements/month/standings/2026-10"
    assert served.told(october, last[1]).met
    # All before this was looked at: November's hour meets what nobody watches, and nothing that somebody does.
    assert told(served, DINA) == [(october, "two-hours")]
    assert [one.name for one in served.standings(DINA)] == [october]


def test_who_meets_it_already_is_told_of_once_it_is_approved(served: Programme) -> None:
    name = f"{EVA}/requirements/life/standings/lifetime"
    for day in ("2026-09-30", "2026-10-01", "2026-11-05"):
        served.serve(EVA, day, 1)
    served.require(LIFE, [("three-hours", 3 * HOUR)], period=policy.REQUIREMENT_PERIOD_LIFETIME)
    met = served.one(name, is_met)
    assert (met.period.start_date, met.period.end_date, met.counted_seconds) == ("", "2026-11-05", 3 * HOUR)
    [event] = [event for event in served.events(EVA) if event["subject"] == name]
    assert (event["type"], event["actor"], event["client"]) == ("requirement-met", *["ledger/follow-ups"] * 2)
    assert_asked_again(served, met)


def test_a_version_that_asks_more_takes_it_away(served: Programme) -> None:
    name = f"{FARID}/requirements/rising/standings/2026"
    served.serve(FARID, "2026-11-05", 3)
    year = policy.REQUIREMENT_PERIOD_CALENDAR_YEAR
    served.require("policies/rising", [("three-hours", 3 * HOUR)], period=year)
    served.one(name, is_met)
    version = served.require("policies/rising", [("four-hours", 4 * HOUR)], period=year)
    lost = served.one(name, is_lost)
    assert (lost.requirement, lost.counted_seconds) == (version, 3 * HOUR)
    assert_asked_again(served, lost)


def test_hours_that_turn_out_to_be_compulsory_no_longer_count(served: Programme) -> None:
    name = f"{BEN}/requirements/month/standings/2026-10"
    served.told(name, served.serve(BEN, "2026-10-05", 2)[1])
    for compulsory in (True, False):
        changed = resources_pb2.Opportunity(organization=GREEN, title=NAME, compulsory_service=compulsory)
        change = registry.UpdateOpportunityRequest(name=GARDEN, opportunity=changed)
        change.update_mask.paths.append("compulsory_service")
        served.send("RegistryService/UpdateOpportunity", with_id(change))
        assert_asked_again(served, served.one(name, is_lost if compulsory else is_met))


def test_levels_by_age_need_a_birth_date(served: Programme) -> None:
    adult = policy.RequirementLevel(name="adult", seconds_min=2 * HOUR, age_min_years=18)
    child = policy.RequirementLevel(name="child", seconds_min=HOUR, age_max_years=17)
    served.require(AGED, [adult, child], period=policy.REQUIREMENT_PERIOD_HIJRI_MONTH)
    served.register(YOUNG, "2013-06-01")
    served.serve(YOUNG, "2026-11-05", 1)
    standing = served.one(f"{YOUNG}/requirements/aged/standings/hijri-1448-05", is_met)
    assert (standing.level, standing.counted_seconds) == ("child", HOUR)
    assert_asked_again(served, standing)
    served.one(f"{BEN}/requirements/month/standings/2026-11", is_met)
    assert not [one for one in served.standings(BEN) if "/aged/" in one.name]
    born_before = registry.UpdateVolunteerRequest(
        name=YOUNG, details=resources_pb2.PersonalDetails(birth_date="2003-06-01")
    )
    born_before.update_mask.paths.append("birth_date")
    served.send("RegistryService/UpdateVolunteer", with_id(born_before))
    lost = served.one(standing.name, is_lost)
    assert_asked_again(served, lost)
    assert_asked_again(served, standing)


def test_twelve_months_cannot_be_watched(served: Programme) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        served.require("policies/moving", LEVELS, period=policy.REQUIREMENT_PERIOD_TWELVE_MONTHS)
    assert refusal_of(raised.value).reason == "POLICY_RULES_INVALID"


def test_standings_are_listed_in_pages(served: Programme) -> None:
    served.register(GITA)
    for day in ("2026-09-10", "2026-10-10", "2026-11-10"):
        served.serve(GITA, day, 2)
        served.one(f"{GITA}/requirements/month/standings/{day[:7]}", is_met)
    request = directory.ListRequirementStandingsRequest(parent=GITA, page_size=1)
    names: list[str] = []
    while not names or request.page_token:
        page = served.directory.ListRequirementStandings(request, timeout=10)
        assert len(page.standings) == 1
        names += [one.name for one in page.standings]
        request.page_token = page.next_page_token
    months = [f"{GITA}/requirements/month/standings/2026-{month}" for month in ("09", "10", "11")]
    assert [name for name in names if "/month/" in name] == months
    assert names == [one.name for one in served.standings(GITA)]
