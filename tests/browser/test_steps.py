"""Statements that their issuer signed and that must fail all the same, each at its step, as on the command line."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from ledger.credentials.base64url import base64url
from ledger.credentials.compact_jwt import write_jwt
from ledger.credentials.issuer_keys import read_issuer_document
from ledger.credentials.sd_jwt import disclosure_digest, issue_credential
from ledger.credentials.status_list import pack_statuses, write_status_list
from ledger.credentials.verify_statement import StatementEvidence, StatementTrust, verify_statement
from ledger.transparency.trust_policy import read_policy
from tests.browser.reader import reader
from tests.browser.sample_log import OTHER, StatementLog, issued_event
from tests.browser.sample_statement import ISSUER, SampleIssuer, Wanted, claims_of, details_of
from tests.browser.verifier import failed_step, verdicts

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


def _object(value: object) -> Json:
    assert isinstance(value, dict)
    return value


def _organizations(first_seconds: int) -> list[Json]:
    found = details_of(WANTED)["organizations"]
    assert isinstance(found, list)
    return [{**found[0], "verified_seconds": first_seconds}, found[1]]


def _list(issuer: SampleIssuer, **changed: object) -> str:
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


def _place(idx: int, uri: str = f"{ISSUER}/statements/status/0-0") -> Json:
    return {"status_list": {"idx": idx, "uri": uri}}


CASES: Final[dict[str, tuple[str | None, Case]]] = {
    "as it should be": (None, lambda ground: ground.good()),
    "nothing disclosed": (None, shown()),
    # form
    "another type": ("form", claims(vct=f"{ISSUER}/vct/statement/2")),
    "ended before it began": ("form", claims(exp=1)),
    "a period the wrong way round": ("form", claims(period={"from": "2026-06-30", "to": "2026-01-01"})),
    "a day that there is not": ("form", claims(period={"from": "2026-02-30"})),
    "a statement of another person": ("form", claims(statement=f"{OTHER}/statements/s7")),
    "a list of another issuer": ("form", claims(status=_place(7, "https://elsewhere.example/statements/status/0-0"))),
    "a place beyond the list": ("form", claims(status=_place(1 << 20))),
    "a claim nobody knows": ("form", claims(nationality="synthetic")),
    "long initials": ("form", claims(initials="S" * 21)),
    "negative hours": ("form", claims(verified_seconds=-1)),
    "a kind nobody knows": ("form", claims(kind="diploma")),
    "an end that is null": ("form", claims(exp=None)),
    "no digests in a list of them": ("form", signed(lambda payload: {**payload, "_sd": []})),
    "digests out of order": ("form", signed(lambda payload: {**payload, "_sd": ["b" * 43, "a" * 43]})),
    "a digest twice": ("form", signed(lambda payload: {**payload, "_sd": ["a" * 43, "a" * 43]})),
    "another hash": ("form", signed(lambda payload: {**payload, "_sd_alg": "sha-512"})),
    # signature
    "issued before the key was": ("signature", claims(iat=1_000)),
    # disclosures
    "a sum that does not add up": ("disclosures", shown(organizations=_organizations(1))),
    "a detail nobody knows": ("disclosures", shown(address="synthetic")),
    "a detail of another form": ("disclosures", shown(sectors=[{"sector": 5, "verified_seconds": 432_000}])),
    "a detail with more in it": ("disclosures", shown(years=[{"year": 2026, "verified_seconds": 432_000, "x": 1}])),
    "a name disclosed twice": ("disclosures", told_twice),
    # log
    "an event of another statement": ("log", data(statement=f"{WANTED.person}/statements/s8")),
    "an event of another person": ("log", data(holder=OTHER)),
    "an event of another kind": ("log", data(kind="transcript")),
    "an event of other hours": ("log", data(verified_seconds=1)),
    "an event of another size": ("log", data(size=1)),
    "an event of another root": ("log", data(root="0" * 64)),
    "an event of another credential": ("log", data(credential_digest="0" * 64)),
    "an event of another key": ("log", data(issuer_key="k" * 43)),
    "an event of another list": ("log", data(status_list=1)),
    "an event of another place": ("log", data(status_index=8)),
    "an event of a period": ("log", data(period_start="2026-01-01")),
    "an event of one organisation": ("log", data(organizations=["organizations/green"])),
    "an event that ends": ("log", data(expires="2027-01-01T00:00:00Z")),
    "an event that shows less": ("log", data(shown=["name"])),
    "an event of another type": ("log", event(lambda recorded: {**recorded, "type": "statement-revoked"})),
    "an event of another version": ("log", event(lambda recorded: {**recorded, "schemaversion": 2})),
    "an event of another stream": ("log", event(lambda recorded: {**recorded, "subject": OTHER})),
    "an event of another partition": ("log", event(lambda recorded: {**recorded, "partition": 1})),
    "an event of another position": ("log", event(lambda recorded: {**recorded, "position": 1})),
    # complete
    "the balance of another person": ("complete", balance(lambda: StatementLog().balance_proof(OTHER))),
    "the balance at another size": ("complete", balance(lambda: StatementLog(days_of_other=3).balance_proof())),
    # status
    "an empty list": ("status", status(lambda _: "")),
    "a list under another key": ("status", status(lambda _: SampleIssuer().status_list())),
    "a list of others": ("status", status(lambda issuer: issuer.status_list(1))),
    "a list of yesterday": ("status", status(lambda issuer: issuer.status_list(0, NOW - 86_500))),
    "a list of tomorrow": ("status", status(lambda issuer: issuer.status_list(0, NOW + 3_600))),
    "a list that ended": ("status", status(lambda issuer: _list(issuer, iat=NOW - 60, exp=NOW - 1))),
    "a list of one bit": (
        "status",
        status(lambda issuer: _list(issuer, status_list={"bits": 1, "lst": EMPTY})),
    ),
    "a short list": ("status", status(lambda issuer: _list(issuer, status_list={"bits": 2, "lst": EMPTY}))),
    "a list with more in it": ("status", status(lambda issuer: _list(issuer, more=1))),
    "a value nobody knows": (
        "status",
        status(lambda issuer: write_status_list(issuer.status_uri(), NOW, pack_statuses([(7, 2)]), issuer.signing)),
    ),
    "corrected": (
        "status",
        status(lambda issuer: write_status_list(issuer.status_uri(), NOW, pack_statuses([(7, 3)]), issuer.signing)),
    ),
}


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Iterator[Page]:
    with reader(browser, origin) as somebody:
        somebody.page.goto(f"{origin}/check")
        yield somebody.page


def test_each_fails_at_its_step_and_at_the_same_one_on_the_command_line(page: Page):
    ground = Ground(SampleIssuer(), StatementLog())
    evidences = [make(ground) for _, make in CASES.values()]
    keys = ground.log.vkeys
    found = verdicts(page, evidences, json.loads(ground.issuer.document()), keys, NOW)
    policy = read_policy(keys)
    trust = StatementTrust(read_issuer_document(ground.issuer.document()), {policy.origin: policy})
    by_python = [verify_statement(evidence, trust, NOW).failed for evidence in evidences]

    expected = {name: step for name, (step, _) in CASES.items()}
    assert {name: failed_step(verdict) for name, verdict in zip(CASES, found, strict=True)} == expected
    assert {name: step and step.name for name, step in zip(CASES, by_python, strict=True)} == expected
