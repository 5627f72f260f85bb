"""What a human should look at, on a served ledger: found, reviewed, the same after a rebuild, told to offices alone."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest

from ledger.access.caller import Role
from ledger.domain.anomaly import anomaly_name
from tests.system.acting import acting_as, channel_to
from tests.system.grpc_caller import request_id, with_id
from tests.system.project_programme import Supporter
from tests.system.published_hours import BEN, HOUR
from tests.system.served_ledger import answered, hours_ledger, served_in_a_folder
from tests.system.small_programme import ANA, GREEN
from volunteer_hours.v1 import anomalies_pb2 as pb
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1 import verification_service_pb2 as verification
from volunteer_hours.v1.values_pb2 import Period

FRIENDS = (ANA, BEN)
NAME = anomaly_name("mutual_verification", FRIENDS, None, None)
HOURS_A_DAY = 4


class Club(Supporter):
    """An organisation in which two volunteers verify each other's hours."""

    def found(self, **asked) -> pb.ListAnomaliesResponse:
        request = pb.ListAnomaliesRequest(positions=self.seen, **asked)
        return pb.ListAnomaliesResponse.FromString(self.client.send("AuditService/ListAnomalies", request))

    def one(self, **asked) -> pb.Anomaly:
        [anomaly] = self.found(kinds=[pb.ANOMALY_KIND_MUTUAL_VERIFICATION], **asked).anomalies
        return anomaly

    def appoint_volunteer(self, member: str) -> None:
        wanted = registry.AppointMemberRequest(parent=GREEN, member=member, role=resources_pb2.MEMBER_ROLE_VERIFIER)
        self.client.send("RegistryService/AppointMember", with_id(wanted))

    def serve_each_other(self, *days: str) -> None:
        for person, other in (FRIENDS, FRIENDS[::-1]):
            for day in days:
                name = self.serve(person, day, HOURS_A_DAY).name
                request = verification.VerifyHoursRequest(request_id=request_id(), name=name)
                self.told("VerificationService/VerifyHours", request, other)

    def review(self, anomaly: pb.Anomaly, **said) -> pb.ReviewAnomalyRequest:
        fields = {"outcome": pb.ANOMALY_OUTCOME_EXPLAINED, "reason": "TWO_LEADERS_OF_ONE_CLUB", **said}
        return pb.ReviewAnomalyRequest(
            request_id=request_id(),
            kind=anomaly.kind,
            subjects=anomaly.subjects,
            period=anomaly.period,
            event_count=anomaly.event_count,
            seconds=anomaly.seconds,
            **fields,
        )

    def reviewed(self, request: pb.ReviewAnomalyRequest) -> pb.ReviewedAnomaly:
        told = pb.ReviewedAnomaly.FromString(self.client.send("AuditService/ReviewAnomaly", request, "staff/auditor"))
        self.seen += told.positions
        return told


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def club(request: pytest.FixtureRequest) -> Iterator[tuple[Club, tuple[str, ...]]]:
    """The club, and how its databases are reached; the audit closes it."""
    with served_in_a_folder(request.param) as served, channel_to(served.grpc) as channel:
        club = Club(channel, served.grpc, request.param)
        club.begin()
        for member in FRIENDS:
            club.appoint_volunteer(member)
        club.serve_each_other("2023-05-10", "2023-05-11", "2023-05-12")
        yield club, ("--data-dir", str(served.folder))


def test_two_who_verify_each_other_are_found_with_their_events_and_words(club):
    [anomaly] = club[0].found().anomalies
    assert (anomaly.name, anomaly.kind) == (NAME, pb.ANOMALY_KIND_MUTUAL_VERIFICATION)
    assert (list(anomaly.subjects), list(anomaly.organizations)) == (list(FRIENDS), [GREEN])
    assert (anomaly.event_count, anomaly.seconds) == (6, 6 * HOURS_A_DAY * HOUR)
    assert anomaly.state == pb.ANOMALY_STATE_OPEN
    assert "6 attendances" in anomaly.rule.en
    assert "24:00:00" in anomaly.rule.ar
    assert list(anomaly.persons) == list(FRIENDS)
    stored = club[0].stored_events()
    by_place = {(int(event["partition"]), int(event["position"])): event for event in stored.values()}
    assert len(anomaly.events) == 6
    for event in anomaly.events:
        there = by_place[event.position.partition, event.position.position]
        assert (there["type"], there["subject"], there["actor"]) == (event.event_type, event.attendance, event.actor)
        assert event.event_type == "hours-verified"


