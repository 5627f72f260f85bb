"""Statements of synthetic persons with everything that goes beside them, and the issuer that signs them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key

from ledger.credentials.compact_jwt import signer
from ledger.credentials.issuer_keys import (
    PublishedKey,
    PublishedKeys,
    SigningKey,
    thumbprint,
    write_issuer_document,
)
from ledger.credentials.sd_jwt import credential_digest, issue_credential
from ledger.credentials.status_list import pack_statuses, write_status_list
from tests.browser.sample_log import DAY_SECONDS, DAYS, PERSON, VERIFIED_SECONDS, StatementLog

ISSUER: Final = "https://hours.example"
KEY_DAYS: Final = 400


class SampleIssuer:
    """An issuer with one key, whose list of status is written anew each time."""

    def __init__(self, issuer: str = ISSUER) -> None:
        self.issuer = issuer
        self.private: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self.kid = thumbprint(self.private.public_key())
        self.valid_from = int(time.time()) - KEY_DAYS * 86_400
        self.revoked_at: int | None = None
        self.statuses: dict[int, int] = {}

    @property
    def signing(self) -> SigningKey:
        return SigningKey(self.kid, signer(self.private))

    def document(self) -> bytes:
        key = PublishedKey(self.kid, self.private.public_key(), self.valid_from, None, self.revoked_at)
        return write_issuer_document(PublishedKeys(self.issuer, (key,)))

    def status_uri(self, number: int = 0) -> str:
        return f"{self.issuer}/statements/status/0-{number}"

    def status_list(self, number: int = 0, signed_at: int | None = None) -> str:
        moment = int(time.time()) if signed_at is None else signed_at
        return write_status_list(self.status_uri(number), moment, pack_statuses(self.statuses.items()), self.signing)


@dataclass(frozen=True)
class SampleStatement:
    """One that was issued, as whoever checks it has it."""

    credential: str
    event: bytes
    position: int
    tlog_proof: bytes
    balance_proof: bytes | None
    place: int
    """In the list of status."""

    @property
    def digest(self) -> str:
        return credential_digest(self.credential)

    def without(self, kept: int) -> SampleStatement:
        """With the first so many disclosures alone."""
        issued, *disclosures = self.credential.split("~")[:-1]
        return replace(self, credential="~".join((issued, *disclosures[:kept], "")))


@dataclass(frozen=True)
class Wanted:
    """What a statement is to say."""

    person: str = PERSON
    kind: str = "statement"
    initials: str = "S. P."
    place: int = 7
    status_list: int = 0
    """Number of the list that its place is in."""
    issued_at: int | None = None
    seconds: int = VERIFIED_SECONDS
    period: tuple[str, str] | None = None
    expires_at: int | None = None
    shown: tuple[str, ...] = ("full_name", "organizations", "roles", "sectors")
    full_name: str = "Synthetic Person"


def issue(issuer: SampleIssuer, log: StatementLog, wanted: Wanted) -> SampleStatement:
    """Issue it, and record the event; its proof comes with the checkpoint behind it."""
    claims = claims_of(issuer, log, wanted)
    details = details_of(wanted)
    shown = {name: details[name] for name in wanted.shown}
    credential = issue_credential(claims, shown, issuer.kid, issuer.signing.sign)
    event, position = log.issue(credential)
    whole = wanted.period is None
    balance = log.balance_proof(wanted.person) if whole else None
    return SampleStatement(credential, event, position, log.tlog_proof(position), balance, wanted.place)


def claims_of(issuer: SampleIssuer, log: StatementLog, wanted: Wanted) -> dict[str, object]:
    """What is readable always."""
    period = dict(zip(("from", "to"), wanted.period or (), strict=False))
    return {
        "iss": issuer.issuer,
        "iat": wanted.issued_at or int(time.time()) - 86_400,
        **({} if wanted.expires_at is None else {"exp": wanted.expires_at}),
        "vct": f"{issuer.issuer}/vct/statement/1",
        "sub": wanted.person,
        "statement": f"{wanted.person}/statements/s{wanted.place}",
        "kind": wanted.kind,
        "initials": wanted.initials,
        "period": period,
        "only_organizations": [],
        "verified_seconds": wanted.seconds,
        "as_of": log.as_of(),
        "status": {"status_list": {"idx": wanted.place, "uri": issuer.status_uri(wanted.status_list)}},
    }


def details_of(wanted: Wanted) -> dict[str, object]:
    """All that a statement may show: two organisations of the synthetic person's."""
    most, rest = wanted.seconds - 40 * 3_600, 40 * 3_600
    green = {"ar": "جمعية البيئة الاصطناعية", "en": "Synthetic Green Hands"}
    dates = {"first_date": "2026-01-10", "last_date": "2026-06-21"}
    title = {"ar": "غرس الأشجار", "en": "Planting trees"}
    return {
        "full_name": wanted.full_name,
        "organizations": [
            {"name": "organizations/green", "display_name": green, "verified_seconds": most, **dates},
            {"name": "organizations/books", "display_name": {"ar": "مكتبة الحي"}, "verified_seconds": rest, **dates},
        ],
        "roles": [
            {
                "opportunity": "opportunities/garden",
                "title": title,
                "organization": "organizations/green",
                "skills": ["gardening", "first aid"],
                "verified_seconds": most,
                **dates,
            },
            {
                "opportunity": "opportunities/reading",
                "title": {"en": "Reading to children"},
                "organization": "organizations/books",
                "skills": [],
                "verified_seconds": rest,
                **dates,
            },
        ],
        "sectors": [{"sector": "environment", "verified_seconds": most}, {"sector": "", "verified_seconds": rest}],
        "years": [{"year": 2026, "verified_seconds": wanted.seconds}],
        "skills": [{"skill": "gardening", "verified_seconds": most}, {"skill": "first aid", "verified_seconds": most}],
        "entries": [_entry(day, title, wanted.seconds) for day in range(DAYS)],
    }


def _entry(day: int, title: dict[str, str], seconds: int) -> dict[str, object]:
    last = seconds - DAY_SECONDS * (DAYS - 1)
    return {
        "date": datetime(2026, 1, 10 + day, tzinfo=UTC).date().isoformat(),
        "organization": "organizations/green",
        "opportunity": "opportunities/garden",
        "title": title,
        "verified_seconds": DAY_SECONDS if day < DAYS - 1 else last,
        "position": 3 + 2 * day,
    }
