"""A ledger served as in production: over TLS on every address, to callers with certificates and tokens."""

from __future__ import annotations

import os
import queue
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.settings import Settings
from tests.access.believing import base64url
from tests.system.certificates import Authority, Identity
from tests.system.grpc_caller import refusal_of
from tests.system.served_ledger import Done, hours_ledger
from tests.system.served_log import PROJECT, serving
from tests.system.stored_history import opened_store, settings_environment
from tests.system.token_issuer import Issuer
from volunteer_hours.v1.participation_service_pb2_grpc import ParticipationServiceStub
from volunteer_hours.v1.policy_service_pb2 import ListPoliciesRequest
from volunteer_hours.v1.policy_service_pb2_grpc import PolicyServiceStub

OURS = Authority.fresh("Our Authority")
MINISTRY = OURS.client("ministry")
UNIVERSITY = OURS.client("university")
STRANGER = OURS.client("stranger")
ISSUER = Issuer()
Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Secured:
    """A running service and the folder of its files."""

    port: str
    http_port: str
    folder: Path
    settings: Settings

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    @contextmanager
    def channel(self, client: Identity) -> Iterator[grpc.Channel]:
        credentials = grpc.ssl_channel_credentials(OURS.pem, client.key_pem, client.pem)
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.secure_channel(self.address, credentials, options) as channel:
            yield channel

    def ask(self, client: Identity, metadata: Metadata = ()) -> None:
        """A question that an administrator may ask. Raises grpc.RpcError."""
        with self.channel(client) as channel:
            PolicyServiceStub(channel).ListPolicies(ListPoliciesRequest(), metadata=metadata, timeout=20)

    def refused(self, client: Identity, metadata: Metadata = ()) -> str:
        """How the same question was refused."""
        with pytest.raises(grpc.RpcError) as raised:
            self.ask(client, metadata)
        refused = refusal_of(raised.value)
        assert refused.code is grpc.StatusCode.UNAUTHENTICATED
        return refused.reason

    def command(self, client: Identity | None, **variables: str) -> Done:
        """`policies list`, as somebody who has a certificate of the authority, or none."""
        (self.folder / "ca.pem").write_bytes(OURS.pem)
        given = {"LEDGER_SERVER_CA": str(self.folder / "ca.pem"), **variables}
        if client is not None:
            client.write(self.folder / "client.pem", self.folder / "client.key")
            given["LEDGER_CLIENT_CERTIFICATE"] = str(self.folder / "client.pem")
            given["LEDGER_CLIENT_KEY"] = str(self.folder / "client.key")
        return hours_ledger("policies", "list", address=self.address, **given)


