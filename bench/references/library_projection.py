"""Reference: the eventsourcing library's ProjectionRunner keeping balances and entries on the same PostgreSQL.

Its setting: the view the library's documentation teaches (a PostgresTrackingRecorder; one transaction an event, in
which the tracking row and the view's rows change together), prepared statements, one round trip for the own rows.
The same in psycopg's pipeline mode was tried in turns and is no faster (760 to 980 against 870 to 1,070 events/s).
"""

from __future__ import annotations

import argparse
import threading
import time
from typing import ClassVar
from uuid import UUID

import psycopg
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg import sql

from bench.processes import print_rate
from bench.references.library_hours import HoursApplication, Volunteer
from bench.references.library_settings import library_environment

VIEW = "hours_view"
TURNS = 20
VOLUNTEERS_A_SAVE = 100
WARM_UP_EVENTS = 300
CONNECTIONS = 4  # the subscription listens on one, pulls on another; the view needs one more
RUN_SECONDS_MAX = 300.0


class HoursView(PostgresTrackingRecorder):
    """Entries, and the balance they add up to, by volunteer."""

    def __init__(self, datastore: PostgresDatastore, *, tracking_table_name: str) -> None:
        super().__init__(datastore, tracking_table_name=tracking_table_name)
        names = {"entries": sql.Identifier(f"{VIEW}_entries"), "balances": sql.Identifier(f"{VIEW}_balances")}
        self.sql_create_statements += [
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {entries} (position bigint PRIMARY KEY, volunteer uuid NOT NULL,"
                " shift text NOT NULL, attendance text NOT NULL, from_class text NOT NULL, to_class text NOT NULL,"
                " seconds bigint NOT NULL, service_date date NOT NULL, actor text NOT NULL)"
            ).format(**names),
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {balances} (volunteer uuid PRIMARY KEY, attended_seconds bigint NOT NULL,"
                " entry_count bigint NOT NULL)"
            ).format(**names),
        ]
        self._insert_hours = sql.SQL(
            "WITH entry AS (INSERT INTO {entries} VALUES (%s, %s, %s, %s, 'outside', 'attended', %s, %s, %s)"
            " RETURNING volunteer, seconds)"
            " INSERT INTO {balances} AS b SELECT volunteer, seconds, 1 FROM entry"
            " ON CONFLICT (volunteer) DO UPDATE SET attended_seconds = b.attended_seconds + excluded.attended_seconds,"
            " entry_count = b.entry_count + 1"
        ).format(**names)

    def add_hours(self, volunteer: UUID, recorded: Volunteer.AttendanceRecorded, tracking: Tracking) -> None:
        """One event's rows and its tracking row, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                self._insert_hours,
                (
                    tracking.notification_id,
                    volunteer,
                    recorded.shift,
                    recorded.attendance_id,
                    recorded.seconds,
                    recorded.start.date(),
                    recorded.actor,
                ),
                prepare=True,
            )


class HoursProjection(Projection[HoursView]):
    """Turns events into the view's rows and notes when the measured stretch began and ended."""

    name = VIEW
    measured: ClassVar[tuple[int, int]] = (0, 0)  # the notification ids it begins after and ends with

    def __init__(self, view: HoursView) -> None:
        super().__init__(view)
        self.began_at = 0.0
        self.ended_at = 0.0
        self.ended = threading.Event()

    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        if isinstance(domain_event, Volunteer.AttendanceRecorded):
            self.view.add_hours(domain_event.originator_id, domain_event, tracking)
        else:
            self.view.insert_tracking(tracking)
        begin, end = self.measured
        if tracking.notification_id == begin:
            self.began_at = time.perf_counter()
        elif tracking.notification_id == end:
            self.ended_at = time.perf_counter()
            self.ended.set()


def projection_rate(database_url: str, events: int) -> float:
    """Events a second from the library's store into the view, over `events` stored events after a warm-up."""
    environment = library_environment(database_url, CONNECTIONS)
    _drop_view(database_url)
    _store(environment, events + WARM_UP_EVENTS)
    HoursProjection.measured = (WARM_UP_EVENTS, WARM_UP_EVENTS + events)
    with ProjectionRunner(
        application_class=HoursApplication, projection_class=HoursProjection, view_class=HoursView, env=environment
    ) as runner:
        projection = runner.projection
        if not isinstance(projection, HoursProjection):
            raise TypeError(f"the runner made a {type(projection).__name__}, not a HoursProjection")
        deadline = time.monotonic() + RUN_SECONDS_MAX
        while not projection.ended.wait(0.2):
            if runner.is_interrupted.is_set():
                runner.run_forever()  # raises what ended the processing thread
            if time.monotonic() > deadline:
                raise TimeoutError(f"the library did not project {events} events in {RUN_SECONDS_MAX} s")
    _check_view(database_url, WARM_UP_EVENTS + events)
    return events / (projection.ended_at - projection.began_at)


def _store(environment: dict[str, str], events: int) -> None:
    """Top the library's store up to at least `events` events; what an earlier run stored is used again."""
    application = HoursApplication(environment)
    try:
        while (stored := application.recorder.max_notification_id() or 0) < events:
            application.register_with_history(range(stored, stored + VOLUNTEERS_A_SAVE), TURNS)
    finally:
        application.close()


def _drop_view(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table in (f"{VIEW}_tracking", f"{VIEW}_entries", f"{VIEW}_balances"):
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(table)))


def _check_view(database_url: str, events: int) -> None:
    """A fast projection that adds up wrongly measures nothing: entries and balances must be the events' own."""
    question = sql.SQL(
        "SELECT (SELECT count(*) FROM {entries} WHERE position <= %(events)s),"
        " (SELECT count(*) FROM {stored} WHERE notification_id <= %(events)s AND topic LIKE '%%AttendanceRecorded'),"
        " (SELECT sum(seconds) FROM {entries}), (SELECT sum(attended_seconds) FROM {balances})"
    ).format(
        entries=sql.Identifier(f"{VIEW}_entries"),
        balances=sql.Identifier(f"{VIEW}_balances"),
        stored=sql.Identifier(f"{HoursApplication.name.lower()}_events"),
    )
    with psycopg.connect(database_url) as connection:
        entries, recorded, seconds, balance_seconds = connection.execute(question, {"events": events}).fetchall()[0]
    if entries != recorded or seconds != balance_seconds:
        raise RuntimeError(
            f"the library's view is wrong: {entries} entries of {recorded}, {balance_seconds} seconds of {seconds}"
        )


def main() -> None:
    """Print the rate as one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.references.library_projection", description=__doc__)
    parser.add_argument(
        "--database", required=True, help="connection URL of a database the library may create tables in"
    )
    parser.add_argument("--events", type=int, default=5000)
    wanted = parser.parse_args()
    print_rate(projection_rate(wanted.database, wanted.events))


if __name__ == "__main__":
    main()
