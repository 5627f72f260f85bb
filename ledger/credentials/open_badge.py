"""A statement as an Open Badge (1EdTech Open Badges 3.0, achievement type CommunityService), secured as a JWT.

The payload is the credential itself (W3C VC-JOSE-COSE, typ vc+jwt). It says no more than the statement discloses, rests
on it by its digest, and has the same place in the list of status (claim `status`, Token Status List).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ledger.credentials.claims import Disclosed, StatementClaims
from ledger.credentials.compact_jwt import write_jwt
from ledger.credentials.issuer_keys import SigningKey

TYP: Final = "vc+jwt"
CONTEXT: Final = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
_NAME: Final = "Verified volunteer hours"
_CRITERIA: Final = (
    "The hours were attended at an organisation or recorded by it, and verified by somebody else; none counts twice."
)
_SECONDS_PER_HOUR: Final = 3_600


def open_badge(claims: StatementClaims, disclosed: Disclosed, digest: str, key: SigningKey) -> str:
    """The signed badge of a statement; `digest` is that of its credential, hexadecimal."""
    issued = datetime.fromtimestamp(claims.iat, UTC)
    badge: dict[str, object] = {
        "@context": CONTEXT,
        "id": f"{claims.iss}/{claims.statement}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": claims.iss, "type": ["Profile"]},
        "name": _NAME,
        "validFrom": _moment(issued),
        "credentialSubject": _subject(claims, disclosed),
        "evidence": [
            {"id": claims.vct, "type": ["Evidence"], "name": claims.statement, "narrative": f"sha256:{digest}"}
        ],
        "iss": claims.iss,
        "iat": claims.iat,
        "status": {"status_list": {"idx": claims.status.status_list.idx, "uri": claims.status.status_list.uri}},
    }
    if claims.exp is not None:
        badge |= {"validUntil": _moment(datetime.fromtimestamp(claims.exp, UTC)), "exp": claims.exp}
    return write_jwt(TYP, key.kid, badge, key.sign)


def _subject(claims: StatementClaims, disclosed: Disclosed) -> dict[str, object]:
    subject: dict[str, object] = {
        "type": ["AchievementSubject"],
        "creditsEarned": claims.verified_seconds / _SECONDS_PER_HOUR,
        "achievement": {
            "id": claims.vct,
            "type": ["Achievement"],
            "achievementType": "CommunityService",
            "name": _NAME,
            "description": f"{claims.verified_seconds} seconds of volunteering, verified.",
            "criteria": {"narrative": _CRITERIA},
        },
    }
    bounds = {"activityStartDate": claims.period.first, "activityEndDate": claims.period.last}
    subject |= {name: f"{day}T00:00:00Z" for name, day in bounds.items() if day is not None}
    if disclosed.full_name is not None:
        identity = {
            "type": "IdentityObject",
            "hashed": False,
            "identityHash": disclosed.full_name,
            "identityType": "name",
        }
        subject["identifier"] = [identity]
    return subject


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
