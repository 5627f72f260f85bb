"""Certifies the peak of a session that has ended, and tells what was certified: from stored events alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from ledger.credentials.issuer_keys import IssuerKeys, NoSigningKey
from ledger.domain.event import RecordedEvent
from ledger.domain.live_presence import curve, peak
from ledger.domain.live_session_events import LiveSessionOpened, PeakCertified, PeakConfirmed
from ledger.domain.refusals import InvariantBroken, Kind, Reason, Refusal, refuse
from ledger.live.peak_claims import (
    EventsSaid,
    LogSaid,
    PeakClaims,
    PeakSaid,
    events_digest,
    read_certificate,
    sign_claims,
)
from ledger.live.peak_file import ConfirmationSaid, PeakFile
from ledger.live.session_events import SessionEvents, read_afterwards, read_until_end
from ledger.log_serving.log_lookups import StoredCheckpoint
from ledger.log_serving.log_reader import LogReader
from ledger.transparency.checkpoint import parse_checkpoint_text
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.signed_note import parse_note

WAIT_SECONDS_MAX: Final = 5.0
"""For a checkpoint over the session's last event."""
POLL_SECONDS: Final = 0.1

Pool = AsyncConnectionPool[AsyncConnection[Any]]


@dataclass(frozen=True, slots=True)
class Certified:
    """What stands in the ledger of a certified peak."""

    event: RecordedEvent
    certified: PeakCertified
    claims: PeakClaims
    confirmed: Sequence[tuple[RecordedEvent, PeakConfirmed]]


class PeakCertifying:
    """Safe to share between calls."""

    def __init__(self, keys: IssuerKeys | None, event_pool: Pool, log: LogReader) -> None:
        """`keys`: None where nothing is signed."""
        self._keys = keys
        self._pool = event_pool
        self._log = log

    async def prepare(self, session: str, seconds_left: float | None) -> PeakCertified:
        """The event that certifies it.

        Refuses NOT_FOUND, LIVE_SESSION_OPEN, STATEMENTS_NOT_ISSUED, LOG_NOT_KEPT, NOT_IN_LOG_YET.
        """
        if self._keys is None:
            refuse(Reason.STATEMENTS_NOT_ISSUED)
        now = int(datetime.now(UTC).timestamp())
        try:
            key = self._keys.signing(now)
        except NoSigningKey:
            refuse(Reason.STATEMENTS_NOT_ISSUED)
        async with self._pool.connection() as connection:
            told = await read_until_end(connection, session)
        last = told.events[-1]
        signed = await self._checkpoint(last.partition, last.position, seconds_left)
        claims = await asyncio.to_thread(claims_over, self._keys.issuer, now, told, signed)
        first = claims.peak.first_second
        return PeakCertified(
            session=session,
            shift=claims.shift,
            opportunity=claims.opportunity,
            certificate=sign_claims(claims, key),
            peak_participants=claims.peak.participants,
            first_second=None if first is None else datetime.fromtimestamp(first, UTC),
            peak_seconds=claims.peak.seconds,
            persons=claims.persons,
        )

    async def _checkpoint(self, partition: int, position: int, seconds_left: float | None) -> StoredCheckpoint:
        waits = WAIT_SECONDS_MAX if seconds_left is None else min(seconds_left, WAIT_SECONDS_MAX)
        until = time.monotonic() + waits
        while True:
            try:
                return await self._log.at_least(partition, position)
            except Refusal as refusal:
                if refusal.reason.kind is not Kind.NOT_YET_KNOWN or time.monotonic() >= until:
                    raise
            await asyncio.sleep(POLL_SECONDS)

    async def afterwards(self, session: str) -> list[RecordedEvent]:
        """What was recorded of it and counts for no attendance."""
        async with self._pool.connection() as connection:
            return await read_afterwards(connection, session)

    async def certified(self, session: str) -> Certified:
        """What was certified of it. Refuses NOT_FOUND, PEAK_NOT_CERTIFIED."""
        events = await self.afterwards(session)
        certificates = [(event, event.data) for event in events if isinstance(event.data, PeakCertified)]
        if not certificates:
            refuse(Reason.PEAK_NOT_CERTIFIED, session=session)
        [(event, certified)] = certificates
        _, claims = read_certificate(certified.certificate)
        confirmed = [(event, event.data) for event in events if isinstance(event.data, PeakConfirmed)]
        return Certified(event, certified, claims, confirmed)

    async def file(self, session: str) -> PeakFile:
        """The certificate and all it rests on. Refuses as `certified` does."""
        found = await self.certified(session)
        async with self._pool.connection() as connection:
            told = await read_until_end(connection, session)
        said = found.claims.log
        signed = await self._log.at_least(said.partition, said.size)
        if (signed.size, base64_text(signed.root)) != (said.size, said.root):
            raise InvariantBroken(f"{session}: the checkpoint of size {said.size} is not the one that was certified")
        positions = [event.position for event in told.events]
        proof = await self._log.page_proof(said.partition, positions, said.size)
        confirmations = tuple(
            ConfirmationSaid(verifier_key=one.verifier_key, signature=one.signature) for _, one in found.confirmed
        )
        return PeakFile(found.certified.certificate, signed.note, tuple(proof), confirmations, told.bodies)


def claims_over(issuer: str, now: int, told: SessionEvents, signed: StoredCheckpoint) -> PeakClaims:
    """What a certificate of these events under this checkpoint says."""
    first, last = told.events[0], told.events[-1]
    opened = first.data
    if not isinstance(opened, LiveSessionOpened):
        raise InvariantBroken(f"{first.stream} begins with {type(opened).__name__}")
    presences = told.presences()
    spans = presences.spans()
    counted = peak(curve(spans))
    origin = parse_checkpoint_text(parse_note(signed.note).text).origin
    return PeakClaims(
        iss=issuer,
        iat=now,
        session=first.stream,
        shift=opened.shift,
        opportunity=opened.opportunity,
        organization=opened.organization,
        rule=opened.rule,
        peak=PeakSaid(participants=counted.participants, first_second=counted.first_second, seconds=counted.seconds),
        persons=len(spans),
        connections=len(presences.connections),
        events=EventsSaid(
            count=len(told.events),
            first_position=first.position,
            last_position=last.position,
            sha256=events_digest(told.bodies),
        ),
        log=LogSaid(origin=origin, partition=last.partition, size=signed.size, root=base64_text(signed.root)),
    )
