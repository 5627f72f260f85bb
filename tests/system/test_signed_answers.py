"""Questions asked with proof: computed at checkpoints, signed with the question, kept as a file, checked by anybody."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from psycopg_pool import AsyncConnectionPool

from ledger.answer_keys import AnswerKeys
from ledger.commands.policies import read_proposal
from ledger.domain.refusals import InvariantBroken, Reason, Refusal
from ledger.grpc.signed_answers import SignedAnswers
from ledger.log_serving.log_lookups import Pool
from ledger.transparency.signed_answer import format_answer_file, parse_answer_file
from ledger.transparency.verify_answer import verify_answer
from tests.system.asked_service import HOUR, KEYS, Asked, asked_service
from tests.system.grpc_caller import refusal_of, request_id, with_id
from tests.system.served_ledger import PROJECT, answered, hours_ledger
from tests.system.small_programme import ANA, beginnings
from volunteer_hours.v1 import hours_service_pb2 as pb
from volunteer_hours.v1 import participation_service_pb2 as participation
from volunteer_hours.v1 import values_pb2
from volunteer_hours.v1.audit_service_pb2 import GetEventRequest
from volunteer_hours.v1.audit_service_pb2_grpc import AuditServiceStub
from volunteer_hours.v1.policy_service_pb2 import ApprovePolicyRequest
from volunteer_hours.v1.positions_pb2 import AsOf, Position, PositionSet
from volunteer_hours.v1.reporting_service_pb2 import ClosePeriodRequest


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def asked(request, postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The small programme with three hours of Ana's, everything signed."""
    with asked_service(postgres, tmp_path_factory.mktemp("answers"), request.param) as asked:
        assert (
            refusal_of(refused(asked, "GetBalance", pb.GetBalanceRequest(name=ANA, proof=True))).reason
            == "LOG_NOT_KEPT"
        )
        for method, message in beginnings():
            asked.client.send(f"RegistryService/{method}", with_id(message))
        for day in (1, 2, 3):
            asked.serve(day)
        proposal = read_proposal(PROJECT / "examples" / "policies" / "sa-secondary-school-40h.json")
        asked.client.send("PolicyService/ProposePolicy", proposal)
        approval = ApprovePolicyRequest(request_id=request_id(), name=f"{RULE}/versions/1")
        asked.client.send("PolicyService/ApprovePolicy", approval, "staff/minister")
        october = values_pb2.Period(start_date="2026-10-01", end_date="2026-10-31")
        closing = ClosePeriodRequest(request_id=request_id(), period_id="october", period=october)
        asked.client.send("ReportingService/ClosePeriod", closing)
        asked.serve(4)
        asked.sign()
        yield asked


def refused(asked: Asked, method: str, request: Message, **options: Any) -> Any:
    with pytest.raises(grpc.RpcError) as raised:
        getattr(asked.stub, method)(request, **options)
    return raised.value


RULE = "policies/sa-secondary-school-40h"
BY_MONTH = pb.SUMMARY_DIMENSION_MONTH
QUESTIONS = [
    ("GetBalance", pb.GetBalanceRequest(name=ANA)),
    ("GetBalance", pb.GetBalanceRequest(name=ANA, period=values_pb2.Period(start_date="2026-10-02"))),
    ("BatchGetBalances", pb.BatchGetBalancesRequest(names=[ANA, "opportunities/garden", ANA])),
    ("ListEntries", pb.ListEntriesRequest(parent=ANA)),
    ("SummarizeHours", pb.SummarizeHoursRequest(group_by=BY_MONTH)),
    (
        "SummarizeHours",
        pb.SummarizeHoursRequest(group_by=pb.SUMMARY_DIMENSION_SECTOR, organization="organizations/green"),
    ),
    ("CheckRequirement", pb.CheckRequirementRequest(name=ANA, requirement=RULE, date="2026-10-31")),
    ("BatchCheckRequirements", pb.BatchCheckRequirementsRequest(names=[ANA], requirement=RULE, date="2026-10-31")),
    ("ExplainBalance", pb.ExplainBalanceRequest(name=ANA)),
    ("ListRestatements", pb.ListRestatementsRequest(parent="periods/october")),
]


