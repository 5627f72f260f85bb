"""Periods closed over gRPC on real servers, corrected afterwards, and restated: the sums always add up."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.system.acting import channel_to
from tests.system.grpc_caller import Client
from tests.system.published_hours import BEN, CYD, HOUR, MAY, PUBLISHER, Publisher, as_of, named
from tests.system.served_ledger import Done, answered, hours_ledger, served_ledger
from tests.system.small_programme import ANA
from volunteer_hours.v1 import hours_service_pb2 as hours
from volunteer_hours.v1 import reporting_service_pb2 as pb
from volunteer_hours.v1.positions_pb2 import AsOf, Position
from volunteer_hours.v1.values_pb2 import EvidenceSeconds, Period

CLASSES = [field.name for field in EvidenceSeconds.DESCRIPTOR.fields]
INVALID, REFUSED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION
EXISTS, MISSING = grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.NOT_FOUND


@pytest.fixture(scope="module", params=[3, pytest.param(1, marks=pytest.mark.proof)], ids=["P=3", "P=1"])
def publisher(request: pytest.FixtureRequest) -> Iterator[Publisher]:
    """A served ledger with hours in May 2023; the audit closes it."""
    with served_ledger(request.param) as address, channel_to(address) as channel:
        publisher = Publisher(channel, address, request.param)
        publisher.begin()
        yield publisher


def added(*totals: pb.PeriodTotals) -> pb.PeriodTotals:
    seconds = {name: sum(getattr(one.seconds, name) for one in totals) for name in CLASSES}
    return pb.PeriodTotals(seconds=EvidenceSeconds(**seconds), entry_count=sum(one.entry_count for one in totals))


def adds_up(publisher: Publisher, answer: hours.ListRestatementsResponse) -> None:
    """Closed and restated are what SummarizeHours says at the closed positions, and at the answer's."""
    assert answer.closed_totals == publisher.totals(list(answer.closed_positions))
    assert answer.totals == added(answer.closed_totals, answer.restated_totals)
    assert answer.totals == publisher.totals(list(answer.positions))


def test_a_period_is_closed_with_what_the_hours_add_up_to_at_its_positions(publisher: Publisher):
    closed = publisher.close(publisher.closing("first"))
    assert [one.partition for one in closed.closed_positions] == list(range(publisher.partitions))
    assert closed.totals == publisher.totals(list(closed.closed_positions))
    assert (closed.totals.seconds.verified_seconds, closed.totals.seconds.attended_seconds) == (2 * HOUR, 8 * HOUR)
    assert (closed.name, closed.period, closed.closed_by) == (named("first"), MAY, PUBLISHER)
    shown = publisher.shown(closed.name)
    for message in (closed, shown):
        message.ClearField("positions")
    assert shown == closed
    answer = publisher.restatements(closed.name)
    assert not answer.restatements
    assert answer.restated_totals == added()
    adds_up(publisher, answer)


def test_what_is_corrected_afterwards_restates_the_period_and_adds_up(publisher: Publisher):
    adjusted, reversed_, moved = (publisher.serve(CYD, f"2023-05-{day}", 2).name for day in ("10", "11", "12"))
    for name in (adjusted, reversed_):
        publisher.verify(name)
    closed = publisher.close(publisher.closing("corrected"))
    publisher.adjust(adjusted, HOUR)
    publisher.reverse(reversed_)
    publisher.correct(moved, "2023-06-12 05:00", "2023-06-12 08:00")
    late = publisher.serve(ANA, "2023-05-20", 3).name
    publisher.verify(late)
    publisher.serve(ANA, "2023-06-20", 3)

    whole = publisher.restatements(closed.name)
    adds_up(publisher, whole)
    told = {(one.event_type, one.attendance): one for one in whole.restatements}
    assert set(told) == {
        ("hours-adjusted", adjusted),
        ("hours-reversed", reversed_),
        ("attendance-corrected", moved),
        ("attendance-recorded", late),
        ("hours-verified", late),
    }
    assert whole.restated_totals == added(
        *(pb.PeriodTotals(seconds=one.change, entry_count=len(one.movements)) for one in whole.restatements)
    )
    left = told["attendance-corrected", moved]
    [movement] = left.movements
    assert (movement.service_date, movement.seconds) == ("2023-05-12", 2 * HOUR)
    assert (left.change.attended_seconds, left.change.reversed_seconds) == (-2 * HOUR, 2 * HOUR)
    assert left.change.recorded_seconds == -2 * HOUR
    assert left.actor == "staff/coordinator"
    stored = publisher.stored_events()
    assert left.corrects == next(event["id"] for event in stored.values() if event["subject"] == moved)
    for one in whole.restatements:
        assert one.corrects == stored[one.event_id].get("corrects", "")
    assert told["hours-adjusted", adjusted].change.verified_seconds == -HOUR


