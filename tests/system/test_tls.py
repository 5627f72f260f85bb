"""TLS: whose certificate lets a caller in and whose does not, and certificates renewed under open connections."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ledger.access.door import ShownCertificate
from ledger.grpc.status import Context
from ledger.grpc.tls import peer_certificate, server_credentials
from ledger.settings import Settings, WrongSetting
from ledger.tls_files import TlsFiles, tls_files
from ledger.web.http_server import HttpServer
from tests.system.certificates import SERVER, Authority, Identity, self_signed

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
OURS = Authority.fresh("Our Authority")
FOREIGN = Authority.fresh("Foreign Authority")
ALICE = OURS.client("alice")


@dataclass(frozen=True)
class Files:
    """What a server is given."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "server.pem"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def client_ca(self) -> Path:
        return self.folder / "clients.pem"

    def renew(self, server: Identity) -> None:
        server.write(self.certificate, self.key)

    def opened(self, *, asks_clients: bool = True) -> TlsFiles:
        return TlsFiles(self.certificate, self.key, self.client_ca if asks_clients else None)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path)
    made.renew(OURS.server("first"))
    made.client_ca.write_bytes(OURS.pem)
    return made


@asynccontextmanager
async def served(tls: TlsFiles) -> AsyncIterator[int]:
    """A gRPC server that tells each caller its certificate's SHA-256."""

    async def tell(body: bytes, context: Context) -> bytes:
        shown = peer_certificate(context.auth_context())
        return (shown.sha256 if shown else "none").encode()

    server = grpc.aio.server()
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(tell)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test", {"Tell": handler}),))
    credentials = server_credentials(tls)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


@asynccontextmanager
async def channel_of(port: int, client: Identity | None, trusts: Authority = OURS) -> AsyncIterator[grpc.aio.Channel]:
    credentials = grpc.ssl_channel_credentials(
        trusts.pem, None if client is None else client.key_pem, None if client is None else client.pem
    )
    # A channel of its own: gRPC would else share one connection between channels to one address.
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.secure_channel(f"localhost:{port}", credentials, options) as channel:
        yield channel


async def told(channel: grpc.aio.Channel) -> str:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/test/Tell")
    return (await call(b"", timeout=10)).decode()


async def refused(port: int, client: Identity | None, trusts: Authority = OURS) -> None:
    async with channel_of(port, client, trusts) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await told(channel)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_caller_is_known_by_the_sha256_of_its_certificate(files: Files):
    async with served(files.opened()) as port, channel_of(port, ALICE) as channel:
        assert await told(channel) == ALICE.sha256


BAD_CLIENTS = {
    "none": None,
    "of a foreign authority": FOREIGN.client("alice"),
    "of an authority of the same name": Authority.fresh("Our Authority").client("alice"),
    "expired": OURS.client("alice", begins=NOW - 2 * DAY, ends=NOW - timedelta(minutes=1)),
    "not yet valid": OURS.client("alice", begins=NOW + timedelta(hours=1), ends=NOW + DAY),
    "for servers alone": OURS.identity("alice", SERVER),
    "self-signed": self_signed("alice"),
    "another's certificate with its own key": Identity(ALICE.certificate, OURS.client("mallory").key),
}


@pytest.mark.parametrize("client", BAD_CLIENTS.values(), ids=BAD_CLIENTS)
async def test_a_bad_certificate_reaches_no_method(files: Files, client: Identity | None):
    async with served(files.opened()) as port:
        await refused(port, client)
        async with channel_of(port, ALICE) as channel:
            assert await told(channel) == ALICE.sha256


async def test_a_certificate_signed_by_another_caller_s_is_refused(files: Files):
    """A client is no authority, whatever it signs."""
    forger = Authority(ALICE.certificate, ALICE.key)
    forged = forger.client("mallory")
    chained = Identity(forged.certificate, forged.key)
    async with served(files.opened()) as port:
        credentials = grpc.ssl_channel_credentials(OURS.pem, chained.key_pem, chained.pem + ALICE.pem)
        async with grpc.aio.secure_channel(f"localhost:{port}", credentials) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await told(channel)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_without_an_authority_for_clients_none_is_asked(files: Files):
    async with served(files.opened(asks_clients=False)) as port, channel_of(port, ALICE) as channel:
        assert await told(channel) == "none"


