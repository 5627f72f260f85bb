"""Statements of synthetic persons with all that belongs to them: keys, a small log, proofs, a list of status.

Everything is made in memory, from the same seed the same bytes but for ML-DSA-44's own randomness.
"""

from __future__ import annotations

import json
import random
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.credentials.compact_jwt import with_lower_s
from ledger.credentials.issuer_keys import PublishedKey, PublishedKeys, SigningKey, thumbprint
from ledger.credentials.sd_jwt import credential_digest, issue_credential
from ledger.credentials.status_list import pack_statuses, write_status_list
from ledger.credentials.verify_statement import StatementEvidence, StatementTrust
from ledger.transparency.balance_file import BalanceFile, format_balance_file
from ledger.transparency.balance_proof import prove_balance
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signing import sign_balances
from ledger.transparency.trust_policy import read_policy
from tests.transparency.sample_log import SIGNED_AT, SampleLog
from tests.transparency.tiny_ledger import DECIDED, TinyLedger, moved, movement, opened, present, stored

ISSUER: Final = "https://hours.example"
LIST_URI: Final = f"{ISSUER}/statements/status/0-1"
ORIGIN: Final = "hours.example/log/0"
ISSUED_AT: Final = 1_795_176_000
ISSUED_AT_TEXT: Final = "2026-11-20T12:00:00Z"
NOW: Final = ISSUED_AT + 3 * 86_400
KEY_BEGAN: Final = ISSUED_AT - 30 * 86_400
HOUR: Final = 3_600
PERSONS: Final = {"volunteers/v1": (2 * HOUR, 3 * HOUR, HOUR), "volunteers/v2": (HOUR, HOUR + 90)}
"""Verified seconds of their attendances."""

Json = dict[str, object]


def issuer_key(number: int) -> EllipticCurvePrivateKey:
    return derive_private_key(0xC0FFEE + number, SECP256R1())


def published(
    private: EllipticCurvePrivateKey, valid_from: int, valid_until: int | None = None, revoked_at: int | None = None
) -> PublishedKey:
    public = private.public_key()
    return PublishedKey(thumbprint(public), public, valid_from, valid_until, revoked_at)


def signing(private: EllipticCurvePrivateKey) -> SigningKey:
    """The same signature each time (RFC 6979), so that a seed repeats a run."""
    return SigningKey(thumbprint(private.public_key()), lambda data: raw_signature(private, data))


def raw_signature(private: EllipticCurvePrivateKey, data: bytes) -> bytes:
    r, s = decode_dss_signature(private.sign(data, ECDSA(SHA256(), deterministic_signing=True)))
    return with_lower_s(r.to_bytes(32) + s.to_bytes(32))


@dataclass(frozen=True)
class Statement:
    """One as it was issued, with its evidence."""

    name: str
    claims: Json
    shown: Json
    evidence: StatementEvidence


