"""The issuer of an embedded ledger: its key lies in the data folder, and whoever can read it may act as anybody."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from ledger.access.caller import ACTOR_PATTERN, CLIENT_PATTERN, TOKEN_ROLES, Role
from ledger.access.token_text import LIFE_SECONDS_MAX
from ledger.postgres_place import PlaceNotUsable

LOCAL_ISSUER: Final = "embedded-ledger"
LOCAL_AUDIENCE: Final = "volunteer-hours-ledger"
LOCAL_CLIENT: Final = "hours-ledger"
ADMINISTRATOR: Final = "staff/local-administrator"
KEY_FILE: Final = "issuer.key"
JWKS_FILE: Final = "issuer.jwks"
ADMINISTRATOR_FILE: Final = "administrator.token"
LIFE_SECONDS: Final = 3_600
_ALGORITHM: Final = "ES256"


class LocalIssuer:
    """Makes tokens that the ledger in one data folder believes."""

    def __init__(self, key: ECKey) -> None:
        self._key = key

    @staticmethod
    def in_folder(data_dir: Path) -> LocalIssuer | None:
        """The issuer of the ledger there; None: it has none. Raises PlaceNotUsable if its key cannot be read."""
        file = data_dir / KEY_FILE
        try:
            return LocalIssuer(ECKey.import_key(file.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, JoseError) as wrong:
            raise PlaceNotUsable(f"{file} cannot be read: {wrong}") from wrong

    @staticmethod
    def made_in(data_dir: Path) -> LocalIssuer:
        """The issuer there, made if there is none, with its public key and a fresh administrator's token beside it.

        A lost key is made anew: tokens signed with the old one are worth nothing then. Raises PlaceNotUsable.
        """
        issuer = LocalIssuer.in_folder(data_dir)
        if issuer is None:
            key = ECKey.generate_key("P-256")
            _write(data_dir / KEY_FILE, key.as_pem(private=True))
            issuer = LocalIssuer(key)
        jwks = issuer.public_keys()
        public = data_dir / JWKS_FILE
        if not public.exists() or public.read_bytes() != jwks:
            _write(public, jwks)
        issuer.renew_administrator(data_dir)
        return issuer

    def public_keys(self) -> bytes:
        """Its JWK Set."""
        key = self._key.as_dict(private=False, kid=self._key.thumbprint(), use="sig", alg=_ALGORITHM)
        return json.dumps({"keys": [key]}).encode()

    def mint(
        self,
        actor: str,
        client: str = LOCAL_CLIENT,
        roles: Iterable[Role] = (),
        lifetime_seconds: float = LIFE_SECONDS,
        certificate_thumbprint: str | None = None,
    ) -> str:
        """A token for an actor, valid from now. Raises ValueError for a name, role or life that no ledger believes.

        `certificate_thumbprint`: x5t#S256 of the only certificate it may be shown with.
        """
        _check(actor, client, roles := frozenset(roles), lifetime_seconds)
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": LOCAL_ISSUER,
            "aud": LOCAL_AUDIENCE,
            "sub": actor,
            "client_id": client,
            "iat": now,
            "exp": now + int(lifetime_seconds),
            "jti": str(uuid.uuid4()),
        }
        if roles:
            claims["roles"] = sorted(roles)
        if certificate_thumbprint is not None:
            claims["cnf"] = {"x5t#S256": certificate_thumbprint}
        header = {"typ": "at+jwt", "alg": _ALGORITHM, "kid": self._key.thumbprint()}
        return jws.serialize_compact(header, json.dumps(claims), self._key, [_ALGORITHM])

    def renew_administrator(self, data_dir: Path) -> None:
        """Write the administrator's token anew once half of its life is over."""
        file = data_dir / ADMINISTRATOR_FILE
        age_seconds = time.time() - file.stat().st_mtime if file.exists() else LIFE_SECONDS_MAX
        if 0 <= age_seconds < LIFE_SECONDS_MAX / 2 and file.stat().st_mtime >= (data_dir / KEY_FILE).stat().st_mtime:
            return
        token = self.mint(ADMINISTRATOR, roles=TOKEN_ROLES, lifetime_seconds=LIFE_SECONDS_MAX)
        _write(file, token.encode() + b"\n")


def _check(actor: str, client: str, roles: frozenset[Role], lifetime_seconds: float) -> None:
    if ACTOR_PATTERN.fullmatch(actor) is None:
        raise ValueError(f"{actor!r} is no actor: write a kind and an id, such as staff/amal or volunteers/3f2")
    if CLIENT_PATTERN.fullmatch(client) is None:
        raise ValueError(f"{client!r} is no client: give 1 to 63 of a-z 0-9 . _ -")
    if not roles <= TOKEN_ROLES:
        raise ValueError(f"a token gives no other role than {', '.join(sorted(TOKEN_ROLES))}; the others are appointed")
    if not 1 <= lifetime_seconds <= LIFE_SECONDS_MAX:
        raise ValueError("a token lives a second at least and 24 hours at most")


def _write(file: Path, content: bytes) -> None:
    """Mode 0600, and whole at every moment."""
    fresh = file.with_name(file.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.rename(file)