def test_restatements_come_in_pages_that_are_one_answer(publisher: Publisher):
    whole = publisher.restatements(named("corrected"))
    pages: list[hours.Restatement] = []
    token, asked_again = "", 0
    for _ in range(len(whole.restatements)):
        page = publisher.restatements(named("corrected"), page_size=1, token=token)
        assert page.totals == whole.totals
        pages += page.restatements
        token = page.next_page_token
        asked_again += 1
        publisher.serve(BEN, f"2023-05-{13 + asked_again}", 1)  # what comes meanwhile is on no page
        if not token:
            break
    assert pages == list(whole.restatements)
    assert not token
    assert len(publisher.restatements(named("corrected")).restatements) == len(pages) + asked_again
    other = hours.ListRestatementsRequest(parent=named("first"), page_size=1, page_token="x")
    assert publisher.client.refused("HoursService/ListRestatements", other).reason == "PAGE_TOKEN_INVALID"


def test_the_same_request_has_the_first_answer_and_never_new_sums(publisher: Publisher):
    request = publisher.closing("once")
    first = publisher.client.send("ReportingService/ClosePeriod", request, PUBLISHER)
    publisher.serve(BEN, "2023-05-21", 1)
    assert publisher.client.send("ReportingService/ClosePeriod", request, PUBLISHER) == first
    closed = pb.ClosedPeriod.FromString(first)
    assert publisher.totals(publisher.seen).entry_count > closed.totals.entry_count
    request.period.end_date = "2023-05-30"
    assert publisher.client.refused("ReportingService/ClosePeriod", request).reason == "REQUEST_ID_REUSED"


def test_restatements_are_those_known_at_a_moment_of_the_past(publisher: Publisher):
    closed = publisher.close(publisher.closing("moments"))
    at_once = publisher.restatements(closed.name)
    publisher.serve(BEN, "2023-05-22", 1)
    first = publisher.restatements(closed.name)
    [known] = first.restatements
    publisher.serve(BEN, "2023-05-23", 1)
    assert len(publisher.restatements(closed.name).restatements) == 2
    for moment, expected in (
        (as_of(list(at_once.positions)), []),
        (as_of(list(first.positions)), [known]),
        (AsOf(record_time=known.record_time), [known]),
        (AsOf(record_time=closed.closed_time), []),
    ):
        answer = publisher.restatements(closed.name, moment)
        assert list(answer.restatements) == expected
        adds_up(publisher, answer)


def test_before_it_was_closed_there_is_nothing_to_restate(publisher: Publisher):
    closed = publisher.close(publisher.closing("later"))
    before = Timestamp(seconds=closed.closed_time.seconds - 1)
    home = closed.closed_at.partition
    unclosed = Position(partition=home, position=closed.closed_at.position - 1)
    uncounted = [Position(partition=one.partition, position=one.position - 1) for one in closed.closed_positions]
    others = [one for one in uncounted if one.partition != home]
    for moment in (AsOf(record_time=before), as_of([unclosed]), *(as_of([one]) for one in others)):
        question = hours.ListRestatementsRequest(parent=closed.name, as_of=moment, positions=publisher.seen)
        refused = publisher.client.refused("HoursService/ListRestatements", question)
        assert (refused.code, refused.reason) == (REFUSED, "PERIOD_NOT_CLOSED_THEN")
    source = hours.ListRestatementsRequest(parent=closed.name, as_of=AsOf(source_time=closed.closed_time))
    refused = publisher.client.refused("HoursService/ListRestatements", source)
    assert (refused.code, refused.fields) == (INVALID, ("as_of.source_time",))


def test_a_later_publication_names_what_it_restates_and_is_found_from_there(publisher: Publisher):
    first = publisher.close(publisher.closing("named"))
    publisher.serve(BEN, "2023-05-24", 1)
    second = publisher.close(publisher.closing("named-b", replaces=first.name))
    assert second.replaces == first.name
    assert second.totals == publisher.restatements(first.name).totals
    assert list(publisher.shown(first.name).replaced_by) == [second.name]
    assert not publisher.shown(second.name).replaced_by
    assert publisher.shown(second.name).replaces == first.name


def test_closed_periods_are_listed_page_by_page(publisher: Publisher):
    names: list[str] = []
    token = ""
    while True:
        question = hours.ListClosedPeriodsRequest(page_size=2, page_token=token, positions=publisher.seen)
        answer = publisher.client.send("HoursService/ListClosedPeriods", question)
        page = hours.ListClosedPeriodsResponse.FromString(answer)
        names += [one.name for one in page.closed_periods]
        token = page.next_page_token
        if not token:
            break
    assert {named("first"), named("named"), named("named-b")} <= set(names)
    assert names == sorted(set(names))


def test_a_part_of_a_month_is_closed_as_a_month_is(publisher: Publisher):
    part = Period(start_date="2023-05-02", end_date="2023-05-03")
    closed = publisher.close(publisher.closing("part", part))
    assert closed.totals == publisher.totals(list(closed.closed_positions), part)
    assert closed.totals.seconds.verified_seconds == 2 * HOUR
    nothing = publisher.close(publisher.closing("nothing", Period(start_date="2001-01-01", end_date="2001-12-31")))
    assert nothing.totals == added()


