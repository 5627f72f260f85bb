"""What a peak certificate says: a compact JWS, signed with the issuer's key (docs/live-lessons.md, Certify)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError

from ledger.credentials.compact_jwt import CompactJwt, read_jwt, told, write_jwt
from ledger.credentials.issuer_keys import SigningKey
from ledger.domain.event import Value
from ledger.domain.live_session_events import LiveRule
from ledger.transparency.failures import Malformed

TYPE: Final = "peak-certificate+jwt"
WholeNumber = Annotated[int, Field(ge=0, le=2**53)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PeakSaid(Value):
    """The largest number of participants of one second."""

    participants: WholeNumber
    first_second: WholeNumber | None = None
    """Seconds since 1970; absent: nobody was there."""
    seconds: WholeNumber


class EventsSaid(Value):
    """What was counted."""

    count: Annotated[int, Field(ge=2)]
    first_position: Annotated[int, Field(ge=1)]
    last_position: Annotated[int, Field(ge=1)]
    sha256: Digest
    """Of the stored bytes of all of them, each followed by a newline."""


class LogSaid(Value):
    """The signed log that holds them."""

    origin: str
    partition: WholeNumber
    size: Annotated[int, Field(ge=1)]
    root: str
    """Base64."""


class PeakClaims(Value):
    """All that a certificate says."""

    iss: str
    iat: WholeNumber
    session: str
    shift: str
    opportunity: str
    organization: str
    rule: LiveRule
    peak: PeakSaid
    persons: WholeNumber
    connections: WholeNumber
    events: EventsSaid
    log: LogSaid


def sign_claims(claims: PeakClaims, key: SigningKey) -> str:
    """The certificate."""
    return write_jwt(TYPE, key.kid, claims.model_dump(mode="json", exclude_none=True), key.sign)


def read_certificate(text: str) -> tuple[CompactJwt, PeakClaims]:
    """A certificate and what it says; nothing is verified yet. Raises Malformed."""
    token = read_jwt(text, TYPE)
    try:
        return token, PeakClaims.model_validate_json(token.payload)
    except ValidationError as error:
        raise Malformed(TYPE, f"its claims must be as docs/live-lessons.md says: {told(error)}") from error


def certificate_digest(text: str) -> str:
    """SHA-256 of the text, hexadecimal: what an adjudicator countersigns."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def events_digest(bodies: Iterable[bytes]) -> str:
    """Of stored bytes, each followed by a newline."""
    digest = hashlib.sha256()
    for body in bodies:
        digest.update(body)
        digest.update(b"\n")
    return digest.hexdigest()
