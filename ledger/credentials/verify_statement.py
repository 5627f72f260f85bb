"""What a stranger runs on a statement: bytes in, verdict out, by the steps of docs/statements.md, How it is checked.

No service, network or clock. Whatever the bytes are, the answer is a verdict and never an error. Times are unix
seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, get_args

from ledger.credentials.claims import TYP, Disclosed, StatementClaims
from ledger.credentials.compact_jwt import verify_signature
from ledger.credentials.current_status import CurrentStatus, read_status
from ledger.credentials.issued_event import IssuedEvent, read_issued_event
from ledger.credentials.issuer_keys import PublishedKeys
from ledger.credentials.sd_jwt import ReadCredential, disclosed_claims, read_credential
from ledger.credentials.statement_verdict import State, StatementVerdict, StepName, StepResult
from ledger.credentials.status_list import LIFE_SECONDS
from ledger.transparency.failures import Malformed, ProofRejected, SignatureRejected, TransparencyFailure
from ledger.transparency.trust_policy import TrustPolicy
from ledger.transparency.verify import verify_event
from ledger.transparency.verify_balance_file import verify_balance_file

STEPS: Final[tuple[StepName, ...]] = get_args(StepName)


@dataclass(frozen=True, slots=True)
class StatementEvidence:
    """All that was handed over; it may come from anybody."""

    credential: str
    event: bytes | None = None
    """Stored bytes of `statement-issued`."""
    tlog_proof: bytes | None = None
    """That they are in the log."""
    balance_proof: bytes | None = None
    """All the person's hours at `as_of`."""
    status_list: str | None = None
    """The token that the credential's `status` points to."""


@dataclass(frozen=True, slots=True)
class StatementTrust:
    """What a verifier has from where it trusts."""

    issuer_keys: PublishedKeys
    logs: Mapping[str, TrustPolicy] = field(default_factory=dict)
    """Of each log by its origin; without that of the statement the steps `log` and `complete` are not shown."""
    status_age_seconds_max: int = LIFE_SECONDS


def verify_statement(evidence: StatementEvidence, trust: StatementTrust, now: int) -> StatementVerdict:
    """Check a statement; what fails first ends the check. Never raises for what it is given."""
    run = _Run(evidence, trust, now)
    try:
        _all_steps(run)
    except _Ended:
        ended_at = run.results[-1].name
        left = STEPS[len(run.results) :]
        run.results += [StepResult(name, "not_shown", f"the check ended at {ended_at}") for name in left]
    told = run.credential
    return StatementVerdict(
        state=_state(run),
        steps=tuple(run.results),
        claims=None if told is None else told.claims,
        disclosed=run.disclosed,
        digest=None if told is None else told.digest,
        status_age_seconds=None if run.status is None else run.status.age_seconds,
    )


class _Ended(Exception):
    """A step failed; it is the last of the results."""


class _NotShown(Exception):
    """What a step needs was not given, or cannot be had; the message says which."""


@dataclass(slots=True)
class _Run:
    """What was given, and what is known so far."""

    evidence: StatementEvidence
    trust: StatementTrust
    now: int
    results: list[StepResult] = field(default_factory=list)
    credential: ReadCredential | None = None
    """Once its signature holds."""
    disclosed: Disclosed | None = None
    status: CurrentStatus | None = None
    """Once its list's signature holds."""

    @contextmanager
    def step(self, name: StepName) -> Iterator[list[str]]:
        """One step; what is put into the list is told of it when it holds. Raises _Ended when it fails."""
        found: list[str] = []
        try:
            yield found
        except _NotShown as why:
            self.results.append(StepResult(name, "not_shown", str(why)))
        except TransparencyFailure as failure:
            self.results.append(StepResult(name, "fails", str(failure)))
            raise _Ended from failure
        else:
            self.results.append(StepResult(name, "holds", "; ".join(found)))


def _all_steps(run: _Run) -> None:
    with run.step("form"):
        credential = read_credential(run.evidence.credential)
    claims = credential.claims
    with run.step("signature") as found:
        found.append(_signed_by(run, credential))
        run.credential = credential
    with run.step("disclosures") as found:
        run.disclosed = disclosed = _disclosed(credential)
        found.append(", ".join(disclosed.names()) or "nothing is disclosed")
    with run.step("log") as found:
        event = _event_in_log(run, credential)
        _need_shown(disclosed, event)
        found.append(f"position {event.position} of {claims.as_of.origin}")
    with run.step("complete") as found:
        _need_complete(run, claims)
        found.append(f"these are all verified hours of {claims.sub} in the first {claims.as_of.size} events")
    with run.step("status") as found:
        found.append(_status(run, claims))


