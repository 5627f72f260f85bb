"""Which errors are a row's own, and which are none at all. Any other error ends the import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import grpc
from google.rpc import status_pb2

from ledger.patient_client import status_of

OF_THE_ROW: Final = (
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.ABORTED,
)
ALREADY_THERE: Final = frozenset({"ALREADY_EXISTS", "ALREADY_REGISTERED", "REQUEST_ID_REUSED"})
"""Somebody was faster, perhaps this import before it was killed: what is there now is compared with the row."""
NOTHING_CHANGES: Final = "NOTHING_CHANGES"
NOT_FOUND: Final = "NOT_FOUND"
NOT_YET_KNOWN: Final = "NOT_YET_KNOWN"

Words: TypeAlias = Callable[[status_pb2.Status], str]
"""A refusal in the caller's language, on one line."""


def as_status(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    """What the service said. Raises the error itself where it is no row's own."""
    if error.code() not in OF_THE_ROW:
        raise error
    return status_of(error) or status_pb2.Status(message=f"{error.code().name}: {error.details()}")
