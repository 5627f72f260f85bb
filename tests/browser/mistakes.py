"""Signed statements by what is wrong with them, each with the step that must fail."""

from __future__ import annotations

from typing import Final

from ledger.credentials.status_list import pack_statuses, write_status_list
from ledger.transparency.line_grammar import base64_text
from tests.browser.mistaken import (
    EMPTY,
    NOW,
    WANTED,
    Case,
    balance,
    balance_changed,
    claims,
    data,
    event,
    flipped,
    hours_of_another,
    lines_changed,
    list_saying,
    log_proof,
    organizations_with,
    place,
    proof_bytes_changed,
    shown,
    signature_changed,
    signed,
    status,
    told_twice,
)
from tests.browser.sample_log import OTHER, StatementLog
from tests.browser.sample_statement import ISSUER, SampleIssuer

CASES: Final[dict[str, tuple[str | None, Case]]] = {
    "as it should be": (None, lambda ground: ground.good()),
    "nothing disclosed": (None, shown()),
    # form
    "another type": ("form", claims(vct=f"{ISSUER}/vct/statement/2")),
    "ended before it began": ("form", claims(exp=1)),
    "a period the wrong way round": ("form", claims(period={"from": "2026-06-30", "to": "2026-01-01"})),
    "a day that there is not": ("form", claims(period={"from": "2026-02-30"})),
    "a statement of another person": ("form", claims(statement=f"{OTHER}/statements/s7")),
    "a list of another issuer": ("form", claims(status=place(7, "https://elsewhere.example/statements/status/0-0"))),
    "a place beyond the list": ("form", claims(status=place(1 << 20))),
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
    "a sum that does not add up": ("disclosures", shown(organizations=organizations_with(1))),
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
    "a checkpoint that the log did not sign": ("log", log_proof(signature_changed)),
    "a proof with a hash more": ("log", log_proof(lines_changed(lambda lines: [*lines, base64_text(bytes(32))]))),
    "a proof with a hash less": ("log", log_proof(lines_changed(lambda lines: lines[:-1]))),
    "a proof with other hashes": ("log", log_proof(lines_changed(lambda lines: [*lines[:2], *reversed(lines[2:])]))),
    "a proof of another place": ("log", log_proof(lines_changed(lambda lines: [lines[0], "index 3", *lines[2:]]))),
    "a proof beyond the log": ("log", log_proof(lines_changed(lambda lines: [lines[0], "index 999", *lines[2:]]))),
    "a proof without a place": ("log", log_proof(lines_changed(lambda lines: [lines[0], *lines[2:]]))),
    "a proof of another version": ("log", log_proof(lambda text: text.replace(b"proof@v1", b"proof@v2"))),
    "a proof with a control character": ("log", log_proof(lambda text: text + b"\t")),
    "a proof without signatures": ("log", log_proof(lambda text: text.partition("\u2014".encode())[0])),
    # complete
    "hours that are not all": (
        "complete",
        lambda ground: ground.evidence(ground.credential({"verified_seconds": 9}, {})),
    ),
    "the hours of another person": ("complete", hours_of_another),
    "a balance with other hours": ("complete", balance_changed(proof_bytes_changed(flipped(2 + 23)))),
    "a balance of another version": ("complete", balance_changed(proof_bytes_changed(flipped(0)))),
    "a balance of another kind": ("complete", balance_changed(proof_bytes_changed(flipped(1)))),
    "a balance with other siblings": ("complete", balance_changed(proof_bytes_changed(flipped(-1)))),
    "a balance with more behind": ("complete", balance_changed(proof_bytes_changed(lambda proof: proof + bytes(32)))),
    "a balance that ends early": ("complete", balance_changed(proof_bytes_changed(lambda proof: proof[:91]))),
    "a balance of another name": (
        "complete",
        balance_changed(lines_changed(lambda lines: [lines[0], f"holder {OTHER}", lines[2]])),
    ),
    "a balances note that the log did not sign": ("complete", balance_changed(signature_changed)),
    "a balances note of another partition": (
        "complete",
        balance_changed(lambda text: text.replace(b"partition 0 of 1", b"partition 1 of 2")),
    ),
    "the balance of another person": ("complete", balance(lambda: StatementLog().balance_proof(OTHER))),
    "the balance at another size": ("complete", balance(lambda: StatementLog(days_of_other=3).balance_proof())),
    # status
    "an empty list": ("status", status(lambda _: "")),
    "a list under another key": ("status", status(lambda _: SampleIssuer().status_list())),
    "a list of others": ("status", status(lambda issuer: issuer.status_list(1))),
    "a list of yesterday": ("status", status(lambda issuer: issuer.status_list(0, NOW - 86_500))),
    "a list of tomorrow": ("status", status(lambda issuer: issuer.status_list(0, NOW + 3_600))),
    "a list that ended": ("status", status(lambda issuer: list_saying(issuer, iat=NOW - 60, exp=NOW - 1))),
    "a list of one bit": (
        "status",
        status(lambda issuer: list_saying(issuer, status_list={"bits": 1, "lst": EMPTY})),
    ),
    "a short list": ("status", status(lambda issuer: list_saying(issuer, status_list={"bits": 2, "lst": EMPTY}))),
    "a list with more in it": ("status", status(lambda issuer: list_saying(issuer, more=1))),
    "a value nobody knows": (
        "status",
        status(lambda issuer: write_status_list(issuer.status_uri(), NOW, pack_statuses([(7, 2)]), issuer.signing)),
    ),
    "corrected": (
        "status",
        status(lambda issuer: write_status_list(issuer.status_uri(), NOW, pack_statuses([(7, 3)]), issuer.signing)),
    ),
}
