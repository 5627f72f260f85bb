"""Ways to make a statement, its event, its proofs and its list of status that are signed, and wrong all the same."""

from __future__ import annotations

import json
import time
import zlib
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from ledger.credentials.base64url import base64url
from ledger.credentials.compact_jwt import write_jwt
from ledger.credentials.sd_jwt import disclosure_digest, issue_credential
from ledger.credentials.status_list import pack_statuses
from ledger.credentials.verify_statement import StatementEvidence
from ledger.transparency.line_grammar import base64_text
from tests.browser.sample_log import DAY_SECONDS, OTHER, StatementLog, issued_event
from tests.browser.sample_statement import ISSUER, SampleIssuer, Wanted, claims_of, details_of

Json = dict[str, object]

NOW: Final = int(time.time())
WANTED: Final = Wanted()
EMPTY: Final = base64url(zlib.compress(b""))


@dataclass(frozen=True)
class Ground:
    """What a good statement is made of."""

    issuer: SampleIssuer
    log: StatementLog

    def evidence(self, credential: str, event: bytes | None = None) -> StatementEvidence:
        """A credential with all that belongs to it; `event` instead of the one that was recorded."""
        recorded, position = (event, self.log.record(event)) if event else self.log.issue(credential)
        proof = self.log.tlog_proof(position)
        return StatementEvidence(credential, recorded, proof, self.log.balance_proof(), self.issuer.status_list())

    def good(self) -> StatementEvidence:
        return self.evidence(self.credential({}, details_of(WANTED)))

    def credential(self, changed: Json, shown: Json) -> str:
        claims = {**claims_of(self.issuer, self.log, WANTED), **changed}
        return issue_credential(claims, shown, self.issuer.kid, self.issuer.signing.sign)

    def signed(self, payload: Json) -> str:
        return write_jwt("dc+sd-jwt", self.issuer.kid, payload, self.issuer.signing.sign)


Case = Callable[[Ground], StatementEvidence]


def claims(**changed: object) -> Case:
    """With other claims, signed."""

    def make(ground: Ground) -> StatementEvidence:
        return replace(ground.good(), credential=ground.credential(changed, {}))

    return make


def signed(change: Callable[[Json], Json]) -> Case:
    """A payload as it stands, `_sd` too, signed."""

    def make(ground: Ground) -> StatementEvidence:
        payload = change({**claims_of(ground.issuer, ground.log, WANTED), "_sd_alg": "sha-256"})
        return replace(
            ground.good(),
            credential=write_jwt("dc+sd-jwt", ground.issuer.kid, payload, ground.issuer.signing.sign) + "~",
        )

    return make


def shown(**details: object) -> Case:
    """With these disclosures."""
    return lambda ground: ground.evidence(ground.credential({}, details))


def told_twice(ground: Ground) -> StatementEvidence:
    """One name in two disclosures, both the issuer's."""
    two = [base64url(json.dumps(["salt", "full_name", f"Synthetic Person {number}"]).encode()) for number in (1, 2)]
    payload = {**claims_of(ground.issuer, ground.log, WANTED), "_sd_alg": "sha-256"}
    payload["_sd"] = sorted(map(disclosure_digest, two))
    return ground.evidence(
        "~".join((write_jwt("dc+sd-jwt", ground.issuer.kid, payload, ground.issuer.signing.sign), *two, ""))
    )


def event(change: Callable[[Json], Json]) -> Case:
    """With another event in the log, which holds there."""

    def make(ground: Ground) -> StatementEvidence:
        credential = ground.credential({}, details_of(WANTED))
        recorded = json.loads(issued_event(credential, ground.log.next_position, datetime.now(UTC)))
        return ground.evidence(credential, json.dumps(change(recorded), separators=(",", ":")).encode())

    return make


def data(**changed: object) -> Case:
    """With other data in its event."""
    return event(lambda recorded: {**recorded, "data": {**_object(recorded["data"]), **changed}})


