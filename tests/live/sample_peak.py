"""A lesson with a certified peak as files, without a service: events, a signed log, an issuer. All is synthetic."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from ledger.credentials.issuer_keys import PublishedKeys
from ledger.domain.event import Event
from ledger.domain.live_session_events import (
    Ended,
    Joined,
    LivePresencesRecorded,
    LiveRule,
    LiveSessionEnded,
    LiveSessionOpened,
    LiveSignsRecorded,
    Signs,
)
from ledger.event_bytes import Envelope, decode, encode, recorded_event
from ledger.live.certifying import claims_over
from ledger.live.peak_claims import sign_claims
from ledger.live.peak_file import PeakFile, chunks_of
from ledger.live.session_events import SessionEvents
from ledger.log_serving.log_lookups import StoredCheckpoint
from ledger.transparency.trust_policy import TrustPolicy
from tests.credentials.sample_statements import issuer_key, published, signing
from tests.transparency.sample_log import SampleLog, sample_entries

ISSUER = "https://hours.example"
SHIFT = "opportunities/o/shifts/s"
SESSION = f"{SHIFT}/liveSessions/l"
BEGIN = datetime(2026, 12, 1, 16, tzinfo=UTC)
ISSUED_AT = int(BEGIN.timestamp()) + 7_200
SILENCE = 30


@dataclass(frozen=True)
class CertifiedPeak:
    """What an adjudicator is given, and what they trust."""

    file: PeakFile
    issuer: PublishedKeys
    policy: TrustPolicy
    log: SampleLog

    @property
    def data(self) -> bytes:
        return b"".join(chunks_of(self.file))

    @property
    def logs(self) -> dict[str, TrustPolicy]:
        return {self.log.origin: self.policy}


def session_data(chance: random.Random, session: str, people: int) -> list[Event]:
    """A lesson of ten minutes: people join, speak, leave or fall silent."""
    of = {"session": session, "shift": SHIFT, "opportunity": "opportunities/o"}
    rule = LiveRule(version=1, silence_seconds=SILENCE, registration_required=False, excluded=("volunteers/test",))
    told: list[Event] = [
        LiveSessionOpened.model_validate({**of, "organization": "organizations/g", "rule": rule, "at": BEGIN})
    ]
    there: list[int] = []
    joined = 0
    for second in range(0, 600, 10):
        arriving = [
            Joined(volunteer=f"volunteers/synthetic-{chance.randrange(people)}", seconds=second + chance.randrange(10))
            for _ in range(chance.randrange(4))
        ]
        leaving = [number for number in there if chance.random() < 0.05]
        ended = [Ended(number=number, seconds=second, ended_by="left") for number in leaving]
        told.append(
            LivePresencesRecorded.model_validate(
                {**of, "base": BEGIN, "first_number": joined + 1, "joined": tuple(arriving), "ended": tuple(ended)}
            )
        )
        there = [number for number in there if number not in leaving]
        there += range(joined + 1, joined + 1 + len(arriving))
        joined += len(arriving)
        speaking = [number for number in there if chance.random() < 0.8]
        gaps = tuple(number - before for before, number in zip((0, *speaking), speaking, strict=False))
        signs = (Signs(seconds=second + 9, numbers=gaps),) if speaking else ()
        told.append(
            LiveSignsRecorded.model_validate({**of, "base": BEGIN, "through_seconds": second + 9, "signs": signs})
        )
    return [*told, LiveSessionEnded.model_validate({**of, "at": BEGIN.replace(minute=10)})]


def stored_event(data: Event, session: str, version: int, position: int) -> bytes:
    """As the store would have it."""
    envelope = Envelope(
        specversion="1.0",
        id=f"{position:032x}",
        source="synthetic",
        type=data.stored_name,
        subject=session,
        time=BEGIN,
        partition=0,
        position=position,
        streamversion=version,
        schemaversion=1,
        actor="ledger/follow-ups",
        client="ledger/live-sessions",
        requestid="",
        requesthash="",
        data=msgspec.Raw(data.to_json()),
    )
    return encode(envelope)


def certified_peak(seed: int = 1, session: str = SESSION, people: int = 20) -> CertifiedPeak:
    """One session among other events of a log."""
    chance = random.Random(seed)
    entries = sample_entries(40, f"other {seed}")
    data = session_data(chance, session, people)
    places = sorted(chance.sample(range(len(entries) + len(data)), len(data)))
    bodies = [
        stored_event(one, session, place + 1, at + 1) for place, (one, at) in enumerate(zip(data, places, strict=True))
    ]
    for at, body in zip(places, bodies, strict=True):
        entries.insert(at, body)
    log = SampleLog(f"hours.example/{seed}", entries, seed)
    size = log.size
    note = log.checkpoint(size)
    private = issuer_key(seed)
    told = SessionEvents(bodies, [recorded_event(decode(body)) for body in bodies])
    claims = claims_over(ISSUER, ISSUED_AT, told, StoredCheckpoint(size, log.tree.root(size), note))
    file = PeakFile(sign_claims(claims, signing(private)), note, page_proof(log, places), (), bodies)
    issuer = PublishedKeys(ISSUER, (published(private, 0),))
    return CertifiedPeak(file, issuer, log.policy(), log)


def page_proof(log: SampleLog, indexes: list[int]) -> tuple[bytes, ...]:
    """For all of them."""
    return tuple(log.tree.page_proof(indexes, log.size))


def with_bodies(given: CertifiedPeak, bodies: list[bytes]) -> bytes:
    """The same file with other events."""
    return b"".join(chunks_of(replace(given.file, bodies=bodies)))
