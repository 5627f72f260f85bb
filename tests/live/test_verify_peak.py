"""A certified peak counts again, and nothing else does: 10,000 changed files, none accepted. Persons are synthetic."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from ledger.domain.live_session_events import LivePresencesRecorded
from ledger.event_bytes import decode, encode, recorded_event
from ledger.live.peak_claims import PeakClaims, certificate_digest, read_certificate, sign_claims
from ledger.live.peak_confirmation import countersigned_text
from ledger.live.peak_file import ConfirmationSaid, chunks_of
from ledger.live.verify_peak import PeakVerdict, verify_peak
from ledger.transparency.failures import StepFailed
from ledger.transparency.signing import SeedSigner
from ledger.transparency.verifier_key import SignatureType
from tests.credentials.sample_statements import issuer_key, signing
from tests.live.sample_peak import SESSION, CertifiedPeak, certified_peak, with_bodies

GIVEN = certified_peak()
OTHER = certified_peak(2)
ANOTHER_SESSION = certified_peak(1, SESSION + "2")
ADJUDICATOR = SeedSigner("records.example/adjudicator", SignatureType.ED25519, b"\7" * 32)
Mutate = Callable[[random.Random], bytes]


def verify(data: bytes, trusted: CertifiedPeak = GIVEN) -> PeakVerdict:
    return verify_peak(data, trusted.issuer, trusted.logs)


def test_what_was_certified_counts_again():
    verdict = verify(GIVEN.data)
    assert verdict.claims.peak.participants == max(count for _, count in verdict.points)
    assert verdict.claims.peak.participants > 3
    assert verdict.confirmed_by == ()


def test_countersignatures_are_checked_and_told():
    confirmed = with_confirmation(GIVEN, ADJUDICATOR, SESSION)
    assert verify(confirmed).confirmed_by == (ADJUDICATOR.key.name,)
    for wrong in (with_confirmation(GIVEN, ADJUDICATOR, f"{SESSION}2"), with_confirmation(OTHER, ADJUDICATOR, SESSION)):
        with pytest.raises(StepFailed):
            verify(wrong)


def with_confirmation(given: CertifiedPeak, signer: SeedSigner, session: str) -> bytes:
    text = countersigned_text(session, certificate_digest(given.file.certificate))
    said = ConfirmationSaid(
        verifier_key=signer.key.line(), signature=b64encode(signer.sign(text, 0).signature).decode()
    )
    return b"".join(chunks_of(replace(GIVEN.file, confirmations=(said,))))


def one_byte(chance: random.Random) -> bytes:
    """Anywhere."""
    data = bytearray(GIVEN.data)
    at = chance.randrange(len(data))
    data[at] = (data[at] + chance.randrange(1, 256)) % 256
    return bytes(data)


def one_event_less(chance: random.Random) -> bytes:
    """Leaves that are left out would make a peak higher."""
    bodies = list(GIVEN.file.bodies)
    del bodies[chance.randrange(len(bodies))]
    return with_bodies(GIVEN, bodies)


def events_swapped(chance: random.Random) -> bytes:
    bodies = list(GIVEN.file.bodies)
    first, second = chance.sample(range(len(bodies)), 2)
    bodies[first], bodies[second] = bodies[second], bodies[first]
    return with_bodies(GIVEN, bodies)


def event_of_another(chance: random.Random) -> bytes:
    """Of another session, or of another log's."""
    bodies, others = list(GIVEN.file.bodies), chance.choice((OTHER, ANOTHER_SESSION)).file.bodies
    bodies[chance.randrange(len(bodies))] = chance.choice(others)
    return with_bodies(GIVEN, bodies)


def one_more_person(chance: random.Random) -> bytes:
    """Written into an event, as if they had been there."""
    bodies = list(GIVEN.file.bodies)
    places = [
        place
        for place, body in enumerate(bodies)
        if isinstance(recorded_event(decode(body)).data, LivePresencesRecorded)
    ]
    at = chance.choice(places)
    envelope = decode(bodies[at])
    data = msgspec.json.decode(envelope.data)
    data["joined"] = [*data["joined"], {"volunteer": "volunteers/invented", "seconds": chance.randrange(600)}]
    bodies[at] = encode(msgspec.structs.replace(envelope, data=msgspec.Raw(msgspec.json.encode(data))))
    return with_bodies(GIVEN, bodies)


