"""From what a statement rests on to its signed text and the event that records it: pure but for key and salts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ledger.credentials.claims import vct_of
from ledger.credentials.issuer_keys import SigningKey
from ledger.credentials.sd_jwt import credential_digest, issue_credential
from ledger.domain.statement_events import Detail, StatementIssued, StatementKind
from ledger.log_serving.map_reader import ProvenBalance
from ledger.projections.stated_hours import Scope, StatedHours
from ledger.statements.content import disclosable, initials
from ledger.statements.kept_documents import Document, StatusPlace
from ledger.transparency.balance_file import BalanceFile, format_balance_file
from ledger.transparency.line_grammar import base64_text

TRANSCRIPT: Final[tuple[Detail, ...]] = ("organizations", "roles", "sectors", "years", "skills", "entries")
"""What a transcript shows, with or without a name."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks to have stated."""

    statement: str
    """volunteers/{v}/statements/{s}"""
    scope: Scope
    kind: StatementKind
    shown: tuple[Detail, ...]
    expires: datetime | None
    size_min: int
    """Position of the person's partition that it must count."""

    @property
    def is_of_everything(self) -> bool:
        """Then that it leaves nothing out can be proven."""
        scope = self.scope
        return (scope.first, scope.last) == (date.min, date.max) and not scope.organizations


@dataclass(frozen=True, slots=True)
class Basis:
    """What a statement rests on."""

    wish: Wish
    hours: StatedHours
    proven: ProvenBalance
    recorded_through: datetime
    full_name: str

    @property
    def verified_seconds(self) -> int:
        return sum(row.verified_seconds for row in self.hours.rows)


def signed_document(issuer: str, key: SigningKey, basis: Basis, place: StatusPlace, now: int) -> Document:
    """The credential, issued at `now`, and for a statement of everything the proof of all the hours."""
    wish, claims = basis.wish, _claims(issuer, basis, place, now)
    credential = issue_credential(claims, disclosable(basis.hours, wish.shown, basis.full_name), key.kid, key.sign)
    if not wish.is_of_everything:
        return Document(credential, None)
    proof = BalanceFile(wish.scope.holder, basis.proven.proof, basis.proven.note)
    return Document(credential, format_balance_file(proof).decode())


def _claims(issuer: str, basis: Basis, place: StatusPlace, now: int) -> dict[str, object]:
    wish, scope, note = basis.wish, basis.wish.scope, basis.proven.verdict.note
    bounds = {"from": (scope.first, date.min), "to": (scope.last, date.max)}
    claims: dict[str, object] = {
        "iss": issuer,
        "iat": now,
        "vct": vct_of(issuer),
        "sub": scope.holder,
        "statement": wish.statement,
        "kind": wish.kind,
        "initials": initials(basis.full_name),
        "period": {name: day.isoformat() for name, (day, is_open) in bounds.items() if day != is_open},
        "only_organizations": list(scope.organizations),
        "verified_seconds": basis.verified_seconds,
        "as_of": {
            "origin": note.log_origin,
            "partition": basis.proven.partition,
            "size": note.size,
            "root": base64_text(note.log_root),
            "recorded_through": basis.recorded_through.isoformat().replace("+00:00", "Z"),
        },
        "status": {"status_list": {"idx": place.place, "uri": status_uri(issuer, place.partition, place.status_list)}},
    }
    return claims if wish.expires is None else {**claims, "exp": int(wish.expires.timestamp())}


def issued_event(basis: Basis, place: StatusPlace, kid: str, document: Document) -> StatementIssued:
    """What is recorded of it."""
    wish, scope, note = basis.wish, basis.wish.scope, basis.proven.verdict.note
    return StatementIssued(
        statement=wish.statement,
        holder=scope.holder,
        kind=wish.kind,
        period_start=None if scope.first == date.min else scope.first,
        period_end=None if scope.last == date.max else scope.last,
        organizations=tuple(scope.organizations),
        shown=wish.shown,
        verified_seconds=basis.verified_seconds,
        size=note.size,
        root=note.log_root.hex(),
        credential_digest=credential_digest(document.credential),
        issuer_key=kid,
        status_list=place.status_list,
        status_index=place.place,
        expires=wish.expires,
    )


def shown_details(kind: StatementKind, asked: Iterable[Detail]) -> tuple[Detail, ...]:
    """What is shown: of a transcript everything, and the name where it was asked for."""
    chosen = set(asked) if kind == "statement" else {*TRANSCRIPT, *({"name"} & set(asked))}
    return tuple(detail for detail in ("name", *TRANSCRIPT) if detail in chosen)


def status_uri(issuer: str, partition: int, number: int) -> str:
    """Where a list of status is published."""
    return f"{issuer}/statements/status/{partition}-{number}"
