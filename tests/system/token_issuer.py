"""An issuer of access tokens for tests: good ones, and every kind of bad one."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from ledger.settings import Settings

ISSUER: Final = "https://identity.test"
AUDIENCE: Final = "volunteer-hours"
ABSENT: Final = object()
"""An override with this leaves the claim or header out."""
_ALGORITHMS: Final = ["ES256", "ES384", "ES512", "Ed25519", "EdDSA", "PS256", "RS256", "HS256", "none"]


class Issuer:
    """One issuer with one key in memory."""

    def __init__(
        self,
        algorithm: str = "ES256",
        key_id: str = "key-1",
        name: str = ISSUER,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.algorithm = algorithm
        self.key_id = key_id
        self.name = name
        self.clock = clock
        self.key = _fresh_key(algorithm)

    def write_jwks(self, folder: Path) -> Path:
        """Its public keys as a file."""
        file = folder / "issuer.jwks"
        file.write_text(json.dumps({"keys": [self.public_key()]}))
        return file

    def public_key(self, **members: Any) -> dict[str, Any]:
        """As it stands in the JWK Set."""
        return {**self.key.as_dict(private=False), "kid": self.key_id, "use": "sig", **members}

    def settings(self, folder: Path) -> dict[str, str]:
        """The settings under which a ledger believes it: for `Settings.model_copy(update=...)`."""
        file = self.write_jwks(folder)
        return {"token_issuer": self.name, "token_audience": AUDIENCE, "token_jwks": str(file)}

    def believed_by(self, settings: Settings, folder: Path) -> Settings:
        """The same settings with this issuer in them."""
        return settings.model_copy(update=self.settings(folder))

    def token(
        self,
        actor: str = "staff/coordinator",
        client: str = "tests",
        roles: Iterable[str] = (),
        *,
        lifetime_seconds: float = 3_600,
        header: Mapping[str, Any] | None = None,
        key: Any = None,
        **claims: Any,
    ) -> str:
        """A token that is valid now, but for the claims and the header that are overridden."""
        now = int(self.clock())
        said = {
            "iss": self.name,
            "aud": AUDIENCE,
            "sub": actor,
            "client_id": client,
            "iat": now,
            "exp": now + lifetime_seconds,
            "jti": str(uuid.uuid4()),
            **({"roles": list(roles)} if roles else {}),
            **claims,
        }
        return self.signed(json.dumps(_without_absent(said)), header=header, key=key)

    def signed(self, payload: str | bytes, *, header: Mapping[str, Any] | None = None, key: Any = None) -> str:
        """Any payload under a valid signature."""
        members = {"typ": "at+jwt", "alg": self.algorithm, "kid": self.key_id, **(header or {})}
        registry = jws.JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        return jws.serialize_compact(_without_absent(members), payload, key or self.key, registry=registry)

    def metadata(self, *arguments: Any, **overrides: Any) -> tuple[tuple[str, str], ...]:
        """What a call carries: as `token`."""
        return (("authorization", f"Bearer {self.token(*arguments, **overrides)}"),)


def _without_absent(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ABSENT}


def _fresh_key(algorithm: str) -> ECKey | OKPKey | RSAKey:
    match algorithm:
        case "ES256" | "ES384" | "ES512":
            return ECKey.generate_key({"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[algorithm])
        case "Ed25519" | "EdDSA":
            return OKPKey.generate_key("Ed25519")
        case _:
            return RSAKey.generate_key(2048)
