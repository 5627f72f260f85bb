"""`serve` told to stop while a page is being made: the page still leaves, and nobody new is let in."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from ledger.transparency.tiles import decode_bundle
from tests.system.served_log import TOKEN, served_log
from tests.system.stored_history import wait_until


def waiting_readers(url: str) -> int:
    """Of pages of events; whoever follows appointments may wait for the same table."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity"
            " where wait_event_type = 'Lock' and query ~ 'select position, stream.*from events'"
        ).fetchone()
    return 0 if row is None else int(row[0])


def test_a_request_under_way_is_answered_and_an_idle_reader_does_not_hold_up_the_end(postgres, tmp_path):
    with served_log(postgres, tmp_path, 300) as log, ThreadPoolExecutor(1) as reader:
        log.writer.grow_to(300)
        idle = http.client.HTTPConnection(log.http, timeout=30)
        idle.request("GET", "/health")
        assert idle.getresponse().read() == b"serving\n"
        with psycopg.connect(log.settings.owner_database) as owner:
            owner.execute("set local idle_in_transaction_session_timeout = 0")
            owner.execute("lock table events in access exclusive mode")
            under_way = reader.submit(log.get, "/log/0/tile/entries/000", TOKEN)
            wait_until(lambda: waiting_readers(log.settings.owner_database) == 1)
            began = time.monotonic()
            log.child.send(signal.SIGTERM)
            host, port = log.http.split(":")
            wait_until(lambda: not accepts(host, int(port)))
        page = under_way.result(timeout=30)
        assert (page.status, len(decode_bundle(page.body, 256))) == (200, 256)
        wait_until(lambda: not log.child.running)
        assert time.monotonic() - began < 10
        idle.close()


def accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
