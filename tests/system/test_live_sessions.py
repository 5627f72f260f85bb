"""A lesson held live: who attends, the curve, hours, and a peak that an adjudicator counts again. Synthetic persons."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from tests.system.acting import channel_to
from tests.system.grpc_caller import refusal_of, with_id
from tests.system.live_programme import HEARTBEAT, JOIN, JOINED, LEAVE, LEFT, LESSON, SEEN, TEST_ACCOUNT, Lesson
from tests.system.served_ledger import Done, Served, hours_ledger, served_in_a_folder
from tests.system.small_programme import ANA
from volunteer_hours.v1 import live_session_service_pb2 as pb

SILENCE = 10
PERSONS = [f"volunteers/synthetic-{number}" for number in range(8)]
GONE, SILENT, TWICE = PERSONS[0], PERSONS[1], PERSONS[2]


@dataclass
class Held:
    """A lesson that was held, and when the service said that people were there: [start, end) in seconds."""

    served: Served
    lesson: Lesson
    there: dict[str, tuple[int, int]]

    def run(self, *arguments: str | Path) -> Done:
        return hours_ledger(*arguments, address=self.served.grpc)


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def held(request: pytest.FixtureRequest) -> Iterator[Held]:
    """Eight people and a test account came; one left, one fell silent, one left by one of two devices."""
    with served_in_a_folder(request.param) as served, channel_to(served.grpc) as channel:
        lesson = Lesson(channel)
        lesson.begin(PERSONS, SILENCE)
        joined = {person: lesson.signal(person, JOIN).time.seconds for person in PERSONS}
        assert lesson.signal(TEST_ACCOUNT, HEARTBEAT).kind == JOINED
        assert lesson.signal(TWICE, JOIN, "tablet").kind == JOINED
        time.sleep(2.5)
        last = {SILENT: lesson.signal(SILENT, HEARTBEAT).time.seconds}
        last[GONE] = lesson.signal(GONE, LEAVE).time.seconds
        assert lesson.signal(TWICE, LEAVE, "phone").kind == LEFT
        for _ in range(2):
            time.sleep(6)
            for person in PERSONS[2:]:
                assert lesson.signal(person, HEARTBEAT, "tablet" if person == TWICE else "phone").kind == SEEN
        ended = lesson.end().end_time.seconds
        there = {person: (start, last.get(person, ended)) for person, start in joined.items()}
        yield Held(served, lesson, there)


def counted(there: dict[str, tuple[int, int]]) -> list[tuple[int, int]]:
    """The curve of what the service said, second by second."""
    seconds = range(min(start for start, _ in there.values()), max(end for _, end in there.values()) + 1)
    found: list[tuple[int, int]] = []
    for second in seconds:
        participants = sum(start <= second < end for start, end in there.values())
        if participants != (found[-1][1] if found else 0):
            found.append((second, participants))
    return found


def test_the_curve_is_what_was_answered(held: Held):
    assert held.lesson.curve() == counted(held.there)
    told = held.lesson.session()
    assert (told.peak_participants, told.persons, told.connections) == (8, 8, 10)
    assert told.peak_time.seconds == max(start for start, _ in held.there.values())
    assert told.state == pb.LIVE_SESSION_STATE_ENDED


def test_hours_follow_by_the_usual_path(held: Held):
    for person, (start, end) in held.there.items():
        held.lesson.wait_for_hours(person, end - start)
    assert held.lesson.attended(TEST_ACCOUNT) == 0


def test_who_never_joined_cannot_leave(held: Held):
    open_one = held.lesson.open(pb.LiveRule(), "another").name
    assert held.lesson.signal(GONE, LEAVE, session=open_one).kind == pb.PRESENCE_ANSWER_KIND_ABSENT


def test_nobody_attends_what_has_ended(held: Held):
    with pytest.raises(grpc.RpcError) as refused:
        held.lesson.signal(GONE, JOIN)
    assert refusal_of(refused.value).reason == "LIVE_SESSION_ENDED"


@pytest.fixture(scope="module")
def files(held: Held, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an adjudicator has: the file, the issuer's keys, the log's."""
    folder = tmp_path_factory.mktemp("adjudicator")
    certified = held.run("peak", "certify", LESSON, "--json")
    assert certified.returncode == 0, certified.stderr
    partition = json.loads(certified.stdout)["positions"][0]["partition"]
    keys = hours_ledger("keys", "--verifier", "--partition", str(partition), "--data-dir", held.served.folder)
    folder.joinpath("log.vkeys").write_text(keys.stdout, "utf-8")
    with urllib.request.urlopen(f"http://{held.served.http}/.well-known/jwt-vc-issuer") as answer:
        folder.joinpath("issuer.json").write_bytes(answer.read())
    saved = held.run("peak", "file", LESSON, "--out", folder / "peak")
    assert saved.returncode == 0, saved.stderr
    return folder


