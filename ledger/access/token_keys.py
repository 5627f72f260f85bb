"""The public keys that tokens are verified with: a JWK Set (RFC 7517), and which of its keys fits which algorithm.

A key is for the algorithms of its own kind alone (RFC 8725 section 3.1): what a token says can never turn a public key
into a secret. Keys that are of no use here are passed over, as RFC 7517 section 5 wants it.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import base64_to_int

from ledger.access.token_text import TokenFault, TokenRefused, UnprovenToken

# EdDSA with an Ed25519 key is Ed25519 under its older name (RFC 9864); issuers say either for years to come.
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)

VerifyingKey: TypeAlias = ECKey | OKPKey | RSAKey

ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "Ed25519": ("OKP", "Ed25519"),
    "EdDSA": ("OKP", "Ed25519"),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
}
"""Algorithm → type and curve of its keys. Nothing symmetric can be allowed, nor `none`."""
JWKS_BYTES_MAX: Final = 256 * 1024
RSA_BITS_MIN: Final = 2048
RSA_BITS_MAX: Final = 8192
"""Longer ones would make each token a burden."""


class NoKeySet(Exception):
    """What was read is no JWK Set; the message says why."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One public key."""

    key_id: str | None
    algorithm: str | None
    """The only one it is for, if the set says so."""
    key: VerifyingKey

    def fits(self, algorithm: str) -> bool:
        """Whether it is a key of this algorithm."""
        kind, curve = ALGORITHMS[algorithm]
        if self.algorithm is not None and _one_name(self.algorithm) != _one_name(algorithm):
            return False
        return self.key.key_type == kind and (isinstance(self.key, RSAKey) or self.key.curve_name == curve)


@dataclass(frozen=True, slots=True, eq=False)
class TokenKeys:
    """A set of them, as read at one moment."""

    keys: Sequence[TokenKey] = ()

    def knows(self, key_id: str) -> bool:
        """Whether some key has this name."""
        return any(key.key_id == key_id for key in self.keys)

    def key_of(self, token: UnprovenToken) -> VerifyingKey:
        """The one key that the token names; where there is only one, it need not be named. Raises TokenRefused."""
        if token.key_id is None and len(self.keys) > 1:
            raise TokenRefused(TokenFault.NO_KEY_NAMED)
        named = [key for key in self.keys if token.key_id in (None, key.key_id)]
        fitting = [key.key for key in named if key.fits(token.algorithm)]
        if len(fitting) != 1:
            raise TokenRefused(TokenFault.UNKNOWN_KEY)
        return fitting[0]


def parse_key_set(text: bytes) -> TokenKeys:
    """The usable keys of a JWK Set; there may be none. Raises NoKeySet."""
    if len(text) > JWKS_BYTES_MAX:
        raise NoKeySet(f"it is longer than {JWKS_BYTES_MAX} bytes")
    try:
        value: object = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as wrong:
        raise NoKeySet("it is no JSON") from wrong
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list):
        raise NoKeySet('it is no JWK Set: {"keys": [...]}')
    return TokenKeys([key for one in keys if isinstance(one, dict) and (key := _usable(one)) is not None])


def _usable(members: dict[str, object]) -> TokenKey | None:
    """None for keys that are secret, too weak, for something else, or not understood."""
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    operations = members.get("key_ops")
    if texts.get("use", "sig") != "sig" or "d" in members or "k" in members:
        return None
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return None
    numbers: dict[str, str | list[str]] = {
        name: texts[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in texts
    }
    try:
        key = _imported(texts.get("kty"), numbers)
    except (JoseError, ValueError, KeyError):
        return None
    return None if key is None else TokenKey(texts.get("kid"), texts.get("alg"), key)


def _imported(kind: str | None, numbers: dict[str, str | list[str]]) -> VerifyingKey | None:
    match kind:
        case "EC":
            return ECKey.import_key(numbers)
        case "OKP":
            return OKPKey.import_key(numbers)
        case "RSA":
            modulus = numbers.get("n")
            bits = base64_to_int(modulus).bit_length() if isinstance(modulus, str) else 0
            return RSAKey.import_key(numbers) if RSA_BITS_MIN <= bits <= RSA_BITS_MAX else None
    return None


def _one_name(algorithm: str) -> str:
    return "Ed25519" if algorithm == "EdDSA" else algorithm
