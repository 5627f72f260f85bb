"""Callers of test ledgers: one issuer a test process, whose tokens every ledger that it starts believes."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import grpc

from ledger.access.caller import Role
from ledger.access.local_issuer import JWKS_FILE, KEY_FILE, LOCAL_AUDIENCE, LOCAL_CLIENT, LOCAL_ISSUER, LocalIssuer

COORDINATOR = "staff/coordinator"
FAULT_CLIENTS = ("overlaps", "places", "union", "storm", "cut-off", "lost-answer", "lost-commit", "waiting")
DOSES = (2, 6, 9, 11, 20, 50, 100, 200, 1_000, 2_000)
CLIENTS = (
    LOCAL_CLIENT,
    *("tests", "bench", "ministry", "employer", "other"),
    *("laying-out", "fault-tests", "tenant-one", "tenant-two", "union-of-one", "waiting-alone"),
    *(f"{name}-{dose}" for name in FAULT_CLIENTS for dose in DOSES),
)
"""Let in as first clients."""
NOBODY = (("x-nobody", "1"),)
"""Carried by a call that is not to be introduced."""
OFFICES = (Role.ADMINISTRATOR, Role.AUDITOR, Role.GOVERNMENT_READER)


def issuer_folder() -> Path:
    """Holds the key of this process's issuer, and its public keys."""
    return _issuer()[1]


def trusting() -> dict[str, str]:
    """Settings of a ledger that believes this process's tokens."""
    return {
        "token_issuer": LOCAL_ISSUER,
        "token_audience": LOCAL_AUDIENCE,
        "token_jwks": str(issuer_folder() / JWKS_FILE),
        "first_clients": ",".join(CLIENTS),
    }


def believe_us(data_dir: Path) -> None:
    """Before an embedded ledger is first started there: its issuer will have our key."""
    shutil.copy(issuer_folder() / KEY_FILE, data_dir / KEY_FILE)


@lru_cache(10_000)
def token_for(actor: str = COORDINATOR, client: str = LOCAL_CLIENT, roles: Iterable[Role] = OFFICES) -> str:
    """By default somebody of the authority who may do everything: who may not is what tests of access are about."""
    return _issuer()[0].mint(actor, client, roles, 20 * 3600)


def token_of_seconds(actor: str, seconds: float, client: str = LOCAL_CLIENT) -> str:
    """A token that is soon worth nothing."""
    return _issuer()[0].mint(actor, client, (), seconds)


def acting_as(
    actor: str = COORDINATOR, *, client: str = LOCAL_CLIENT, roles: Iterable[Role] = OFFICES, purpose: str = ""
) -> tuple[tuple[str, str], ...]:
    """What a call carries."""
    carried = (("authorization", f"Bearer {token_for(actor, client, tuple(roles))}"),)
    return (*carried, ("x-purpose", purpose)) if purpose else carried


def channel_to(address: str, options: Any = None) -> grpc.Channel:
    """A channel on which a call that says nothing is made by the coordinator."""
    return grpc.intercept_channel(grpc.insecure_channel(address, options=options), _Introduced())


@lru_cache(1)
def _issuer() -> tuple[LocalIssuer, Path]:
    folder = Path(tempfile.mkdtemp(prefix="hours-test-issuer-"))
    folder.chmod(0o711)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return LocalIssuer.made_in(folder), folder


class _Introduced(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor
):
    """Says who calls where the call does not."""

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: grpc.ClientCallDetails, request: Any):
        return continuation(_introduced(details), request)

    def intercept_unary_stream(self, continuation: Callable[..., Any], details: grpc.ClientCallDetails, request: Any):
        return continuation(_introduced(details), request)

    def intercept_stream_stream(
        self, continuation: Callable[..., Any], details: grpc.ClientCallDetails, requests: Iterator[Any]
    ):
        return continuation(_introduced(details), requests)


class _Details(grpc.ClientCallDetails):
    def __init__(self, details: grpc.ClientCallDetails, metadata: tuple[tuple[str, str | bytes], ...]) -> None:
        self.method, self.timeout = details.method, details.timeout
        self.credentials, self.wait_for_ready = details.credentials, details.wait_for_ready
        self.compression = details.compression
        self.metadata = metadata


def _introduced(details: grpc.ClientCallDetails) -> grpc.ClientCallDetails:
    said: tuple[tuple[str, str | bytes], ...] = tuple(details.metadata or ())
    if any(key in ("authorization", "x-nobody") for key, _ in said):
        return details
    return _Details(details, (*said, *acting_as()))
