"""Who ran this: each start is recorded once, and who holds the keys when that has changed."""

from __future__ import annotations

import pytest

from ledger.domain.hours_read import HoursRead
from ledger.domain.refusals import InvariantBroken
from ledger.domain.service_run import (
    SERVE,
    KeyHolders,
    KeyHoldersListed,
    ListKeyHolders,
    RecordServiceStart,
    ServiceStarted,
    SettingSaid,
)
from tests.domain.given_when_then import Scenario


def start(run: str = "a1") -> RecordServiceStart:
    settings = (SettingSaid(name="partitions", value="3"),)
    return RecordServiceStart(
        ServiceStarted(service=SERVE, run=run, code_version="0.1.0", migrations=("events/0001",), settings=settings)
    )


def holders(*names: str) -> ListKeyHolders:
    held = (KeyHolders(key="master-key", holders=names),) if names else ()
    return ListKeyHolders(KeyHoldersListed(service=SERVE, key_holders=held))


def test_each_start_is_recorded():
    scenario = Scenario().given(start("a1")).when(start("a2"))
    scenario.then_recorded(ServiceStarted, service=SERVE, run="a2")


def test_one_start_is_recorded_once():
    Scenario().given(start("a1")).when(start("a1")).then_recorded()


def test_who_holds_the_keys_is_recorded_when_it_changes():
    Scenario().given(start()).when(holders("staff/amal")).then_recorded(KeyHoldersListed)
    Scenario().given(holders("staff/amal"), start("a2")).when(holders("staff/amal")).then_recorded()
    Scenario().given(holders("staff/amal")).when(holders("staff/omar")).then_recorded(KeyHoldersListed)


def test_where_nobody_was_ever_named_an_empty_list_is_nothing_new():
    Scenario().given(start()).when(holders()).then_recorded()
    Scenario().given(holders("staff/amal")).when(holders()).then_recorded(KeyHoldersListed, key_holders=())


def test_a_service_holds_nothing_but_its_own():
    read = HoursRead(
        access="accesses/a1",
        caller_role="auditor",
        call="AuditService/GetEvent",
        volunteers=(),
        volunteer_count=0,
        ranges=(),
        answered_at=(),
    )
    for event in (read, start().started.model_copy(update={"service": "services/other"})):
        with pytest.raises(InvariantBroken, match="cannot hold"):
            Scenario().given((SERVE, event)).when(start())
