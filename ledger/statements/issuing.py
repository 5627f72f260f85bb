"""Issues a statement: what it counts is fixed first, then it is signed, kept, and at last recorded.

In this order a crash leaves at most a document that no event names. Everything it says is of one size of the log: that
of the newest signed balance map that covers what the caller asks for.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.access.person_keys import ERASED, PersonKeys
from ledger.credentials.claims import ENTRIES_MAX, vct_of
from ledger.credentials.issuer_keys import IssuerKeys, NoSigningKey, SigningKey
from ledger.credentials.sd_jwt import credential_digest, issue_credential
from ledger.domain.refusals import InvariantBroken, Reason, refuse
from ledger.domain.statement import IssueStatement
from ledger.domain.statement_events import Detail, StatementIssued, StatementKind
from ledger.log_serving.map_reader import MapReader, ProvenBalance
from ledger.projections.stated_hours import Scope, StatedHours, StatedHoursQuestions
from ledger.statements.content import disclosable, initials
from ledger.statements.kept_documents import Document, KeptDocuments, StatusPlace
from ledger.transparency.balance_file import BalanceFile, format_balance_file
from ledger.transparency.line_grammar import base64_text

WAIT_SECONDS_MAX: Final = 5.0
"""For a signed size that covers the caller's positions."""
TRANSCRIPT: Final[tuple[Detail, ...]] = ("organizations", "roles", "sectors", "years", "skills", "entries")
"""What a transcript shows, with or without a name."""
_RECORDED: Final = "select recorded_at from events where partition = %b and position = %b"

Pool = AsyncConnectionPool[AsyncConnection[Any]]


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
class _Basis:
    """What a statement rests on."""

    hours: StatedHours
    proven: ProvenBalance
    recorded_through: datetime
    full_name: str

    @property
    def verified_seconds(self) -> int:
        return sum(row.verified_seconds for row in self.hours.rows)


class Prepared(NamedTuple):
    """A statement that is about to be recorded."""

    command: IssueStatement
    document: Document


class StatementIssuing:
    """Makes credentials. Safe to share between calls."""

    def __init__(
        self,
        keys: IssuerKeys | None,
        event_pool: Pool,
        partitions: int,
        hours: StatedHoursQuestions,
        person_keys: PersonKeys,
        documents: KeptDocuments,
    ) -> None:
        """`keys`: None where no statements are issued."""
        self._keys = keys
        self._pool = event_pool
        self._maps = MapReader(event_pool, partitions)
        self._hours = hours
        self._person_keys = person_keys
        self._documents = documents
        self._recorded: dict[int, tuple[int, datetime]] = {}
        """Partition → (the signed size asked about last, record time of its last event)."""

    async def prepare(self, wish: Wish, seconds_left: float | None) -> Prepared:
        """Sign and keep the credential; the command that is given back records it.

        Refuses STATEMENTS_NOT_ISSUED, NOT_FOUND, VOLUNTEER_ERASED, NOT_IN_LOG_YET, LOG_NOT_KEPT, NOTHING_VERIFIED,
        ENTRIES_TOO_MANY. Raises NotYetApplied.
        """
        if self._keys is None:
            refuse(Reason.STATEMENTS_NOT_ISSUED)
        key, now = self.signing(), int(datetime.now(UTC).timestamp())
        basis = await self._basis(wish, seconds_left)
        place = await self._documents.take_place(basis.proven.partition)
        document = _document(self._keys.issuer, key, wish, basis, place, now)
        event_id = secrets.token_hex(16)
        await self._documents.keep(event_id, wish.scope.holder, place, document)
        issued = _issued(wish, basis, place, key.kid, document)
        return Prepared(IssueStatement(wish.statement, issued, event_id), document)

    def signing(self) -> SigningKey:
        """The key that signs now. Refuses STATEMENTS_NOT_ISSUED."""
        if self._keys is None:
            refuse(Reason.STATEMENTS_NOT_ISSUED)
        try:
            return self._keys.signing(int(datetime.now(UTC).timestamp()))
        except NoSigningKey:
            refuse(Reason.STATEMENTS_NOT_ISSUED)

    async def _basis(self, wish: Wish, seconds_left: float | None) -> _Basis:
        waits = WAIT_SECONDS_MAX if seconds_left is None else min(seconds_left, WAIT_SECONDS_MAX)
        proven = await self._maps.balance_proof(wish.scope.holder, wish.size_min, waits)
        note, partition = proven.verdict.note, proven.partition
        hours = await self._hours.stated(wish.scope, partition, note.size)
        basis = _Basis(hours, proven, await self._recorded_at(partition, note.size), await self._full_name(hours))
        if not basis.verified_seconds:
            refuse(Reason.NOTHING_VERIFIED, volunteer=wish.scope.holder)
        if wish.kind == "transcript" and len(hours.rows) > ENTRIES_MAX:
            refuse(
                Reason.ENTRIES_TOO_MANY,
                volunteer=wish.scope.holder,
                entries=len(hours.rows),
                entries_max=ENTRIES_MAX,
            )
        if wish.is_of_everything and basis.verified_seconds != proven.verdict.balance.verified_seconds:
            # Signed once, it is believed for decades: what the map proves is compared, not assumed.
            raise InvariantBroken(f"{wish.scope.holder}: the projections and the balance map at {note.size} differ")
        return basis

    async def _recorded_at(self, partition: int, position: int) -> datetime:
        """Of the last event under a signed size: many ask about the same one."""
        known = self._recorded.get(partition)
        if known is not None and known[0] == position:
            return known[1]
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_RECORDED, (partition, position), binary=True)).fetchone()
        if row is None:
            raise InvariantBroken(f"partition {partition} has a signed size {position} and no such event")
        moment: datetime = row[0].astimezone(UTC)
        self._recorded[partition] = position, moment
        return moment

    async def _full_name(self, hours: StatedHours) -> str:
        if hours.full_name is None:
            return ""
        text = await self._person_keys.open(hours.full_name)
        if text is ERASED:
            refuse(Reason.VOLUNTEER_ERASED, name=hours.full_name.person)
        return text


def _document(issuer: str, key: SigningKey, wish: Wish, basis: _Basis, place: StatusPlace, now: int) -> Document:
    claims = _claims(issuer, wish, basis, place, now)
    credential = issue_credential(claims, disclosable(basis.hours, wish.shown, basis.full_name), key.kid, key.sign)
    if not wish.is_of_everything:
        return Document(credential, None)
    proof = BalanceFile(wish.scope.holder, basis.proven.proof, basis.proven.note)
    return Document(credential, format_balance_file(proof).decode())


def _claims(issuer: str, wish: Wish, basis: _Basis, place: StatusPlace, now: int) -> dict[str, object]:
    scope, note = wish.scope, basis.proven.verdict.note
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


def _issued(wish: Wish, basis: _Basis, place: StatusPlace, kid: str, document: Document) -> StatementIssued:
    scope, note = wish.scope, basis.proven.verdict.note
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
