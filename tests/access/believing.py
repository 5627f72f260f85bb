"""What the tests of tokens share: three issuers, a verifier that believes them, and how a bad token is looked at."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any, Final

import pytest
from joserfc import jws

from ledger.access.token_key_sources import KeyFile
from ledger.access.token_text import TokenFault, TokenRefused
from ledger.access.tokens import TokenVerifier
from tests.system.token_issuer import ABSENT, AUDIENCE, ISSUER, Issuer

NOW: Final = int(time.time())
LEEWAY: Final = 30
HOUR: Final = 3_600
ISSUED: Final = Issuer("ES256", "key-1", clock=lambda: NOW)
RSA: Final = Issuer("PS256", "key-rsa", clock=lambda: NOW)
EDWARDS: Final = Issuer("Ed25519", "key-ed", clock=lambda: NOW)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def key_set(folder: Path, *keys: dict[str, Any]) -> Path:
    """A JWK Set as a file, the same each time."""
    file = folder / "keys.jwks"
    file.write_text(json.dumps({"keys": list(keys)}))
    return file


def verifier_of(folder: Path, clock: Clock, *keys: dict[str, Any], allowed: str = "ES256 PS256") -> TokenVerifier:
    """Believes these keys."""
    return TokenVerifier(ISSUER, AUDIENCE, KeyFile(key_set(folder, *keys)), frozenset(allowed.split()), LEEWAY, clock)


def fault_of(verifier: TokenVerifier, token: str) -> TokenFault:
    """Why it is refused, twice alike; the error says nothing of the token."""
    faults = []
    for _ in range(2):
        with pytest.raises(TokenRefused) as raised:
            verifier.verify(token)
        faults.append(raised.value.fault)
        assert str(raised.value) == raised.value.fault.value
    assert faults[0] is faults[1]
    return faults[0]


def saying(claims: dict[str, Any]) -> str:
    """A token with these claims beside the good ones, whatever they are."""
    good = json.loads(bytes_of(ISSUED.token().split(".")[1]))
    said = {name: value for name, value in {**good, **claims}.items() if value is not ABSENT}
    return ISSUED.signed(json.dumps(said))


def resigned(header: dict[str, Any] | str) -> str:
    """Good claims under any header, with a good signature over both."""
    text = header if isinstance(header, str) else json.dumps(header)
    signed = f"{base64url(text.encode())}.{ISSUED.token().split('.')[1]}"
    signature: bytes = jws.JWSRegistry.algorithms["ES256"].sign(signed.encode(), ISSUED.key)
    return f"{signed}.{base64url(signature)}"


def text_of(members: object) -> str:
    """As it stands in a token."""
    return base64url(json.dumps(members).encode())


def base64url(content: bytes) -> str:
    """Without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def bytes_of(segment: str) -> bytes:
    """The other way."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
