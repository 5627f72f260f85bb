"""Who an access token speaks for: JWT access tokens by RFC 9068, verified as RFC 8725 advises.

How tokens are signed is fixed by the settings, never by the token. A bearer token may be shown as often as its client
likes until it expires; one that is bound to a certificate (RFC 8705) is worth nothing with another.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from ledger.access.caller import ACTOR_PATTERN, CLIENT_PATTERN, TOKEN_ROLES, Role
from ledger.access.token_key_sources import TokenKeySource, key_source
from ledger.access.token_keys import ALGORITHMS, TokenKeys
from ledger.access.token_text import (
    LIFE_SECONDS_MAX,
    TOKEN_BYTES_MAX,
    TokenFault,
    TokenRefused,
    UnprovenToken,
    read_unproven,
)
from ledger.settings import Settings, WrongSetting

REMEMBERED_MAX: Final = 10_000
_TOKEN_ID_CHARACTERS_MAX: Final = 255
_TEXTS_MAX: Final = 100
_SHA256_BYTES: Final = 32
_MOMENT_MAX: Final = 253_402_300_799
"""The last second of the year 9999, in Unix time."""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a verified token says."""

    client: str
    actor: str
    roles: frozenset[Role]
    expires_at: float
    """Unix time in seconds, leeway included: from then on it is worth nothing."""
    certificate_sha256: str | None
    """Hex digits: the only certificate with which it may be shown (RFC 8705); None: with any or none."""
    token_id: str

    def need_certificate(self, shown_sha256: str | None) -> None:
        """Raises TokenRefused where the token is bound to another certificate than the caller's."""
        if self.certificate_sha256 is not None and self.certificate_sha256 != shown_sha256:
            raise TokenRefused(TokenFault.OTHER_CERTIFICATE)


