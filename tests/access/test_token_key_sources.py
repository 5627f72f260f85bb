"""Keys of tokens from a file and from a URL: renewed, taken away, broken, and away for long."""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ledger.access import token_key_sources
from ledger.access.token_key_sources import BELIEVED_SECONDS_MAX, KeyFile, KeyUrl, key_source
from ledger.access.token_text import TokenFault, TokenRefused
from ledger.access.tokens import TokenVerifier
from ledger.settings import WrongSetting
from tests.access.believing import EDWARDS, ISSUED, RSA, Clock, fault_of, key_set
from tests.system.certificates import Authority, Identity
from tests.system.token_issuer import AUDIENCE, ISSUER

ALGORITHMS = frozenset(("ES256", "Ed25519", "PS256"))


def verifier_of(source: KeyFile | KeyUrl) -> TokenVerifier:
    return TokenVerifier(ISSUER, AUDIENCE, source, ALGORITHMS, 30)


# A file


def test_a_new_key_in_the_file_is_known_at_once(tmp_path: Path):
    verifier = verifier_of(KeyFile(key_set(tmp_path, ISSUED.public_key())))
    assert fault_of(verifier, RSA.token()) is TokenFault.UNKNOWN_KEY
    key_set(tmp_path, ISSUED.public_key(), RSA.public_key())
    assert verifier.verify(RSA.token())
    assert verifier.verify(ISSUED.token())


def test_an_empty_key_set_takes_every_key_away(tmp_path: Path):
    verifier = verifier_of(KeyFile(key_set(tmp_path, ISSUED.public_key())))
    token = ISSUED.token()
    verifier.verify(token)
    key_set(tmp_path)
    assert fault_of(verifier, token) is TokenFault.UNKNOWN_KEY


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_text("{"), lambda file: file.write_text("[]")])
def test_a_broken_file_keeps_the_keys_before_for_a_day(
    tmp_path: Path, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
):
    clock = Clock(1_000.0)
    file = key_set(tmp_path, ISSUED.public_key())
    verifier = verifier_of(KeyFile(file, clock))
    spoil(file)
    for now in (1_000.0, 1_000.0 + BELIEVED_SECONDS_MAX):
        clock.now = now
        assert verifier.verify(ISSUED.token())
    assert caplog.text.count("the keys before hold") == 1
    clock.now += 1
    assert fault_of(verifier, ISSUED.token()) is TokenFault.UNKNOWN_KEY
    key_set(tmp_path, ISSUED.public_key())
    assert verifier.verify(ISSUED.token())


# A URL


