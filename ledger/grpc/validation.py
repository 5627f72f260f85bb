"""Whether a request has the form its proto promises: readable, no unknown fields, every rule of protovalidate.

An unknown field is refused, not ignored: it may carry what the caller believes to be recorded.
"""

from __future__ import annotations

from typing import Final, TypeVar

import protovalidate
from google.protobuf.message import DecodeError, Message

from ledger.domain.refusals import Reason, refuse
from ledger.grpc.status import FieldViolation, InvalidRequest

VIOLATIONS_MAX: Final = 5
"""More are cut off: an error travels in trailers, which clients accept up to 8 KiB."""

M = TypeVar("M", bound=Message)

_VALIDATOR: Final = protovalidate.Validator()


def read_request(kind: type[M], body: bytes) -> M:
    """The message in `body`. Refuses INVALID_ARGUMENT and UNKNOWN_FIELDS."""
    try:
        message = kind.FromString(body)
    except DecodeError:
        raise InvalidRequest([FieldViolation("", "these bytes are no such message", "message.decode")]) from None
    message.DiscardUnknownFields()
    if message.ByteSize() != len(body):
        _refuse_unknown_fields(kind, body, message)
    violations = _VALIDATOR.collect_violations(message)
    if violations:
        raise InvalidRequest([_violation(violation) for violation in violations[:VIOLATIONS_MAX]])
    return message


def _refuse_unknown_fields(kind: type[M], body: bytes, known: Message) -> None:
    # The sizes may also differ because the caller's encoder wrote the same fields in a longer way: that is allowed.
    if kind.FromString(body).ByteSize() != known.ByteSize():
        refuse(Reason.UNKNOWN_FIELDS)


def _violation(violation: protovalidate.Violation) -> FieldViolation:
    path = ""
    for element in violation.proto.field.elements if violation.proto.field else ():
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return FieldViolation(path, violation.proto.message, violation.proto.rule_id)