@pytest.fixture(scope="module")
def secured(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    OURS.server().write(folder / "server.pem", folder / "server.key")
    (folder / "clients.pem").write_bytes(OURS.pem)
    settings = opened_store(postgres, 1).model_copy(
        update={
            **ISSUER.settings(folder),
            "token_leeway_seconds": 1,
            "grpc_address": "0.0.0.0:0",
            "http_address": "0.0.0.0:0",
            "tls_certificate": str(folder / "server.pem"),
            "tls_key": str(folder / "server.key"),
            "tls_client_ca": str(folder / "clients.pem"),
            "first_clients": f"ministry={MINISTRY.sha256},university={UNIVERSITY.sha256}",
        }
    )
    with serving(settings, folder) as (_, address, http_address):
        port, http_port = (one.rpartition(":")[2] for one in (address, http_address))
        yield Secured(port, http_port, folder, settings)


def bearer(*arguments: Any, **overrides: Any) -> Metadata:
    return ISSUER.metadata(*arguments, **overrides)


def test_a_registered_certificate_is_enough(secured: Secured):
    secured.ask(MINISTRY)
    secured.ask(MINISTRY, bearer("staff/amal", "ministry", ["administrator"]))


def test_a_certificate_that_nobody_registered_is_not(secured: Secured):
    assert secured.refused(STRANGER) == "UNAUTHENTICATED"


def test_a_token_is_its_own_client_s_alone(secured: Secured):
    """Replayed by another client that has a certificate, or by one that is not registered."""
    token = bearer("staff/amal", "ministry", ["administrator"])
    for other in (UNIVERSITY, STRANGER):
        assert secured.refused(other, token) == "UNAUTHENTICATED"


def test_a_token_bound_to_a_certificate_is_worth_nothing_with_another(secured: Secured):
    renewed = {"x5t#S256": base64url(bytes.fromhex(STRANGER.sha256))}
    bound = {"x5t#S256": base64url(bytes.fromhex(MINISTRY.sha256))}
    secured.ask(MINISTRY, bearer("staff/amal", "ministry", ["administrator"], cnf=bound))
    secured.refused(MINISTRY, bearer("staff/amal", "ministry", ["administrator"], cnf=renewed))


def test_a_bad_token_is_not_made_good_by_a_certificate(secured: Secured):
    secured.refused(MINISTRY, Issuer().metadata("staff/amal", "ministry", ["administrator"]))
    secured.refused(MINISTRY, bearer("staff/amal", "ministry", ["administrator"], aud="another-service"))
    secured.refused(MINISTRY, (("authorization", "Bearer "),))
    secured.refused(MINISTRY, (("authorization", "Basic c3RhZmY6YW1hbA=="),))
    token = bearer("staff/amal", "ministry", ["administrator"])
    secured.refused(MINISTRY, token + token)


@contextmanager
def silent_stream(secured: Secured, metadata: Metadata) -> Iterator[Iterator[Any]]:
    """A stream that was let in, on which nobody says anything."""
    nothing: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with secured.channel(MINISTRY) as channel:
        try:
            yield ParticipationServiceStub(channel).RecordAttendances(iter(nothing.get, None), metadata=metadata)
        finally:
            nothing.put(None)


def test_a_key_that_is_taken_away_ends_an_open_stream(secured: Secured):
    """It is looked at again every second, also while nobody says anything."""
    metadata = bearer("staff/amal", "ministry", ["administrator"])
    file = Path(secured.settings.token_jwks)
    keys = file.read_bytes()
    with silent_stream(secured, metadata) as answers:
        try:
            secured.ask(MINISTRY, metadata)
            file.write_text('{"keys": []}')
            with pytest.raises(grpc.RpcError) as raised:
                next(answers)
        finally:
            file.write_bytes(keys)
    assert refusal_of(raised.value).code is grpc.StatusCode.UNAUTHENTICATED
    secured.ask(MINISTRY, metadata)


@pytest.mark.proof
def test_a_token_that_expires_ends_its_stream(secured: Secured):
    metadata = bearer("staff/amal", "ministry", ["administrator"], lifetime_seconds=15)
    with silent_stream(secured, metadata) as answers:
        secured.ask(MINISTRY, metadata)
        with pytest.raises(grpc.RpcError) as raised:
            next(answers)
    assert refusal_of(raised.value).code is grpc.StatusCode.UNAUTHENTICATED
    assert "expired" in str(raised.value.details())
    secured.refused(MINISTRY, metadata)


def test_commands_show_certificate_and_token(secured: Secured):
    assert secured.command(MINISTRY).returncode == 0
    token = ISSUER.token("staff/amal", "ministry", ["administrator"])
    assert secured.command(MINISTRY, LEDGER_TOKEN=token).returncode == 0
    without = secured.command(None, LEDGER_TOKEN=token)
    assert (without.returncode, without.stdout) == (1, "")
    wrong = secured.command(UNIVERSITY, LEDGER_TOKEN=token)
    assert wrong.returncode == 1
    assert "UNAUTHENTICATED" in wrong.stderr


def test_the_health_probe_speaks_tls(secured: Secured):
    (secured.folder / "ca.pem").write_bytes(OURS.pem)
    UNIVERSITY.write(secured.folder / "probe.pem", secured.folder / "probe.key")
    probe = [sys.executable, "-m", "ledger.health_probe", secured.address]
    certificate = {
        "LEDGER_SERVER_CA": str(secured.folder / "ca.pem"),
        "LEDGER_CLIENT_CERTIFICATE": str(secured.folder / "probe.pem"),
        "LEDGER_CLIENT_KEY": str(secured.folder / "probe.key"),
    }
    assert subprocess.run(probe, cwd=PROJECT, env={**os.environ, **certificate}, check=False).returncode == 0
    assert subprocess.run(probe, cwd=PROJECT, env=os.environ, check=False).returncode == 1


def test_pages_are_https(secured: Secured):
    trusts = ssl.create_default_context(cadata=OURS.pem.decode())
    with urllib.request.urlopen(f"https://localhost:{secured.http_port}/health", context=trusts, timeout=20) as page:
        assert page.read() == b"serving\n"


def test_renewed_files_serve_the_next_caller(secured: Secured):
    with secured.channel(MINISTRY) as before:
        PolicyServiceStub(before).ListPolicies(ListPoliciesRequest(), timeout=20)
        renewed = Authority.fresh("Another Authority")
        renewed.server().write(secured.folder / "server.pem", secured.folder / "server.key")
        with pytest.raises(grpc.RpcError) as raised:
            secured.ask(MINISTRY)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
        PolicyServiceStub(before).ListPolicies(ListPoliciesRequest(), timeout=20)
    OURS.server().write(secured.folder / "server.pem", secured.folder / "server.key")
    secured.ask(MINISTRY)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"tls_certificate": "", "tls_key": "", "tls_client_ca": ""},
            "LEDGER_GRPC_ADDRESS is 0.0.0.0:0: set LEDGER_TLS",
        ),
        ({"tls_key": ""}, "set both of LEDGER_TLS_CERTIFICATE and LEDGER_TLS_KEY"),
        ({"tls_key": "/absent"}, "/absent"),
        ({"token_audience": ""}, "set all of LEDGER_TOKEN_ISSUER, LEDGER_TOKEN_AUDIENCE and LEDGER_TOKEN_JWKS"),
        ({"token_algorithms": "HS256"}, "LEDGER_TOKEN_ALGORITHMS must be some of"),
        ({"token_jwks": "http://identity.test/keys"}, "LEDGER_TOKEN_JWKS must be a file, an https URL"),
        ({"first_clients": "ministry=AB"}, "LEDGER_FIRST_CLIENTS"),
    ],
    ids=str,
)
def test_wrong_settings_are_named_before_anything_is_served(secured: Secured, change: dict[str, str], says: str):
    done = served_once(secured.settings.model_copy(update=change))
    assert done.returncode == 2, done.stderr
    assert "serving" not in done.stdout
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_embedded_ledger_is_for_this_machine_alone(secured: Secured, tmp_path: Path):
    settings = secured.settings.model_copy(update={"http_address": "127.0.0.1:0", "insecure": True})
    done = served_once(settings, "--embedded", "--data-dir", str(tmp_path / "embedded"))
    assert done.returncode == 2, done.stderr
    assert "LEDGER_GRPC_ADDRESS of an embedded ledger must be a loopback address" in " ".join(done.stderr.split())
    assert not (tmp_path / "embedded").exists()


def served_once(settings: Settings, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ledger", "serve", *options],
        cwd=PROJECT,
        env={**settings_environment(settings), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
