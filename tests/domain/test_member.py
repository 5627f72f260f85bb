"""Members of staff: a sealed name, an erasure that names its keys, and verifications that rest on neither."""

from __future__ import annotations

import pytest

from ledger.domain.appointing import AppointMember
from ledger.domain.member import EraseMember, Member, MemberErased, MemberNamed, NameMember, evolve
from ledger.domain.refusals import InvariantBroken
from ledger.domain.verification import VerifyHours
from tests.domain.given_when_then import Scenario
from tests.domain.programme import ANA, GREEN, GREEN_VERIFIER, MORNING, programme, served

EVENT = "e" * 32
THERE = f"{ANA}/attendances/there"


def seal(key: str) -> str:
    return f"p1.{key * 22}.{'N' * 16}.{'c' * 24}"


def naming(key: str) -> NameMember:
    return NameMember(GREEN_VERIFIER, seal(key), EVENT)


def member_of(scenario: Scenario) -> Member:
    state = scenario.state(GREEN_VERIFIER)
    assert isinstance(state, Member)
    return state


def test_a_name_is_given_and_given_anew_and_an_erasure_names_every_key():
    scenario = Scenario().when(naming("B")).then_recorded(MemberNamed, member=GREEN_VERIFIER, member_name=seal("B"))
    scenario.given(naming("A"))
    field = member_of(scenario).member_name
    assert field is not None
    assert (field.person, field.event_id, field.path, field.sealed) == (
        GREEN_VERIFIER,
        EVENT,
        "member_name",
        seal("A"),
    )
    scenario.when(EraseMember(GREEN_VERIFIER)).then_recorded(MemberErased, key_ids=("A" * 22, "B" * 22))
    assert (member_of(scenario).member_name, member_of(scenario).erased) == (None, True)


def test_nothing_begins_for_who_was_erased():
    Scenario().when(EraseMember(GREEN_VERIFIER)).then_refused("NOT_FOUND", name=GREEN_VERIFIER)
    scenario = programme().given(naming("A"), EraseMember(GREEN_VERIFIER))
    again = AppointMember(f"{GREEN}/appointments/again", GREEN_VERIFIER, "verifier")
    for command in (naming("A"), EraseMember(GREEN_VERIFIER), again):
        scenario.when(command).then_refused("MEMBER_ERASED", name=GREEN_VERIFIER)


def test_what_they_verified_stays_verified_by_them():
    scenario = programme().given(naming("A"), served(THERE, MORNING, "2026-11-20 05:00", "2026-11-20 06:00"))
    scenario.given(VerifyHours(THERE), actor=GREEN_VERIFIER)
    verified = scenario.events
    scenario.given(EraseMember(GREEN_VERIFIER))
    assert scenario.seconds(THERE) == {"verified": 3600}
    assert [event.actor for event in verified] == [GREEN_VERIFIER]


@pytest.mark.parametrize(
    "data", [MemberNamed(member=GREEN_VERIFIER, member_name=seal("A")), MemberErased(member=GREEN_VERIFIER, key_ids=())]
)
def test_a_history_that_goes_on_after_an_erasure_is_broken(data):
    scenario = Scenario().given(naming("A"), EraseMember(GREEN_VERIFIER))
    with pytest.raises(InvariantBroken):
        scenario.given((GREEN_VERIFIER, data))
    with pytest.raises(InvariantBroken):
        evolve(None, scenario.ledger.events[-1])