def _signed_by(run: _Run, credential: ReadCredential) -> str:
    claims, keys = credential.claims, run.trust.issuer_keys
    if claims.iss != keys.issuer:
        raise SignatureRejected(f"it says to be issued by {claims.iss}, and the keys are those of {keys.issuer}")
    key = keys.key_at(credential.jwt.header.kid, claims.iat)
    verify_signature(credential.jwt, key.key)
    if key.revoked_at is None:
        return f"key {key.kid} of {claims.iss}"
    # Whoever has the key writes any iat: only the log tells when the statement was issued.
    try:
        event = _event_in_log(run, credential)
    except _NotShown as why:
        raise SignatureRejected(
            f"key {key.kid} was revoked, and that the statement was issued before is not shown: {why}"
        ) from why
    if event.recorded_at >= key.revoked_at:
        raise SignatureRejected(f"key {key.kid} was revoked before the statement was recorded")
    return f"key {key.kid} of {claims.iss}, revoked after the statement was recorded in the log"


def _disclosed(credential: ReadCredential) -> Disclosed:
    disclosed, stated = disclosed_claims(credential), credential.claims.verified_seconds
    for name, seconds in disclosed.sums().items():
        if seconds != stated:
            raise Malformed(TYP, f"{name} must add up to {stated} s, not to {seconds} s")
    return disclosed


def _event_in_log(run: _Run, credential: ReadCredential) -> IssuedEvent:
    """Its event, with its place in the log proven. Raises _NotShown, TransparencyFailure."""
    stored, proof, as_of = run.evidence.event, run.evidence.tlog_proof, credential.claims.as_of
    if stored is None or proof is None:
        raise _NotShown("the event and its proof were not given")
    policy = _policy(run, as_of.origin)
    event = read_issued_event(stored, credential)
    if event.differences:
        raise Malformed("statement-issued", f"it is not of this credential: {', '.join(event.differences)} differ")
    position = verify_event(proof, stored, policy).position
    if event.position != position:
        raise ProofRejected("position", f"the event says {event.position}, and its place in the log is {position}")
    if position <= as_of.size:
        raise ProofRejected("position", f"it must be behind the size {as_of.size} that it speaks of, not {position}")
    return event


def _need_shown(disclosed: Disclosed, event: IssuedEvent) -> None:
    if unknown := sorted(set(disclosed.names()) - event.shown):
        raise Malformed("statement-issued", f"it knows nothing of {', '.join(unknown)}")


def _need_complete(run: _Run, claims: StatementClaims) -> None:
    if not claims.is_of_everything:
        raise _NotShown("that a selection leaves nothing out cannot be shown without showing everything")
    proof, as_of = run.evidence.balance_proof, claims.as_of
    if proof is None:
        raise _NotShown("the balance proof was not given")
    said = verify_balance_file(proof, _policy(run, as_of.origin)).balance
    found = said.holder, said.note.partition, said.note.size, said.note.log_root
    if found != (claims.sub, as_of.partition, as_of.size, as_of.root_bytes):
        raise ProofRejected("balance", f"it is of {said.holder} at size {said.note.size} of partition {found[1]}")
    if said.balance.verified_seconds != claims.verified_seconds:
        raise ProofRejected("balance", f"it says {said.balance.verified_seconds} verified seconds")


def _policy(run: _Run, origin: str) -> TrustPolicy:
    policy = run.trust.logs.get(origin)
    if policy is None:
        raise _NotShown(f"no verifier key of the log {origin} was given")
    return policy


def _status(run: _Run, claims: StatementClaims) -> str:
    text = run.evidence.status_list
    if text is None:
        raise _NotShown("no list of status was given: what became of the statement since is not known")
    place, trust = claims.status.status_list, run.trust
    run.status = read_status(text, place, trust.issuer_keys, run.now, trust.status_age_seconds_max)
    run.status.need_valid()
    return "neither revoked nor superseded"


def _state(run: _Run) -> State:
    failed = [result.name for result in run.results if result.outcome == "fails"]
    revoked = run.status is not None and run.status.is_revoked
    superseded = run.status is not None and run.status.is_superseded
    if failed and not revoked and not superseded:
        return "tampered"
    if revoked:
        return "revoked"
    end = run.credential.claims.exp if run.credential else None
    if end is not None and end <= run.now:
        return "expired"
    return "superseded" if superseded else "valid"
