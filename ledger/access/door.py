"""Who calls: a certificate, a token or both become a caller, or the call ends here.

What was shown is kept as a `Proof`, from which the caller is made anew while a stream is open: a client that is
revoked, a token that expires and an appointment that ends are noticed then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from typing import Final

from ledger.access.caller import Caller, Role
from ledger.access.grants import Grants
from ledger.access.token_text import TokenRefused
from ledger.access.tokens import TokenClaims, TokenVerifier
from ledger.domain.client import ClientTerms
from ledger.domain.passing import Passing
from ledger.domain.refusals import Reason, Refusal
from ledger.security_events import SecurityEvent
from ledger.settings import WrongSetting

_NO_ORGANIZATION: Final[Set[str]] = frozenset()
REMEMBERED_SECONDS: Final = 1.0
"""A revocation must hold within 60 s, and a token has its leeway: a second of either costs nobody anything."""
REMEMBERED_MAX: Final = 10_000
_NOBODY: Final[tuple[float, int, Caller | None]] = (0.0, 0, None)


class ShownCertificate(Passing, frozen=True):
    """A certificate that TLS let through."""

    sha256: str
    """Of its DER, in hex digits."""
    expires_at: float
    """Unix time in seconds: from then on it is worth nothing, also on connections that are open."""


class Proof(Passing, frozen=True):
    """What a caller showed."""

    certificate: ShownCertificate | None = None
    token: str | None = None
    purpose: str = ""


class NotProven(Refusal):
    """It is not known who calls."""

    def __init__(self, cause: str, client: str = "", kind: SecurityEvent = SecurityEvent.CERTIFICATE_REFUSED) -> None:
        super().__init__(Reason.UNAUTHENTICATED, {"cause": cause})
        self.client = client
        """The client it claimed to be, where that much was proven; for the log."""
        self.kind = kind
        """As what it stands in the log."""


class Door:
    """Lets callers in. One process has one."""

    def __init__(
        self,
        grants: Grants,
        tokens: TokenVerifier | None,
        first_clients: Mapping[str, str | None],
        clock: Callable[[], float] = time.time,
        *,
        asks_certificates: bool = True,
    ) -> None:
        """`first_clients`: id → SHA-256 of the certificate it must show, None for none; they are in no event yet."""
        self._clock = clock
        self.asks_certificates = asks_certificates
        """Whether TLS asks callers for one: without, nobody looks for it in each call."""
        self._grants = grants
        self._tokens = tokens
        self._first = {name: _first_terms(sha256) for name, sha256 in first_clients.items()}
        self._remembered: dict[Proof, tuple[float, int, Caller | None]] = {}
        self._first_by_certificate = {sha256: name for name, sha256 in first_clients.items() if sha256}

    def caller(self, proof: Proof) -> Caller:
        """Who calls, and what they may do now. Refuses UNAUTHENTICATED; UNAVAILABLE while nothing fresh is known.

        Who was let in is let in again for REMEMBERED_SECONDS without a second look, unless the store says more since.
        """
        self._grants.need_fresh()
        now, changes = self._clock(), self._grants.changes
        until, known_changes, caller = self._remembered.get(proof, _NOBODY)
        if caller is not None and now < until and changes == known_changes:
            return caller
        caller = self._let_in(proof)
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[proof] = (now + REMEMBERED_SECONDS, changes, caller)
        return caller

    def _let_in(self, proof: Proof) -> Caller:
        shown = self._shown(proof)
        claims = None if proof.token is None else self._claims(proof, shown)
        client = self._client(shown, claims)
        terms = self._terms(client)
        if terms.certificates and shown not in terms.certificates:
            raise NotProven("this client must show its certificate", client)
        if claims is None:
            return Caller(client, f"clients/{client}", _own_roles(terms), frozenset(terms.purposes), proof.purpose)
        roles = self._delegated(terms, claims)
        return Caller(client, claims.actor, roles, frozenset(terms.purposes), proof.purpose)

    def _shown(self, proof: Proof) -> str | None:
        """The SHA-256 of the certificate that was shown, if any. Refuses UNAUTHENTICATED once it has expired."""
        if proof.certificate is None:
            return None
        if self._clock() >= proof.certificate.expires_at:
            raise NotProven("the certificate has expired")
        return proof.certificate.sha256

    def _claims(self, proof: Proof, shown: str | None) -> TokenClaims:
        if self._tokens is None:
            raise NotProven("this service takes no tokens", kind=SecurityEvent.TOKEN_REFUSED)
        try:
            claims = self._tokens.verify(proof.token or "")
            claims.need_certificate(shown)
        except TokenRefused as refused:
            raise NotProven(f"the token: {refused}", kind=SecurityEvent.TOKEN_REFUSED) from refused
        return claims

    def _client(self, shown: str | None, claims: TokenClaims | None) -> str:
        of_certificate = None
        if shown is not None:
            of_certificate = self._grants.client_of_certificate(shown) or self._first_by_certificate.get(shown)
        if claims is None:
            if shown is None:
                raise NotProven("neither a certificate nor a token was shown")
            if of_certificate is None:
                raise NotProven("the certificate is not registered")
            return of_certificate
        if shown is not None and of_certificate != claims.client:
            cause = "the token is another client's than the certificate"
            raise NotProven(cause, of_certificate or "", SecurityEvent.TOKEN_REFUSED)
        return claims.client

    def _terms(self, client: str) -> ClientTerms:
        """What is said of a client that may call."""
        known = self._grants.client(client)
        if known is None and client in self._first:
            return self._first[client]
        if known is None:
            raise NotProven("the client is not registered", client, SecurityEvent.TOKEN_REFUSED)
        if not known.may_call(datetime.now(UTC)):
            cause = "the client was revoked, or its time has passed"
            raise NotProven(cause, client, SecurityEvent.CLIENT_REVOKED)
        return known.terms

    def _delegated(self, terms: ClientTerms, claims: TokenClaims) -> dict[Role, Set[str]]:
        held: dict[Role, Set[str]] = dict.fromkeys(claims.roles, _NO_ORGANIZATION)
        held.update(self._grants.roles_of(claims.actor))
        if claims.actor.startswith("volunteers/"):
            held[Role.VOLUNTEER] = _NO_ORGANIZATION
        return {role: scope for role, scope in held.items() if role.value in terms.delegated_roles}


def _own_roles(terms: ClientTerms) -> dict[Role, Set[str]]:
    organizations = frozenset(terms.organizations)
    bound = (Role.COORDINATOR, Role.VERIFIER)
    return {role: organizations if role in bound else _NO_ORGANIZATION for role in map(Role, terms.own_roles)}


def _first_terms(certificate_sha256: str | None) -> ClientTerms:
    return ClientTerms(
        system_name="first client",
        certificates=() if certificate_sha256 is None else (certificate_sha256,),
        own_roles=("administrator",),
        delegated_roles=(
            "administrator",
            "coordinator",
            "verifier",
            "volunteer",
            "government_reader",
            "auditor",
            "employer",
        ),
    )


def first_clients(text: str) -> dict[str, str | None]:
    """`NAME` or `NAME=SHA256`, with commas between. Raises WrongSetting."""
    found: dict[str, str | None] = {}
    for entry in text.replace(",", " ").split():
        name, _, sha256 = entry.partition("=")
        if sha256 and (len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef")):
            raise WrongSetting(f"LEDGER_FIRST_CLIENTS: {name} is followed by 64 lower-case hex digits or by nothing")
        found[name] = sha256 or None
    return found
