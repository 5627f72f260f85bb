"""A signed answer's file, from its first byte to what a person reads: who answered what, and out of which logs.

Loaded for such a file only: to show question and result it needs the messages of the API, but nothing to reach it with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message

from ledger.commands.verdicts import Told, signer, signer_text
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signed_answer import NAME_SUFFIX, SignedAnswer, parse_answer_file
from ledger.transparency.steps import step
from ledger.transparency.trust_policy import TrustPolicy, read_policy
from ledger.transparency.verifier_key import parse_vkey
from ledger.transparency.verify import CheckpointVerdict
from ledger.transparency.verify_answer import AnswerVerdict, steps_of, verify_answer
from volunteer_hours.v1 import hours_service_pb2 as pb

Result: TypeAlias = (
    pb.Balance
    | pb.BatchGetBalancesResponse
    | pb.ListEntriesResponse
    | pb.SummarizeHoursResponse
    | pb.RequirementCheck
    | pb.BatchCheckRequirementsResponse
    | pb.ExplainBalanceResponse
    | pb.ListRestatementsResponse
)

_METHODS: Final[Mapping[str, tuple[type[Message], type[Result]]]] = {
    "GetBalance": (pb.GetBalanceRequest, pb.Balance),
    "BatchGetBalances": (pb.BatchGetBalancesRequest, pb.BatchGetBalancesResponse),
    "ListEntries": (pb.ListEntriesRequest, pb.ListEntriesResponse),
    "SummarizeHours": (pb.SummarizeHoursRequest, pb.SummarizeHoursResponse),
    "CheckRequirement": (pb.CheckRequirementRequest, pb.RequirementCheck),
    "BatchCheckRequirements": (pb.BatchCheckRequirementsRequest, pb.BatchCheckRequirementsResponse),
    "ExplainBalance": (pb.ExplainBalanceRequest, pb.ExplainBalanceResponse),
    "ListRestatements": (pb.ListRestatementsRequest, pb.ListRestatementsResponse),
}
_SERVICE: Final = pb.DESCRIPTOR.services_by_name["HoursService"].full_name


@dataclass(frozen=True, slots=True)
class AnswerKeyRing:
    """The keys of the service that answers, and those of the logs by their origin."""

    answers: TrustPolicy
    logs: Mapping[str, TrustPolicy]

    @classmethod
    def read(cls, lines: Sequence[str], witness_lines: Sequence[str], witnesses_required: int) -> AnswerKeyRing:
        """From verifier key lines of both, told apart by their names. Raises Malformed for what is no such keys."""
        by_name: dict[str, list[str]] = {}
        for line in lines:
            by_name.setdefault(parse_vkey(line).name, []).append(line)
        answering = [name for name in by_name if name.endswith(NAME_SUFFIX)]
        if len(answering) != 1 or len(by_name) == 1:
            raise Malformed("keys", f"give those of the service's answers ({NAME_SUFFIX}) and those of its logs")
        answers = read_policy(by_name.pop(answering[0]))
        return cls(
            answers,
            {name: read_policy(lines, witness_lines, witnesses_required) for name, lines in by_name.items()},
        )


def verdict_of_file(data: bytes, keys: AnswerKeyRing) -> Told:
    """Check a file.

    Steps: 1 form of the file; then those of `verify_answer`; then two more: question and result are messages of the
    method, and the result was computed at the sizes of the logs.

    Raises:
        StepFailed: a step does not hold.
    """
    with step(1, "the file is a signed answer with its checkpoints"):
        note, checkpoints = parse_answer_file(data)
    verdict = verify_answer(note, checkpoints, keys.answers, keys.logs, first=2)
    following = 2 + steps_of(len(verdict.logs))
    with step(following, "question and result are messages of the method"):
        question, result = _messages(verdict.answer)
    with step(following + 1, "the result was computed at the sizes of the logs"):
        _need_sizes(result, verdict.answer)
    return _told(verdict, question, result)


def _messages(answer: SignedAnswer) -> tuple[Message, Result]:
    service, _, method = answer.method.rpartition("/")
    if service != _SERVICE or method not in _METHODS:
        raise Malformed("method", f"{answer.method} is not known here: a newer program reads it")
    asked, answered = _METHODS[method]
    try:
        return asked.FromString(answer.request), answered.FromString(answer.response)
    except DecodeError as error:
        raise Malformed("message", f"its bytes are none of {answer.method}: {error}") from error


def _need_sizes(result: Result, answer: SignedAnswer) -> None:
    at = {one.partition: one.position for one in result.positions}
    if len(at) != len(result.positions) or at != {number: log.size for number, log in enumerate(answer.logs)}:
        raise Malformed("result", f"it says positions {at} (partition: position)")


def _told(verdict: AnswerVerdict, question: Message, result: Result) -> Told:
    answer = verdict.answer
    asked, answered = (MessageToDict(one, preserving_proto_field_name=True) for one in (question, result))
    document = {
        "verified": "answer",
        "name": answer.name,
        "method": answer.method,
        "question": asked,
        "result": answered,
        "signed_by": [signer(one) for one in verdict.note.signed],
        "logs": [_log(log) for log in verdict.logs],
    }
    lines = [
        f"verified: {answer.name} gave this answer, computed from these logs",
        f"question: {answer.method}",
        json.dumps(asked, ensure_ascii=False, indent=2),
        "result:",
        json.dumps(answered, ensure_ascii=False, indent=2),
        *(f"  signed by {signer_text(one)}" for one in verdict.note.signed),
    ]
    for log in verdict.logs:
        head = log.checkpoint
        lines.append(f"  log {head.origin}, size {head.size}, root {base64_text(head.root)}")
        lines += [f"    signed by {signer_text(one)}" for one in log.signed]
    return Told(document, tuple(lines))


def _log(log: CheckpointVerdict) -> dict[str, object]:
    head = log.checkpoint
    return {
        "origin": head.origin,
        "size": head.size,
        "root": base64_text(head.root),
        "signed_by": [signer(one) for one in log.signed],
        "witnesses": sorted({one.key.name for one in log.cosigned}),
    }
