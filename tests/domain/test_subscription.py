"""A subscription: pieces that add up, acknowledgements that skip nothing, refusals that stay open. All synthetic."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.delivery_pieces import PIECES_OF_ENTRY_MAX, Line, entry_of_piece, pieces_of
from ledger.domain.refusals import InvariantBroken
from ledger.domain.subscription import (
    OPEN_PIECES_MAX,
    Acknowledge,
    ChangeSubscription,
    CloseSubscription,
    DeliveredRange,
    OpenSubscription,
    Subscription,
)
from ledger.domain.subscription_events import (
    DeliveryAcknowledged,
    DeliveryLimits,
    EntryPlace,
    OpenedPiece,
    ReceiverPosition,
    SubscriptionChanged,
    SubscriptionClosed,
    SubscriptionOpened,
)
from tests.domain.given_when_then import Scenario

HOUR = 3_600
NAME, CLIENT = "subscriptions/ministry", "clients/ministry"
SHIFT = "opportunities/garden/shifts/morning"
ANYTHING = DeliveryLimits(stall_after_seconds=60)
FORTY_HOURS = DeliveryLimits(seconds_max=40 * HOUR, stall_after_seconds=60)
TEN_HOURS = DeliveryLimits(seconds_max=10 * HOUR, stall_after_seconds=60)


def place(position: int, partition: int = 0, entry_index: int = 0) -> EntryPlace:
    return EntryPlace(partition=partition, position=position, entry_index=entry_index)


def line(position: int, seconds: int = HOUR, **fields) -> Line:
    made = Line(0, position, 0, seconds, "volunteers/ana", "organizations/green", SHIFT, True)
    return replace(made, **fields)


def subscribed(limits: DeliveryLimits = ANYTHING) -> Scenario:
    return Scenario().given(OpenSubscription(NAME, CLIENT, (), limits))


def state_of(scenario: Scenario) -> Subscription:
    state = scenario.state(NAME)
    assert isinstance(state, Subscription)
    return state


def acknowledge(*lines: Line, after: int = 0, limits: DeliveryLimits = ANYTHING, version: int = 1, **fields):
    """All of these lines from `after` on, counted as the receiver was sent them."""
    sent = [piece for one in lines for piece in pieces_of(one, limits, version) if piece.lacks is None]
    delivered = DeliveredRange(
        after=place(after),
        upto=place(lines[-1].position),
        limits_version=version,
        piece_count=fields.pop("piece_count", len(sent)),
        seconds=fields.pop("seconds", sum(piece.seconds for piece in sent)),
        lines=lines,
    )
    return Acknowledge(NAME, delivered, fields.pop("refused", {}), fields.pop("retaken", ()))


def of_open(refused: dict[str, str] | None = None, retaken: tuple[str, ...] = ()) -> Acknowledge:
    return Acknowledge(NAME, None, refused or {}, retaken)


def test_it_is_opened_changed_and_closed():
    scenario = Scenario().when(OpenSubscription(NAME, CLIENT, ("organizations/green",), ANYTHING))
    scenario.then_recorded(SubscriptionOpened, client=CLIENT, organizations=("organizations/green",))
    scenario.when(OpenSubscription(NAME, CLIENT, (), ANYTHING)).then_refused("ALREADY_EXISTS", name=NAME)
    scenario.when(ChangeSubscription(NAME, ANYTHING)).then_refused("NOTHING_CHANGES")
    scenario.when(ChangeSubscription(NAME, FORTY_HOURS)).then_recorded(SubscriptionChanged, limits=FORTY_HOURS)
    assert state_of(scenario).limits == (ANYTHING, FORTY_HOURS)
    scenario.when(CloseSubscription(NAME)).then_recorded(SubscriptionClosed)
    for command in (CloseSubscription(NAME), ChangeSubscription(NAME, ANYTHING)):
        scenario.when(command).then_refused("SUBSCRIPTION_CLOSED", subscription=NAME)
        Scenario().when(command).then_refused("NOT_FOUND", name=NAME)


@given(seconds=st.integers(1, 10**6), seconds_max=st.integers(1, 10**6))
def test_pieces_of_an_entry_add_up_and_none_is_longer(seconds: int, seconds_max: int):
    limits = DeliveryLimits(seconds_max=seconds_max, stall_after_seconds=1)
    pieces = pieces_of(line(7, seconds), limits, 3)
    assert sum(piece.seconds for piece in pieces) == seconds
    assert len({piece.name for piece in pieces}) == len(pieces) <= PIECES_OF_ENTRY_MAX
    assert all(entry_of_piece(piece.name) == (0, 7, 0) for piece in pieces)
    held = [piece for piece in pieces if piece.lacks is not None]
    assert bool(held) == (-(-seconds // seconds_max) > PIECES_OF_ENTRY_MAX)
    if not held:
        assert all(piece.seconds == seconds_max for piece in pieces[:-1])
        assert pieces[-1].seconds <= seconds_max


def test_eighty_three_hours_are_forty_and_forty_and_three():
    pieces = pieces_of(line(117, 83 * HOUR), FORTY_HOURS, 2)
    told = [(piece.name, piece.seconds // HOUR) for piece in pieces]
    assert told == [("0-117-0-1of3@2", 40), ("0-117-0-2of3@2", 40), ("0-117-0-3of3@2", 3)]


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({SHIFT: "shift", "opportunities/garden": "opportunity", "organizations/green": "green", None: "all"}, "shift"),
        ({"opportunities/garden": "opportunity", "organizations/green": "green", None: "all"}, "opportunity"),
        ({"organizations/green": "green", None: "all"}, "green"),
        ({None: "all"}, "all"),
        ({"organizations/other": "other"}, None),
    ],
)
def test_the_closest_position_counts(said: dict[str | None, str], word: str | None):
    limits = DeliveryLimits(
        required_fields=("receiver_position",),
        receiver_positions=tuple(ReceiverPosition(done_for=name, receiver_position=one) for name, one in said.items()),
        stall_after_seconds=1,
    )
    [piece] = pieces_of(line(1), limits, 1)
    assert piece.lacks == (None if word else "FIELD_MISSING")


def test_what_lacks_a_field_is_held_and_open():
    limits = DeliveryLimits(required_fields=("volunteer", "times"), stall_after_seconds=1)
    crowd, dated = line(2, 5, holder="opportunities/garden"), line(3, 7, timed=False)
    scenario = subscribed(limits).when(acknowledge(line(1, 3), crowd, dated, limits=limits))
    scenario.then_recorded(DeliveryAcknowledged, piece_count=1, taken_seconds=3)
    state = state_of(scenario)
    assert {name: (one.seconds, one.reason, one.held) for name, one in state.open.items()} == {
        "0-2-0-1of1@1": (5, "FIELD_MISSING", True),
        "0-3-0-1of1@1": (7, "FIELD_MISSING", True),
    }
    assert (state.taken, state.taken_pieces) == ({0: 3}, 1)


def test_an_acknowledgement_begins_where_the_last_one_ended():
    scenario = subscribed().given(acknowledge(line(1), line(4)))
    scenario.when(acknowledge(line(1), line(4))).then_refused("DELIVERY_MOVED", partition="0", position="4")
    scenario.when(acknowledge(line(7), after=5)).then_refused("DELIVERY_MOVED")
    scenario.when(acknowledge(line(7), after=4)).then_recorded(DeliveryAcknowledged, taken_seconds=HOUR)
    assert state_of(scenario).places == {0: place(7)}
    assert state_of(scenario).taken == {0: 3 * HOUR}


@pytest.mark.parametrize("wrong", [{"piece_count": 1}, {"seconds": 1}, {"piece_count": 3, "seconds": 3 * HOUR}])
def test_a_receiver_that_got_something_else_is_refused(wrong):
    scenario = subscribed().when(acknowledge(line(1), line(2), **wrong))
    scenario.then_refused("DELIVERY_DIFFERS", piece_count="2", seconds=str(2 * HOUR))


def test_the_end_is_the_last_entry():
    command = acknowledge(line(1))
    assert command.delivered is not None
    longer = replace(command, delivered=replace(command.delivered, upto=place(2)))
    subscribed().when(longer).then_refused("DELIVERY_DIFFERS")
    nothing = replace(command, delivered=replace(command.delivered, lines=(), piece_count=0, seconds=0))
    subscribed().when(nothing).then_refused("DELIVERY_DIFFERS")


def test_a_version_that_is_not_there_is_refused():
    for version in (0, 2):
        subscribed().when(acknowledge(line(1), version=version)).then_refused("LIMITS_VERSION_UNKNOWN", version_max="1")


def test_what_is_refused_stays_open_until_it_is_taken():
    scenario = subscribed().given(acknowledge(line(1, 3), line(2, 5), refused={"0-2-0-1of1@1": "OVER_4_SECONDS"}))
    state = state_of(scenario)
    assert (state.taken, state.taken_pieces, state.open["0-2-0-1of1@1"].reason) == ({0: 3}, 1, "OVER_4_SECONDS")
    scenario.when(of_open({"0-2-0-1of1@1": "STILL_OVER"})).then_recorded(DeliveryAcknowledged, taken_seconds=0)
    assert state_of(scenario).open["0-2-0-1of1@1"].reason == "STILL_OVER"
    assert state_of(scenario).open["0-2-0-1of1@1"].opened_at == state.open["0-2-0-1of1@1"].opened_at
    scenario.when(of_open(retaken=("0-2-0-1of1@1",))).then_recorded(DeliveryAcknowledged, taken_seconds=0)
    assert (state_of(scenario).taken, state_of(scenario).taken_pieces, state_of(scenario).open) == ({0: 8}, 2, {})
    scenario.when(of_open(retaken=("0-2-0-1of1@1",))).then_refused("PIECE_NOT_OPEN", piece="0-2-0-1of1@1")
    scenario.when(of_open()).then_refused("NOTHING_CHANGES")


def test_a_piece_of_another_range_cannot_be_refused():
    scenario = subscribed().when(acknowledge(line(1), refused={"0-9-0-1of1@1": "NEVER_SENT"}))
    scenario.then_refused("PIECE_NOT_OPEN", piece="0-9-0-1of1@1")


def test_one_piece_cannot_be_taken_and_refused():
    scenario = subscribed().given(acknowledge(line(1), refused={"0-1-0-1of1@1": "NO"}))
    scenario.when(of_open({"0-1-0-1of1@1": "NO"}, ("0-1-0-1of1@1",))).then_refused("PIECE_NOT_OPEN")


def test_lower_limits_split_what_is_open_and_the_parts_add_up():
    scenario = subscribed().given(acknowledge(line(1, 83 * HOUR), refused={"0-1-0-1of1@1": "OVER_40_HOURS"}))
    opened_at = state_of(scenario).open["0-1-0-1of1@1"].opened_at
    scenario.later(hours=1).given(ChangeSubscription(NAME, FORTY_HOURS))
    parts = state_of(scenario).open
    assert {name: one.seconds // HOUR for name, one in parts.items()} == {
        "0-1-0-1of1@1-1of3@2": 40,
        "0-1-0-1of1@1-2of3@2": 40,
        "0-1-0-1of1@1-3of3@2": 3,
    }
    assert {(one.reason, one.opened_at) for one in parts.values()} == {("OVER_40_HOURS", opened_at)}
    scenario.given(ChangeSubscription(NAME, TEN_HOURS))
    assert sum(one.seconds for one in state_of(scenario).open.values()) == 83 * HOUR
    assert "0-1-0-1of1@1-1of3@2-4of4@3" in state_of(scenario).open
    assert "0-1-0-1of1@1-3of3@2" in state_of(scenario).open


def test_a_receiver_that_had_taken_the_whole_meanwhile_may_say_so():
    scenario = subscribed().given(acknowledge(line(1, 83 * HOUR), refused={"0-1-0-1of1@1": "OVER_40_HOURS"}))
    scenario.given(ChangeSubscription(NAME, FORTY_HOURS), ChangeSubscription(NAME, TEN_HOURS))
    scenario.when(of_open(retaken=("0-1-0-1of1@1",))).then_recorded(DeliveryAcknowledged)
    assert (state_of(scenario).open, state_of(scenario).taken) == ({}, {0: 83 * HOUR})


def test_but_not_once_one_part_was_taken():
    scenario = subscribed().given(acknowledge(line(1, 83 * HOUR), refused={"0-1-0-1of1@1": "OVER_40_HOURS"}))
    scenario.given(ChangeSubscription(NAME, FORTY_HOURS), of_open(retaken=("0-1-0-1of1@1-3of3@2",)))
    scenario.when(of_open(retaken=("0-1-0-1of1@1",))).then_refused("PIECE_NOT_OPEN")
    assert state_of(scenario).taken == {0: 3 * HOUR}


def test_a_page_is_acknowledged_under_the_version_it_was_made_under():
    scenario = subscribed().given(ChangeSubscription(NAME, FORTY_HOURS))
    refused = {"0-1-0-1of1@1": "OVER_40_HOURS"}
    scenario.when(acknowledge(line(1, 83 * HOUR), line(2), refused=refused)).then_recorded(
        DeliveryAcknowledged, limits_version=1, piece_count=2, taken_seconds=HOUR
    )
    assert len(state_of(scenario).open) == 3, "what is open meets the limits in force"
    split = acknowledge(line(3, 83 * HOUR), after=2, limits=FORTY_HOURS, version=2)
    scenario.when(split).then_recorded(DeliveryAcknowledged, piece_count=3, taken_seconds=83 * HOUR)


def test_a_closed_one_still_learns_what_was_taken():
    scenario = subscribed().given(CloseSubscription(NAME)).when(acknowledge(line(1)))
    scenario.then_recorded(DeliveryAcknowledged, taken_seconds=HOUR)


def test_so_many_pieces_are_open_and_no_more():
    limits = DeliveryLimits(required_fields=("volunteer",), stall_after_seconds=1)
    first = DeliveryAcknowledged(
        subscription=NAME,
        limits_version=1,
        after=place(0),
        upto=place(9),
        piece_count=0,
        taken_seconds=0,
        opened=tuple(
            OpenedPiece(piece=f"0-9-{number}-1of1@1", seconds=1, reason="FIELD_MISSING", held=True)
            for number in range(OPEN_PIECES_MAX)
        ),
        retaken=(),
    )
    scenario = subscribed(limits).given((NAME, first))
    one_more = acknowledge(line(10, holder="opportunities/garden"), after=9, limits=limits)
    scenario.when(one_more).then_refused("OPEN_PIECES_TOO_MANY", pieces_max=str(OPEN_PIECES_MAX))
    scenario.when(acknowledge(line(10), after=9, limits=limits)).then_recorded(DeliveryAcknowledged)


@pytest.mark.parametrize(
    "changed",
    [
        {"limits_version": 2},
        {"after": None},
        {"upto": place(3, partition=1)},
        {"after": place(1)},
        {"upto": place(0)},
        {"retaken": ("0-1-0-1of1@1",)},
        {"after": None, "upto": None},
    ],
)
def test_an_event_that_cannot_follow_is_noticed(changed: dict[str, object]):
    told = DeliveryAcknowledged(
        subscription=NAME,
        limits_version=1,
        after=place(0),
        upto=place(3),
        piece_count=1,
        taken_seconds=1,
        opened=(),
        retaken=(),
    )
    subscribed().given((NAME, told))
    with pytest.raises(InvariantBroken, match="cannot hold DeliveryAcknowledged"):
        subscribed().given((NAME, told.model_copy(update=changed)))
