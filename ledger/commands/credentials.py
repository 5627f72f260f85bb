"""How a command shows who it is: a token it was given, or one from the issuer of an embedded ledger, and its TLS.

Ordinary clients have no settings of a server: all that is said here is said by LEDGER_ variables of their own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc

from ledger.access.caller import TOKEN_ROLES, Role
from ledger.loopback import is_loopback

if TYPE_CHECKING:
    from ledger.access.local_issuer import LocalIssuer

TOKEN: Final = "LEDGER_TOKEN"
TOKEN_FILE: Final = "LEDGER_TOKEN_FILE"
SERVER_CA: Final = "LEDGER_SERVER_CA"
CLIENT_CERTIFICATE: Final = "LEDGER_CLIENT_CERTIFICATE"
CLIENT_KEY: Final = "LEDGER_CLIENT_KEY"
LOCAL_ISSUER_FOLDER: Final = "LEDGER_LOCAL_ISSUER"
"""The folder of an embedded ledger whose issuer is used where a command names no --data-dir."""
INSECURE: Final = "LEDGER_INSECURE"
_MINTED_SECONDS: Final = 24 * 3_600
"""As long as any token lives: a replay may take hours."""


class CredentialsMissing(Exception):
    """What was given does not let the command show who it is; the message is for the person who typed it."""


@dataclass(slots=True)
class Credentials:
    """What one command shows of itself."""

    given: str = ""
    """The token it was given: the actor is whom that names."""
    issuer: LocalIssuer | None = None
    channel: grpc.ChannelCredentials | None = None
    """None: without TLS."""
    _minted: dict[str, tuple[float, str]] = field(default_factory=dict)

    def token_for(self, actor: str) -> str:
        """The token to show; empty where there is none. Raises CredentialsMissing for a name that no actor has."""
        if self.given or self.issuer is None:
            return self.given
        now = time.monotonic()
        minted_at, token = self._minted.get(actor, (now, ""))
        if not token or now - minted_at > _MINTED_SECONDS / 2:
            try:
                token = self.issuer.mint(actor, roles=_roles(actor), lifetime_seconds=_MINTED_SECONDS)
            except ValueError as wrong:
                raise CredentialsMissing(str(wrong)) from wrong
            self._minted[actor] = (now, token)
        return token

    def token_as(self, actor: str) -> str:
        """A token to act as somebody beside the one who calls. Raises CredentialsMissing where one was given."""
        if self.given:
            raise CredentialsMissing(
                f"{TOKEN} acts for one person, and this command also acts as {actor}: "
                "without it, an embedded ledger's --data-dir makes tokens for both"
            )
        return self.token_for(actor)


def credentials_for(address: str, data_dir: Path | None, environment: Mapping[str, str] = os.environ) -> Credentials:
    """The token and certificate of the variables; where there is neither, the issuer of an embedded ledger.

    That one is in `data_dir`, or in the usual folder.

    Raises CredentialsMissing: a file cannot be read, or a token would leave this machine in the clear.
    """
    host = address.rpartition(":")[0]
    nearby = is_loopback(host)
    channel = _channel_credentials(environment, nearby)
    token = _given_token(environment)
    if token and channel is None and not nearby and not environment.get(INSECURE):
        raise CredentialsMissing(f"{address} is another machine: without TLS anybody on the way could use the token")
    # The issuer's tokens are for the ledger of this folder: another machine is shown none, nor who knows us already.
    if token or not nearby or environment.get(CLIENT_CERTIFICATE):
        return Credentials(token, None, channel)
    return Credentials("", _issuer(data_dir or _named_folder(environment)), channel)


def _roles(actor: str) -> frozenset[Role]:
    """All: who reads the folder may do everything. A volunteer acts for themselves alone."""
    return frozenset() if actor.startswith("volunteers/") else TOKEN_ROLES


def _given_token(environment: Mapping[str, str]) -> str:
    token, file = environment.get(TOKEN, "").strip(), environment.get(TOKEN_FILE)
    if not token and file:
        token = _read(TOKEN_FILE, file).decode("utf-8", "replace").strip()
    if not token.isascii() or len(token.split()) > 1:
        raise CredentialsMissing(f"{TOKEN} or the file of {TOKEN_FILE} holds something else than one token")
    return token


def _named_folder(environment: Mapping[str, str]) -> Path | None:
    named = environment.get(LOCAL_ISSUER_FOLDER)
    return Path(named) if named else None


def _issuer(data_dir: Path | None) -> LocalIssuer | None:
    from ledger.access.local_issuer import LocalIssuer
    from ledger.postgres_place import PlaceNotUsable, default_data_dir

    try:
        return LocalIssuer.in_folder(data_dir or default_data_dir())
    except PlaceNotUsable as wrong:
        if data_dir is None:
            return None  # somebody else's: nobody named it
        raise CredentialsMissing(str(wrong)) from wrong


def _channel_credentials(environment: Mapping[str, str], nearby: bool) -> grpc.ChannelCredentials | None:
    """TLS as soon as anything of it is named, and to every other machine unless LEDGER_INSECURE says otherwise."""
    authority, certificate, key = (environment.get(name) for name in (SERVER_CA, CLIENT_CERTIFICATE, CLIENT_KEY))
    if bool(certificate) != bool(key):
        raise CredentialsMissing(f"set both of {CLIENT_CERTIFICATE} and {CLIENT_KEY}, or none")
    if not (authority or certificate) and (nearby or environment.get(INSECURE)):
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=_read(SERVER_CA, authority) if authority else None,
        private_key=_read(CLIENT_KEY, key) if key else None,
        certificate_chain=_read(CLIENT_CERTIFICATE, certificate) if certificate else None,
    )


def _read(name: str, file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as wrong:
        raise CredentialsMissing(f"{name} {file} cannot be read: {wrong.strerror}") from wrong
