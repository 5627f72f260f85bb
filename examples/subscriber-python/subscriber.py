"""A receiver of hours: takes each piece exactly once, whatever dies in between. Python, grpcio and sqlite3.

Run it with .venv/bin/python while the service runs; it ends with --once when there is nothing more. LEDGER_TOKEN is an
access token of the subscription's client, LEDGER_PURPOSE one of that client's purposes; of an embedded ledger:
hours-ledger token --actor staff/receiver --role government_reader

    subscriber.py subscriptions/ministry --database taken.sqlite3

Three steps, each safe to be interrupted (docs/deliveries.md):
  1. in one transaction: the pieces of a page, and the acknowledgement that is about to be sent;
  2. send it, again and again with the same request_id, until there is an answer;
  3. forget it. After a crash it begins with 2.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from volunteer_hours.v1 import delivery_service_pb2 as pb
from volunteer_hours.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from volunteer_hours.v1.values_pb2 import EvidenceClass

Answer = TypeVar("Answer", bound=Message)

SCHEMA = """
create table if not exists pieces (
    piece text primary key, holder text not null, organization text not null, service_date text not null,
    from_class integer not null, to_class integer not null, seconds integer not null, receiver_position text not null
) strict;
create table if not exists pending (only_one integer primary key check (only_one = 1), request blob not null) strict;
create table if not exists refused (piece text primary key, reason text not null) strict;
"""
PAUSE_SECONDS = 0.2
DEADLINE_SECONDS = 10
FINAL = (
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
)
"""To send it again would change nothing: somebody must look."""


class Subscriber:
    """One subscription, and the database of who receives it."""

    def __init__(
        self, stub: DeliveryServiceStub, name: str, database: sqlite3.Connection, *, seconds_max: int, page_size: int
    ) -> None:
        """`seconds_max`: longer records are refused; 0: none is."""
        self._stub = stub
        self._name = name
        self._database = database
        self._seconds_max = seconds_max
        self._page_size = page_size
        self._metadata: tuple[tuple[str, str], ...] = (("authorization", f"Bearer {os.environ['LEDGER_TOKEN']}"),)
        if purpose := os.environ.get("LEDGER_PURPOSE"):
            self._metadata += (("x-purpose", purpose),)

    def take_open(self) -> None:
        """What was refused before, or not sent, and can be sent now."""
        after = ""
        while pieces := [piece for piece in self.step(include_open=True, open_after=after).pieces if piece.open_reason]:
            after = pieces[-1].piece

    def step(self, *, include_open: bool = False, open_after: str = "") -> pb.DeliveryPage:
        """Finish what was begun, then take the next page, which may be empty."""
        self.send_pending()
        request = pb.PullRequest(
            name=self._name, page_size=self._page_size, include_open=include_open, open_after=open_after
        )
        page = self._until_answered(self._stub.Pull, request)
        if page.pieces or page.HasField("upto"):
            self._take(page)
            self.send_pending()
        return page

    def _take(self, page: pb.DeliveryPage) -> None:
        acknowledging = pb.AcknowledgeRequest(
            request_id=str(uuid.uuid4()),
            name=self._name,
            limits_version=page.limits_version,
            piece_count=page.piece_count,
            seconds=page.seconds,
        )
        if page.HasField("upto"):
            acknowledging.after.CopyFrom(page.after)
            acknowledging.upto.CopyFrom(page.upto)
        with self._database:  # one transaction
            for piece in page.pieces:
                self._take_piece(piece, acknowledging)
            if acknowledging.HasField("upto") or acknowledging.retaken or acknowledging.refused:
                self._database.execute("insert into pending values (1, ?)", (acknowledging.SerializeToString(),))

    def _take_piece(self, piece: pb.DeliveryPiece, acknowledging: pb.AcknowledgeRequest) -> None:
        """A piece that is there already would end this: it cannot come twice, because what is pending is sent first."""
        if self._seconds_max and piece.seconds > self._seconds_max:
            if not piece.open_reason:
                acknowledging.refused.add(piece=piece.piece, reason="RECORD_TOO_LONG")
                self._database.execute("insert into refused values (?, 'RECORD_TOO_LONG')", (piece.piece,))
            return
        if piece.open_reason:
            acknowledging.retaken.append(piece.piece)
            # It comes whole, or in parts whose names begin with its own.
            self._database.execute("delete from refused where instr(? || '-', piece || '-') = 1", (piece.piece,))
        self._database.execute(
            "insert into pieces values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                piece.piece,
                piece.holder,
                piece.organization,
                piece.service_date,
                piece.from_class,
                piece.to_class,
                piece.seconds,
                piece.receiver_position,
            ),
        )

    def send_pending(self) -> None:
        """Send the acknowledgement that was kept, if there is one, until it is answered."""
        row = self._database.execute("select request from pending").fetchone()
        if row is None:
            return
        self._until_answered(self._stub.Acknowledge, pb.AcknowledgeRequest.FromString(row[0]))
        with self._database:
            self._database.execute("delete from pending")

    def _until_answered(self, call: Callable[..., Answer], request: Message) -> Answer:
        while True:
            try:
                return call(request, metadata=self._metadata, timeout=DEADLINE_SECONDS, wait_for_ready=True)
            except grpc.RpcError as error:
                if error.code() in FINAL:
                    raise
                time.sleep(PAUSE_SECONDS)


def opened(file: Path) -> sqlite3.Connection:
    """The receiver's database; what is committed is on the disk."""
    database = sqlite3.connect(file)
    database.execute("pragma synchronous = full")
    database.executescript(SCHEMA)
    return database


def told(database: sqlite3.Connection) -> str:
    """Seconds of each class: of the pieces, those into it less those out of it."""
    sums = []
    for name, number in EvidenceClass.items():
        into, out_of = "to_class = ?", "from_class = ?"
        query = f"select coalesce(sum(seconds * (({into}) - ({out_of}))), 0) from pieces"  # constants alone
        (seconds,) = database.execute(query, (number, number)).fetchone()
        if number:
            sums.append(f"{name.removeprefix('EVIDENCE_CLASS_').lower()} {seconds}")
    (count,) = database.execute("select count(*) from pieces").fetchone()
    return f"{count} pieces; seconds: {', '.join(sums)}"


def main() -> None:
    """Take pages until there is nothing more (--once), or until it is stopped."""
    asked = argparse.ArgumentParser(description="Takes hours from a ledger, each piece exactly once.")
    asked.add_argument("subscription", help="subscriptions/…")
    asked.add_argument("--address", default=os.environ.get("LEDGER_GRPC_ADDRESS", "127.0.0.1:50051"))
    asked.add_argument("--database", type=Path, default=Path("taken.sqlite3"))
    asked.add_argument("--seconds-max", type=int, default=0, help="Refuse longer records; 0: take all.")
    asked.add_argument("--page-size", type=int, default=100, help="Pieces at once.")
    asked.add_argument("--include-open", action="store_true", help="First what was refused before.")
    asked.add_argument("--once", action="store_true", help="End when there is nothing more.")
    options = asked.parse_args()
    database = opened(options.database)
    with grpc.insecure_channel(options.address) as channel:
        subscriber = Subscriber(
            DeliveryServiceStub(channel),
            options.subscription,
            database,
            seconds_max=options.seconds_max,
            page_size=options.page_size,
        )
        if options.include_open:
            subscriber.take_open()
        while True:
            if subscriber.step().HasField("upto"):
                continue
            if options.once:
                break
            time.sleep(PAUSE_SECONDS)
    print(told(database))


if __name__ == "__main__":
    main()
