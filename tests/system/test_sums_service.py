"""Sums as a ministry asks for them: a served ledger, sealed birth dates, rates in force, signed answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import psycopg
import pytest

from tests.system.acting import acting_as, channel_to
from tests.system.asked_service import HOUR, Asked, asked_service
from tests.system.grpc_caller import COORDINATOR, Client, refusal_of, request_id, with_id
from tests.system.served_ledger import PROJECT, answered, hours_ledger
from tests.system.served_log import serving
from tests.system.small_programme import GARDEN, GREEN, NAME, OLD, VERIFIER, beginnings, record
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2, values_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub
from volunteer_hours.v1.policy_service_pb2 import ApprovePolicyRequest

ACTOR = acting_as(COORDINATOR)
BY_AGE, BY_LEVEL, BY_REGION = (
    pb.SUMMARY_DIMENSION_AGE_BAND,
    pb.SUMMARY_DIMENSION_LEVEL,
    pb.SUMMARY_DIMENSION_REGION,
)
REPORT, MINISTER = "policies/sa-hour-report-2024", "policies/sa-hour-minister-2024"
YEAR = values_pb2.Period(start_date="2024-01-01", end_date="2024-12-31")
BORN = {"young": "2007-01-01", "adult": "1990-02-28", "unsaid": ""}
"""Synthetic people; on the last day of 2024 they are 17, 34 and of no known age."""


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def asked(request, postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """People of known and unknown age with verified hours of 2024, a head count, and two tables of rates."""
    with asked_service(postgres, tmp_path_factory.mktemp("sums"), request.param) as asked:
        for method, message in beginnings():
            asked.client.send(f"RegistryService/{method}", with_id(message))
        skilled = resources_pb2.VOLUNTEERING_LEVEL_SKILLED
        opportunity = resources_pb2.Opportunity(organization=GREEN, title=NAME, level=skilled)
        update = registry.UpdateOpportunityRequest(request_id=request_id(), name=GARDEN, opportunity=opportunity)
        update.update_mask.paths.append("level")
        asked.client.send("RegistryService/UpdateOpportunity", update)
        for number, (name, born) in enumerate(BORN.items()):
            details = resources_pb2.PersonalDetails(full_name="synthetic", birth_date=born)
            registered = registry.RegisterVolunteerRequest(request_id=request_id(), volunteer_id=name, details=details)
            asked.client.send("RegistryService/RegisterVolunteer", registered)
            serve(asked, f"volunteers/{name}", number)
        head_count = participation.RecordGroupAttendanceRequest(
            request_id=request_id(), shift=OLD, head_count=3, attended_seconds=3 * HOUR
        )
        asked.client.send("ParticipationService/RecordGroupAttendance", head_count)
        for policy in (REPORT, MINISTER):
            file = PROJECT / "examples" / "policies" / f"{policy.removeprefix('policies/')}.json"
            answered(hours_ledger("policies", "propose", file, "--json", address=asked.log.grpc))
            approval = ApprovePolicyRequest(request_id=request_id(), name=f"{policy}/versions/1")
            asked.client.send("PolicyService/ApprovePolicy", approval, "staff/minister")
        asked.sign()
        yield asked
        assert_audit_clean(asked.log.settings)


def serve(asked: Asked, volunteer: str, number: int) -> None:
    """`number` + 1 verified hours and 40 minutes, on two days of 2024."""
    for day, end in ((3, f"{6 + number:02}:00"), (4, "05:40")):
        request = record(f"2024-05-{day:02} 05:00", f"2024-05-{day:02} {end}", volunteer=volunteer)
        recorded = asked.client.send("ParticipationService/RecordAttendance", request)
        name = resources_pb2.Attendance.FromString(recorded).name
        verify = verification.VerifyHoursRequest(request_id=request_id(), name=name)
        asked.client.send("VerificationService/VerifyHours", verify, VERIFIER)


def summed(asked: Asked, group_by: Any = BY_AGE, **fields: Any) -> pb.SummarizeHoursResponse:
    """Of everything recorded."""
    question = pb.SummarizeHoursRequest(group_by=group_by, **fields)
    if not question.proof:
        for partition, size in asked.sign().items():
            question.positions.add(partition=partition, position=size)
    return asked.stub.SummarizeHours(question, metadata=ACTOR, timeout=20)


def verified(answer: pb.SummarizeHoursResponse) -> dict[str, int]:
    return {group.key: group.seconds.verified_seconds for group in answer.groups}


def test_sealed_birth_dates_tell_the_bands_and_stand_in_no_answer(asked: Asked):
    answer = summed(asked, period=YEAR)
    assert (verified(answer), answer.closing_date) == (
        {"": 3 * HOUR + 2_400, "0-17": HOUR + 2_400, "25-34": 2 * HOUR + 2_400},
        "2024-12-31",
    )
    for born in filter(None, BORN.values()):
        assert born.encode() not in answer.SerializeToString()
    next_day = values_pb2.Period(start_date="2024-01-01", end_date="2025-01-01")
    assert verified(summed(asked, period=next_day)).keys() == {"", "18-24", "25-34"}
    ages = verified(summed(asked, period=YEAR, age_band_starts=[17, 18, 34]))
    assert ages.keys() == {"", "17", "34+"}
    everything = summed(asked)
    newest = datetime.fromisoformat(everything.closing_date).replace(tzinfo=UTC)
    assert timedelta() <= datetime.now(UTC) - newest < timedelta(days=2)  # the newest event is of this test
    assert everything.total.attended_seconds == 3 * HOUR


def test_hours_are_worth_what_each_of_two_official_figures_says_and_the_answer_says_which(asked: Asked):
    seconds = 6 * HOUR + 3 * 2_400
    for rates, per_hour in ((REPORT, 13_800), (MINISTER, 2_034)):
        for group_by in (BY_AGE, BY_LEVEL, BY_REGION, pb.SUMMARY_DIMENSION_MONTH):
            answer = summed(asked, group_by, period=YEAR, rates=rates)
            [total] = answer.total_values
            assert (total.currency, total.minor_units) == ("SAR", (2 * seconds * per_hour + HOUR) // (2 * HOUR))
            assert total.unvalued_seconds == 0
            assert sum(group.values[0].minor_units for group in answer.groups) == total.minor_units
            assert answer.rates == f"{rates}/versions/1"
            assert [rate.minor_units_per_hour for rate in answer.rates_used] == [per_hour]
            assert "not" in answer.rates_used[0].source.lower()  # each source says what was not read
    attended = [values_pb2.EVIDENCE_CLASS_ATTENDED]
    head_count = summed(asked, BY_REGION, rates=REPORT, value_classes=attended)
    assert [(one.minor_units, one.unvalued_seconds) for one in head_count.total_values] == [(0, 3 * HOUR)]


def test_places_and_levels_are_those_of_shifts_and_opportunities(asked: Asked):
    assert verified(summed(asked, BY_REGION)) == {"SA-01": 6 * HOUR + 3 * 2_400}
    assert verified(summed(asked, BY_LEVEL)) == {"skilled": 6 * HOUR + 3 * 2_400}


SIGNED = [
    {"group_by": BY_REGION, "rates": REPORT},
    {"group_by": BY_LEVEL, "period": YEAR, "rates": MINISTER, "value_classes": [2, 3], "entry_count_min": 2},
    {"group_by": BY_AGE, "age_band_starts": [0, 18], "rates": REPORT},
]


@pytest.mark.parametrize("fields", SIGNED, ids=["region", "level", "age"])
def test_what_is_signed_binds_what_was_asked_and_what_it_is_worth(asked: Asked, fields: dict[str, Any]):
    sizes = asked.sign()
    signed = summed(asked, **fields, proof=True)
    verdict = asked.checked(signed)
    assert pb.SummarizeHoursRequest.FromString(verdict.answer.request) == pb.SummarizeHoursRequest(**fields, proof=True)
    kept = pb.SummarizeHoursResponse.FromString(verdict.answer.response)
    assert (kept.rates, kept.closing_date) == (f"{fields['rates']}/versions/1", signed.closing_date)
    assert kept.total_values[0].minor_units == sum(group.values[0].minor_units for group in kept.groups)
    question = pb.SummarizeHoursRequest(**fields)
    for partition, size in sizes.items():
        question.as_of.positions.positions.add(partition=partition, position=size)
    plain = asked.stub.SummarizeHours(question, metadata=ACTOR, timeout=20)
    for message in (kept, plain):
        message.ClearField("recorded_through")
    assert kept == plain


@pytest.mark.parametrize(
    ("fields", "reason", "named"),
    [
        ({"group_by": BY_AGE, "age_band_starts": [18, 0]}, "INVALID_ARGUMENT", "age_band_starts"),
        ({"group_by": BY_AGE, "age_band_starts": [18, 18]}, "INVALID_ARGUMENT", "age_band_starts"),
        ({"group_by": BY_AGE, "age_band_starts": [121]}, "INVALID_ARGUMENT", "age_band_starts[0]"),
        ({"group_by": BY_LEVEL, "age_band_starts": [18]}, "INVALID_ARGUMENT", "age_band_starts"),
        ({"group_by": BY_LEVEL, "value_classes": [3]}, "INVALID_ARGUMENT", "rates"),
        ({"group_by": BY_LEVEL, "rates": REPORT, "value_classes": [6]}, "INVALID_ARGUMENT", "value_classes[0]"),
        ({"group_by": BY_LEVEL, "rates": "rates/x"}, "INVALID_ARGUMENT", "rates"),
        ({"group_by": BY_AGE, "rates": "policies/standard"}, "RATES_UNKNOWN", None),
        ({"group_by": BY_LEVEL, "rates": f"{REPORT}/versions/2"}, "RATES_UNKNOWN", None),
    ],
)
def test_what_does_not_fit_together_is_refused(asked: Asked, fields: dict[str, Any], reason: str, named: str | None):
    with pytest.raises(grpc.RpcError) as raised:
        summed(asked, **fields)
    refusal = refusal_of(raised.value)
    assert (refusal.reason, refusal.fields) == (reason, (named,) if named else ())


def test_the_report_tells_people_and_programs(asked: Asked):
    at = ",".join(f"{partition}:{size}" for partition, size in asked.sign().items())

    def report(*more: str) -> Any:
        flags = ("--period", "2024-01-01..2024-12-31", "--positions", at, "--measure", "verified")
        return hours_ledger("report", *flags, *more, address=asked.log.grpc)

    told = answered(report("--by", "age-band", "--ages", "0,18", "--rates", REPORT, "--json"))
    assert [group["key"] for group in told["groups"]] == ["", "0-17", "18+"]
    assert [value["minor_units"] for value in told["total_values"]] == [110_400]
    assert sum(group["values"][0]["minor_units"] for group in told["groups"]) == 110_400
    assert (told["rates"], told["value_classes"], told["closing_date"]) == (
        f"{REPORT}/versions/1",
        ["verified"],
        "2024-12-31",
    )
    table = report("--by", "region", "--rates", MINISTER, "--value", "verified").stdout
    assert "SAR, minor units" in table
    assert "16,272" in table
    assert "Derived, not published" in table.replace("\n", " ")
    assert "skilled" in report("--by", "level").stdout
    assert report("--by", "age-band", "--ages", "young").returncode == 2
    unknown = report("--rates", "policies/none", "--language", "ar")
    assert (unknown.returncode, "RATES_UNKNOWN: لا توجد" in unknown.stderr) == (1, True)


def test_who_is_erased_counts_as_not_stated_in_answers_of_the_past_too(asked: Asked, tmp_path):
    """The last test: a person's key is destroyed. A server that opened it before may remember it for a minute."""
    question = pb.SummarizeHoursRequest(group_by=BY_AGE, period=YEAR)
    for partition, size in asked.sign().items():
        question.as_of.positions.positions.add(partition=partition, position=size)
    before = asked.stub.SummarizeHours(question, metadata=ACTOR, timeout=20)
    assert "25-34" in verified(before)
    with psycopg.connect(asked.log.settings.owner_keys_database) as keys:
        assert keys.execute("delete from person_keys where volunteer = 'volunteers/adult'").rowcount == 1
    with serving(asked.log.settings, tmp_path) as (_, address, _), channel_to(address) as channel:
        Client(channel)
        after = HoursServiceStub(channel).SummarizeHours(question, metadata=ACTOR, timeout=20)
    assert verified(after) == {"": 5 * HOUR + 4_800, "0-17": HOUR + 2_400}
    assert (after.total, after.positions) == (before.total, before.positions)