@dataclass
class World:
    """A ledger's log, an issuer, and what it issued. A second one from another seed has nothing in common with it."""

    seed: int = 1
    statements: dict[str, Statement] = field(default_factory=dict)
    status: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.private = issuer_key(self.seed)
        self.keys = PublishedKeys(ISSUER, (published(self.private, KEY_BEGAN),))
        self.events = history()
        self.size = len(self.events)
        self.ledger = TinyLedger()
        self.ledger.add(self.events)
        self.root = SampleLog(ORIGIN, self.events, self.seed).tree.root(self.size)
        self._drafts: list[tuple[str, Json, Json, str]] = []

    def issue(self, name: str, claims: Json, shown: Json, private: EllipticCurvePrivateKey | None = None) -> None:
        """Sign a credential and record its event; evidence comes with `finish`."""
        key = signing(private or self.private)
        credential = issue_credential(claims, shown, key.kid, key.sign, self.chance.randbytes)
        self.events.append(issued_event(len(self.events) + 1, claims, shown, credential, key.kid))
        self._drafts.append((name, claims, shown, credential))

    def finish(self) -> None:
        """A last event, a checkpoint over all, and the proofs."""
        self.events.append(stored(len(self.events) + 1, "charter-accepted", "volunteers/v9", {}))
        self.log = SampleLog(ORIGIN, self.events, self.seed)
        self.policy = read_policy([self.log.ed25519.key.line(), self.log.ml_dsa.key.line()])
        for number, (name, claims, shown, credential) in enumerate(self._drafts):
            index = self.size + number
            evidence = StatementEvidence(
                credential=credential,
                event=self.events[index],
                tlog_proof=self.log.proof_file(index, self.log.size),
                balance_proof=self.balance_proof(str(claims["sub"])),
                status_list=self.status_list(NOW - 60),
            )
            self.statements[name] = Statement(name, claims, shown, evidence)

    def balance_proof(self, holder: str) -> bytes:
        note = BalancesNote(ORIGIN, self.size, self.ledger.root, self.root, 0, 1)
        signers = [key.named(f"{ORIGIN}/balances") for key in (self.log.ed25519, self.log.ml_dsa)]
        proof = prove_balance(self.ledger.store, self.ledger, self.ledger.root, holder).to_bytes()
        return format_balance_file(BalanceFile(holder, proof, sign_balances(note, signers, SIGNED_AT)))

    def status_list(self, at: int, status: Mapping[int, int] | None = None, uri: str = LIST_URI) -> str:
        taken = (self.status if status is None else status).items()
        return write_status_list(uri, at, pack_statuses(taken), signing(self.private))

    @property
    def trust(self) -> StatementTrust:
        return StatementTrust(self.keys, {ORIGIN: self.policy})

    def evidence(self, name: str, **status: int) -> StatementEvidence:
        """Of a statement; `value=…` gives it this status."""
        statement = self.statements[name]
        if not status:
            return statement.evidence
        idx = json.loads(json.dumps(statement.claims))["status"]["status_list"]["idx"]
        return replace(statement.evidence, status_list=self.status_list(NOW - 60, {idx: status["value"]}))


def history() -> list[bytes]:
    """The hours of all persons, verified."""
    events = [opened()]
    for person, spans in PERSONS.items():
        for number, seconds in enumerate(spans):
            attendance = f"{person}/attendances/a{number}"
            come, verified = movement("outside", "attended", seconds), movement("attended", "verified", seconds)
            also: Json = {"appointment": "organizations/green/appointments/p1", "verified_seconds": seconds}
            events += [
                moved(len(events) + 1, "attendance-recorded", attendance, come, also={**present(8), **DECIDED}),
                moved(
                    len(events) + 2, "hours-verified", attendance, verified, stream_version=2, also=present(8) | also
                ),
            ]
    return events


def issued_event(position: int, claims: Json, shown: Json, credential: str, kid: str, time: str = "") -> bytes:
    """The stored bytes of `statement-issued`."""
    read = json.loads(json.dumps(claims))
    data: Json = {
        "statement": read["statement"],
        "holder": read["sub"],
        "kind": read["kind"],
        **{
            f"period_{end}": read["period"][at]
            for end, at in (("start", "from"), ("end", "to"))
            if at in read["period"]
        },
        "organizations": read["only_organizations"],
        "shown": ["name" if name == "full_name" else name for name in shown],
        "verified_seconds": read["verified_seconds"],
        "size": read["as_of"]["size"],
        "root": claims_root(claims).hex(),
        "credential_digest": credential_digest(credential),
        "issuer_key": kid,
        "status_list": int(read["status"]["status_list"]["uri"].rpartition("-")[2]),
        "status_index": read["status"]["status_list"]["idx"],
        **({"expires": EXPIRES_TEXT} if "exp" in read else {}),
    }
    event = json.loads(stored(position, "statement-issued", read["statement"], data))
    return json.dumps(event | {"time": time or ISSUED_AT_TEXT}, separators=(",", ":")).encode()