class TokenVerifier:
    """Verifies the tokens of one issuer for one audience."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        source: TokenKeySource,
        algorithms: frozenset[str],
        leeway_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._source = source
        self._algorithms = algorithms
        self._leeway_seconds = leeway_seconds
        self._clock = clock
        self._registry = jws.JWSRegistry(algorithms=algorithms, strict_check_header=False)
        self._registry.max_header_length = TOKEN_BYTES_MAX
        self._remembered: OrderedDict[bytes, TokenClaims] = OrderedDict()
        self._remembered_under = TokenKeys()

    def verify(self, token: str) -> TokenClaims:
        """What the token says, proven. Never waits. Raises TokenRefused.

        A token seen before costs a hash; it is looked at anew when the keys change, and expires on time all the same.
        """
        if len(token) > TOKEN_BYTES_MAX or not token.isascii():
            raise TokenRefused(TokenFault.TOO_LONG if len(token) > TOKEN_BYTES_MAX else TokenFault.MALFORMED)
        keys, now = self._source.keys(), self._clock()
        if keys is not self._remembered_under:
            self._remembered.clear()
            self._remembered_under = keys
        name = hashlib.sha256(token.encode("ascii")).digest()
        claims = self._remembered.get(name)
        if claims is None:
            claims = self._proven(token, keys, now)
            self._remembered[name] = claims
            if len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        elif now >= claims.expires_at:
            del self._remembered[name]
            raise TokenRefused(TokenFault.EXPIRED)
        else:
            self._remembered.move_to_end(name)
        return claims

    async def watch(self) -> None:
        """Keep the keys fresh, until cancelled."""
        await self._source.watch()

    def _proven(self, token: str, keys: TokenKeys, now: float) -> TokenClaims:
        unproven = read_unproven(token)
        if unproven.algorithm not in self._algorithms:
            raise TokenRefused(TokenFault.ALGORITHM)
        if unproven.key_id is not None and not keys.knows(unproven.key_id):
            self._source.miss()
        self._need_signature(token, unproven, keys)
        claims = unproven.claims
        if claims.get("iss") != self._issuer:
            raise TokenRefused(TokenFault.ISSUER)
        audience = claims.get("aud")
        if self._audience not in ([audience] if isinstance(audience, str) else _texts(audience)):
            raise TokenRefused(TokenFault.AUDIENCE)
        expires_at = self._expiry(claims, now)
        roles = _texts(claims["roles"]) if "roles" in claims else []
        return TokenClaims(
            client=_matching(claims, "client_id", CLIENT_PATTERN.fullmatch, TokenFault.CLIENT),
            actor=_matching(claims, "sub", ACTOR_PATTERN.fullmatch, TokenFault.SUBJECT),
            roles=frozenset(role for role in TOKEN_ROLES if role in roles),
            expires_at=expires_at,
            certificate_sha256=_certificate(claims["cnf"]) if "cnf" in claims else None,
            token_id=_matching(claims, "jti", _is_token_id, TokenFault.CLAIM),
        )

    def _need_signature(self, token: str, unproven: UnprovenToken, keys: TokenKeys) -> None:
        key = keys.key_of(unproven)
        try:
            jws.deserialize_compact(token, key, registry=self._registry)
        except (JoseError, ValueError) as wrong:
            raise TokenRefused(TokenFault.SIGNATURE) from wrong

    def _expiry(self, claims: Mapping[str, object], now: float) -> float:
        """When it is worth nothing any more. Raises TokenRefused if it is not worth anything now."""
        expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
        if not issued < expires:
            raise TokenRefused(TokenFault.CLAIM)
        if expires - issued > LIFE_SECONDS_MAX:
            raise TokenRefused(TokenFault.LIFE_TOO_LONG)
        begins = _moment(claims, "nbf") if "nbf" in claims else issued
        if max(issued, begins) > now + self._leeway_seconds:
            raise TokenRefused(TokenFault.NOT_YET)
        if now >= expires + self._leeway_seconds:
            raise TokenRefused(TokenFault.EXPIRED)
        return expires + self._leeway_seconds


def token_verifier(settings: Settings) -> TokenVerifier | None:
    """As the settings say; None where there are no tokens. Raises WrongSetting."""
    given = (settings.token_issuer, settings.token_audience, settings.token_jwks)
    if not any(given):
        return None
    if not all(given):
        raise WrongSetting("set all of LEDGER_TOKEN_ISSUER, LEDGER_TOKEN_AUDIENCE and LEDGER_TOKEN_JWKS, or none")
    algorithms = frozenset(name for part in settings.token_algorithms.split(",") if (name := part.strip()))
    if not algorithms or not algorithms <= ALGORITHMS.keys():
        raise WrongSetting(f"LEDGER_TOKEN_ALGORITHMS must be some of {', '.join(ALGORITHMS)}, with commas between")
    issuer, audience, jwks = given
    return TokenVerifier(issuer, audience, key_source(jwks), algorithms, settings.token_leeway_seconds)


def _matching(claims: Mapping[str, object], name: str, matches: Callable[[str], object], fault: TokenFault) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not matches(value):
        raise TokenRefused(fault)
    return value


def _is_token_id(text: str) -> bool:
    return 0 < len(text) <= _TOKEN_ID_CHARACTERS_MAX


def _moment(claims: Mapping[str, object], name: str) -> float:
    """A NumericDate (RFC 7519 section 2); `true` is no number here."""
    value = claims.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= _MOMENT_MAX:
        raise TokenRefused(TokenFault.CLAIM)
    return float(value)


def _texts(value: object) -> list[str]:
    """A list of strings. Raises TokenRefused."""
    if not isinstance(value, list) or len(value) > _TEXTS_MAX or not all(isinstance(one, str) for one in value):
        raise TokenRefused(TokenFault.CLAIM)
    return value


def _certificate(confirmation: object) -> str:
    """What the token is bound to. Raises TokenRefused for other bonds than to a certificate: none is checked here."""
    if not isinstance(confirmation, dict) or confirmation.keys() != {"x5t#S256"}:
        raise TokenRefused(TokenFault.CLAIM)
    thumbprint = confirmation["x5t#S256"]
    try:
        digest = urlsafe_b64decode(thumbprint.encode("ascii")) if isinstance(thumbprint, str) else b""
    except ValueError as wrong:
        raise TokenRefused(TokenFault.CLAIM) from wrong
    if len(digest) != _SHA256_BYTES:
        raise TokenRefused(TokenFault.CLAIM)
    return digest.hex()
