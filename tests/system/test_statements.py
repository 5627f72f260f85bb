"""Statements on a served ledger: issued, shared, confirmed, superseded, revoked, erased. Persons are synthetic."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.credentials.sd_jwt import credential_digest, disclosed_claims, read_credential
from tests.system.acting import channel_to
from tests.system.grpc_caller import with_id
from tests.system.served_ledger import Served, served_in_a_folder
from tests.system.small_programme import ANA, GREEN
from tests.system.statement_programme import FULL_NAME, HOUR, REVOKED, SUPERSEDED, VALID, Statements
from volunteer_hours.v1 import statement_service_pb2 as pb
from volunteer_hours.v1.values_pb2 import Period


@pytest.fixture(scope="module", params=[pytest.param(1, marks=pytest.mark.proof), 3], ids=["P=1", "P=3"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with served_in_a_folder(request.param) as found:
        yield found


@pytest.fixture(scope="module")
def ana(served: Served) -> Iterator[Statements]:
    with channel_to(served.grpc) as channel:
        client = Statements(channel)
        client.begin()
        yield client


def test_a_statement_states_what_is_verified(ana: Statements):
    statement = ana.issue("whole", details=[pb.STATEMENT_DETAIL_NAME, pb.STATEMENT_DETAIL_ORGANIZATIONS])
    credential = read_credential(statement.credential)
    claims, disclosed = credential.claims, disclosed_claims(credential)
    assert (claims.sub, claims.verified_seconds, claims.initials) == (ANA, 3 * HOUR, "ش. P.")
    assert disclosed.full_name == FULL_NAME
    assert disclosed.organizations is not None
    [green] = disclosed.organizations
    assert (green.name, green.verified_seconds, green.first_date) == (GREEN, 3 * HOUR, "2026-11-20")
    assert disclosed.roles is None
    assert statement.credential_digest.hex() == credential.digest == credential_digest(statement.credential)
    assert claims.as_of.size == statement.size < statement.issued_at.position
    assert statement.balance_proof.startswith(b"volunteer-hours/balance-proof@v1\n")
    assert ana.get(statement.name).credential == statement.credential


def test_a_badge_says_the_same(ana: Statements):
    statement = ana.issue("badge", details=[pb.STATEMENT_DETAIL_NAME])
    request = pb.GetStatementBadgeRequest(name=statement.name, positions=ana.seen)
    badge = pb.StatementBadge.FromString(ana.as_ana("GetStatementBadge", request)).credential
    told = json.loads(base64.urlsafe_b64decode(badge.split(".")[1] + "=="))
    assert told["credentialSubject"]["creditsEarned"] == 3.0
    assert told["evidence"][0]["narrative"] == f"sha256:{statement.credential_digest.hex()}"


def test_a_selection_carries_no_proof_of_everything(ana: Statements):
    period = Period(start_date="2026-11-20", end_date="2026-11-20")
    statement = ana.issue("selection", period=period, organizations=[GREEN])
    assert (statement.verified_seconds, statement.balance_proof) == (3 * HOUR, b"")
    claims = read_credential(statement.credential).claims
    assert (claims.period.first, claims.period.last, claims.only_organizations) == (
        "2026-11-20",
        "2026-11-20",
        (GREEN,),
    )


def test_a_transcript_shows_every_verified_attendance(ana: Statements):
    statement = ana.issue("transcript", kind=pb.STATEMENT_KIND_TRANSCRIPT)
    entries = disclosed_claims(read_credential(statement.credential)).entries
    assert entries is not None
    assert [entry.verified_seconds for entry in entries] == [2 * HOUR, HOUR]


def test_the_same_request_gives_the_same_credential(ana: Statements):
    asked = pb.IssueStatementRequest(request_id=str(uuid.uuid4()), parent=ANA, positions=ana.written)
    request = asked.SerializeToString()
    first, second = (pb.Statement.FromString(ana.as_ana("IssueStatement", request)) for _ in range(2))
    assert first.credential == second.credential
    assert first == second


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"kind": pb.STATEMENT_KIND_TRANSCRIPT, "organizations": [GREEN]}, "TRANSCRIPT_IS_WHOLE"),
        ({"period": Period(start_date="2026-02-01", end_date="2026-01-01")}, "DATES_REVERSED"),
        ({"period": Period(end_date="2020-01-01")}, "NOTHING_VERIFIED"),
        ({"organizations": ["organizations/nobody"]}, "NOTHING_VERIFIED"),
        ({"expire_time": {"seconds": 1_000_000_000}}, "EXPIRE_TIME_PASSED"),
        ({"positions": [{"partition": 0, "position": 1}, {"partition": 7, "position": 1}]}, "POSITION_UNKNOWN"),
    ],
    ids=["transcript of some", "dates reversed", "nothing then", "nothing there", "ended", "no such partition"],
)
def test_what_cannot_be_stated_is_refused(ana: Statements, asked: dict[str, Any], reason: str):
    message = with_id(pb.IssueStatementRequest(parent=ANA, **{"positions": ana.written, **asked}))
    assert ana.refused("StatementService/IssueStatement", message, ANA).reason == reason


def test_a_link_is_opened_counted_and_withdrawn(ana: Statements):
    statement = ana.issue("shared")
    share = ana.share(statement.name, views_max=2)
    assert share.uri.endswith(f"/s/{share.code}")
    ana.wait_for_share(statement.name)
    states = [ana.confirm(share_code=share.code).state for _ in range(3)]
    assert states == [VALID, VALID, pb.STATEMENT_STATE_NOT_SHARED]
    [listed] = ana.shares(statement.name)
    assert (listed.views, listed.state, listed.code) == (2, pb.SHARE_STATE_USED_UP, share.code)
    ana.as_ana("WithdrawShare", with_id(pb.WithdrawShareRequest(name=share.name)))
    ana.wait_for_share(statement.name, pb.SHARE_STATE_WITHDRAWN)
    [withdrawn] = ana.shares(statement.name)
    assert withdrawn.code == ""


def test_the_same_request_gives_the_same_code(ana: Statements):
    statement = ana.issue("coded")
    request = pb.ShareStatementRequest(request_id=str(uuid.uuid4()), name=statement.name)
    codes = {pb.StatementShare.FromString(ana.as_ana("ShareStatement", request)).code for _ in range(2)}
    assert len(codes) == 1


def test_an_employer_s_system_confirms_by_code_and_by_credential(ana: Statements):
    statement = ana.issue("confirmed")
    ana.get(statement.name)  # waits until the projections know it
    by_credential = ana.confirm(credential=statement.credential)
    assert (by_credential.state, by_credential.name, by_credential.verified_seconds) == (
        VALID,
        statement.name,
        3 * HOUR,
    )
    code = ana.share(statement.name).code
    ana.wait_for_share(statement.name)
    by_code = ana.confirm(share_code=code)
    assert (by_code.state, by_code.initials) == (VALID, by_credential.initials)
    assert ana.confirm(share_code="a" * 26).state == pb.STATEMENT_STATE_UNKNOWN


def test_another_credential_is_not_the_one_that_was_issued(ana: Statements):
    name = [pb.STATEMENT_DETAIL_NAME]
    statement, other = ana.issue("one", details=name), ana.issue("other", details=name)
    header, payload, signature = statement.credential.split("~")[0].split(".")
    forged = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged["verified_seconds"] = 900 * HOUR
    changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
    ana.get(other.name)
    refused = ana.confirm(credential=f"{header}.{changed}.{signature}~")
    assert (refused.state, refused.name) == (pb.STATEMENT_STATE_TAMPERED, "")
    assert refused.failed_step.startswith("log: ")
    foreign = f"{statement.credential}{other.credential.split('~')[1]}~"
    assert ana.confirm(credential=foreign).state == pb.STATEMENT_STATE_TAMPERED


def test_a_corrected_statement_is_superseded_within_ten_seconds_and_restored(ana: Statements):
    ana.attended("a3", "2026-11-20 07:00", "2026-11-20 08:00")
    ana.verify("a3")
    statement = ana.issue("corrected")
    ana.reverse("a3")
    ana.wait_for_state(statement.name, SUPERSEDED)
    told = ana.get(statement.name)
    assert (told.verified_seconds, told.now_verified_seconds) == (4 * HOUR, 3 * HOUR)
    assert ana.confirm(credential=statement.credential).state == SUPERSEDED


def test_a_revoked_statement_says_so(ana: Statements):
    statement = ana.issue("revoked")
    request = pb.RevokeStatementRequest(name=statement.name, revoked_for=pb.STATEMENT_REVOCATION_WITHDRAWN)
    ana.as_ana("RevokeStatement", with_id(request))
    ana.wait_for_state(statement.name, REVOKED)
    confirmed = ana.confirm(credential=statement.credential)
    assert (confirmed.state, confirmed.initials, confirmed.verified_seconds) == (REVOKED, "", 0)


def test_of_an_erased_person_nothing_is_shown(ana: Statements):
    """The last of this file: Ana is gone afterwards."""
    statement = ana.issue("erased", details=[pb.STATEMENT_DETAIL_NAME])
    share = ana.share(statement.name)
    ana.wait_for_share(statement.name)
    ana.erase()
    ana.wait_for_state(statement.name, pb.STATEMENT_STATE_ERASED)
    assert ana.get(statement.name).credential == ""
    for told in (ana.confirm(credential=statement.credential), ana.confirm(share_code=share.code)):
        assert (told.state, told.name, told.initials) == (pb.STATEMENT_STATE_ERASED, "", "")