class Served:
    """What an issuer's server answers, and how often it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""
        self.asked: list[str] = []
        self.hold = threading.Event()
        self.holds = False

    def keys(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": list(keys)}).encode()


@contextmanager
def issuer_server(identity: Identity | None = None, folder: Path | None = None) -> Iterator[tuple[str, Served]]:
    """Over https with an identity, whose files are written to the folder."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            self.send_response(served.status)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(served.body)))
            self.end_headers()
            if served.holds:
                served.hold.wait(30)
            self.wfile.write(served.body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if identity is not None and folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.write(folder / "issuer.pem", folder / "issuer.key")
        context.load_cert_chain(folder / "issuer.pem", folder / "issuer.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        scheme = "http" if identity is None else "https"
        yield f"{scheme}://localhost:{server.server_address[1]}/keys?of=tests", served
    finally:
        served.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def watched(verifier: TokenVerifier) -> AsyncIterator[None]:
    watching = asyncio.create_task(verifier.watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds; pytest's own limit ends what never does."""
    for _ in itertools.takewhile(lambda _: not holds(), itertools.count()):
        await asyncio.sleep(0.01)


def believes(verifier: TokenVerifier, token: str) -> bool:
    try:
        verifier.verify(token)
    except TokenRefused:
        return False
    return True


async def test_keys_are_fetched_in_the_background():
    with issuer_server() as (url, served):
        served.keys(ISSUED.public_key())
        verifier = verifier_of(KeyUrl(url))
        assert fault_of(verifier, ISSUED.token()) is TokenFault.UNKNOWN_KEY
        assert served.asked == []
        async with watched(verifier):
            await until(lambda: believes(verifier, ISSUED.token()))
        assert served.asked[0] == "/keys?of=tests"


async def test_an_unknown_key_has_them_fetched_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(token_key_sources, "REFRESH_SECONDS_MIN", 0.01)
    with issuer_server() as (url, served):
        served.keys(ISSUED.public_key())
        verifier = verifier_of(KeyUrl(url))
        async with watched(verifier):
            await until(lambda: believes(verifier, ISSUED.token()))
            served.keys(ISSUED.public_key(), RSA.public_key())
            assert fault_of(verifier, RSA.token()) is TokenFault.UNKNOWN_KEY
            await until(lambda: believes(verifier, RSA.token()))
            asked = len(served.asked)
            assert believes(verifier, ISSUED.token())
            assert len(served.asked) == asked


async def test_many_unknown_keys_do_not_have_them_fetched_often():
    """Anybody can name keys that are not: the issuer is asked once, then not again for a while."""
    with issuer_server() as (url, served):
        served.keys(ISSUED.public_key())
        verifier = verifier_of(KeyUrl(url))
        async with watched(verifier):
            await until(lambda: believes(verifier, ISSUED.token()))
            for number in range(200):
                assert not believes(verifier, ISSUED.token(header={"kid": f"made-up-{number}"}))
                await asyncio.sleep(0)
        assert len(served.asked) == 1


async def test_keys_that_are_taken_away_end_their_tokens():
    with issuer_server() as (url, served):
        served.keys(ISSUED.public_key(), RSA.public_key())
        source = KeyUrl(url)
        verifier = verifier_of(source)
        await source.refresh()
        token = ISSUED.token()
        assert believes(verifier, token)
        served.keys(RSA.public_key())
        await source.refresh()
        assert fault_of(verifier, token) is TokenFault.UNKNOWN_KEY


async def test_the_same_keys_fetched_again_forget_nothing():
    with issuer_server() as (url, served):
        served.keys(ISSUED.public_key())
        source = KeyUrl(url)
        verifier = verifier_of(source)
        await source.refresh()
        token = ISSUED.token()
        claims = verifier.verify(token)
        await source.refresh()
        assert verifier.verify(token) is claims


def _redirected(served: Served, elsewhere: str) -> None:
    served.status, served.headers = 302, {"Location": elsewhere}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda served, elsewhere: _redirected(served, elsewhere),
        lambda served, elsewhere: setattr(served, "status", 500),
        lambda served, elsewhere: setattr(served, "body", b"<html>"),
        lambda served, elsewhere: setattr(served, "body", b"{}"),
        lambda served, elsewhere: setattr(served, "body", served.body + b" " * 300_000),
        lambda served, elsewhere: setattr(served, "holds", True),
    ],
    ids=["redirected", "broken", "a page", "no key set", "too long", "never ending"],
)
async def test_a_fetch_that_fails_keeps_the_keys_before(
    spoil: Callable[[Served, str], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(token_key_sources, "FETCH_SECONDS_MAX", 0.5)
    with issuer_server() as (url, served), issuer_server() as (elsewhere, other):
        other.keys(EDWARDS.public_key())
        served.keys(ISSUED.public_key())
        source = KeyUrl(url)
        verifier = verifier_of(source)
        await source.refresh()
        served.keys(EDWARDS.public_key())
        spoil(served, elsewhere)
        await source.refresh()
        assert len(served.asked) == 2
        assert other.asked == []
        assert believes(verifier, ISSUED.token())
        assert fault_of(verifier, EDWARDS.token()) is TokenFault.UNKNOWN_KEY
    assert "cannot be fetched; the keys before hold" in caplog.text


async def test_an_issuer_shows_a_certificate_that_this_machine_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    authority = Authority.fresh()
    with issuer_server(authority.server(), tmp_path) as (url, served):
        served.keys(ISSUED.public_key())
        source = KeyUrl(url)
        await source.refresh()
        assert source.keys().keys == ()
        assert served.asked == []
        assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
        (tmp_path / "trusted.pem").write_bytes(authority.pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
        await source.refresh()
        assert believes(verifier_of(source), ISSUED.token())


async def test_keys_that_could_not_be_fetched_for_a_day_are_believed_no_more():
    clock = Clock(1_000.0)
    with issuer_server() as (url, served):
        served.keys(ISSUED.public_key())
        source = KeyUrl(url, clock)
        verifier = verifier_of(source)
        await source.refresh()
    clock.now += BELIEVED_SECONDS_MAX
    await source.refresh()
    assert believes(verifier, ISSUED.token())
    clock.now += 1
    assert fault_of(verifier, ISSUED.token()) is TokenFault.UNKNOWN_KEY


@pytest.mark.parametrize(
    "url",
    [
        "http://identity.test/keys",
        "http://10.0.0.1/keys",
        "http://127.0.0.1.identity.test/keys",
        "ftp://127.0.0.1/keys",
        "file:///etc/keys",
        "https://",
        "https:///keys",
        "https://user:password@identity.test/keys",
        "https://identity.test:99999/keys",
        "https://identity.test/keys#part",
    ],
)
def test_urls_through_which_anybody_could_hand_us_keys(url: str):
    with pytest.raises(WrongSetting, match="LEDGER_TOKEN_JWKS must be a file, an https URL"):
        key_source(url)


@pytest.mark.parametrize("url", ["https://identity.test/keys", "http://localhost:8080/keys", "http://[::1]/keys"])
def test_urls_of_issuers(url: str):
    assert isinstance(key_source(url), KeyUrl)