def status(token: Callable[[SampleIssuer], str]) -> Case:
    """With another list of status."""
    return lambda ground: replace(ground.good(), status_list=token(ground.issuer))


def balance(proof: Callable[[], bytes]) -> Case:
    """With another balance proof of the same log's keys."""
    return lambda ground: replace(ground.good(), balance_proof=proof())


def log_proof(change: Callable[[bytes], bytes]) -> Case:
    """With a changed proof that its event is in the log."""

    def make(ground: Ground) -> StatementEvidence:
        good = ground.good()
        assert good.tlog_proof is not None
        return replace(good, tlog_proof=change(good.tlog_proof))

    return make


def signature_changed(text: bytes) -> bytes:
    """The log's Ed25519 signature, its line the first of them, with another byte: the key id is still the key's."""
    lines = text.decode().split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("\u2014 "))
    name, _, encoded = lines[at].rpartition(" ")
    signed = bytearray(b64decode(encoded))
    signed[-40] ^= 1
    lines[at] = f"{name} {base64_text(bytes(signed))}"
    return "\n".join(lines).encode()


def lines_changed(change: Callable[[list[str]], list[str]]) -> Callable[[bytes], bytes]:
    """The lines before the first blank one."""

    def changed(text: bytes) -> bytes:
        head, blank, rest = text.decode().partition("\n\n")
        return ("\n".join(change(head.split("\n"))) + blank + rest).encode()

    return changed


def proof_bytes_changed(change: Callable[[bytearray], bytes | bytearray]) -> Callable[[bytes], bytes]:
    """The bytes of a balance proof in its file."""

    def changed(lines: list[str]) -> list[str]:
        proof = change(bytearray(b64decode(lines[2].removeprefix("proof "))))
        return [*lines[:2], f"proof {base64_text(bytes(proof))}"]

    return lines_changed(changed)


def other_hours(ground: Ground) -> StatementEvidence:
    """In the credential and its event, and not in the balance."""
    return ground.evidence(ground.credential({"verified_seconds": 9}, {}))


def issued_too_early(ground: Ground) -> StatementEvidence:
    """Resting on a size of the log that was not reached when it was issued."""
    return ground.evidence(ground.credential({"as_of": {**ground.log.as_of(), "size": 10_000}}, {}))


def hours_of_another(ground: Ground) -> StatementEvidence:
    """As many hours as another person has, and that person's balance, which holds."""
    made = ground.evidence(ground.credential({"verified_seconds": 2 * DAY_SECONDS}, {}))
    return replace(made, balance_proof=ground.log.balance_proof(OTHER))


def balance_changed(change: Callable[[bytes], bytes]) -> Case:
    """With a changed balance proof file."""
    return lambda ground: replace(ground.good(), balance_proof=change(ground.log.balance_proof()))


def flipped(at: int) -> Callable[[bytearray], bytearray]:
    def flip(proof: bytearray) -> bytearray:
        proof[at] ^= 1
        return proof

    return flip


def _object(value: object) -> Json:
    assert isinstance(value, dict)
    return value


def organizations_with(first_seconds: int) -> list[Json]:
    found = details_of(WANTED)["organizations"]
    assert isinstance(found, list)
    return [{**found[0], "verified_seconds": first_seconds}, found[1]]


def list_saying(issuer: SampleIssuer, **changed: object) -> str:
    """A list of status whose payload says something else, signed."""
    lst = base64url(pack_statuses([]))
    payload = {
        "sub": issuer.status_uri(),
        "iat": NOW,
        "exp": NOW + 60,
        "ttl": 60,
        "status_list": {"bits": 2, "lst": lst},
    }
    return write_jwt("statuslist+jwt", issuer.kid, {**payload, **changed}, issuer.signing.sign)


def place(idx: int, uri: str = f"{ISSUER}/statements/status/0-0") -> Json:
    return {"status_list": {"idx": idx, "uri": uri}}
