"""Errors as callers see them: a code for every kind, two languages for every reason, small enough to travel."""

import re

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from ledger.domain.refusals import Kind, Reason, Refusal, placeholders
from ledger.grpc.status import (
    CODE_OF_NUMBER,
    CODES,
    FieldViolation,
    InvalidRequest,
    broken_status,
    overdue_status,
    status_of,
)
from ledger.grpc.validation import VIOLATIONS_MAX

TRAILER_BYTES_MAX = 8 * 1024
ARABIC = re.compile(r"[\u0600-\u06ff]")


def refusal(reason: Reason) -> Refusal:
    return Refusal(reason, {name: f"<{name}>" for name in placeholders(reason.english)})


def details_of(status: status_pb2.Status) -> dict[str, Message]:
    known = (
        error_details_pb2.ErrorInfo,
        error_details_pb2.LocalizedMessage,
        error_details_pb2.BadRequest,
        error_details_pb2.RetryInfo,
    )
    found: dict[str, Message] = {}
    for packed in status.details:
        for kind in known:
            if packed.type_url.endswith(f"/google.rpc.{kind.__name__}"):
                assert kind.__name__ not in found, "each type of detail at most once"
                message = kind()
                packed.Unpack(message)
                found[kind.__name__] = message
    assert len(found) == len(status.details)
    return found


def test_every_kind_has_a_code():
    assert set(CODES) == set(Kind)
    assert grpc.StatusCode.OK not in CODES.values()
    assert grpc.StatusCode.INTERNAL not in CODES.values()
    assert grpc.StatusCode.UNKNOWN not in CODES.values()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_english_and_arabic_texts_that_say_the_same(reason):
    assert reason.english
    assert ARABIC.search(reason.arabic)
    assert not ARABIC.search(reason.english)
    assert placeholders(reason.english) == placeholders(reason.arabic)


def test_no_two_reasons_share_a_text():
    """Two members of an enum with equal values would be one member: its second name would never be seen."""
    names = {name for name, _ in Reason.__members__.items()}
    assert names == {reason.name for reason in Reason}


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_says_its_reason_and_an_arabic_text(reason):
    status = status_of(refusal(reason))
    details = details_of(status)
    assert CODE_OF_NUMBER[status.code] is CODES[reason.kind]
    info, localized = details["ErrorInfo"], details["LocalizedMessage"]
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert isinstance(localized, error_details_pb2.LocalizedMessage)
    assert (info.reason, info.domain) == (reason.name, "volunteer-hours")
    assert re.fullmatch(r"[A-Z][A-Z0-9_]{1,61}[A-Z0-9]", info.reason)
    assert set(info.metadata) == placeholders(reason.english), "all that varies in the text is in the metadata too"
    assert (localized.locale, localized.message) == ("ar", refusal(reason).arabic)
    assert "?" not in status.message
    assert ("RetryInfo" in details) == (reason.kind in (Kind.RETRY, Kind.LIMITED))


def test_a_request_of_the_wrong_form_says_what_is_wrong_field_by_field():
    status = status_of(InvalidRequest([FieldViolation("shift", "give a name", "string.pattern")]))
    bad_request = details_of(status)["BadRequest"]
    assert isinstance(bad_request, error_details_pb2.BadRequest)
    violation = bad_request.field_violations[0]
    assert (violation.field, violation.description, violation.reason) == ("shift", "give a name", "STRING_PATTERN")
    assert "shift: give a name" in status.message


def test_the_longest_error_fits_into_trailers():
    long = FieldViolation("attendances[499].group_attendance", "must match " + "x" * 220, "string.pattern")
    status = status_of(InvalidRequest([long] * VIOLATIONS_MAX))
    assert len(status.SerializeToString()) * 4 // 3 + len(status.message) < TRAILER_BYTES_MAX


@pytest.mark.parametrize(
    ("status", "code"),
    [(broken_status("0f"), grpc.StatusCode.INTERNAL), (overdue_status(), grpc.StatusCode.DEADLINE_EXCEEDED)],
)
def test_faults_and_deadlines_have_texts_too(status, code):
    details = details_of(status)
    assert CODE_OF_NUMBER[status.code] is code
    assert {"ErrorInfo", "LocalizedMessage"} <= set(details)
    assert ARABIC.search(str(getattr(details["LocalizedMessage"], "message", "")))