@pytest.mark.parametrize(("method", "question"), QUESTIONS, ids=[method for method, _ in QUESTIONS])
def test_what_is_signed_is_what_is_answered_as_of_the_checkpoints(asked: Asked, method: str, question: Any):
    sizes = asked.sign()
    asked.serve(20)
    ask = getattr(asked.stub, method)
    question = type(question).FromString(question.SerializeToString())
    question.proof = True
    answer = ask(question)
    verdict = asked.checked(answer)
    assert verdict.answer.method == f"volunteer_hours.v1.HoursService/{method}"
    assert type(question).FromString(verdict.answer.request) == question
    assert {one.partition: one.position for one in answer.positions} == sizes
    question.proof = False
    question.as_of.positions.positions.extend(Position(partition=one, position=size) for one, size in sizes.items())
    plain = ask(question)
    for message in (plain, answer):
        message.ClearField("recorded_through")
    answer.ClearField("signed_answer")
    answer.ClearField("checkpoints")
    assert answer == plain


def test_it_says_through_when_and_no_later_than_its_checkpoints_do(asked: Asked):
    sizes = asked.sign()
    asked.serve(19)
    answer = asked.stub.GetBalance(pb.GetBalanceRequest(name=ANA, proof=True))
    audit = AuditServiceStub(asked.channel)
    last = [audit.GetEvent(GetEventRequest(partition=one, position=size)).event for one, size in sizes.items()]
    assert answer.recorded_through.ToJsonString() == min(json.loads(event)["time"] for event in last)


def test_an_answer_kept_before_a_correction_still_verifies_and_says_something_else(asked: Asked):
    attendance = asked.serve(21)
    asked.sign()
    question = pb.GetBalanceRequest(name=ANA, proof=True)
    before = asked.stub.GetBalance(question)
    kept = format_answer_file(before.signed_answer, before.checkpoints)
    correction = participation.CorrectAttendanceRequest(
        request_id=request_id(), name=attendance.name, reason="WRONG_TIMES"
    )
    correction.start_time.CopyFrom(attendance.start_time)
    correction.end_time.seconds = attendance.start_time.seconds + HOUR // 2
    asked.client.send("ParticipationService/CorrectAttendance", correction)
    unsigned_yet = asked.stub.GetBalance(question)
    assert unsigned_yet.seconds == before.seconds
    asked.sign()
    after = asked.stub.GetBalance(question)
    assert asked.checked(after).answer.response != asked.checked(before).answer.response
    assert before.seconds.attended_seconds - after.seconds.attended_seconds == HOUR // 2
    policies = {writer.origin: writer.policy for writer in asked.writers}
    old = verify_answer(*parse_answer_file(kept), KEYS.policy, policies)
    assert pb.Balance.FromString(old.answer.response).seconds == before.seconds


def test_positions_are_waited_for_until_a_checkpoint_covers_them(asked: Asked):
    written = asked.serve(22)
    question = pb.GetBalanceRequest(name=ANA, proof=True, positions=written.positions)
    late = refused(asked, "GetBalance", question, timeout=0.5)
    assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(asked.stub.GetBalance, question, timeout=20)
        asked.sign()
        answer = waiting.result(20)
    asked.checked(answer)
    assert answer.positions[asked.home].position >= written.positions[0].position
    beyond = pb.GetBalanceRequest(name=ANA, proof=True, positions=[Position(partition=asked.partitions, position=1)])
    assert refusal_of(refused(asked, "GetBalance", beyond)).reason == "POSITION_UNKNOWN"


def test_all_pages_of_a_list_rest_on_the_first_one_s_checkpoints(asked: Asked):
    sizes = asked.sign()
    question = pb.ListEntriesRequest(parent=ANA, page_size=2, proof=True)
    pages: list[pb.ListEntriesResponse] = []
    while not pages or question.page_token:
        pages.append(asked.stub.ListEntries(question))
        asked.checked(pages[-1])
        assert {one.partition: one.position for one in pages[-1].positions} == sizes
        question.page_token = pages[-1].next_page_token
        asked.serve(23)
        asked.sign()
    assert len(pages) > 1
    unsigned = pb.ListEntriesRequest(parent=ANA, page_size=1_000)
    for partition, size in sizes.items():
        unsigned.as_of.positions.positions.add(partition=partition, position=size)
    assert [entry for page in pages for entry in page.entries] == list(asked.stub.ListEntries(unsigned).entries)


