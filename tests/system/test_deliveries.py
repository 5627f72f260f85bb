"""Deliveries on real servers: what real receivers did, and that what they have is what the ledger has. Synthetic."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import psycopg
import pytest

from ledger import rebuild
from ledger.access.caller import Role
from ledger.audit import audit
from ledger.doctoring.deliveries import deliveries
from ledger.doctoring.diagnosis import Health
from ledger.embedded_postgres import EmbeddedPostgres
from ledger.local_kafka import LocalKafka
from ledger.settings import Settings
from tests.system.acting import acting_as, channel_to, token_for
from tests.system.delivery_programme import PURPOSE, RECEIVER, Books, Receiving, acknowledging, as_receiver, receiving
from tests.system.grpc_caller import refusal_of, with_id
from tests.system.published_hours import BEN, CROWD, CYD, HOUR
from tests.system.running_ledger import RunningLedger
from tests.system.served_ledger import PROJECT, answered, hours_ledger
from tests.system.small_programme import ANA, GREEN
from tests.system.stored_history import caught_up, opened_ledger, wait_until
from tests.system.whole_ledger_audit import assert_audit_clean
from volunteer_hours.v1 import delivery_service_pb2 as pb
from volunteer_hours.v1.access_service_pb2 import ListAccessesRequest, ListAccessesResponse
from volunteer_hours.v1.values_pb2 import EVIDENCE_CLASS_REVERSED, EVIDENCE_CLASS_VERIFIED

PARTITIONS = 3
EXAMPLES = PROJECT / "examples"


@pytest.fixture(scope="module")
def settings(postgres: EmbeddedPostgres, kafka: LocalKafka) -> Settings:
    return opened_ledger(postgres, kafka, PARTITIONS)


@pytest.fixture(scope="module")
def running(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLedger]:
    with RunningLedger(settings, tmp_path_factory.mktemp("logs")) as ledger:
        yield ledger
        wait_until(lambda: caught_up(settings))
    assert_audit_clean(settings, settled=True)
    assert rebuild.run(settings, source="store"), "other rows than before"


@pytest.fixture(scope="module")
def receiver(running: RunningLedger) -> Iterator[Receiving]:
    """Hours are there before anybody subscribes."""
    with channel_to(running.addresses[0]) as channel:
        made = Receiving(channel, running.addresses[0], PARTITIONS)
        made.begin()
        made.client.send("AccessService/RegisterClient", with_id(receiving()))
        yield made


def subscribed(receiver: Receiving, which: str, **fields) -> str:
    """A subscription of its own for one test."""
    return receiver.open(which, **fields).name


def refused(receiver: Receiving, request: pb.AcknowledgeRequest) -> str:
    with pytest.raises(grpc.RpcError) as raised:
        receiver.send(request)
    return refusal_of(raised.value).reason


def assert_adds_up(receiver: Receiving, name: str, moved: int | None = None) -> None:
    """Taken, open and behind together are what was moved; `moved`: of other organisations than all."""
    lag = receiver.lag(name)
    total = lag.taken_seconds + lag.open_seconds + lag.seconds_behind
    if moved is None:
        events = receiver.stored_events().values()
        moved = sum(entry["seconds"] for event in events for entry in event["data"].get("entries", ()))
    assert total == moved


def test_what_a_receiver_took_is_what_the_ledger_has(receiver: Receiving):
    name, books = subscribed(receiver, "all-of-it"), Books()
    receiver.take_all(books, name, page_size=2)
    assert books.classes() == receiver.summed()
    served = receiver.serve(CYD, "2023-05-07", 3)
    receiver.verify(served.name)
    receiver.reverse(served.name)
    assert receiver.lag(name).seconds_behind == 3 * 3 * HOUR
    assert_adds_up(receiver, name)
    pages = receiver.take_all(books, name)
    moves = [(one.from_class, one.to_class) for page in pages for one in page.pieces if one.holder == CYD]
    assert (EVIDENCE_CLASS_VERIFIED, EVIDENCE_CLASS_REVERSED) in moves
    assert books.classes() == receiver.summed()
    lag = receiver.lag(name)
    assert (lag.taken_seconds, lag.taken_pieces) == (books.seconds, len(books.pieces))
    assert (lag.entries_behind, lag.lag_seconds, lag.open_pieces, lag.stalled) == (0, 0, 0, False)
    assert_adds_up(receiver, name)


def test_dcsops_101_hours_that_do_not_arrive_are_noticed_within_seconds(
    receiver: Receiving, running: RunningLedger, settings: Settings
):
    """From 12 February hours did not reach the national system; it was reported on 8 April."""
    name = subscribed(receiver, "dcsops-101", stall_after_seconds=1)
    log = running.part("server-0").log_file

    def said(text: str) -> bool:
        return bool(re.search(rf"{text}.*", log.read_text("utf-8")))

    wait_until(lambda: said(f"ALARM: {name} is stalled"), 20)
    assert receiver.lag(name).stalled
    [found] = [one for one in deliveries(settings) if name in one.text]
    assert found.health is Health.WRONG
    shown = hours_ledger("deliveries", "lag", name, "--json", address=receiver.address)
    assert shown.returncode == 1
    assert hours_ledger("deliveries", "list", address=receiver.address).returncode == 1
    assert figure(running, f'ledger_delivery_stalled{{subscription="{name}"}}') == 1.0
    receiver.take_all(Books(), name)
    wait_until(lambda: said(f"{name} has recovered"), 20)
    assert not receiver.lag(name).stalled
    assert figure(running, f'ledger_delivery_stalled{{subscription="{name}"}}') == 0.0
    receiver.end(name)
    assert hours_ledger("deliveries", "show", name, address=receiver.address).returncode == 0


def figure(running: RunningLedger, series: str) -> float:
    """What the server tells at /metrics."""
    served = re.findall(r"serving HTTP on (\S+)", running.part("server-0").log_file.read_text("utf-8"))[-1]
    with urllib.request.urlopen(f"http://{served}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(series)).rsplit(" ", 1)[1])


def test_dcsops_34_an_entry_above_forty_hours_is_split_exactly(receiver: Receiving):
    """The receiver refused more than 40 hours an entry."""
    name, books = subscribed(receiver, "dcsops-34"), Books()
    receiver.take_all(books, name)
    crowd = receiver.group(83 * HOUR)
    page = receiver.pull(name)
    [whole] = page.pieces
    assert (whole.seconds, whole.shift, whole.attendance) == (83 * HOUR, CROWD, crowd.name)
    receiver.acknowledge(page, {whole.piece: "OVER_40_HOURS"})
    [open_piece] = receiver.refusals(name)
    assert (open_piece.reason, open_piece.seconds, open_piece.held) == ("OVER_40_HOURS", 83 * HOUR, False)
    assert receiver.lag(name).open_seconds == 83 * HOUR
    assert_adds_up(receiver, name)
    receiver.change(name, seconds_max=40 * HOUR)
    again = receiver.pull(name, include_open=True)
    parts = [(one.piece, one.seconds // HOUR, one.entry_seconds) for one in again.pieces]
    assert parts == [(f"{whole.piece}-{i}of3@2", count, 83 * HOUR) for i, count in ((1, 40), (2, 40), (3, 3))]
    books.take(again.pieces)
    receiver.send(
        pb.AcknowledgeRequest(
            request_id=acknowledging(again).request_id, name=name, retaken=[one.piece for one in again.pieces]
        )
    )
    assert receiver.refusals(name) == []
    receiver.group(41 * HOUR)
    [split] = receiver.take_all(books, name)
    assert [one.seconds // HOUR for one in split.pieces] == [40, 1]
    assert books.classes() == receiver.summed()
    assert_adds_up(receiver, name)


def test_dcsops_30_a_position_on_each_record(receiver: Receiving):
    """The receiver later demanded a position on each record."""
    name, books = subscribed(receiver, "dcsops-30"), Books()
    receiver.take_all(books, name)
    receiver.change(name, required_fields=[pb.DELIVERY_FIELD_RECEIVER_POSITION])
    receiver.serve(BEN, "2023-05-08", 2)
    page = receiver.pull(name)
    assert not page.pieces
    [held] = page.held
    assert (held.reason, held.seconds) == ("FIELD_MISSING", 2 * HOUR)
    receiver.acknowledge(page)
    [open_piece] = receiver.refusals(name)
    assert open_piece.held
    assert not receiver.pull(name, include_open=True).pieces, "it is sent only once it has one"
    told = pb.ReceiverPosition(done_for=GREEN, receiver_position="Disaster Action Team")
    receiver.change(name, required_fields=[pb.DELIVERY_FIELD_RECEIVER_POSITION], receiver_positions=[told])
    [sent] = receiver.pull(name, include_open=True).pieces
    assert (sent.piece, sent.receiver_position, sent.open_reason) == (
        held.piece,
        "Disaster Action Team",
        "FIELD_MISSING",
    )
    books.take([sent])
    taking = pb.AcknowledgeRequest(request_id=acknowledging(page).request_id, name=name, retaken=[sent.piece])
    first = receiver.send(taking)
    assert receiver.send(taking) == first, "a repetition gets the first answer"
    receiver.serve(BEN, "2023-05-09", 1)
    receiver.take_all(books, name)
    assert {one.receiver_position for one in list(books.pieces.values())[-2:]} == {"Disaster Action Team"}
    assert books.classes() == receiver.summed()
    assert_adds_up(receiver, name)


def test_only_what_was_delivered_can_be_acknowledged(receiver: Receiving):
    name = subscribed(receiver, "in-order")
    page = receiver.pull(name, page_size=1)
    fewer, beyond, elsewhere, newer = (acknowledging(page) for _ in range(4))
    fewer.piece_count = 0
    assert refused(receiver, fewer) == "DELIVERY_DIFFERS"
    beyond.upto.position = 1_000_000
    assert refused(receiver, beyond) == "DELIVERY_BEYOND"
    elsewhere.after.position += 1
    assert refused(receiver, elsewhere) == "DELIVERY_MOVED"
    newer.limits_version = 2
    assert refused(receiver, newer) == "LIMITS_VERSION_UNKNOWN"
    request = acknowledging(page)
    first = receiver.send(request)
    assert receiver.send(request) == first
    assert refused(receiver, acknowledging(page)) == "DELIVERY_MOVED"
    request.seconds += 1
    assert refused(receiver, request) == "REQUEST_ID_REUSED"
    half = acknowledging(receiver.pull(name))
    half.ClearField("upto")
    assert refused(receiver, half) == "INVALID_ARGUMENT"
    assert_adds_up(receiver, name)
    receiver.end(name)
    with pytest.raises(grpc.RpcError) as raised:
        receiver.pull(name)
    assert refusal_of(raised.value).reason == "SUBSCRIPTION_CLOSED"


def test_a_stream_runs_no_further_ahead_than_its_window(receiver: Receiving):
    name, books = subscribed(receiver, "streamed"), Books()
    stream = receiver.stream(name, page_size=1, window=2)
    ahead = [next(stream), next(stream)]
    pulled = receiver.pull(name, page_size=1)
    assert pulled.pieces == ahead[0].pieces
    began = time.monotonic()
    books.take([*ahead[0].pieces, *ahead[1].pieces])
    for page in ahead:
        receiver.acknowledge(page)
    while receiver.lag(name).entries_behind:
        page = next(stream)
        books.take(page.pieces)
        receiver.acknowledge(page)
    assert time.monotonic() - began < 20
    receiver.serve(ANA, "2023-05-10", 1)
    page = next(stream)
    books.take(page.pieces)
    receiver.acknowledge(page)
    assert books.classes() == receiver.summed()
    receiver.end(name)
    assert list(stream) == [], "it ends with the subscription"


def test_organisations_that_are_not_subscribed_to_are_not_delivered(receiver: Receiving):
    name, books = subscribed(receiver, "of-nobody", organizations=["organizations/elsewhere"]), Books()
    assert receiver.take_all(books, name) == []
    assert receiver.lag(name).seconds_behind == 0
    of_green = subscribed(receiver, "of-green", organizations=[GREEN])
    receiver.take_all(books, of_green)
    assert {one.organization for one in books.pieces.values()} == {GREEN}
    assert_adds_up(receiver, name, 0)


def test_nobody_else_learns_of_it(receiver: Receiving):
    name = subscribed(receiver, "private")
    receiver.client.send("AccessService/RegisterClient", with_id(receiving("another-receiver")))
    page = receiver.pull(name)

    def ends(metadata: tuple[tuple[str, str], ...], method: str = "Pull") -> str:
        asked = pb.PullRequest(name=name) if method == "Pull" else acknowledging(page)
        try:
            receiver.call(f"DeliveryService/{method}", asked, metadata)
        except grpc.RpcError as error:
            return refusal_of(error).reason
        return "OK"

    wait_until(lambda: ends(as_receiver("another-receiver")) != "UNAUTHENTICATED", 10)
    assert ends(as_receiver("another-receiver")) == "NOT_FOUND"
    assert ends(as_receiver(purpose="marketing")) == "PURPOSE_NEEDED"
    assert ends(acting_as(), "Acknowledge") == "PURPOSE_NEEDED", "an administrator does not know what was taken"
    assert ends(as_receiver()) == "OK"
    assert ends(acting_as()) == "OK"


def test_whose_hours_a_page_tells_is_recorded(receiver: Receiving):
    name = subscribed(receiver, "recorded")
    page = receiver.pull(name)
    assert ANA in {one.holder for one in page.pieces}

    def told() -> list[str]:
        asked = ListAccessesRequest(parent=ANA, page_size=50)
        answer = receiver.client.send("AccessService/ListAccesses", asked)
        accesses = ListAccessesResponse.FromString(answer).accesses
        return [one.method for one in accesses if one.client == RECEIVER]

    assert "DeliveryService/Pull" in told()


def test_the_command_line_tells_the_same(receiver: Receiving):
    opened = hours_ledger(
        *("deliveries", "open", "typed", "--client", "receiver", "--seconds-max", "3600"),
        *("--require", "receiver_position", "--receiver-position", "Helper", "--stall-after", "99", "--json"),
        address=receiver.address,
    )
    assert answered(opened)["limits"]["receiver_positions"] == [{"done_for": "", "receiver_position": "Helper"}]
    name = "subscriptions/typed"
    wait_until(lambda: hours_ledger("deliveries", "show", name, address=receiver.address).returncode == 0, 10)
    page = answered(hours_ledger("deliveries", "pull", name, "--json", address=receiver.address))
    assert {one["receiver_position"] for one in page["pieces"]} == {"Helper"}
    assert max(int(one["seconds"]) for one in page["pieces"]) == HOUR
    table = hours_ledger("deliveries", "pull", name, address=receiver.address)
    assert page["pieces"][0]["piece"] in table.stdout
    [lag] = answered(hours_ledger("deliveries", "lag", name, "--json", address=receiver.address))
    assert int(lag["seconds_behind"]) == receiver.lag(name).seconds_behind
    first = receiver.pull(name)
    receiver.acknowledge(first, {first.pieces[0].piece: "NOT_TODAY"})
    assert "NOT_TODAY" in hours_ledger("deliveries", "refused", name, address=receiver.address).stdout
    changed = hours_ledger("deliveries", "change", name, "--stall-after", "7", "--json", address=receiver.address)
    assert answered(changed)["limits_version"] == 2
    assert hours_ledger("deliveries", "close", name, address=receiver.address).returncode == 0


def test_an_acknowledgement_that_says_too_much_is_found_by_the_audit(receiver: Receiving, settings: Settings):
    """Somebody who may write events claims that more was taken than there is."""
    name = subscribed(receiver, "claimed")
    receiver.acknowledge(receiver.pull(name))
    wait_until(lambda: caught_up(settings))
    said = "update events set body = convert_to(regexp_replace(convert_from(body, 'UTF8'), "
    said += "'\"taken_seconds\":[0-9]+', '\"taken_seconds\":1'), 'UTF8') where stream = %s and version = 2"
    with psycopg.connect(settings.owner_database) as connection:
        row = connection.execute("select body from events where stream = %s and version = 2", [name]).fetchone()
        assert row is not None
        connection.execute(said, [name])
        connection.commit()
        try:
            findings = audit(settings).findings
        finally:
            connection.execute("update events set body = %s where stream = %s and version = 2", [row[0], name])
    assert [one.where.row for one in findings if one.where.place == "store deliveries"] == [name]


def receiving_program(receiver: Receiving, *command: str | Path) -> str:
    """What an example printed at its end."""
    token = token_for("staff/receiver", RECEIVER, (Role.GOVERNMENT_READER,))
    environment = {**os.environ, "LEDGER_TOKEN": token, "LEDGER_PURPOSE": PURPOSE}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_receiver_in_python_takes_each_piece_once(receiver: Receiving, tmp_path: Path):
    name, books = subscribed(receiver, "python", seconds_max=HOUR), Books()
    program = (sys.executable, EXAMPLES / "subscriber-python" / "subscriber.py", name, "--once")
    where = ("--address", receiver.address, "--database", tmp_path / "taken.sqlite3")
    told = receiving_program(receiver, *program, *where)
    lag = receiver.lag(name)
    assert (lag.entries_behind, lag.taken_seconds, lag.open_pieces) == (0, lag.taken_seconds, 0)
    assert told.startswith(f"{lag.taken_pieces} pieces; seconds: ")
    verified = receiver.summed()[EVIDENCE_CLASS_VERIFIED]
    assert f"verified {verified}" in told
    assert receiving_program(receiver, *program, *where) == told, "nothing comes twice"
    assert receiver.take_all(books, name) == []


@pytest.mark.proof  # to compile grpc for Go takes half a minute of a processor
def test_the_receiver_in_go_takes_each_piece_once(receiver: Receiving, tmp_path: Path):
    name = subscribed(receiver, "go", seconds_max=HOUR)
    build = EXAMPLES / "subscriber-go" / "build.sh"
    subprocess.run([build, tmp_path, sys.executable], check=True, timeout=600)
    program = (
        tmp_path / "subscriber",
        name,
        "-address",
        receiver.address,
        "-journal",
        tmp_path / "taken.jsonl",
        "-once",
    )
    told = receiving_program(receiver, *program)
    lag = receiver.lag(name)
    assert (lag.entries_behind, lag.open_pieces) == (0, 0)
    assert told == f"{lag.taken_pieces} pieces; {lag.taken_seconds} seconds\n"
    with (tmp_path / "taken.jsonl").open("ab") as journal:
        journal.write(b'{"pieces":[{"piece"')  # a crash cut it off
    receiver.serve(CYD, "2023-05-12", 2)
    assert receiver.lag(name).entries_behind == 1, "it is there to be taken"
    assert (
        receiving_program(receiver, *program)
        == f"{lag.taken_pieces + 2} pieces; {lag.taken_seconds + 2 * HOUR} seconds\n"
    )
