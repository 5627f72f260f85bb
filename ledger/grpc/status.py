"""From what went wrong to what the caller sees: a gRPC code, and details that a program and a person can act on.

Every error carries ErrorInfo (its stable reason) and LocalizedMessage in Arabic; the message itself is English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from ledger.access.quotas import QuotaExceeded
from ledger.domain.refusals import Kind, Reason, Refusal
from ledger.texts.service import ERRORS
from ledger.texts.text import Text

DOMAIN: Final = "volunteer-hours"
RETRY_SECONDS: Final = 1
VIOLATIONS_NAMED_MAX: Final = 2
"""In the text for people; BadRequest has more."""
DETAILS_KEY: Final = "grpc-status-details-bin"

Context: TypeAlias = grpc.aio.ServicerContext[bytes, Message]

CODES: Final[Mapping[Kind, grpc.StatusCode]] = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.ALREADY_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Kind.REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    Kind.NOT_YET_KNOWN: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.RETRY: grpc.StatusCode.UNAVAILABLE,
    Kind.LIMITED: grpc.StatusCode.RESOURCE_EXHAUSTED,
}


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field of a request that is not as it should be. The description never repeats the value."""

    field: str
    description: str
    rule: str
    """Stable id of the rule, such as string.pattern."""


class InvalidRequest(Refusal):
    """A request whose fields do not have the right form; what is wrong stands field by field."""

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        named = violations[:VIOLATIONS_NAMED_MAX]
        text = "; ".join(f"{violation.field}: {violation.description}" for violation in named)
        super().__init__(Reason.INVALID_ARGUMENT, {"violations": text})
        self.violations = tuple(violations)


def status_of(refusal: Refusal) -> status_pb2.Status:
    """The whole error as google.rpc.Status."""
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=refusal.reason.name, domain=DOMAIN, metadata=refusal.details),
        error_details_pb2.LocalizedMessage(locale="ar", message=refusal.arabic),
    ]
    if isinstance(refusal, InvalidRequest):
        details.append(_bad_request(refusal))
    if refusal.may_be_asked_again:
        details.append(_retry_info(refusal))
    return _status(CODES[refusal.reason.kind], refusal.english, details)


def _retry_info(refusal: Refusal) -> error_details_pb2.RetryInfo:
    seconds = refusal.retry_after_seconds if isinstance(refusal, QuotaExceeded) else RETRY_SECONDS
    delay = Duration()
    delay.FromMilliseconds(round(seconds * 1_000))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def broken_status(incident: str) -> status_pb2.Status:
    """What a caller sees when the fault is ours: nothing of the cause, which stands in the log."""
    told = Text(*(one.format(incident=incident) for one in ERRORS["internal"]))
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"incident": incident}),
        error_details_pb2.LocalizedMessage(locale="ar", message=told.ar),
    ]
    return _status(grpc.StatusCode.INTERNAL, told.en, details)


def overdue_status() -> status_pb2.Status:
    """The caller's deadline passed. A command sent again with its request_id tells whether it was recorded."""
    told = ERRORS["deadline_exceeded"]
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason="DEADLINE_EXCEEDED", domain=DOMAIN),
        error_details_pb2.LocalizedMessage(locale="ar", message=told.ar),
    ]
    return _status(grpc.StatusCode.DEADLINE_EXCEEDED, told.en, details)


async def abort(context: Context, status: status_pb2.Status) -> NoReturn:
    """End the call with `status`."""
    code = CODE_OF_NUMBER[status.code]
    await context.abort(code, status.message, ((DETAILS_KEY, status.SerializeToString()),))


def _bad_request(invalid: InvalidRequest) -> error_details_pb2.BadRequest:
    violations = [
        error_details_pb2.BadRequest.FieldViolation(
            field=violation.field, description=violation.description, reason=_reason_of(violation.rule)
        )
        for violation in invalid.violations
    ]
    return error_details_pb2.BadRequest(field_violations=violations)


def _reason_of(rule: str) -> str:
    return rule.replace(".", "_").upper()


def _status(code: grpc.StatusCode, message: str, details: Sequence[Message]) -> status_pb2.Status:
    status = status_pb2.Status(code=_NUMBERS[code], message=message)
    for detail in details:
        status.details.add().Pack(detail)
    return status


_NUMBERS: Final[Mapping[grpc.StatusCode, int]] = {code: code.value[0] for code in grpc.StatusCode}
CODE_OF_NUMBER: Final[Mapping[int, grpc.StatusCode]] = {number: code for code, number in _NUMBERS.items()}