def test_a_page_token_of_another_question_or_of_sizes_never_signed_is_refused(asked: Asked):
    first = asked.stub.ListEntries(pb.ListEntriesRequest(parent=ANA, page_size=1, proof=True))
    written = asked.serve(24)
    plain = pb.ListEntriesRequest(parent=ANA, page_size=1, positions=written.positions)
    for token in (
        asked.stub.ListEntries(plain).next_page_token,
        first.next_page_token[:-8],
        "rubbish",
    ):
        request = pb.ListEntriesRequest(parent=ANA, page_size=1, page_token=token, proof=True)
        assert refusal_of(refused(asked, "ListEntries", request)).reason == "PAGE_TOKEN_INVALID"
    request = pb.ListEntriesRequest(parent=ANA, page_size=1, page_token=first.next_page_token)
    assert refusal_of(refused(asked, "ListEntries", request)).reason == "PAGE_TOKEN_INVALID"


AS_OF = AsOf(positions=PositionSet(positions=[Position(position=1)]))
IDENTITY = values_pb2.Identity(type=values_pb2.IDENTITY_TYPE_NATIONAL_ID, number="1058529940")
NEVER_SIGNED = [
    ("GetBalance", pb.GetBalanceRequest(name=ANA, proof=True, as_of=AS_OF), "as_of"),
    ("BatchGetBalances", pb.BatchGetBalancesRequest(names=[ANA], proof=True, as_of=AS_OF), "as_of"),
    ("ListEntries", pb.ListEntriesRequest(parent=ANA, proof=True, as_of=AS_OF), "as_of"),
    (
        "SummarizeHours",
        pb.SummarizeHoursRequest(group_by=BY_MONTH, proof=True, as_of=AS_OF),
        "as_of",
    ),
    ("BatchGetBalances", pb.BatchGetBalancesRequest(identities=[IDENTITY], proof=True), "identities"),
]


@pytest.mark.parametrize(("method", "question", "wrong"), NEVER_SIGNED)
def test_what_is_never_signed_is_refused_by_field(asked: Asked, method: str, question: Message, wrong: str):
    refusal = refusal_of(refused(asked, method, question))
    assert (refusal.reason, refusal.fields) == ("INVALID_ARGUMENT", (wrong,))


def test_who_is_not_known_is_not_signed_to_have_no_hours(asked: Asked):
    question = pb.GetBalanceRequest(name="volunteers/nobody", proof=True)
    assert refusal_of(refused(asked, "GetBalance", question)).reason == "NOT_FOUND"


def verify(asked: Asked, folder: Path, file: str, *more: str) -> Any:
    keys = ("--key", f"@{folder / 'answers.vkeys'}", "--key", f"@{folder / 'log.vkeys'}")
    return hours_ledger("verify", folder / file, *keys, *more)


