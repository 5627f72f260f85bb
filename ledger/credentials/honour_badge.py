"""An honour as an Open Badge (1EdTech Open Badges 3.0, achievement type Award), secured as a JWT, and its verifier.

In the form of a statement's badge (`open_badge.py`). It names its holder by their pseudonym: whose that is, a statement
with a name says, whose `sub` is the same. Its place in the lists of status of honours is the position of the event that
gave it, so no place is ever taken twice and none must be kept: list = position // 1,048,576, idx = the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ValidationError

from ledger.credentials.claims import PLACES
from ledger.credentials.compact_jwt import read_jwt, told, verify_signature, write_jwt
from ledger.credentials.issuer_keys import PublishedKeys, SigningKey
from ledger.credentials.open_badge import CONTEXT, TYP
from ledger.credentials.status_list import VALID, ReadStatusList, verify_status_list
from ledger.transparency.failures import Malformed, SignatureRejected


@dataclass(frozen=True, slots=True)
class BadgedHonour:
    """What a badge says."""

    honour: str
    """The milestone or the nomination."""
    holder: str
    recognition_version: str
    level: str
    names: Mapping[str, str]
    """Language → programme and level, for people."""
    rule_source: str
    since: datetime
    partition: int
    position: int
    """Of the event that gave it."""
    counted_seconds: int | None
    """None: given by nomination."""


def status_place(position: int) -> tuple[int, int]:
    """Number of the list, and the place in it, of an honour given at a position."""
    return divmod(position, PLACES)


def honour_status_uri(issuer: str, partition: int, number: int) -> str:
    """Where a list of status of honours is published."""
    return f"{issuer}/honours/status/{partition}-{number}"


def honour_badge(issuer: str, honour: BadgedHonour, now: int, key: SigningKey) -> str:
    """The signed badge; `now` in unix seconds."""
    number, idx = status_place(honour.position)
    name = honour.names.get("en") or honour.names.get("ar", "")
    badge: dict[str, object] = {
        "@context": CONTEXT,
        "id": f"{issuer}/{honour.honour}/{honour.position}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer, "type": ["Profile"]},
        "name": name,
        "validFrom": honour.since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "credentialSubject": _subject(issuer, honour, name),
        "evidence": [
            {
                "id": f"{issuer}/{honour.honour}",
                "type": ["Evidence"],
                "name": honour.honour,
                "narrative": _narrative(honour),
            }
        ],
        "iss": issuer,
        "iat": now,
        "sub": honour.holder,
        "status": {"status_list": {"idx": idx, "uri": honour_status_uri(issuer, honour.partition, number)}},
    }
    return write_jwt(TYP, key.kid, badge, key.sign)


def _subject(issuer: str, honour: BadgedHonour, name: str) -> dict[str, object]:
    return {
        "id": f"{issuer}/{honour.holder}",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": f"{issuer}/{honour.recognition_version}/{honour.level}",
            "type": ["Achievement"],
            "achievementType": "Award",
            "name": name,
            "description": " / ".join(honour.names[language] for language in sorted(honour.names)),
            "criteria": {"narrative": honour.rule_source},
        },
    }


def _narrative(honour: BadgedHonour) -> str:
    event = f"Event {honour.position} of partition {honour.partition} of the ledger"
    if honour.counted_seconds is None:
        return f"{event}: nominated, and approved by two others."
    # In words: our reader of credentials takes whole numbers alone, and a fraction of an hour is none.
    return f"{event}: {honour.counted_seconds} seconds of volunteering, verified."


class _StatusList(BaseModel):
    idx: int
    uri: str


class _Status(BaseModel):
    status_list: _StatusList


class _Claims(BaseModel):
    iss: str
    iat: int
    sub: str
    id: str
    status: _Status


def verify_honour_badge(text: str, keys: PublishedKeys, statuses: ReadStatusList | None) -> bool | None:
    """Whether the honour is held; None: no list of status is at hand. Nobody is asked.

    Steps: (1) the badge's form; (2) its issuer is the keys' own; (3) its signature, by a key that might sign then and
    was not revoked; (4) the list is the one it names, and signed; (5) its place says valid.

    Raises Malformed, SignatureRejected, and OutOfTree for a place that the list does not have.
    """
    jwt = read_jwt(text, TYP)
    try:
        claims = _Claims.model_validate_json(jwt.payload)
    except ValidationError as error:
        raise Malformed(TYP, f"its claims are not those of an honour: {told(error)}") from error
    if claims.iss != keys.issuer:
        raise SignatureRejected(f"the badge is of {claims.iss[:80]}, the keys are of {keys.issuer}")
    key = keys.key_at(jwt.header.kid, claims.iat)
    if key.revoked_at is not None:
        raise SignatureRejected(f"key {key.kid} of the badge was revoked")
    verify_signature(jwt, key.key)
    if statuses is None:
        return None
    if statuses.uri != claims.status.status_list.uri:
        raise SignatureRejected("the list of status is not the one that the badge names")
    verify_status_list(statuses, keys)
    return statuses.value_at(claims.status.status_list.idx) == VALID