def test_closed_while_hours_are_recorded_the_sums_are_those_at_the_positions(publisher: Publisher):
    stop = Event()

    def serve(volunteer: str) -> int:
        for served in count():
            publisher.serve(volunteer, f"2023-05-{25 + served % 5}", 1)
            if stop.is_set():
                return served
        return 0

    closed = []
    with ThreadPoolExecutor(3) as pool:
        serving = [pool.submit(serve, volunteer) for volunteer in (ANA, BEN, CYD)]
        try:
            for number in range(8):
                request = publisher.closing(f"busy-{number}")
                request.ClearField("positions")
                closed.append(publisher.close(request))
        finally:
            stop.set()
        assert all(one.result(30) > 0 for one in serving)
    assert len({one.totals.entry_count for one in closed}) > 1, "nothing was recorded meanwhile"
    for one in closed:
        assert one.totals == publisher.totals(list(one.closed_positions))
        adds_up(publisher, publisher.restatements(one.name))


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"period_id": ""}, INVALID, "INVALID_ARGUMENT"),
        ({"period_id": "Hours 2023"}, INVALID, "INVALID_ARGUMENT"),
        ({"period": Period(start_date="2023-05-01")}, INVALID, "INVALID_ARGUMENT"),
        ({"period": Period(end_date="2023-05-01")}, INVALID, "INVALID_ARGUMENT"),
        ({"period": Period(start_date="2023-05-01", end_date="2023-05-32")}, INVALID, "DATE_INVALID"),
        ({"period": Period(start_date="2023-05-02", end_date="2023-05-01")}, INVALID, "DATES_REVERSED"),
        ({"period": Period(start_date="2023-05-01", end_date="2198-12-31")}, REFUSED, "PERIOD_NOT_OVER"),
        ({"period": Period(start_date="2023-05-01", end_date="9999-12-31")}, REFUSED, "PERIOD_NOT_OVER"),
        ({"period_id": "first"}, EXISTS, "PERIOD_ALREADY_CLOSED"),
        ({"replaces": "periods/none"}, MISSING, "NOT_FOUND"),
        ({"replaces": "periods/part"}, REFUSED, "PERIOD_DATES_DIFFER"),
        ({"positions": [Position(partition=9, position=1)]}, INVALID, "POSITION_UNKNOWN"),
    ],
    ids=str,
)
def test_what_is_no_period_is_refused_and_nothing_is_recorded(publisher: Publisher, change, code, reason: str):
    request = publisher.closing("refused")
    for field in change:
        request.ClearField(field)
    request.MergeFrom(pb.ClosePeriodRequest(**change))
    refused = publisher.client.refused("ReportingService/ClosePeriod", request)
    assert (refused.code, refused.reason) == (code, reason)
    assert publisher.client.refused("HoursService/GetClosedPeriod", missing()).reason == "NOT_FOUND"


def missing() -> hours.GetClosedPeriodRequest:
    return hours.GetClosedPeriodRequest(name=named("refused"))


def test_on_the_command_line_a_period_is_closed_shown_and_restated(publisher: Publisher):
    def run(*arguments: str) -> Done:
        return hours_ledger("period", *arguments, address=publisher.address)

    seen = ",".join(f"{one.partition}:{one.position}" for one in publisher.seen)
    closed = answered(run("close", "typed", "--period", "2023-05", "--positions", seen, "--json"))
    publisher.seen += [Position(**one) for one in closed["positions"]]
    assert (closed["start_date"], closed["end_date"]) == ("2023-05-01", "2023-05-31")
    assert publisher.shown(closed["name"]).totals.entry_count == closed["totals"]["entry_count"]
    shown = answered(run("show", closed["name"], "--json"))  # the projections have seen it
    assert {**shown, "positions": []} == {**closed, "positions": []}
    publisher.serve(BEN, "2023-05-07", 2)
    publisher.restatements(closed["name"])
    told = answered(run("restatements", closed["name"], "--json"))
    [movement] = told["restatements"][0]["movements"]
    assert (movement["service_date"], movement["seconds"]) == ("2023-05-07", 2 * HOUR)
    for name, total in told["totals"].items():
        assert total == told["closed_totals"][name] + told["restated_totals"][name]
    table = run("restatements", closed["name"])
    assert "attendance-recorded" in table.stdout
    assert "1 restatements behind positions" in table.stdout
    assert f"closed by {closed['closed_by']}" in run("show", closed["name"]).stdout
    again = run("close", "typed", "--period", "2023-05", "--language", "ar")
    assert (again.returncode, again.stderr.partition(":")[0]) == (1, "PERIOD_ALREADY_CLOSED")
    assert run("close", "typed", "--period", "2023-13").returncode == 2
    assert run("show", "periods/none").returncode == 1


def test_who_closes_says_who_they_are(publisher: Publisher):
    client: Client = publisher.client
    assert client.refused("ReportingService/ClosePeriod", publisher.closing("nobody"), "").reason == "UNAUTHENTICATED"
    unknown = hours.ListRestatementsRequest(parent="periods/none")
    assert client.refused("HoursService/ListRestatements", unknown).reason == "NOT_FOUND"