@pytest.fixture(scope="module")
def kept(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What whoever asked keeps: the public keys, and answers of three commands."""
    folder = tmp_path_factory.mktemp("kept")
    keys = hours_ledger("keys", "--answers", LEDGER_DATABASE="unused", LEDGER_ANSWER_KEYS=KEYS.setting())
    assert keys.stdout.splitlines() == KEYS.verifier_lines(), keys.stderr
    folder.joinpath("answers.vkeys").write_text(keys.stdout, "utf-8")
    lines = [line for writer in asked.writers for line in writer.vkeys]
    folder.joinpath("log.vkeys").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    for command in (("balance", ANA), ("entries", ANA, "--limit", "3"), ("report", "--by", "month")):
        file = folder / f"{command[0]}.answer"
        done = hours_ledger(*command, "--signed", file, address=asked.log.grpc)
        assert done.returncode == 0, done.stderr
        assert ":00:00" in done.stdout or ":30:00" in done.stdout
    return folder


@pytest.mark.parametrize(
    ("command", "method"), [("balance", "GetBalance"), ("entries", "ListEntries"), ("report", "SummarizeHours")]
)
def test_a_kept_answer_is_checked_from_its_file_alone(asked: Asked, kept: Path, command: str, method: str):
    told = answered(verify(asked, kept, f"{command}.answer", "--json"))
    assert (told["verified"], told["method"]) == ("answer", f"volunteer_hours.v1.HoursService/{method}")
    assert told["question"]["proof"] is True
    assert [log["origin"] for log in told["logs"]] == [writer.origin for writer in asked.writers]
    at = {one.get("partition", 0): int(one["position"]) for one in told["result"]["positions"]}
    assert [log["size"] for log in told["logs"]] == [at[partition] for partition in range(asked.partitions)]
    assert [one["type"] for one in told["signed_by"]] == ["ED25519", "ML_DSA_44"]
    shown = verify(asked, kept, f"{command}.answer").stdout
    assert shown.startswith(f"verified: {KEYS.name} gave this answer")
    assert ANA in shown or command == "report"


def test_the_page_s_commands_work_as_printed(asked: Asked, kept: Path, tmp_path: Path, monkeypatch):
    page = (PROJECT / "docs" / "signed-answers.md").read_text("utf-8")
    commands = [line.split() for line in re.findall(r"^\$ hours-ledger (.+)$", page, re.MULTILINE)]
    assert [command[0] for command in commands] == ["keys", "balance", "verify"]
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("log.vkeys").write_bytes(kept.joinpath("log.vkeys").read_bytes())
    for command in commands:
        words, out = (command[: command.index(">")], command[-1]) if ">" in command else (command, "")
        words = [word.replace("volunteers/v1", ANA) for word in words]
        environment = {"LEDGER_DATABASE": "unused", "LEDGER_ANSWER_KEYS": KEYS.setting()}
        done = hours_ledger(*words, address=asked.log.grpc, **environment)
        assert done.returncode == 0, done.stderr
        if out:
            tmp_path.joinpath(out).write_text(done.stdout, "utf-8")
    assert done.stdout.startswith("verified: ")


def test_what_was_kept_is_not_overwritten(asked: Asked, kept: Path):
    file = kept / "balance.answer"
    before = file.read_bytes()
    done = hours_ledger("balance", ANA, "--signed", file, address=asked.log.grpc)
    assert (done.returncode, file.read_bytes()) == (1, before)
    assert "not overwritten" in done.stderr
    assert hours_ledger("report", "--against", file, "--signed", file, address=asked.log.grpc).returncode == 2


def forged(asked: Asked, **changes: Any) -> bytes:
    """An answer as the service's own keys would sign it if it said something else; the checkpoints stay."""
    answer = asked.stub.GetBalance(pb.GetBalanceRequest(name=ANA, proof=True))
    said = asked.checked(answer).answer
    fields = {name: changes.get(name, getattr(said, name)) for name in ("log_origin", "method", "request", "response")}
    note = KEYS.sign(type(said)(**fields, logs=changes.get("logs", said.logs)), 1_795_000_000)
    return format_answer_file(note, answer.checkpoints)


def test_a_changed_file_fails_at_its_step(asked: Asked, kept: Path):
    good = kept.joinpath("balance.answer").read_bytes()
    lines = good.split(b"\n")
    other = kept.joinpath("entries.answer").read_bytes().split(b"\n")
    last = 12 + 8 * asked.partitions
    header, text, _, *logs = good.split(b"\n\n")
    for number, changed in (
        (1, good.replace(b"@v1", b"@v2", 1)),
        (1, good[:-1]),
        (5, b"\n".join([*lines[:5], other[5], *lines[6:]])),  # the question of another answer
        (5, b"\n".join([*lines[:6], other[6], *lines[7:]])),  # its result
        (5, good.replace(b"log/0 ", b"log/0 1", 1)),  # a size
        (6, b"\n\n".join([header, text, logs[1].rstrip(b"\n"), *logs])),  # the log's signatures under the answer
        (last, forged(asked, method="volunteer_hours.v1.HoursService/ForgetBalance")),
        (last, forged(asked, response=b"\xff")),
        (last + 1, forged(asked, response=pb.Balance(name=ANA).SerializeToString())),
    ):
        kept.joinpath("changed.answer").write_bytes(changed)
        done = verify(asked, kept, "changed.answer")
        assert (done.returncode, done.stdout) == (1, ""), (number, done)
        assert done.stderr.startswith(f"step {number} ("), (number, done.stderr)


def test_an_older_checkpoint_does_not_stand_behind_a_newer_answer(asked: Asked, kept: Path):
    note, notes = parse_answer_file(kept.joinpath("balance.answer").read_bytes())
    writer = asked.writers[asked.home]
    older = writer.checkpoints[min(writer.checkpoints)]
    changed = [*notes[: asked.home], older, *notes[asked.home + 1 :]]
    kept.joinpath("older.answer").write_bytes(format_answer_file(note, changed))
    done = verify(asked, kept, "older.answer", "--json")
    assert (done.returncode, json.loads(done.stdout)["step"]) == (1, 19 + 8 * asked.home)


def test_keys_must_be_those_of_answers_and_logs(asked: Asked, kept: Path):
    answers, log = f"@{kept / 'answers.vkeys'}", f"@{kept / 'log.vkeys'}"
    file = kept / "balance.answer"
    for keys in ((answers,), (log,), (answers, log, AnswerKeys.fresh("other.example").verifier_lines()[0])):
        done = hours_ledger("verify", file, *(word for key in keys for word in ("--key", key)))
        assert done.returncode == 2, done
        assert "/answers" in done.stderr
    other = AnswerKeys.fresh("volunteer-hours.localhost/log").verifier_lines()[0]
    assert hours_ledger("verify", file, "--key", other, "--key", log).stderr.startswith("step 6 (")
    assert hours_ledger("verify", file, "--key", answers, "--key", log, "--old", file).returncode == 2


@asynccontextmanager
async def signing(asked: Asked, keys: AnswerKeys | None) -> AsyncIterator[SignedAnswers]:
    pool: Pool = AsyncConnectionPool(
        asked.log.settings.database, min_size=1, max_size=1, open=False, kwargs={"autocommit": True}
    )
    async with pool:
        yield SignedAnswers(pool, asked.partitions, keys)


async def many_groups(question: pb.SummarizeHoursRequest) -> pb.SummarizeHoursResponse:
    """A summary by opportunity as a nation's could be."""
    groups = [pb.HoursGroup(key=f"opportunities/{number:060}", entry_count=number) for number in range(12_000)]
    return pb.SummarizeHoursResponse(groups=groups, positions=question.as_of.positions.positions)


async def test_without_keys_nothing_is_signed(asked: Asked):
    async with signing(asked, None) as answers:
        with pytest.raises(Refusal) as caught:
            await answers.answer("SummarizeHours", pb.SummarizeHoursRequest(proof=True), 5.0, many_groups)
    assert caught.value.reason is Reason.ANSWERS_NOT_SIGNED


async def test_what_no_note_could_hold_is_refused_in_words(asked: Asked):
    asked.sign()
    async with signing(asked, KEYS) as answers:
        with pytest.raises(Refusal) as caught:
            await answers.answer("SummarizeHours", pb.SummarizeHoursRequest(proof=True), 5.0, many_groups)
    assert caught.value.reason is Reason.ANSWER_TOO_LARGE
    assert "ask for less" in caught.value.english


async def test_what_was_computed_elsewhere_is_not_signed(asked: Asked):
    async def elsewhere(question: pb.GetBalanceRequest) -> pb.Balance:
        question.as_of.positions.positions[0].position += 1
        return pb.Balance(name=question.name, positions=question.as_of.positions.positions)

    asked.sign()
    async with signing(asked, KEYS) as answers:
        with pytest.raises(InvariantBroken, match="not at the checkpoints"):
            await answers.answer("GetBalance", pb.GetBalanceRequest(name=ANA, proof=True), 5.0, elsewhere)


def test_a_partition_whose_log_is_still_empty_counts_as_nothing(postgres, tmp_path):
    with asked_service(postgres, tmp_path, 2) as asked:
        asked.writers[0].grow_to(1)
        asked.writers[1].grow_to(0)
        answer = asked.stub.SummarizeHours(pb.SummarizeHoursRequest(group_by=BY_MONTH, proof=True))
        verdict = asked.checked(answer)
    assert [log.checkpoint.size for log in verdict.logs] == [1, 0]
    assert not answer.HasField("recorded_through")
    assert not answer.groups
