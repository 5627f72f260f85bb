"""A small log in memory with the verified hours of a synthetic person, and the proofs that go beside a statement."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from ledger.credentials.sd_jwt import read_credential
from ledger.transparency.balance_file import BalanceFile, format_balance_file
from ledger.transparency.balance_proof import prove_balance
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signing import sign_balances
from tests.transparency.sample_log import SIGNED_AT, SampleLog
from tests.transparency.tiny_ledger import DECIDED, TinyLedger, moved, movement, opened, present, stored

PERSON: Final = "volunteers/synthetic-1"
OTHER: Final = "volunteers/synthetic-2"
DAYS: Final = 15
DAY_SECONDS: Final = 8 * 3_600
VERIFIED_SECONDS: Final = DAYS * DAY_SECONDS
"""120 hours."""


def hours_of(person: str, first: int, days: int) -> list[bytes]:
    """The events of so many days of service, from this position on."""
    events = list[bytes]()
    for day in range(days):
        name = f"{person}/attendances/a{day}"
        attended, verified = (
            movement("outside", "attended", DAY_SECONDS),
            movement("attended", "verified", DAY_SECONDS),
        )
        decided = {"appointment": "organizations/green/appointments/p1", "verified_seconds": DAY_SECONDS}
        events.append(
            moved(first + 2 * day, "attendance-recorded", name, attended, also={**present(13), **DECIDED}),
        )
        verifying = moved(
            first + 2 * day + 1, "hours-verified", name, verified, stream_version=2, also={**present(13), **decided}
        )
        events.append(verifying)
    return events


class StatementLog:
    """Hours first, then events that issue statements, under one checkpoint at the end."""

    def __init__(self, origin: str = "hours.example/log/0", seed: int = 1, days_of_other: int = 2) -> None:
        self.origin = origin
        self._seed = seed
        self._events = [opened(), *hours_of(PERSON, 2, DAYS), *hours_of(OTHER, 2 + 2 * DAYS, days_of_other)]
        self.size = len(self._events)
        self._ledger = TinyLedger()
        self._ledger.add(self._events)
        self.root = self._whole().tree.root(self.size)

    @property
    def vkeys(self) -> list[str]:
        log = self._whole()
        return [log.ed25519.key.line(), log.ml_dsa.key.line()]

    def as_of(self) -> dict[str, object]:
        return {
            "origin": self.origin,
            "partition": 0,
            "size": self.size,
            "root": base64_text(self.root),
            "recorded_through": "2026-11-20T12:00:00Z",
        }

    def issue(self, credential: str, recorded_at: datetime | None = None) -> tuple[bytes, int]:
        """The event of a credential, and its position."""
        event = issued_event(credential, self.next_position, recorded_at or datetime.now(UTC))
        return event, self.record(event)

    @property
    def next_position(self) -> int:
        return len(self._events) + 1

    def record(self, event: bytes) -> int:
        """Put any event behind the others; its position."""
        self._events.append(event)
        return len(self._events)

    def tlog_proof(self, position: int) -> bytes:
        log = self._whole()
        return log.proof_file(position - 1, log.size)

    def balance_proof(self, person: str = PERSON) -> bytes:
        note = BalancesNote(self.origin, self.size, self._ledger.root, self.root, 0, 1)
        log = self._whole()
        signers = [log.ed25519.named(note.origin), log.ml_dsa.named(note.origin)]
        signed = sign_balances(note, signers, SIGNED_AT)
        proof = prove_balance(self._ledger.store, self._ledger, self._ledger.root, person)
        return format_balance_file(BalanceFile(person, proof.to_bytes(), signed))

    def _whole(self) -> SampleLog:
        return SampleLog(self.origin, self._events, self._seed)


def issued_event(credential: str, position: int, recorded_at: datetime) -> bytes:
    """The stored bytes of `statement-issued` for this credential."""
    read = read_credential(credential)
    claims = read.claims
    place = claims.status.status_list
    data: dict[str, object] = {
        "statement": claims.statement,
        "holder": claims.sub,
        "kind": claims.kind,
        "organizations": list(claims.only_organizations),
        "shown": ["name", "organizations", "roles", "sectors", "years", "skills", "entries"],
        "verified_seconds": claims.verified_seconds,
        "size": claims.as_of.size,
        "root": claims.as_of.root_bytes.hex(),
        "credential_digest": read.digest,
        "issuer_key": read.jwt.header.kid,
        "status_list": int(place.uri.rpartition("-")[2]),
        "status_index": place.idx,
    }
    for name, day in (("period_start", claims.period.first), ("period_end", claims.period.last)):
        data |= {} if day is None else {name: day}
    if claims.exp is not None:
        data["expires"] = datetime.fromtimestamp(claims.exp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = json.loads(stored(position, "statement-issued", claims.statement, data))
    return json.dumps({**event, "time": recorded_at.strftime("%Y-%m-%dT%H:%M:%SZ")}, separators=(",", ":")).encode()