def verify(folder: Path, *more: str | Path, file: str = "peak") -> Done:
    keys = ("--issuer-keys", folder / "issuer.json", "--key", f"@{folder / 'log.vkeys'}")
    return hours_ledger("verify", "peak", folder / file, *keys, *more)


def test_an_adjudicator_counts_again_and_countersigns(held: Held, files: Path):
    told = verify(files, "--json", "--countersign", files / "own.key", "--name", "records.example/adjudicator")
    assert told.returncode == 0, told.stdout + told.stderr
    verdict = json.loads(told.stdout)
    assert (verdict["participants"], verdict["persons"]) == (8, 8)
    assert [participants for _, participants in verdict["curve"]] == [count for _, count in counted(held.there)]
    confirmed = held.run("peak", "confirm", LESSON, verdict["verifier_key"], verdict["signature"])
    assert confirmed.returncode == 0, confirmed.stderr
    held.run("peak", "file", LESSON, "--out", files / "confirmed")
    assert "countersigned by records.example/adjudicator" in verify(files, file="confirmed").stdout
    assert held.run("peak", "confirm", LESSON, verdict["verifier_key"], verdict["signature"]).returncode == 1


def test_a_signature_over_something_else_is_refused(held: Held, files: Path):
    other = verify(files, "--json", "--countersign", files / "other.key", "--name", "records.example/other")
    told = json.loads(other.stdout)
    wrong = pb.ConfirmPeakRequest(name=LESSON, verifier_key=told["verifier_key"], signature=b"\0" * 64)
    refused = held.lesson.refused("LiveSessionService/ConfirmPeak", with_id(wrong))
    assert refused.reason == "COUNTERSIGNATURE_INVALID"


def test_a_certificate_is_made_once_and_told_again(held: Held, files: Path):
    first, second = (held.run("peak", "show", LESSON, "--json").stdout for _ in range(2))
    assert json.loads(first)["certificate"] == json.loads(second)["certificate"]
    assert held.run("peak", "certify", LESSON).returncode == 1


def test_rebuilt_rows_give_the_same_curve(held: Held, files: Path):
    before = held.lesson.curve()
    rebuilt = hours_ledger("rebuild", "--from", "store", "--data-dir", held.served.folder)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert held.lesson.curve() == before
    again = pb.PeakCertificate.FromString(
        held.lesson.send("LiveSessionService/GetPeakCertificate", pb.GetPeakCertificateRequest(name=LESSON))
    )
    assert json.loads(held.run("peak", "show", LESSON, "--json").stdout)["certificate"] == again.certificate


def test_an_outside_curve_stands_beside(held: Held):
    points = [pb.CurvePoint(participants=5), pb.CurvePoint(participants=9)]
    points[0].time.seconds, points[1].time.seconds = 1_764_000_000, 1_764_000_060
    request = pb.AttachExternalCurveRequest(
        name=LESSON, platform="Synthetic platform", file_sha256=b"\1" * 32, points=points
    )
    held.lesson.send("LiveSessionService/AttachExternalCurve", with_id(request))
    body = held.lesson.send("LiveSessionService/ListExternalCurves", pb.ListExternalCurvesRequest(name=LESSON))
    [curve] = pb.ListExternalCurvesResponse.FromString(body).curves
    assert (curve.peak_participants, curve.platform) == (9, "Synthetic platform")
    assert held.lesson.session().peak_participants == 8


def test_who_is_not_known_or_not_registered_is_refused_alone(held: Held):
    held.lesson.open(pb.LiveRule(registration_required=True), "closed")
    other = f"{LESSON.rpartition('/')[0]}/closed"
    for person, reason in ((ANA, "NOT_REGISTERED"), ("volunteers/nobody", "NOT_FOUND")):
        with pytest.raises(grpc.RpcError) as refused:
            held.lesson.signal(person, JOIN, session=other)
        assert refusal_of(refused.value).reason == reason
