"""Ways to change what goes beside a credential: its event, its proofs, the list of status."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ledger.credentials.base64url import base64url
from ledger.credentials.status_list import PLACES, pack_statuses
from ledger.credentials.verify_statement import StatementEvidence
from ledger.transparency.failures import TransparencyFailure
from ledger.transparency.tlog_proof import format_tlog_proof, parse_tlog_proof
from tests.credentials.credential_mutations import Kind
from tests.credentials.sample_jwts import compact, jwt_of, parts_of
from tests.credentials.sample_statements import HOUR, ISSUER, LIST_URI, NOW, Statement, issuer_key, signing

if TYPE_CHECKING:
    from tests.credentials.mutants import Ground


def _another(ground: Ground, statement: Statement) -> StatementEvidence:
    others = [one for one in ground.world.statements.values() if one is not statement]
    return ground.chance.choice(others).evidence


# The event and its proof


def event_of_another(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence:
    """With its own proof, which holds, or with this one's."""
    other = _another(ground, statement)
    proof = ground.chance.choice((other.tlog_proof, evidence.tlog_proof))
    return replace(evidence, event=other.event, tlog_proof=proof)


def proof_of_another(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence:
    return replace(evidence, tlog_proof=_another(ground, statement).tlog_proof)


def other_tree(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence:
    """Of a log with the same name and other keys: the whole proof, its checkpoint alone, or its event too."""
    other = ground.other.statements[statement.name].evidence
    assert other.tlog_proof is not None
    if evidence.tlog_proof is None:
        return evidence
    swapped = replace(parse_tlog_proof(evidence.tlog_proof), checkpoint=parse_tlog_proof(other.tlog_proof).checkpoint)
    event, proof = ground.chance.choice(
        (
            (other.event, other.tlog_proof),
            (evidence.event, other.tlog_proof),
            (evidence.event, format_tlog_proof(swapped)),
        )
    )
    return replace(evidence, event=event, tlog_proof=proof)


def other_checkpoint(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    """Of the same log, of another size: a tree that this proof is none of."""
    proof = _proof(evidence)
    sizes = range(1, ground.world.log.size)
    checkpoint = ground.world.log.checkpoint(ground.chance.choice(sizes))
    return (
        None
        if proof is None
        else replace(evidence, tlog_proof=format_tlog_proof(replace(proof, checkpoint=checkpoint)))
    )


def other_path(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    proof, chance = _proof(evidence), ground.chance
    if proof is None or not proof.hashes:
        return None
    hashes = list(proof.hashes)
    match chance.randrange(4):
        case 0:
            hashes.pop(chance.randrange(len(hashes)))
        case 1:
            hashes.insert(chance.randrange(len(hashes) + 1), chance.randbytes(32))
        case 2:
            hashes[chance.randrange(len(hashes))] = chance.randbytes(32)
        case _:
            return replace(
                evidence, tlog_proof=format_tlog_proof(replace(proof, index=proof.index + chance.choice((-1, 1))))
            )
    return replace(evidence, tlog_proof=format_tlog_proof(replace(proof, hashes=tuple(hashes))))


def event_changed(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    """It says what one would like, and its proof is that of what it said."""
    event = _event(evidence)
    if event is None:
        return None
    data = event["data"]
    changes: list[Callable[[], object]] = [
        lambda: data.update(verified_seconds=data["verified_seconds"] + 3_600),
        lambda: data.update(credential_digest="0" * 64),
        lambda: data.update(holder="volunteers/v9"),
        lambda: data.update(status_index=7),
        lambda: data.update(shown=[]),
        lambda: data.pop("issuer_key"),
        lambda: event.update(time="2020-01-01T00:00:00Z"),
        lambda: event.update(position=event["position"] + 1),
        lambda: event.update(type="statement-restored"),
        lambda: event.update(extra="x"),
    ]
    ground.chance.choice(changes)()
    return replace(evidence, event=compact(event))


def event_respelt(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    event, stored = _event(evidence), evidence.event
    if event is None or stored is None:
        return None
    spellings = (
        json.dumps(event).encode(),
        stored + b" ",
        stored + b"\n",
        b"\xef\xbb\xbf" + stored,
        stored[:-1] + b',"id":"x"}',
    )
    return replace(evidence, event=ground.chance.choice(spellings))


def without_evidence(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence:
    """Less is shown then: allowed."""
    left = ground.chance.randint(0, 14)
    return StatementEvidence(
        credential=evidence.credential,
        event=evidence.event if left & 1 else None,
        tlog_proof=evidence.tlog_proof if left & 2 else None,
        balance_proof=evidence.balance_proof if left & 4 else None,
        status_list=evidence.status_list if left & 8 else None,
    )


# The balance proof


def balance_of_another(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    if not _is_of_everything(statement):
        return None
    other = "volunteers/v2" if statement.claims["sub"] == "volunteers/v1" else "volunteers/v1"
    return replace(evidence, balance_proof=ground.world.balance_proof(other))


def balance_of_other_tree(
    ground: Ground, statement: Statement, evidence: StatementEvidence
) -> StatementEvidence | None:
    if not _is_of_everything(statement):
        return None
    return replace(evidence, balance_proof=ground.other.statements[statement.name].evidence.balance_proof)


def _is_of_everything(statement: Statement) -> bool:
    return not statement.claims["period"] and not statement.claims["only_organizations"]


# The list of status


def old_status(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence:
    at = NOW - ground.chance.choice((24 * HOUR, 25 * HOUR, 400 * 24 * HOUR, -HOUR))
    return replace(evidence, status_list=ground.world.status_list(max(at, ISSUED_KEY)))


ISSUED_KEY: Final = 1_795_176_000 - 29 * 86_400
"""A moment at which the issuer's key was valid already."""


def status_of_another_list(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence:
    uris = (f"{ISSUER}/statements/status/0-2", f"{ISSUER}/statements/status/1-1", f"{LIST_URI}/", LIST_URI.upper())
    return replace(evidence, status_list=ground.world.status_list(NOW - 60, uri=ground.chance.choice(uris)))


def status_of_another_world(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence:
    return replace(evidence, status_list=ground.other.status_list(NOW - 60))


def status_not_valid(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence:
    """What the list really says; other places say something else."""
    idx = _idx(statement)
    taken = {(idx + 1) % PLACES: 0, (idx + 2) % PLACES: 1, idx: ground.chance.choice((1, 2, 3))}
    return replace(evidence, status_list=ground.world.status_list(NOW - 60, taken))


def status_changed(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    """A list in which the statement is revoked, made valid under the old signature; and other lists' dates."""
    revoked = ground.world.status_list(NOW - 60, {_idx(statement): 1})
    header, claims, signature = parts_of(revoked)
    claims["status_list"] = {"bits": 2, "lst": base64url(pack_statuses(()))}
    if ground.chance.random() < 0.3:
        claims["exp"] = NOW + 10**6
    return replace(evidence, status_list=jwt_of(header, claims, lambda _: signature))


def status_signed_otherwise(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence:
    header, claims, signature = parts_of(ground.world.status_list(NOW - 60))
    other = signing(issuer_key(79))
    key = signing(ground.world.private)
    return replace(
        evidence,
        status_list=ground.chance.choice(
            (
                jwt_of(header, claims, other.sign),
                jwt_of(header | {"kid": other.kid}, claims, other.sign),
                jwt_of(header | {"alg": "none"}, claims, lambda _: b""),
                jwt_of(header | {"alg": "HS256"}, claims, lambda _: signature),
                jwt_of(header | {"typ": "dc+sd-jwt"}, claims, key.sign),
                jwt_of(header | {"typ": "JWT"}, claims, key.sign),
                evidence.credential.split("~")[0],
            )
        ),
    )


def status_of_another_shape(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence:
    """Signed by the issuer, and none that the issuer makes: other bits, other lengths, and one that fills memory."""
    header, claims, _old = parts_of(ground.world.status_list(NOW - 60))
    short = max(_idx(statement) // 4 - 8, 0)
    lists: tuple[tuple[object, bytes], ...] = (
        (1, zlib.compress(bytes(PLACES // 8))),
        (4, zlib.compress(bytes(PLACES // 2))),
        (8, zlib.compress(bytes(PLACES))),
        ("2", zlib.compress(bytes(PLACES // 4))),
        (2, zlib.compress(bytes(short))),
        (2, zlib.compress(bytes(PLACES // 4 + 1))),
        (2, zlib.compress(bytes(PLACES // 4)) + b"x"),
        (2, zlib.compress(bytes(PLACES // 4))[:-1]),
        (2, zlib.compress(bytes(PLACES // 4))[2:-4]),
        (2, BOMB),
        (2, b""),
    )
    bits, packed = ground.chance.choice(lists)
    claims["status_list"] = {"bits": bits, "lst": base64url(packed)}
    return replace(evidence, status_list=jwt_of(header, claims, signing(ground.world.private).sign))


BOMB: Final = zlib.compress(bytes(64 * 1024 * 1024), 9)


def status_text_changed(ground: Ground, _: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    text, chance = evidence.status_list, ground.chance
    if not text:
        return None
    at = chance.randrange(len(text))
    changed = (text[:at], text[:at] + chance.choice("Aa0-_.~ ") + text[at + 1 :], text + "~", text + "\n", f" {text}")
    chosen = chance.choice(changed)
    return None if chosen == text else replace(evidence, status_list=chosen)


def bytes_changed(ground: Ground, statement: Statement, evidence: StatementEvidence) -> StatementEvidence | None:
    """Of event, proof or balance proof; signatures of strangers under a checkpoint may be changed, nobody asks them."""
    chosen = ground.chance.randrange(3 if _is_of_everything(statement) else 2)
    data = (evidence.event, evidence.tlog_proof, evidence.balance_proof)[chosen]
    if not data:
        return None
    flipped = _flipped(ground.chance, data)
    match chosen:
        case 0:
            return replace(evidence, event=flipped)
        case 1:
            return replace(evidence, tlog_proof=flipped)
        case _:
            return replace(evidence, balance_proof=flipped)


def _flipped(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    match chance.randrange(4):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + data[at + 1 :]
        case 2:
            return data[:at] + chance.randbytes(1) + data[at:]
        case _:
            return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _idx(statement: Statement) -> int:
    place = json.loads(json.dumps(statement.claims))["status"]["status_list"]
    return int(place["idx"])


def _proof(evidence: StatementEvidence):
    try:
        return None if evidence.tlog_proof is None else parse_tlog_proof(evidence.tlog_proof)
    except TransparencyFailure:
        return None


def _event(evidence: StatementEvidence):
    try:
        return None if evidence.event is None else json.loads(evidence.event)
    except ValueError:
        return None


EVIDENCE_CHANGES: Final[dict[str, Kind]] = {
    "event_of_another": Kind(event_of_another),
    "proof_of_another": Kind(proof_of_another),
    "other_tree": Kind(other_tree),
    "other_checkpoint": Kind(other_checkpoint),
    "other_path": Kind(other_path),
    "event_changed": Kind(event_changed),
    "event_respelt": Kind(event_respelt),
    "without_evidence": Kind(without_evidence, may_hold=True),
    "balance_of_another": Kind(balance_of_another),
    "balance_of_other_tree": Kind(balance_of_other_tree),
    "old_status": Kind(old_status),
    "status_of_another_list": Kind(status_of_another_list),
    "status_of_another_world": Kind(status_of_another_world),
    "status_not_valid": Kind(status_not_valid),
    "status_changed": Kind(status_changed),
    "status_signed_otherwise": Kind(status_signed_otherwise),
    "status_of_another_shape": Kind(status_of_another_shape),
    "status_text_changed": Kind(status_text_changed),
    "bytes_changed": Kind(bytes_changed, may_hold=True),
}
