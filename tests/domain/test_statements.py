"""Statements: issued behind what they speak of, shared, restated when hours are corrected, revoked for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.domain.erasure import EraseVolunteer
from ledger.domain.event import RecordedEvent
from ledger.domain.refusals import InvariantBroken
from ledger.domain.statement import (
    SHARES_MAX,
    IssueStatement,
    RestateStatement,
    RevokeStatement,
    ShareStatement,
    Statement,
    WithdrawShare,
    evolve,
)
from ledger.domain.statement_events import StatementIssued, StatementRestored, StatementShared, StatementSuperseded
from ledger.domain.values import Position
from tests.domain.given_when_then import NOW, Scenario
from tests.domain.programme import ANA, programme

STATEMENT = f"{ANA}/statements/s1"
SEALED = f"p1.{'A' * 22}.{'B' * 16}.{'C' * 56}"
CAUSE = Position(partition=0, position=1)


def issued(**changed: object) -> StatementIssued:
    said: dict[str, object] = {
        "statement": STATEMENT,
        "holder": ANA,
        "kind": "statement",
        "organizations": (),
        "shown": ("name",),
        "verified_seconds": 7_200,
        "size": 3,
        "root": "ab" * 32,
        "credential_digest": "cd" * 32,
        "issuer_key": "k" * 43,
        "status_list": 0,
        "status_index": 17,
    }
    return StatementIssued.model_validate({**said, **changed})


def issue(**changed: object) -> IssueStatement:
    return IssueStatement(STATEMENT, issued(**changed), "0" * 31 + "a")


def share(*, expires: timedelta | None = None) -> ShareStatement:
    return ShareStatement(STATEMENT, "ef" * 32, SEALED, "0" * 31 + "b", None if expires is None else NOW + expires, 3)


def restate(seconds: int, *, differs: bool, position: int) -> RestateStatement:
    return RestateStatement(STATEMENT, seconds, differs, (Position(partition=0, position=position),), CAUSE)


def with_statement() -> Scenario:
    return programme().given(issue())


def statement(scenario: Scenario) -> Statement:
    state = scenario.state(STATEMENT)
    assert isinstance(state, Statement)
    return state


def test_a_statement_is_issued_once():
    with_statement().when(issue()).then_refused("ALREADY_EXISTS")


def test_nobody_unknown_or_erased_gets_one():
    programme().when(IssueStatement("volunteers/nobody/statements/s", issued(), "a" * 32)).then_refused("NOT_FOUND")
    programme().given(EraseVolunteer(ANA)).when(issue()).then_refused("VOLUNTEER_ERASED")


def test_what_shall_end_ends_later():
    programme().when(issue(expires=NOW)).then_refused("EXPIRE_TIME_PASSED")
    with_statement().when(share(expires=timedelta())).then_refused("EXPIRE_TIME_PASSED")
    assert statement(programme().given(issue(expires=NOW + timedelta(seconds=1)))).issued.expires is not None


def test_a_statement_lies_behind_the_size_it_speaks_of():
    recorded = RecordedEvent(
        stream=STATEMENT,
        version=1,
        event_id="0" * 32,
        partition=0,
        position=3,
        recorded_at=NOW,
        actor=ANA,
        data=issued(),
    )
    with pytest.raises(InvariantBroken, match="cannot hold StatementIssued"):
        evolve(None, recorded)


def test_links_are_numbered_and_each_ends_once():
    scenario = with_statement().given(share(), share(), WithdrawShare(STATEMENT, f"{STATEMENT}/shares/1"))
    assert {name: one.withdrawn for name, one in statement(scenario).shares.items()} == {
        f"{STATEMENT}/shares/1": True,
        f"{STATEMENT}/shares/2": False,
    }
    scenario.when(WithdrawShare(STATEMENT, f"{STATEMENT}/shares/1")).then_refused("NOTHING_CHANGES")
    scenario.when(WithdrawShare(STATEMENT, f"{STATEMENT}/shares/3")).then_refused("NOT_FOUND")


def test_a_statement_has_no_more_links_than_can_be_listed():
    scenario = with_statement().given(*[share()] * SHARES_MAX)
    scenario.when(share()).then_refused("TOO_MANY_SHARES")


def test_a_revoked_statement_is_revoked_for_good():
    scenario = with_statement().given(RevokeStatement(STATEMENT, "withdrawn"))
    assert (statement(scenario).revoked_for, statement(scenario).revoked_at) == ("withdrawn", NOW)
    scenario.when(RevokeStatement(STATEMENT, "issued_in_error")).then_refused("STATEMENT_REVOKED")
    scenario.when(share()).then_refused("STATEMENT_REVOKED")
    scenario.when(restate(0, differs=True, position=5)).then_refused("NOTHING_CHANGES")


def test_corrected_hours_supersede_it_and_the_same_hours_restore_it():
    scenario = with_statement()
    at = scenario.ledger.events[-1].position
    scenario.when(restate(3_600, differs=True, position=at))
    assert isinstance(scenario.events[-1].data, StatementSuperseded)
    assert statement(scenario).now_verified_seconds == 3_600
    scenario.when(restate(3_600, differs=True, position=at)).then_refused("NOTHING_CHANGES")
    scenario.when(restate(7_200, differs=False, position=at + 1))
    assert isinstance(scenario.events[-1].data, StatementRestored)
    assert (statement(scenario).now_verified_seconds, statement(scenario).superseded_at) == (None, None)
    scenario.when(restate(7_200, differs=False, position=at + 1)).then_refused("NOTHING_CHANGES")


def test_a_look_that_was_overtaken_is_not_recorded():
    scenario = with_statement()
    at = scenario.ledger.events[-1].position
    scenario.given(restate(3_600, differs=True, position=at))
    scenario.when(restate(7_200, differs=False, position=at - 1)).then_refused("STANDING_EVALUATED_LATER")


def test_the_same_sum_in_other_organisations_is_another_statement():
    scenario = with_statement().when(restate(7_200, differs=True, position=4))
    assert isinstance(scenario.events[-1].data, StatementSuperseded)


def test_nothing_of_an_erased_person_s_statements_changes_any_more():
    scenario = with_statement().given(share(), EraseVolunteer(ANA))
    scenario.when(share()).then_refused("VOLUNTEER_ERASED")
    scenario.when(RevokeStatement(STATEMENT, "withdrawn")).then_refused("VOLUNTEER_ERASED")
    scenario.when(WithdrawShare(STATEMENT, f"{STATEMENT}/shares/1")).then_refused("VOLUNTEER_ERASED")


def test_the_code_of_a_link_stands_nowhere_readable():
    shared = with_statement().when(share()).events[-1].data
    assert isinstance(shared, StatementShared)
    assert (shared.code, shared.code_digest) == (SEALED, "ef" * 32)
