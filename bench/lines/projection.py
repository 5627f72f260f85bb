"""From the topic to balances, entries and positions: one process, and two processes on two partitions.

The topic was filled by the relay. `consumers.project` processes, as people run them, find an empty read database;
measured is from the first applied batches to the last one committed, so that starting (and, with two, the group's
sharing out of the partitions) is left out, as it is on the library's side. Then the balances must be the programme's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from kafka.admin import KafkaAdminClient

from bench.ground import Ground
from bench.ledgers import BenchLedger, Filling, fresh_read_database
from bench.lines.library_projection import library_projection
from bench.pairing import Line, MeasurementFailed, Sides
from bench.programme import ATTENDANCE_SECONDS
from bench.served import ledger_process
from bench.stretch import Stretch
from ledger.topic_guard import create_topic

VOLUNTEERS: Final = 10_000
ATTENDANCES_EACH: Final = 24
WARM_UP_EVENTS: Final = 10_000
RUN_SECONDS_MAX: Final = 240.0

_WRITING: Final = """
    select pid from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and backend_xid is not null
"""
_APPLIED: Final = "select coalesce(sum(position), 0) from positions"
_CHECK: Final = """
    select (select count(*) from balances), (select sum(attended_seconds) from balances),
           (select sum(seconds) from entries), (select count(*) from entries),
           (select sum(seconds) from outside_balances)
"""


@contextmanager
def filled_topic(ground: Ground, partitions: int) -> Iterator[BenchLedger]:
    """A ledger, all of it on a topic of its own."""
    filling = Filling(ground.scaled(VOLUNTEERS, least=2_000), ATTENDANCES_EACH, partitions)
    ledger = ground.ledgers.filled(filling)
    ledger.settings = ledger.settings.model_copy(update={"kafka": ground.bootstrap})
    create_topic(ledger.settings)
    relay = ledger_process(ground.folder, ledger.settings, "fill-topic", ["ledger.relay", "--once"])
    relay.start()
    try:
        if relay.wait(RUN_SECONDS_MAX) != 0:
            raise MeasurementFailed(f"the topic could not be filled:\n{relay.log_tail()}")
    finally:
        relay.stop()
    try:
        yield ledger
    finally:
        with KafkaAdminClient(bootstrap_servers=ground.bootstrap) as admin:
            admin.delete_topics([ledger.settings.topic])


def projected_rate(ground: Ground, ledger: BenchLedger, processes: int) -> float:
    """Events a second of so many processes. Raises MeasurementFailed if the rows are wrong."""
    stored = ledger.positions()
    end = sum(stored.values())
    with fresh_read_database(ground.database_url, ledger.settings) as fresh:
        settings = fresh.model_copy(update={"consumer_group": fresh.read_database.rpartition("/")[2]})
        module = ["consumers.project", *(["--once"] if processes == 1 else [])]
        children = [
            ledger_process(ground.folder, settings, f"project-{number + 1}-of-{processes}", module)
            for number in range(processes)
        ]
        with psycopg.connect(settings.owner_read_database, autocommit=True) as connection:
            writing: set[int] = set()

            def applied() -> int:
                if len(writing) < processes:
                    # Before each has written, the group has not shared out the partitions: one may be doing it all.
                    writing.update(row[0] for row in connection.execute(_WRITING))
                    return 0
                return int(connection.execute(_APPLIED).fetchall()[0][0])

            stretch = Stretch(*children, warm_up=min(WARM_UP_EVENTS, end // 4), end=end)
            rate = stretch.rate(applied, RUN_SECONDS_MAX, ends=processes == 1)
            _check_rows(connection, ledger)
    return rate


def _check_rows(connection: psycopg.Connection[Any], ledger: BenchLedger) -> None:
    holders = ledger.filling.volunteers
    count = holders * ledger.filling.attendances_each
    seconds = count * ATTENDANCE_SECONDS
    rows = [tuple(int(value) for value in row) for row in connection.execute(_CHECK)]
    if rows != [(holders, seconds, seconds, count, -seconds)]:
        raise MeasurementFailed(f"the rows are wrong: {rows} instead of {holders} holders with {seconds} s in all")


@contextmanager
def one_process(ground: Ground) -> Iterator[Sides]:
    """The library's runner, and one process on a topic of one partition."""
    with library_projection(ground) as reference, filled_topic(ground, 1) as ledger:
        yield Sides(reference=reference, ours=lambda: projected_rate(ground, ledger, 1))


@contextmanager
def two_processes(ground: Ground) -> Iterator[Sides]:
    """The library's runner (it can only be one), and two processes on a topic of two partitions."""
    with library_projection(ground) as reference, filled_topic(ground, 2) as ledger:
        yield Sides(reference=reference, ours=lambda: projected_rate(ground, ledger, 2))


ONE_PROCESS = Line(name="projection_one_process", unit="events/s", floor=25.0, sides=one_process)
TWO_PROCESSES = Line(name="projection_two_processes", unit="events/s", floor=45.0, sides=two_processes)
