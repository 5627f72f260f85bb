"""That somebody looked: one event a look, in a ledger of its own kind; written fast, the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from ledger.access.access_log import Look
from ledger.access_ledger.look_bytes import events_of
from ledger.domain.event import read_event
from ledger.domain.hours_read import PERSONS_MAX, Access, HoursRead, PositionRange, RecordHoursRead, evolve
from ledger.domain.ledger_kind import LedgerKind, belongs, kind_of_ledger
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Position
from ledger.event_bytes import EVENT_BYTES_MAX, Envelope, encode
from tests.domain.given_when_then import Scenario

ANA, BEN = "volunteers/ana", "volunteers/ben"
NUMBER_MAX = 2**63 - 1


def read(access: str = "accesses/a1", **given) -> HoursRead:
    return HoursRead(
        access=access,
        caller_role="auditor",
        call="HoursService/GetBalance",
        volunteers=given.pop("volunteers", (ANA,)),
        volunteer_count=1,
        ranges=(),
        answered_at=(Position(partition=0, position=7),),
        **given,
    )


def look(volunteers=(ANA,), positions=None, ranges=(), purpose="") -> Look:
    at = {0: 7} if positions is None else positions
    return Look(
        "ministry", "staff/amal", "government_reader", purpose, "HoursService/GetBalance", volunteers, at, ranges
    )


def told(one: Look) -> list[HoursRead]:
    """What the events of a look say, read as any event is."""
    events = [read_event("hours-read", 1, event.data) for event in events_of(one)]
    return [event for event in events if isinstance(event, HoursRead)]


def test_a_look_is_an_access_of_its_own():
    scenario = Scenario().when(RecordHoursRead(read(purpose="graduation")), actor="staff/amal")
    scenario.then_recorded(HoursRead, volunteers=(ANA,), purpose="graduation")
    assert scenario.state("accesses/a1") == Access("accesses/a1", read(purpose="graduation"))


def test_an_access_is_recorded_once():
    Scenario().given(RecordHoursRead(read())).when(RecordHoursRead(read())).then_refused(
        "ALREADY_EXISTS", name="accesses/a1"
    )


def test_an_access_holds_one_event_and_no_other_s():
    scenario = Scenario().given(RecordHoursRead(read()))
    (recorded,) = [event for event in scenario.ledger.events if event.stream == "accesses/a1"]
    assert evolve(None, recorded).name == "accesses/a1"
    with pytest.raises(InvariantBroken, match="accesses/a1 cannot hold"):
        evolve(scenario.state("accesses/a1"), recorded)
    with pytest.raises(InvariantBroken, match="accesses/a2 cannot hold"):
        evolve(None, msgspec.structs.replace(recorded, stream="accesses/a2"))


@pytest.mark.parametrize(
    ("stream", "kinds"),
    [
        ("accesses/a1", {LedgerKind.ACCESS}),
        ("services/s1", {LedgerKind.ACCESS}),
        ("partitions/0", {LedgerKind.ACCESS, LedgerKind.HOURS}),
        ("volunteers/ana", {LedgerKind.HOURS}),
        ("clients/ministry", {LedgerKind.HOURS}),
        ("policies/standard", {LedgerKind.HOURS}),
    ],
)
def test_a_stream_lies_in_ledgers_of_its_kind(stream: str, kinds: set[LedgerKind]):
    assert {kind for kind in LedgerKind if belongs(stream, kind)} == kinds


def test_a_ledger_says_its_kind_by_its_id():
    assert kind_of_ledger("volunteer-hours/access") is LedgerKind.ACCESS
    assert kind_of_ledger("volunteer-hours") is kind_of_ledger("right-of-access") is LedgerKind.HOURS


@pytest.mark.parametrize(
    "one",
    [
        look(),
        look(purpose="graduation"),
        look((), ranges=((1, 1, 500),)),
        look((), ranges=((1, 1, 0), (NUMBER_MAX, NUMBER_MAX, NUMBER_MAX))),
        look((ANA, BEN, "volunteers/سارة"), {0: NUMBER_MAX, 7: 3, 2: 1}),
        look((), {}),
    ],
)
def test_what_is_written_fast_are_the_bytes_that_the_event_itself_writes(one: Look):
    (event,) = events_of(one)
    slow = HoursRead(
        access=event.stream,
        caller_role=one.role,
        call=one.method,
        purpose=one.purpose or None,
        volunteers=tuple(one.volunteers),
        volunteer_count=len(one.volunteers),
        ranges=tuple(PositionRange(partition=p, first_position=a, last_position=b) for p, a, b in one.ranges),
        answered_at=tuple(Position(partition=p, position=n) for p, n in one.positions.items()),
    )
    assert event.data == slow.to_json()
    assert (event.client, event.actor) == ("ministry", "staff/amal")


def test_a_partition_of_which_nothing_was_read_is_not_named():
    (one,) = told(look(positions={0: 0, 1: 3}))
    assert one.answered_at == (Position(partition=1, position=3),)


@pytest.mark.parametrize("count", [1, PERSONS_MAX, PERSONS_MAX + 1, 2_500])
@pytest.mark.parametrize("id_characters", [4, 63])
@pytest.mark.parametrize("partitions", [1, 1_024])
def test_many_persons_are_named_by_several_events_each_of_which_fits(count: int, id_characters: int, partitions: int):
    names = tuple(f"volunteers/{number:0{id_characters}}" for number in range(count))
    one = look(names, dict.fromkeys(range(partitions), 10**12))
    parts = told(one)
    assert [name for part in parts for name in part.volunteers] == list(names)
    assert {part.volunteer_count for part in parts} == {count}
    assert max(len(part.volunteers) for part in parts) <= PERSONS_MAX
    assert len({part.access for part in parts}) == len(parts)
    assert {len(part.answered_at) for part in parts} == {partitions}
    assert max(stored_bytes(event.data) for event in events_of(one)) <= EVENT_BYTES_MAX
    if partitions == 1 and id_characters == 4:
        assert len(parts) == -(-count // PERSONS_MAX)


def test_persons_and_ranges_of_one_look_stand_in_events_of_their_own():
    parts = told(look((ANA, BEN), ranges=tuple((number, 1, NUMBER_MAX) for number in range(1_024))))
    assert parts[0].volunteers == (ANA, BEN)
    assert [one.partition for part in parts for one in part.ranges] == list(range(1_024))
    assert {part.volunteer_count for part in parts} == {2}


def stored_bytes(data: bytes) -> int:
    """With the longest of everything around it."""
    return len(
        encode(
            Envelope(
                specversion="1.0",
                id="0" * 32,
                source="a" * 255,
                type="hours-read",
                subject=f"accesses/{'0' * 32}",
                time=datetime(2026, 11, 23, 8, 0, 0, 123_456, tzinfo=UTC),
                partition=1_023,
                position=NUMBER_MAX,
                streamversion=1,
                schemaversion=1,
                actor="a" * 255,
                client="a" * 63,
                requestid="",
                requesthash="",
                data=msgspec.Raw(data),
            )
        )
    )