def test_filters_and_thresholds(club):
    programme = club[0]
    assert programme.one(organization=GREEN).name == NAME
    assert not programme.found(organization="organizations/other").anomalies
    assert not programme.found(kinds=[pb.ANOMALY_KIND_INFLATION]).anomalies
    assert not programme.found(period=Period(start_date="2023-05-11")).anomalies  # two each way are too few
    within = programme.one(period=Period(start_date="2023-05-10", end_date="2023-05-31"))
    assert within.name != NAME, "a finding of a period is another one than that of all time"
    thresholds = {one.name: one.value for one in programme.found().thresholds}
    assert thresholds["circle_count_min"] == 3
    [count] = programme.found().counts
    assert (count.kind, count.found_count, count.left_out_count) == (pb.ANOMALY_KIND_MUTUAL_VERIFICATION, 1, 0)


def test_a_review_stays_after_a_rebuild_and_more_evidence_shows(club):
    programme, place = club
    request = programme.review(programme.one())
    told = programme.reviewed(request)
    assert (told.name, told.review.reviewer, told.review.event_count) == (NAME, "staff/auditor", 6)
    assert programme.reviewed(request) == told, "the same request gives the first answer"
    assert programme.one().state == pb.ANOMALY_STATE_REVIEWED
    assert not programme.found(unreviewed=True).anomalies
    before = programme.found()
    rebuilt = hours_ledger("rebuild", *place, LEDGER_PARTITIONS=str(programme.partitions))
    assert rebuilt.returncode == 0, rebuilt
    assert programme.found().anomalies == before.anomalies
    programme.serve_each_other("2023-05-13")
    after = programme.one()
    assert (after.name, after.state) == (NAME, pb.ANOMALY_STATE_REVIEWED_CHANGED_SINCE)
    assert programme.one(unreviewed=True).review.reason == "TWO_LEADERS_OF_ONE_CLUB"
    again = programme.reviewed(programme.review(after, outcome=pb.ANOMALY_OUTCOME_FOLLOW_UP))
    assert programme.one().review.outcome == again.review.outcome == pb.ANOMALY_OUTCOME_FOLLOW_UP


def test_nobody_reviews_their_own_and_a_note_is_a_code(club):
    programme = club[0]
    own = programme.review(programme.one())
    with pytest.raises(grpc.RpcError) as refused:
        programme.call("AuditService/ReviewAnomaly", own.SerializeToString(), acting_as(ANA))
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
    noted = programme.review(programme.one(), reason="they are married")
    assert programme.client.refused("AuditService/ReviewAnomaly", noted).reason == "INVALID_ARGUMENT"


def test_offices_alone_are_told_and_the_look_is_recorded(club):
    programme = club[0]
    request = pb.ListAnomaliesRequest()
    programme.appoint(GREEN)
    assert not programme.may(acting_as("staff/of-green", roles=()), "AuditService/ListAnomalies", request)
    assert not programme.may(acting_as(ANA, roles=()), "AuditService/ListAnomalies", request)
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        assert programme.may(acting_as("staff/office", roles=(role,)), "AuditService/ListAnomalies", request)
    looks = answered(hours_ledger("accesses", ANA, "--json", address=programme.address))
    by_office = [one for one in looks if one["actor"] == "staff/office"]
    assert {one["method"] for one in by_office} == {"AuditService/ListAnomalies"}
    assert len(by_office) == 2


def test_the_command_line_shows_and_reviews(club):
    programme = club[0]
    shown = hours_ledger("report", "anomalies", "--kind", "mutual-verification", address=programme.address)
    assert shown.returncode == 0, shown
    assert NAME in shown.stdout
    said = ("--review", NAME, "--outcome", "confirmed", "--reason", "SEEN_ON_SITE")
    done = hours_ledger("report", "anomalies", *said, address=programme.address)
    assert done.stdout.startswith(f"{NAME}: confirmed, SEEN_ON_SITE"), done
    told = answered(hours_ledger("report", "anomalies", "--json", address=programme.address))
    assert told["anomalies"][0]["review"]["outcome"] == "ANOMALY_OUTCOME_CONFIRMED"
    unknown = hours_ledger("report", "anomalies", "--review", "anomalies/none", *said[2:], address=programme.address)
    assert (unknown.returncode, "not among what is found" in unknown.stderr) == (1, True)