def other_claims(chance: random.Random) -> bytes:
    """Signed by the issuer's own key: what it says is still counted again."""
    _, claims = read_certificate(GIVEN.file.certificate)
    changed = chance.choice(CLAIMS)(claims, chance)
    return b"".join(chunks_of(replace(GIVEN.file, certificate=sign_claims(changed, signing(issuer_key(1))))))


CLAIMS: list[Callable[[PeakClaims, random.Random], PeakClaims]] = [
    lambda claims, chance: claims.model_copy(
        update={
            "peak": claims.peak.model_copy(update={"participants": claims.peak.participants + chance.randrange(1, 9)})
        }
    ),
    lambda claims, chance: claims.model_copy(
        update={"peak": claims.peak.model_copy(update={"seconds": claims.peak.seconds + 1})}
    ),
    lambda claims, chance: claims.model_copy(update={"persons": claims.persons + chance.randrange(1, 5)}),
    lambda claims, chance: claims.model_copy(update={"session": f"{claims.session}x"}),
    lambda claims, chance: claims.model_copy(
        update={"rule": claims.rule.model_copy(update={"silence_seconds": chance.choice((10, 90, 600))})}
    ),
    lambda claims, chance: claims.model_copy(update={"rule": claims.rule.model_copy(update={"excluded": ()})}),
    lambda claims, chance: claims.model_copy(
        update={"log": claims.log.model_copy(update={"size": claims.log.size - 1})}
    ),
    lambda claims, chance: claims.model_copy(update={"iss": "https://other.example"}),
]


def other_key(chance: random.Random) -> bytes:
    """Another's key signs the same claims."""
    _, claims = read_certificate(GIVEN.file.certificate)
    key = signing(issuer_key(chance.randrange(2, 50)))
    return b"".join(chunks_of(replace(GIVEN.file, certificate=sign_claims(claims, key))))


def other_log(chance: random.Random) -> bytes:
    """Checkpoint, proof or both of another tree."""
    mine, others = GIVEN.file, OTHER.file
    changed = chance.choice(
        (
            replace(mine, note=others.note),
            replace(mine, proof=others.proof),
            replace(mine, note=others.note, proof=others.proof),
            replace(mine, proof=mine.proof[:-1]),
            replace(mine, proof=(*mine.proof, bytes(32))),
            replace(others, certificate=mine.certificate),
            replace(mine, certificate=others.certificate),
            replace(mine, note=GIVEN.log.checkpoint(GIVEN.log.size - 1)),
        )
    )
    return b"".join(chunks_of(changed))


MUTATIONS: list[Mutate] = [
    one_byte,
    one_event_less,
    events_swapped,
    event_of_another,
    one_more_person,
    other_claims,
    other_key,
    other_log,
]


def test_the_mutations_are_read_as_far_as_they_should_be(seed: int):
    """Not all of them may fail by their form alone."""
    steps: set[int] = set()
    chance = random.Random(seed)
    for mutate in MUTATIONS:
        for _ in range(30):
            with pytest.raises(StepFailed) as failed:
                verify(mutate(chance))
            steps.add(failed.value.number)
    assert {1, 2, 13, 16} <= steps, steps


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=[pytest.mark.proof, pytest.mark.timeout(900)])])
def test_none_is_accepted(count: int, seed: int):
    chance = random.Random(seed)
    tried = 0
    while tried < count:
        data = chance.choice(MUTATIONS)(chance)
        if data == GIVEN.data:
            continue
        tried += 1
        try:
            verdict = verify(data)
        except StepFailed:
            continue
        pytest.fail(f"accepted a changed file: {verdict.claims} (seed {seed})")


def test_another_trust_accepts_nothing_of_ours():
    with pytest.raises(StepFailed):
        verify(GIVEN.data, OTHER)
    with pytest.raises(StepFailed):
        verify_peak(GIVEN.data, GIVEN.issuer, {})


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"{}\n", b"[]\nx\n", b'{"format":"volunteer-hours/peak/v1"}\n', b"\xff\n\xff\n", b"x" * 1_000]
)
def test_what_is_no_file_is_told_so(data: bytes):
    with pytest.raises(StepFailed) as failed:
        verify(data)
    assert failed.value.number == 1
