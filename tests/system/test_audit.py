"""The audit on real servers: clean after a whole programme; after one byte was changed it names position and field."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, LiteralString, TypeAlias

import psycopg
import pytest

from ledger import audit
from ledger.auditing.finding import Finding
from ledger.auditing.snapshots import taken
from ledger.domain.catalogue import EVOLVE
from ledger.domain.event import event_classes
from ledger.domain.ledger_kind import LedgerKind, belongs
from ledger.record_seal import RecordSeal
from ledger.settings import Settings
from tests.system import whole_programme
from tests.system.closing_programme import CLASSES, FIRST_TIME, SECOND_TIME
from tests.system.delivering_programme import SUBSCRIPTION
from tests.system.stored_history import opened_ledger, produce
from tests.system.superuser import changed, removed
from tests.system.whole_ledger_audit import assert_audit_clean

NEXT_BYTE = "set_byte(bytes, 0, 255 - get_byte(bytes, 0))"
PROJECT = Path(__file__).parents[2]

HOURS = LedgerKind.HOURS
OF_ACCESSES = {"hours-read", "service-started", "key-holders-listed"}
"""Events of the other kind of ledger."""


@pytest.fixture(scope="module")
def settings(postgres, kafka) -> Settings:
    return whole_programme.everywhere(opened_ledger(postgres, kafka, 3))


Change: TypeAlias = tuple[str, str, LiteralString, LiteralString]
"""Table, column, what is put there, and in which row."""
OF_THE_STORE: Final[Sequence[Change]] = [
    ("request_keys", "request_hash", NEXT_BYTE.replace("bytes", "request_hash"), "true"),
    ("request_keys", "event_count", "event_count + 1", "true"),
    ("request_keys", "position", "position + 1", "true"),
    ("presences", "end_s", "end_s + 1", "cardinality(counted_s) > 0"),
    ("presences", "counted_s", "array[counted_s[1], counted_s[2] - 1]", "cardinality(counted_s) > 0"),
    ("presences", "recorded_order", "recorded_order + 1", "true"),
    ("shift_places", "places_taken", "places_taken + 1", "true"),
    ("shift_places", "waiting", "waiting + 1", "true"),
    ("shift_waiting", "waiting_order", "waiting_order + 1", "waiting_order is not null"),
    ("shift_waiting", "waiting_order", "1", "waiting_order is null"),
    ("shift_waiting", "shift", "shift || 'x'", "waiting_order is null"),
    ("volunteer_identities", "volunteer", "volunteer || 'x'", "true"),
    (
        "volunteer_identities",
        "identity_key",
        NEXT_BYTE.replace("bytes", "identity_key"),
        "true",
    ),
]
WITH_POSITIONS: Final = ("journal_lines", "opportunity_versions", "project_versions", "donation_movements")
"""Tables with a row for each event, at its position."""
OF_PROJECTIONS: Final[Sequence[Change]] = [
    ("journal_lines", "seconds", "seconds + 1", "seconds is not null"),
    ("journal_lines", "to_class", "3", "to_class = 2"),
    ("journal_lines", "service_date", "service_date + 1", "seconds is not null"),
    ("journal_lines", "actor", "actor || 'x'", "seconds is not null"),
    ("journal_lines", "actor", "actor || 'x'", "seconds is null"),
    ("journal_lines", "reason", "'x'", "true"),
    ("journal_lines", "source_recorded_at", "recorded_at", "true"),
    ("balances", "verified_seconds", "verified_seconds + 1", "true"),
    ("balances", "entry_count", "entry_count + 1", "true"),
    ("hours_by_month", "attended_seconds", "attended_seconds + 1", "true"),
    ("hours_of_months", "entry_count", "entry_count + 1", "true"),
    ("opportunity_versions", "event_type", "'x'", "true"),
    ("opportunity_versions", "compulsory_service", "not compulsory_service", "true"),
    ("opportunity_versions", "level", "'professional'", "true"),
    ("project_versions", "plan", "jsonb_set(plan, '{goal_seconds}', '1')", "true"),
    ("donation_movements", "given_minor_units", "given_minor_units + 1", "true"),
    ("donation_movements", "refunded_minor_units", "refunded_minor_units + 1", "true"),
    ("donation_movements", "currency", "'USD'", "true"),
    ("opportunity_versions", "partner_type", "'private'", "true"),
    ("opportunity_versions", "skills", "array['x']", "true"),
    ("shift_versions", "places", "places + 1", "true"),
    ("shift_versions", "local_day", "local_day + 1", "true"),
    ("shift_versions", "known_at", "known_at + interval '1 second'", "true"),
    ("registration_versions", "state", "'requested'", "true"),
    ("registration_versions", "volunteer", "'volunteers/x'", "true"),
    ("positions", "recorded_at", "recorded_at - interval '1 microsecond'", "true"),
    ("closed_periods", "closed_positions", "array_append(closed_positions, 1)", "true"),
    ("closed_periods", "attended_seconds", "attended_seconds + 1", "true"),
    ("closed_periods", "replaces", "'periods/none'", "true"),
    ("anomaly_reviews", "outcome", "'explained'", "end_date is null"),
    ("anomaly_reviews", "evidence_events", "evidence_events + 1", "true"),
    ("anomaly_reviews", "subjects", "array_append(subjects, 'volunteers/x')", "true"),
    ("policies", "rules", "jsonb_set(rules, '{day_seconds_max}', '3600')", "true"),
    ("organizations", "state", "'registered'", "true"),
    ("appointments", "member", "'staff/somebody-else'", "true"),
    ("volunteers", "details", "'{}'", "true"),
    ("volunteers", "erased", "not erased", "true"),
    ("volunteers", "registered_position", "registered_position + 1", "true"),
    ("volunteers", "registered_at", "registered_at + interval '1 second'", "true"),
    ("volunteers", "charters", "'{\"charters/national\": 9}'", "true"),
    ("volunteers", "consents", "'{\"volunteers/x/consents/y\": {}}'", "true"),
    ("opportunities", "waiting_places", "waiting_places + 1", "true"),
    ("shifts", "state", "'withdrawn'", "true"),
    ("registrations", "waiting_order", "7", "state = 'withdrawn'"),
    ("opportunities", "details", "jsonb_set(details, '{sector}', '\"x\"')", "true"),
    ("shifts", "places", "places + 1", "true"),
    ("shifts", "opened_position", "opened_position + 1", "true"),
    ("shifts", "opened_at", "opened_at + interval '1 second'", "true"),
    ("registrations", "state", "'accepted'", "state = 'withdrawn'"),
    ("requirement_standings", "level", "'x'", "true"),
    ("requirement_standings", "period_start", "period_end", "true"),
    ("requirement_standings", "counted_seconds", "counted_seconds + 1", "true"),
    ("requirement_standings", "evaluated_at", "'{}'", "true"),
    ("requirement_standings", "cause_position", "cause_position + 1", "true"),
    ("requirement_standings", "position", "position + 1", "true"),
    ("statements", "verified_seconds", "verified_seconds + 1", "true"),
    ("statements", "status_index", "status_index + 1", "true"),
    ("statements", "credential_digest", "'x'", "true"),
    ("statements", "size", "size - 1", "true"),
    ("statements", "now_verified_seconds", "7", "true"),
    ("courses", "details", "jsonb_set(details, '{valid_days}', '9')", "true"),
    ("courses", "state", "'x'", "true"),
    ("training_sessions", "state", "'x'", "true"),
    ("training_sessions", "start_time", "start_time + interval '1 second'", "true"),
    ("completion_records", "completes", "not completes", "true"),
    ("completion_records", "valid_until", "valid_until + 1", "true"),
    ("completion_records", "revoked_position", "7", "true"),
    ("completion_records", "recorded_by", "'staff/somebody-else'", "true"),
    ("statement_shares", "views_max", "9", "true"),
    ("projects", "state", "'open'", "true"),
    ("projects", "plan", "jsonb_set(plan, '{opportunities}', '[]')", "true"),
    ("donations", "amount_minor_units", "amount_minor_units + 1", "true"),
    ("donations", "refunded_minor_units", "refunded_minor_units + 1", "true"),
    ("donations", "reference", "reference || 'x'", "true"),
    ("project_money", "given_minor_units", "given_minor_units + 1", "true"),
    ("project_money", "refunded_minor_units", "refunded_minor_units - 1", "true"),
    ("project_money", "donation_count", "donation_count + 1", "true"),
    ("subscriptions", "state", "'open'", "true"),
    ("subscriptions", "taken_pieces", "taken_pieces + 1", "true"),
    ("subscriptions", "organizations", "array['organizations/x']", "true"),
    ("subscription_limits", "limits", "jsonb_set(limits, '{stall_after_seconds}', '1')", "true"),
    ("delivery_places", "position", "position + 1", "true"),
    ("delivery_places", "taken_seconds", "taken_seconds + 1", "true"),
    ("open_pieces", "seconds", "seconds + 1", "true"),
    ("open_pieces", "reason", "'ANOTHER_REASON'", "true"),
    ("statement_shares", "withdrawn_at", "now()", "true"),
    ("organizations", "required_training", '\'{"verifier": ["courses/x"]}\'', "true"),
    ("milestones", "persons_count", "7", "true"),
    ("honours", "counted_seconds", "counted_seconds + 1", "true"),
]


def rounds(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """All changes, of each table one at a time: an audit names them all."""
    left = list(changes)
    while left:
        tables: dict[str, Change] = {}
        for one in left:
            tables.setdefault(one[0], one)
        left = [one for one in left if tables[one[0]] is not one]
        yield list(tables.values())


def findings_of(
    url: str, settings: Settings, changes: Sequence[Change]
) -> tuple[Sequence[Finding], Sequence[dict[str, Any]]]:
    """What an audit finds while all of these are changed, and the rows as they were."""
    with ExitStack() as stack:
        rows = [stack.enter_context(changed(url, *change)) for change in changes]
        return audit.audit(settings, settled=True).findings, rows


def the(findings: Sequence[Finding], place: str, field: str, position: int | None = None) -> Finding:
    """The finding of that place and field, at `position` if one is given; all findings are shown when there is none."""
    for finding in findings:
        if (finding.where.place, finding.field) == (place, field) and position in (None, finding.where.position):
            return finding
    raise AssertionError([place, field, *(finding.line() for finding in findings)])


def named(settings: Settings, place: str, field: str, position: int | None = None) -> Finding:
    """What an audit finds there now."""
    return the(audit.audit(settings, settled=True).findings, place, field, position)


def test_a_whole_programme_is_clean(settings, postgres, kafka):
    assert_audit_clean(settings, settled=True)
    assert_audit_clean(whole_programme.everywhere(opened_ledger(postgres, kafka, 1)), settled=True)


def test_the_programme_holds_every_kind_of_event_and_stream(settings):
    with psycopg.connect(settings.owner_database) as connection:
        rows = connection.execute("select type, stream from events").fetchall()
    assert {row[0] for row in rows} == set(event_classes()) - OF_ACCESSES
    assert {"/".join(row[1].split("/")[::2]) for row in rows} == {kind for kind in EVOLVE if belongs(f"{kind}/", HOURS)}


def test_a_byte_of_a_stored_event_is_named_by_every_place_that_knew_better(settings):
    overlay = "overlay(body placing '9'::bytea from position('\"seconds\":3600'::bytea in body) + 10 for 1)"
    where = "type = 'attendance-recorded' and position('\"seconds\":3600'::bytea in body) > 0"
    with changed(settings.owner_database, "events", "body", overlay, where) as row:
        position = row["position"]
        assert named(settings, "projection journal_lines", "seconds", position).expected == "9600"
        assert named(settings, "projection applied_batches", "sha256", position)
        assert named(settings, "topic", "data.entries[1].seconds", position).found == "3600"
        assert named(settings, "store events", "data", position)
        elsewhere = [one for one in audit.audit(settings).findings if one.where.position != position]
        assert {one.where.row for one in elsewhere} <= {FIRST_TIME, SECOND_TIME, SUBSCRIPTION}
        sums = [one for one in elsewhere if one.where.row != SUBSCRIPTION]
        assert {one.field for one in sums} <= {f"data.totals.{name}_seconds" for name in CLASSES}


def test_bytes_that_are_no_event_any_more_are_named(settings):
    with changed(settings.owner_database, "events", "body", "overlay(body placing 'x'::bytea from 1 for 1)") as row:
        assert named(settings, "store events", "body", row["position"])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("stream", "stream || 'x'"),
        ("version", "version + 7"),
        ("type", "'hours-declined'"),
        ("recorded_at", "recorded_at + interval '1 microsecond'"),
    ],
)
def test_a_column_of_an_event_is_named(settings, column, value):
    with changed(settings.owner_database, "events", column, value, "type = 'hours-verified'") as row:
        assert named(settings, "store events", column, row["position"])


@pytest.mark.parametrize("name", ["attended_seconds", "entry_count"])
def test_a_closed_period_with_other_sums_than_its_events_is_named(settings, name):
    with psycopg.connect(settings.owner_database) as superuser:
        row = superuser.execute("select body from events where stream = %s", [FIRST_TIME]).fetchone()
    assert row is not None
    told = json.loads(row[0])["data"]["totals"][name]
    assert told > 0
    overlay = f"convert_to(replace(convert_from(body, 'utf8'), '\"{name}\":{told}', '\"{name}\":{told + 1}'), 'utf8')"
    where = f"stream = '{FIRST_TIME}'"
    with changed(settings.owner_database, "events", "body", overlay, where) as changed_row:
        finding = named(settings, "store events", f"data.totals.{name}", changed_row["position"])
        assert (finding.expected, finding.found) == (str(told), str(told + 1))


def test_an_event_that_was_removed_is_named(settings):
    where = "type = 'hours-verified' and stream like '%-4/%'"
    with removed(settings.owner_database, "events", where) as row:
        assert named(settings, "store events", "row", row["position"]).found == "missing"
        assert named(settings, "topic", "record", row["position"])


def test_a_counter_that_was_lowered_is_named(settings):
    with changed(settings.owner_database, "partition_counters", "position", "position - 1") as row:
        assert named(settings, "store events", "position", row["position"])
        assert named(settings, "projection positions", "position", row["position"])
        assert named(settings, "topic", "position", row["position"])


def test_a_row_made_from_events_is_named(settings):
    for together in rounds(OF_THE_STORE):
        findings, _ = findings_of(settings.owner_database, settings, together)
        for table, column, _, _ in together:
            assert the(findings, f"store {table}", column).where.position


@pytest.mark.parametrize(
    "table", ["request_keys", "presences", "shift_places", "shift_waiting", "volunteer_identities"]
)
def test_a_missing_row_is_named(settings, table):
    with removed(settings.owner_database, table):
        field = "places_taken" if table == "shift_places" else "row"
        assert named(settings, f"store {table}", field).where.position


def test_an_identity_number_left_of_somebody_erased_is_named(settings):
    with psycopg.connect(settings.owner_database, autocommit=True) as superuser:
        row = [b"left", whole_programme.FORGOTTEN]
        superuser.execute("insert into volunteer_identities (identity_key, volunteer) values (%s, %s)", row)
        try:
            finding = named(settings, "store volunteer_identities", "identity_key")
            assert finding.where.row == whole_programme.FORGOTTEN
            assert len(audit.audit(settings, settled=True).findings) == 1
        finally:
            superuser.execute("delete from volunteer_identities where identity_key = %s", row[:1])


def test_a_key_without_an_event_is_named(settings):
    with psycopg.connect(settings.owner_database, autocommit=True) as superuser:
        superuser.execute("insert into request_keys values ('tests', 'never asked', '\\x00', 0, 1, 1)")
        try:
            assert named(settings, "store request_keys", "row").where.row == "tests never asked"
        finally:
            superuser.execute("delete from request_keys where request_id = 'never asked'")


@pytest.mark.parametrize(
    ("column", "value", "where"),
    [
        ("state", "'verified'", "version = 1 and state = 'recorded'"),
        ("start_time", "start_time + interval '1 second'", "start_time is not null"),
        ("withheld_reasons", "array['X']", "withheld_reasons is not null"),
        ("head_count", "head_count + 1", "version = 1"),
    ],
)
def test_what_a_line_says_of_an_attendance_is_named_with_its_position(settings, column, value, where):
    with changed(settings.owner_read_database, "journal_lines", column, value, where) as row:
        assert named(settings, "projection attendance_versions", column, row["position"])


def test_a_projected_row_is_named_with_its_position(settings):
    for together in rounds(OF_PROJECTIONS):
        findings, rows = findings_of(settings.owner_read_database, settings, together)
        for (table, column, _, _), row in zip(together, rows, strict=True):
            position = row.get("position") if table in WITH_POSITIONS else None
            assert the(findings, f"projection {table}", column, position).where.position


def test_a_statement_that_states_what_nobody_verified_is_named(settings):
    with changed(settings.owner_read_database, "statements", "verified_seconds", "verified_seconds + 1", "true"):
        assert named(settings, "projection statements", "verified_seconds in its scope").where.position


def test_two_statements_in_one_place_of_a_list_are_named(settings):
    of_another = "(select max(status_index) from statements other where other.partition = statements.partition)"
    lower = f"status_index < {of_another}"
    with changed(settings.owner_read_database, "statements", "status_index", of_another, lower):
        assert named(settings, "projection statements", "place").where.position


@pytest.mark.parametrize(
    "table",
    [
        "journal_lines",
        "balances",
        "volunteers",
        "opportunity_versions",
        "requirement_standings",
        "statements",
        "donations",
        "donation_movements",
        "project_money",
        *("subscriptions", "subscription_limits", "delivery_places", "open_pieces"),
        *("journal_lines", "balances", "volunteers", "opportunity_versions", "requirement_standings", "statements"),
        *("courses", "training_sessions", "completion_records"),
        "shift_versions",
        "registration_versions",
    ],
)
def test_a_projected_row_that_is_missing_is_named(settings, table):
    with removed(settings.owner_read_database, table):
        assert named(settings, f"projection {table}", "row").where.position


@pytest.mark.parametrize(
    ("column", "said", "put", "expected"),
    [
        ("data.counted_seconds", '"counted_seconds":3600', '"counted_seconds":9600', "3600"),
        ("data.level", '"level":"an-hour"', '"level":"a--hour"', "an-hour"),
        ("data.requirement", "policies/served/versions/1", "policies/served/versions/2", "a watched version"),
    ],
)
def test_a_standing_that_does_not_follow_from_the_hours_is_named(settings, column, said, put, expected):
    value = f"convert_to(replace(convert_from(body, 'UTF8'), '{said}', '{put}'), 'UTF8')"
    with changed(settings.owner_database, "events", "body", value, "type = 'requirement-met'") as row:
        assert named(settings, "store events", column, row["position"]).expected.startswith(expected)


@pytest.mark.parametrize("of", ["volunteers", "initiatives"])
def test_a_milestone_that_does_not_follow_from_the_hours_is_named(settings, of):
    said, put = '"counted_seconds":3600', '"counted_seconds":9600'
    value = f"convert_to(replace(convert_from(body, 'UTF8'), '{said}', '{put}'), 'UTF8')"
    where = f"type = 'milestone-reached' and stream like '{of}/%'"
    with changed(settings.owner_database, "events", "body", value, where) as row:
        what = "data: seconds, months, skills, organisations, persons"
        assert named(settings, "store events", what, row["position"]).expected.startswith("(3600, ")


def test_places_taken_and_outside_are_compared(settings):
    with changed(settings.owner_read_database, "shifts", "places_taken", "places_taken + 1"):
        assert named(settings, "projection shifts", "places_taken")
    with changed(settings.owner_read_database, "outside_balances", "seconds", "seconds + 1"):
        assert named(settings, "projection outside_balances", "seconds")
        assert named(settings, "projection outside_balances", "sum of all accounts").found == "1"


def test_a_changed_hash_in_the_projections_is_named(settings):
    value = "set_byte(hashes, 33, 255 - get_byte(hashes, 33))"
    with changed(settings.owner_read_database, "applied_batches", "hashes", value, "octet_length(hashes) > 64") as row:
        assert named(settings, "projection applied_batches", "sha256", row["first_position"] + 1)


def test_a_remembered_time_that_no_calendar_has_is_named(settings):
    with changed(settings.owner_read_database, "applied_batches", "recorded_times", "set_byte(recorded_times, 0, 127)"):
        assert "since 2000" in named(settings, "projection applied_batches", "recorded_time").found


def test_a_projection_that_lags_is_a_finding_only_when_everything_has_settled(postgres, kafka):
    made = opened_ledger(postgres, kafka, 1)
    assert_audit_clean(made)
    report = audit.audit(made, settled=True)
    assert [finding.where.place for finding in report.findings] == ["topic", "projection positions"]


def test_a_long_audit_is_not_ended_by_the_guard_of_writers(settings):
    with taken(settings) as moment:
        for connection in (moment.store, moment.read, moment.keys):
            assert connection is not None
            assert connection.execute("show idle_in_transaction_session_timeout").fetchone() == ("0",)
            assert connection.execute("show transaction_isolation").fetchone() == ("repeatable read",)


def test_a_record_of_somebody_else_is_noted_and_two_records_of_one_position_are_a_finding(postgres, kafka):
    made = opened_ledger(postgres, kafka, 1)
    whole_programme.publish_and_project(made)
    produce(made, 0, [(b"forged", [])])
    report = audit.audit(made, settled=True)
    assert report.count == 0
    assert any("offset 2: not the ledger's record (no hmac header)" in note for note in report.notes), report.notes
    with psycopg.connect(made.owner_database) as connection:
        row = connection.execute("select body from events where position = 2").fetchone()
    assert row is not None
    other = row[0].replace(b'"day_seconds_max":86400', b'"day_seconds_max":86401')
    produce(made, 0, [(other, RecordSeal.of(made).headers(other))])
    finding = named(made, "topic", "data.day_seconds_max", 2)
    assert (finding.expected, finding.found) == ("86400", "86401")


def test_the_command_says_so_and_its_exit_code_too(settings, capsys):
    assert audit.run(settings, settled=True) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "findings: 0"
    with changed(settings.owner_read_database, "balances", "verified_seconds", "verified_seconds + 1") as row:
        assert audit.run(settings, as_json=True) == 1
        told = json.loads(capsys.readouterr().out)
        assert told["findings"] == 2
        assert told["first"][0]["place"] == "projection balances"
        assert told["first"][0]["row"] == row["holder"]
        assert audit.run(settings) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[-1] == "findings: 2"
        assert lines[-3].startswith(f"finding: projection balances, partition {row['partition']}, position ")


def test_the_audit_imports_nothing_that_it_checks():
    program = "import sys, ledger.audit; print(*(name for name in sys.modules if name.startswith('ledger.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=PROJECT)
    imported = done.stdout.split()
    assert "ledger.auditing.sums" in imported
    assert not [name for name in imported if name.startswith(("ledger.projections", "ledger.batch", "ledger.grpc"))]
