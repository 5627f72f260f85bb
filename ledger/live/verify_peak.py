"""What an adjudicator runs: a file in, verdict out, by the steps of docs/live-lessons.md. No service, network or clock.

The peak is counted again from the stored bytes: nothing that the certificate says of it is believed.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from ledger.credentials.compact_jwt import verify_signature
from ledger.credentials.issuer_keys import PublishedKeys
from ledger.domain.event import RecordedEvent
from ledger.domain.live_presence import Peak, Presences, curve, peak
from ledger.domain.live_session_events import LiveSessionEnded, LiveSessionOpened
from ledger.domain.refusals import InvariantBroken
from ledger.event_bytes import decode, recorded_event
from ledger.live.peak_claims import PeakClaims, certificate_digest, events_digest, read_certificate
from ledger.live.peak_confirmation import verify_confirmation
from ledger.live.peak_file import PeakFile, read_peak_file
from ledger.transparency.failures import Malformed, ProofRejected, SignatureRejected
from ledger.transparency.line_grammar import base64_text
from ledger.transparency.steps import step
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verify import CheckpointVerdict, verify_page


@dataclass(frozen=True, slots=True)
class PeakVerdict:
    """Every step held."""

    claims: PeakClaims
    certificate_sha256: str
    points: list[tuple[int, int]]
    """The curve as it was counted again: second, participants from then on."""
    checkpoint: CheckpointVerdict
    confirmed_by: tuple[str, ...]
    """Names in the keys of adjudicators whose signatures fit; whose keys they are is for the reader to know."""


def verify_peak(data: bytes, issuer: PublishedKeys, logs: Mapping[str, TrustPolicy]) -> PeakVerdict:
    """Check a peak file. `logs`: of each log by its origin.

    Steps: 1 form of the file, the certificate, every event; 2 the certificate's signature; 3 a known log; 4 to 13
    the checkpoint and the events in it, as in `verify_page`; 14 the checkpoint certified; 15 the whole session; 16
    peak, moment, persons, connections and hash, counted again; 17 countersignatures.

    Raises:
        StepFailed: a step does not hold.
    """
    with step(1, "the file has its form"):
        file = read_peak_file(data)
        token, claims = read_certificate(file.certificate)
    with step(2, "the certificate is signed by a key of the issuer that was valid then"):
        if claims.iss != issuer.issuer:
            raise SignatureRejected(f"it is of {claims.iss}, and the keys are those of {issuer.issuer}")
        key = issuer.key_at(token.header.kid, claims.iat)
        if key.revoked_at is not None:
            raise SignatureRejected(f"key {key.kid} was revoked: nobody can say who signed with it")
        verify_signature(token, key.key)
    events = _events(file, claims)
    with step(3, "the key of the log that the certificate names is known"):
        policy = logs.get(claims.log.origin)
        if policy is None:
            raise SignatureRejected(f"no key was given of {claims.log.origin}")
    placed = [(event.position, body) for event, body in zip(events, file.bodies, strict=True)]
    signed = verify_page(file.note, file.proof, placed, policy, first=4)
    with step(14, "the checkpoint is the one that the certificate names"):
        head = signed.checkpoint
        if (head.size, base64_text(head.root)) != (claims.log.size, claims.log.root):
            raise ProofRejected("checkpoint", f"it has size {head.size}, the certificate says {claims.log.size}")
    presences = _whole_session(events, claims)
    points = _counted_again(presences, events, file, claims)
    digest = certificate_digest(file.certificate)
    return PeakVerdict(claims, digest, points, signed, _confirmed(file, claims, digest))


def _events(file: PeakFile, claims: PeakClaims) -> list[RecordedEvent]:
    with step(1, "the file has its form"):
        events: list[RecordedEvent] = []
        for number, body in enumerate(file.bodies, start=1):
            try:
                events.append(recorded_event(decode(body)))
            except (InvariantBroken, ValidationError) as wrong:
                raise Malformed("peak file", f"line {number + 1} is no event of this ledger") from wrong
        return events


def _whole_session(events: list[RecordedEvent], claims: PeakClaims) -> Presences:
    """Step 15: opened first, ended last, nothing left out between."""
    with step(15, "the events are the whole session: one stream, versions 1 to n, opened first, ended last"):
        for version, event in enumerate(events, start=1):
            if (event.stream, event.version, event.partition) != (claims.session, version, claims.log.partition):
                found = f"{event.stream} version {event.version} in partition {event.partition}"
                raise ProofRejected("events", f"version {version} of {claims.session} must follow, not {found}")
        if not isinstance(events[0].data, LiveSessionOpened) or not isinstance(events[-1].data, LiveSessionEnded):
            raise ProofRejected("events", "the first must open the session and the last one end it")
        presences = Presences()
        try:
            for event in events:
                presences.add(event.data)
        except InvariantBroken as wrong:
            raise ProofRejected("events", str(wrong)) from wrong
        return presences


def _counted_again(
    presences: Presences, events: list[RecordedEvent], file: PeakFile, claims: PeakClaims
) -> list[tuple[int, int]]:
    with step(16, "counted again by the declared rule it is what the certificate says"):
        spans = presences.spans()
        points = curve(spans)
        counted = peak(points)
        opened = events[0].data
        said = Peak(claims.peak.participants, claims.peak.first_second, claims.peak.seconds)
        for what, told, found in (
            ("peak", said, counted),
            ("persons", claims.persons, len(spans)),
            ("connections", claims.connections, len(presences.connections)),
            ("rule", claims.rule, presences.rule),
            ("events", claims.events.count, len(events)),
            ("first position", claims.events.first_position, events[0].position),
            ("last position", claims.events.last_position, events[-1].position),
            ("hash of the events", claims.events.sha256, events_digest(file.bodies)),
            ("organization", claims.organization, getattr(opened, "organization", None)),
            ("shift", claims.shift, getattr(opened, "shift", None)),
            ("opportunity", claims.opportunity, getattr(opened, "opportunity", None)),
        ):
            if told != found:
                raise ProofRejected(what, f"the certificate says {told}, and it is {found}")
        return points


def _confirmed(file: PeakFile, claims: PeakClaims, digest: str) -> tuple[str, ...]:
    with step(17, "every countersignature is over this certificate, by the key that is named with it"):
        names: list[str] = []
        for one in file.confirmations:
            try:
                signature = b64decode(one.signature, validate=True)
            except binascii.Error as wrong:
                raise Malformed("countersignature", "it must be base64") from wrong
            names.append(verify_confirmation(one.verifier_key, signature, claims.session, digest))
        return tuple(names)