EXPIRES: Final = ISSUED_AT + 90 * 86_400
EXPIRES_TEXT: Final = "2027-02-18T12:00:00Z"


def claims_root(claims: Json) -> bytes:
    return b64decode(json.loads(json.dumps(claims))["as_of"]["root"])


def claims_of(world: World, person: str, statement: str, idx: int, **other: object) -> Json:
    """What is readable always; a statement of everything unless `other` says otherwise."""
    return {
        "iss": ISSUER,
        "iat": ISSUED_AT,
        "vct": f"{ISSUER}/vct/statement/1",
        "sub": person,
        "statement": f"{person}/statements/{statement}",
        "kind": "statement",
        "initials": "ش ا",
        "period": {},
        "only_organizations": [],
        "verified_seconds": sum(PERSONS[person]),
        "as_of": {
            "origin": ORIGIN,
            "partition": 0,
            "size": world.size,
            "root": base64_text(world.root),
            "recorded_through": "2026-11-20T11:59:59.5Z",
        },
        "status": {"status_list": {"idx": idx, "uri": LIST_URI}},
        **other,
    }


def organization_hours(name: str, seconds: int) -> Json:
    return {
        "name": f"organizations/{name}",
        "display_name": {"ar": "جمعية اصطناعية", "en": f"Synthetic Society {name}"},
        "verified_seconds": seconds,
        "first_date": "2026-11-01",
        "last_date": "2026-11-20",
    }


def role_hours(name: str, seconds: int) -> Json:
    return {
        "opportunity": f"opportunities/{name}",
        "title": {"ar": "دورٌ اصطناعي", "en": "Synthetic role"},
        "organization": "organizations/green",
        "skills": ["first-aid", "teaching"],
        "verified_seconds": seconds,
        "first_date": "2026-11-01",
        "last_date": "2026-11-20",
    }


def entry_hours(seconds: int, position: int) -> Json:
    return {
        "date": "2026-11-20",
        "organization": "organizations/green",
        "opportunity": "opportunities/garden",
        "title": {"ar": "حديقة اصطناعية"},
        "verified_seconds": seconds,
        "position": position,
    }


def shown_of_v1() -> Json:
    return {
        "full_name": "شخص اصطناعي",
        "organizations": [organization_hours("green", 4 * HOUR), organization_hours("blue", 2 * HOUR)],
        "roles": [role_hours("garden", 5 * HOUR), role_hours("kitchen", HOUR)],
        "sectors": [
            {"sector": "environment", "verified_seconds": 4 * HOUR},
            {"sector": "", "verified_seconds": 2 * HOUR},
        ],
    }


def shown_of_v2() -> Json:
    spans = PERSONS["volunteers/v2"]
    return {
        "full_name": "Synthetic Person",
        "years": [{"year": 2026, "verified_seconds": sum(spans)}],
        "skills": [
            {"skill": "first-aid", "verified_seconds": sum(spans)},
            {"skill": "teaching", "verified_seconds": HOUR},
        ],
        "entries": [entry_hours(seconds, 9 + 2 * number) for number, seconds in enumerate(spans)],
    }


def sample_world(seed: int = 1) -> World:
    """Everything of v1; the same person in a period, with an end; a transcript of v2; one that shows nothing."""
    world = World(seed)
    world.issue("everything", claims_of(world, "volunteers/v1", "s1", 70_001), shown_of_v1())
    period = {"period": {"from": "2026-01-01", "to": "2026-12-31"}, "exp": EXPIRES}
    chosen = {"only_organizations": ["organizations/green", "organizations/blue"]}
    world.issue("selection", claims_of(world, "volunteers/v1", "s2", 5, **period, **chosen), shown_of_v1())
    transcript = claims_of(world, "volunteers/v2", "s1", 1_048_575, kind="transcript", initials="S P")
    world.issue("transcript", transcript, shown_of_v2())
    world.issue("bare", claims_of(world, "volunteers/v2", "s2", 0, initials="S P"), {})
    world.finish()
    return world