async def test_a_caller_does_not_talk_to_a_server_of_a_foreign_authority(files: Files):
    async with served(files.opened()) as port:
        await refused(port, ALICE, trusts=FOREIGN)


async def test_plain_text_is_not_answered(files: Files):
    async with served(files.opened()) as port, grpc.aio.insecure_channel(f"localhost:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await told(channel)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_old_versions_of_tls_are_not_spoken(files: Files, version: ssl.TLSVersion):
    old = client_context(OURS)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = version
    async with served(files.opened(asks_clients=False)) as port:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("localhost", port, ssl=old)
        assert await certificate_shown(port) == files_certificate(files)


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384"])
async def test_old_ciphers_are_not_spoken(files: Files, cipher: str):
    old = client_context(OURS)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers(f"{cipher}:@SECLEVEL=0")
    good = client_context(OURS)
    good.maximum_version = ssl.TLSVersion.TLSv1_2
    good.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    async with served(files.opened(asks_clients=False)) as grpc_port, pages(files.opened()) as pages_port:
        for port in (grpc_port, pages_port):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection("localhost", port, ssl=old)
            _, writer = await asyncio.open_connection("localhost", port, ssl=good)
            writer.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_no_session_is_resumed_so_that_every_connection_shows_its_certificate(
    files: Files, version: ssl.TLSVersion
):
    ALICE.write(files.folder / "alice.pem", files.folder / "alice.key")
    context = client_context(OURS)
    context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(files.folder / "alice.pem", files.folder / "alice.key")

    def session_of(port: int, session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool | None]:
        with (
            socket.create_connection(("localhost", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname="localhost", session=session) as connection,
        ):
            connection.recv(9)  # the server's first frame comes behind the tickets
            return connection.session, connection.session_reused

    async with served(files.opened()) as port:
        session, _ = await asyncio.to_thread(session_of, port, None)
        assert session is not None
        _, reused = await asyncio.to_thread(session_of, port, session)
        assert reused is False


async def test_a_renewed_certificate_serves_the_next_connection_and_open_ones_stay(files: Files):
    async with served(files.opened()) as port, channel_of(port, ALICE) as before:
        await told(before)
        renewed = FOREIGN.server("second")
        files.renew(renewed)
        await refused(port, ALICE, trusts=OURS)
        async with channel_of(port, ALICE, trusts=FOREIGN) as after:
            assert await told(after) == ALICE.sha256
        assert await told(before) == ALICE.sha256


async def test_another_authority_for_clients_takes_effect_at_once(files: Files):
    bob = FOREIGN.client("bob")
    async with served(files.opened()) as port:
        await refused(port, bob)
        files.client_ca.write_bytes(FOREIGN.pem)
        await refused(port, ALICE)
        async with channel_of(port, bob) as channel:
            assert await told(channel) == bob.sha256
        files.client_ca.write_bytes(OURS.pem + FOREIGN.pem)
        for client in (ALICE, bob):
            async with channel_of(port, client) as channel:
                assert await told(channel) == client.sha256


@pytest.mark.parametrize(
    "spoil",
    [
        lambda files: files.certificate.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        lambda files: files.certificate.write_bytes(OURS.server("a certificate without its key").pem),
        lambda files: files.certificate.write_bytes(files.certificate.read_bytes()[:200]),
        lambda files: files.key.write_bytes(b""),
        lambda files: files.key.unlink(),
        lambda files: files.client_ca.write_bytes(b"nobody"),
        lambda files: files.client_ca.write_bytes(OURS.pem[:-100]),
    ],
)
async def test_broken_files_keep_those_before_and_are_told(files: Files, spoil, caplog: pytest.LogCaptureFixture):
    good = {file: file.read_bytes() for file in (files.certificate, files.key, files.client_ca)}
    async with served(files.opened()) as port:
        with caplog.at_level(logging.WARNING, "ledger.tls_files"):
            spoil(files)
            async with channel_of(port, ALICE) as channel:
                assert await told(channel) == ALICE.sha256
        assert "those before are" in caplog.text
        await refused(port, FOREIGN.client())
        for file, content in good.items():
            file.write_bytes(content)
        files.renew(FOREIGN.server("mended"))
        async with channel_of(port, ALICE, trusts=FOREIGN) as channel:
            assert await told(channel) == ALICE.sha256


async def test_a_caller_s_certificate_says_when_it_expires(files: Files):
    soon = OURS.client("soon", ends=NOW + DAY)
    shown = peer_certificate({"x509_pem_cert": [soon.pem]})
    assert shown == ShownCertificate(soon.sha256, (NOW + DAY).replace(microsecond=0).timestamp())
    assert peer_certificate({}) is None


def test_wrong_files_are_refused_at_the_start(files: Files):
    with pytest.raises(WrongSetting, match="set both of LEDGER_TLS_CERTIFICATE and LEDGER_TLS_KEY"):
        tls_files(Settings(tls_certificate=str(files.certificate)))
    with pytest.raises(WrongSetting, match="set both of LEDGER_TLS_CERTIFICATE and LEDGER_TLS_KEY"):
        tls_files(Settings(tls_client_ca=str(files.client_ca)))
    with pytest.raises(WrongSetting, match=r"LEDGER_TLS_CERTIFICATE.*No such file"):
        tls_files(Settings(tls_certificate=str(files.folder / "absent"), tls_key=str(files.key)))
    with pytest.raises(WrongSetting, match=r"no certificate \(PEM\) with its own key"):
        tls_files(Settings(tls_certificate=str(files.client_ca), tls_key=str(files.key)))
    assert tls_files(Settings()) is None


def test_a_key_under_a_password_is_refused_without_asking(files: Files):
    encrypted = ALICE.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    files.certificate.write_bytes(ALICE.pem)
    files.key.write_bytes(encrypted)
    with pytest.raises(WrongSetting, match="the key is encrypted"):
        files.opened()


# Pages over HTTP


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


@asynccontextmanager
async def pages(tls: TlsFiles) -> AsyncIterator[int]:
    server = HttpServer("127.0.0.1:0", Starlette(routes=[Route("/", hello)]), 1.0, tls=tls)
    address = server.bind()
    server.start()
    try:
        yield int(address.rpartition(":")[2])
    finally:
        await server.stop()


def client_context(trusts: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=trusts.pem.decode())


def files_certificate(files: Files) -> bytes:
    return x509.load_pem_x509_certificate(files.certificate.read_bytes()).public_bytes(Encoding.DER)


async def certificate_shown(port: int, trusts: Authority = OURS) -> bytes:
    _, writer = await asyncio.open_connection("localhost", port, ssl=client_context(trusts))
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return shown


async def page(port: int, trusts: Authority) -> bytes:
    reader, writer = await asyncio.open_connection("localhost", port, ssl=client_context(trusts))
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer


async def test_pages_are_served_with_the_same_certificate_and_a_renewed_one(files: Files):
    async with pages(files.opened()) as port:
        assert (await page(port, OURS)).endswith(b"hello")
        files.renew(FOREIGN.server("second"))
        assert (await page(port, FOREIGN)).endswith(b"hello")
        assert await certificate_shown(port, FOREIGN) == files_certificate(files)
        with pytest.raises(ssl.SSLCertVerificationError):
            await page(port, OURS)


async def test_who_saw_a_page_over_tls_never_asks_in_plain_text(files: Files):
    async with pages(files.opened()) as port:
        head, _, _ = (await page(port, OURS)).lower().partition(b"\r\n\r\n")
    assert b"strict-transport-security: max-age=31536000; includesubdomains" in head.split(b"\r\n")


async def test_pages_are_not_served_in_plain_text(files: Files):
    async with pages(files.opened()) as port:
        reader, writer = await asyncio.open_connection("localhost", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"hello" not in await reader.read()
        writer.close()
