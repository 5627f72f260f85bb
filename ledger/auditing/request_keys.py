"""Check: request_keys says of every request which events it caused, and of no other."""

from __future__ import annotations

from typing import Final

from psycopg.rows import dict_row

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database
from ledger.auditing.stored_page import StoredPage
from ledger.event_bytes import Envelope

PLACE: Final = "store request_keys"

_HELD: Final = """
    select k.* from unnest(%b::text[], %b::text[]) as wanted (client, request_id)
    join request_keys k using (client, request_id)
"""
_STRANGERS: Final = """
    select client, request_id, partition, position from request_keys k
    where not exists (select from events e where e.partition = k.partition and e.position = k.position
        and position(convert_to(k.request_id, 'UTF8') in e.body) > 0)
    limit 100
"""


class RequestKeyCheck:
    """The requests of one partition: the events of one follow each other."""

    def __init__(self, store: Database, partition: int, report: Report) -> None:
        self._rows = store.cursor(binary=True, row_factory=dict_row)
        self._partition = partition
        self._report = report
        self._open: dict[str, object] | None = None
        self._told: list[dict[str, object]] = []
        self.requests = 0
        """How many the events tell of."""

    def page(self, page: StoredPage) -> None:
        for event in page.events:
            if event.envelope is not None:
                self._take(event.envelope)
        self._compare()

    def end(self) -> None:
        self._close()
        self._compare()

    def _take(self, envelope: Envelope) -> None:
        told = self._open
        if told is not None and (told["client"], told["request_id"]) == (envelope.client, envelope.requestid):
            told["event_count"] = int(str(told["event_count"])) + 1
            return
        self._close()
        if envelope.requestid:
            self._open = {
                "client": envelope.client,
                "request_id": envelope.requestid,
                "request_hash": envelope.requesthash,
                "partition": self._partition,
                "position": envelope.position,
                "event_count": 1,
            }

    def _close(self) -> None:
        if self._open is not None:
            self._told.append(self._open)
            self.requests += 1
        self._open = None

    def _compare(self) -> None:
        told, self._told = self._told, []
        keys = [str(one["client"]) for one in told], [str(one["request_id"]) for one in told]
        held = {
            (row["client"], row["request_id"]): {**row, "request_hash": bytes(row["request_hash"]).hex()}
            for row in self._rows.execute(_HELD, keys)
        }
        for one in told:
            row = f"{one['client']} {one['request_id']}"
            where = Where(PLACE, self._partition, int(str(one["position"])), row)
            self._report.compare(where, one, held.get((one["client"], one["request_id"])))


def check_no_stranger(store: Database, requests: int, report: Report) -> None:
    """No key without events. `requests`: how many the events of all partitions tell of."""
    row = store.execute("select count(*) from request_keys").fetchone()
    count = 0 if row is None else row[0]
    if count == requests:
        return
    report.differs(Where(PLACE), "number of rows", requests, count)
    for client, request_id, partition, position in store.execute(_STRANGERS):
        report.differs(Where(PLACE, partition, position, f"{client} {request_id}"), "row", "none", "there")
