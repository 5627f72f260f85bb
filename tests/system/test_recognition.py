"""Levels of recognition follow verified hours: reached, lost by a correction, reached again; P=1 and P=3. Synthetic."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator

import grpc
import pytest

from ledger.credentials.base64url import read_base64url
from ledger.credentials.honour_badge import verify_honour_badge
from ledger.credentials.issuer_keys import read_issuer_document
from ledger.credentials.status_list import read_status_list
from tests.independent_audit.real_export import both_agree
from tests.system.acting import channel_to
from tests.system.grpc_caller import refusal_of, with_id
from tests.system.recognition_programme import APPROVER, MEDAL, PROPOSER, READER, Recognising
from tests.system.served_ledger import Served, hours_ledger, served_in_a_folder
from tests.system.small_programme import GARDEN, GREEN, NAME
from tests.system.standing_programme import HOUR
from volunteer_hours.v1 import directory_service_pb2 as directory
from volunteer_hours.v1 import recognition_service_pb2 as pb
from volunteer_hours.v1 import registry_service_pb2 as registry
from volunteer_hours.v1 import resources_pb2
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_VERIFIED

BEN, CEM, DINA, EVA, FAY, ZAID = (f"volunteers/{name}" for name in ("ben", "cem", "dina", "eva", "fay", "zaid"))
GUL, HAN, BEACH = "volunteers/gul", "volunteers/han", "initiatives/beach"


def levels() -> list[pb.RecognitionLevel]:
    return [
        pb.RecognitionLevel(level="bronze", verified_seconds_min=2 * HOUR),
        pb.RecognitionLevel(level="gold", verified_seconds_min=4 * HOUR, months_min=1),
        pb.RecognitionLevel(level="skilled", skills_used_min=2),
        pb.RecognitionLevel(level="courage", by_nomination=True),
        pb.RecognitionLevel(level="crew", verified_seconds_min=8 * HOUR, persons_min=2, honours_teams=True),
    ]


def bronze(person: str) -> str:
    return f"{person}/{MEDAL}/milestones/bronze"


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Served]:
    with served_in_a_folder(request.param) as found:
        yield found


@pytest.fixture(scope="module")
def served(ledger: Served, tmp_path_factory: pytest.TempPathFactory, seed: int) -> Iterator[Recognising]:
    partitions = ledger.partitions
    with channel_to(ledger.grpc) as channel:
        programme = Recognising(channel, partitions)
        programme.begin(BEN, CEM, DINA, EVA, FAY, GUL, HAN, ZAID)
        programme.serve(ZAID, "2026-11-03", 2)
        programme.recognise(*levels())
        # Served before anything was approved: the walk that the approval begins finds them, the last one by name.
        programme.milestone(bronze(ZAID), lambda one: one.reached)
        yield programme
        applied = programme.directory.ListVolunteers(directory.ListVolunteersRequest(), metadata=READER, timeout=10)
        reached = {one.partition: one.position for one in applied.positions}
        both_agree(ledger, reached, tmp_path_factory.mktemp("exported") / "export", seed)
        rebuilt = hours_ledger(
            "rebuild", "--from", "store", "--data-dir", ledger.folder, LEDGER_PARTITIONS=str(partitions)
        )
        assert (rebuilt.returncode, "equal hashes" in rebuilt.stdout) == (0, True), rebuilt


def holders(answer: pb.ListHonoursResponse) -> list[str]:
    return [one.holder for one in answer.honours]


def test_reached_lost_by_a_reversal_and_reached_again_and_earlier_lists_stay(served: Recognising) -> None:
    first, verified = served.serve(BEN, "2026-11-04", 2)
    reached = served.told_after(bronze(BEN), verified)
    assert (reached.reached, reached.counted_seconds, reached.organizations_count) == (True, 2 * HOUR, 1)
    with_ben = served.honours("bronze")
    assert holders(with_ben) == [BEN, ZAID]
    assert with_ben.honour_count == 2
    lost = served.told_after(bronze(BEN), served.reverse(first))
    assert (lost.reached, lost.counted_seconds) == (False, 0)
    without = served.honours("bronze")
    assert holders(without) == [ZAID]
    _, again = served.serve(BEN, "2026-11-05", 3)
    assert served.told_after(bronze(BEN), again).reached
    assert holders(served.honours("bronze")) == [BEN, ZAID]
    assert holders(served.honours("bronze", with_ben.positions)) == [BEN, ZAID]
    assert holders(served.honours("bronze", without.positions)) == [ZAID]
    assert served.told_of(bronze(BEN)) == ["milestone-reached", "milestone-lost", "milestone-reached"]


def test_more_of_the_same_is_told_once(served: Recognising) -> None:
    _, verified = served.serve(CEM, "2026-11-04", 2)
    first = served.told_after(bronze(CEM), verified)
    _, more = served.serve(CEM, "2026-11-06", 2)
    time.sleep(1)
    assert served.told_of(bronze(CEM)) == ["milestone-reached"]
    [still] = [one for one in served.milestones(CEM) if one.name == bronze(CEM)]
    assert still.cause == first.cause != more


def test_duration_counts_from_the_first_to_the_newest_service(served: Recognising) -> None:
    gold = f"{DINA}/{MEDAL}/milestones/gold"
    served.serve(DINA, "2026-10-04", 2)
    served.serve(DINA, "2026-11-03", 2)
    served.milestone(bronze(DINA), lambda one: one.reached)
    assert gold not in [one.name for one in served.milestones(DINA)]
    newest, verified = served.serve(DINA, "2026-11-04", 1)
    reached = served.told_after(gold, verified)
    assert (reached.months, reached.counted_seconds) == (1, 5 * HOUR)
    assert not served.told_after(gold, served.reverse(newest)).reached


def test_an_honour_explains_itself_by_entries(served: Recognising) -> None:
    reversed_later, _ = served.serve(FAY, "2026-11-04", 2)
    served.reverse(reversed_later)
    _, verified = served.serve(FAY, "2026-11-05", 3)
    assert served.told_after(bronze(FAY), verified).reached
    explained = served.explained(bronze(FAY), page_size=1)
    into = sum(one.seconds for one in explained.entries if one.to_class == EVIDENCE_CLASS_VERIFIED)
    out_of = sum(one.seconds for one in explained.entries if one.from_class == EVIDENCE_CLASS_VERIFIED)
    assert into - out_of == explained.milestone.counted_seconds == 3 * HOUR
    assert out_of == 2 * HOUR, "what was reversed is part of the story"
    assert [one.event_type for one in explained.entries] == ["hours-verified", "hours-reversed", "hours-verified"]


def test_a_team_is_honoured_by_all_hours_served_with_it(served: Recognising) -> None:
    offered, crew = served.team(BEACH), f"{BEACH}/{MEDAL}/milestones/crew"
    first = served.record(GUL, "2026-11-01", 3, f"{offered}/shifts/one")
    served.verify(first, GREEN)
    served.count_heads(f"{offered}/shifts/two", 5, 1)
    assert not served.milestones(BEACH), "8 hours, and one person whose name is known"
    verified = served.verify(served.record(HAN, "2026-11-01", 2, f"{offered}/shifts/one"), GREEN)
    reached = served.told_after(crew, verified)
    assert (reached.counted_seconds, reached.persons_count, reached.skills_count) == (10 * HOUR, 2, 1)
    with_team = served.honours("crew")
    assert (holders(with_team), with_team.honour_count) == ([BEACH], 1)
    explained = served.explained(crew, page_size=1)
    assert sum(one.seconds for one in explained.entries) == 10 * HOUR
    assert {"/".join(one.attendance.split("/")[:2]) for one in explained.entries} == {GUL, HAN, offered}
    lost = served.told_after(crew, served.reverse(first, GREEN))
    assert (lost.reached, lost.counted_seconds, lost.persons_count) == (False, 7 * HOUR, 1)
    assert holders(served.honours("crew")) == []
    assert holders(served.honours("crew", with_team.positions)) == [BEACH]
    assert served.told_of(crew) == ["milestone-reached", "milestone-lost"]


def fetched(ledger: Served, path: str) -> bytes:
    with urllib.request.urlopen(f"http://{ledger.http}{path}", timeout=10) as answer:
        whole: bytes = answer.read()
    return whole


def test_a_badge_holds_offline_until_its_honour_is_lost(served: Recognising, ledger: Served) -> None:
    attendance, verified = served.serve(EVA, "2026-11-04", 2)
    reached = served.told_after(bronze(EVA), verified)
    badge = served.badge(bronze(EVA), [reached.told_at])
    keys = read_issuer_document(fetched(ledger, "/.well-known/jwt-vc-issuer"))
    claims = json.loads(read_base64url(badge.split(".")[1], "badge", "payload"))
    place = claims["status"]["status_list"]["uri"].removeprefix(keys.issuer)
    assert (claims["sub"], claims["credentialSubject"]["achievement"]["name"]) == (EVA, "synthetic: synthetic")
    assert verify_honour_badge(badge, keys, read_status_list(fetched(ledger, place).decode())) is True
    lost = served.told_after(bronze(EVA), served.reverse(attendance))
    deadline = time.monotonic() + 20
    while verify_honour_badge(badge, keys, read_status_list(fetched(ledger, place).decode())):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    with pytest.raises(grpc.RpcError) as raised:
        served.badge(bronze(EVA), [lost.told_at])
    assert refusal_of(raised.value).reason == "NOT_FOUND"


def test_new_skills_of_an_opportunity_reach_everybody_who_served_there(served: Recognising) -> None:
    skilled = f"{ZAID}/{MEDAL}/milestones/skilled"
    updating = registry.UpdateOpportunityRequest(
        name=GARDEN,
        opportunity=resources_pb2.Opportunity(organization=GREEN, title=NAME, skills=["first-aid", "gardening"]),
    )
    updating.update_mask.paths.append("skills")
    answer = served.send("RegistryService/UpdateOpportunity", with_id(updating))
    [updated] = resources_pb2.Opportunity.FromString(answer).positions
    assert served.told_after(skilled, updated).skills_count == 2


def test_who_proposes_does_not_approve(served: Recognising) -> None:
    version = served.propose(pb.RecognitionLevel(level="only", by_nomination=True), name="recognitions/other")
    approving = with_id(pb.ApproveRecognitionRequest(name=version))
    refused = served.refused("RecognitionService/ApproveRecognition", approving, PROPOSER)
    assert refused.reason == "POLICY_SAME_PERSON"
    served.approve(version)
    assert served.refused("RecognitionService/ApproveRecognition", approving, APPROVER).reason == "NOTHING_CHANGES"


def test_a_nomination_is_decided_by_two_others(served: Recognising) -> None:
    itself = served.nomination(EVA, "courage")
    assert served.refused("RecognitionService/Nominate", itself, EVA).reason == "NOMINATION_OF_ONESELF"
    by_hours = served.nomination(EVA, "bronze")
    assert served.refused("RecognitionService/Nominate", by_hours, "staff/nominator").reason == "NOT_FOUND"
    name = f"{EVA}/nominations/brave"
    served.send("RecognitionService/Nominate", served.nomination(EVA, "courage", nomination_id="brave"), "staff/one")
    for same in (EVA, "staff/one"):
        deciding = with_id(pb.DecideNominationRequest(name=name, approved=True))
        refused = served.refused("RecognitionService/DecideNomination", deciding, same)
        assert refused.reason == "NOMINATION_SAME_PERSON"
    assert served.decide(name, "staff/two").state == pb.NOMINATION_STATE_SECONDED
    twice = with_id(pb.DecideNominationRequest(name=name, approved=True))
    assert served.refused("RecognitionService/DecideNomination", twice, "staff/two").reason == "NOMINATION_SAME_PERSON"
    approved = served.decide(name, "staff/three")
    assert (approved.state, list(approved.decided_by)) == (pb.NOMINATION_STATE_APPROVED, ["staff/two", "staff/three"])
    seen = served.recognition.GetNomination(
        pb.GetNominationRequest(name=name, positions=approved.positions), metadata=READER, timeout=10
    )
    assert (seen.organization, seen.nominated_by, seen.state) == (GREEN, "staff/one", approved.state)
    assert holders(served.honours("courage")) == [EVA]
    explained = served.explained(name)
    assert (len(explained.events), len(explained.entries), explained.HasField("milestone")) == (3, 0, False)


def test_a_declined_nomination_says_why_and_honours_nobody(served: Recognising) -> None:
    name = f"{CEM}/nominations/not-so"
    served.send("RecognitionService/Nominate", served.nomination(CEM, "courage", nomination_id="not-so"), "staff/one")
    without = with_id(pb.DecideNominationRequest(name=name))
    assert served.refused("RecognitionService/DecideNomination", without, "staff/two").reason == "INVALID_ARGUMENT"
    declined = served.decide(name, "staff/two", "NOT_CONFIRMED")
    assert (declined.state, declined.reason) == (pb.NOMINATION_STATE_DECLINED, "NOT_CONFIRMED")
    assert CEM not in holders(served.honours("courage"))
    late = with_id(pb.DecideNominationRequest(name=name, approved=True))
    assert served.refused("RecognitionService/DecideNomination", late, "staff/three").reason == "NOTHING_CHANGES"


def test_a_list_comes_in_pages_that_are_one_answer(served: Recognising) -> None:
    whole = served.honours("bronze")
    first = served.honours("bronze", page_size=1)
    assert (holders(first), first.honour_count) == (holders(whole)[:1], len(whole.honours))
    rest = served.honours("bronze", page_token=first.next_page_token)
    assert holders(first) + holders(rest) == holders(whole)
    assert rest.positions == first.positions


def test_rules_that_do_not_fit_are_refused(served: Recognising) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        served.propose(pb.RecognitionLevel(level="nothing"), name="recognitions/empty")
    assert refusal_of(raised.value).reason == "POLICY_RULES_INVALID"


def test_a_version_of_another_date_leaves_who_served_before_it(served: Recognising) -> None:
    """Last: it changes what everybody reaches."""
    raised = pb.RecognitionLevel(level="bronze", verified_seconds_min=100 * HOUR)
    served.recognise(raised, day="2026-11-05")
    lost = served.milestone(bronze(BEN), lambda one: not one.reached)
    assert lost.recognition_version == f"{MEDAL}/versions/2"
    assert ZAID in holders(served.honours("bronze"))


def test_who_was_erased_is_counted_and_not_listed(served: Recognising) -> None:
    before = served.honours("bronze")
    erasing = registry.EraseVolunteerRequest(name=ZAID)
    served.send("RegistryService/EraseVolunteer", with_id(erasing))
    deadline = time.monotonic() + 20
    while ZAID in holders(served.honours("bronze")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    after = served.honours("bronze", before.positions)
    assert (after.honour_count, ZAID in holders(after)) == (before.honour_count, False)
