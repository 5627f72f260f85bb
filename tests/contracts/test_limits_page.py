"""docs/limits.md gives the numbers of the code."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ledger.access import quotas, token_text
from ledger.batch_writer import WAITING_MAX
from ledger.domain.refusals import Kind, Reason
from ledger.event_bytes import EVENT_BYTES_MAX
from ledger.grpc import event_replay, pages_in_flight, room, validation
from ledger.projections import age_questions, anomaly_questions, attendance_pages, entry_pages, page_token
from ledger.settings import Settings
from ledger.web.http_server import CONNECTIONS_MAX

PAGE: Final = (Path(__file__).parents[2] / "docs" / "limits.md").read_text("utf-8")


def row(begins: str) -> str:
    [found] = [line for line in PAGE.splitlines() if line.startswith(f"| {begins}")]
    return found


def test_quotas_have_the_defaults_that_the_page_gives():
    for name in ("quota_calls_per_second", "quota_bytes_per_second", "quota_streams"):
        assert f"| {Settings.model_fields[name].default:,} |" in row(f"`LEDGER_{name.upper()}`")
    assert f"{quotas.CLIENTS_MAX:,} clients" in PAGE
    assert quotas.BURST_SECONDS == 2


def test_limits_of_the_process_are_those_of_the_code():
    assert f"{Settings.model_fields['maximum_concurrent_rpcs'].default:,}" in row("calls under way")
    assert f"calls beyond {room.TURNED_AWAY_AT_ONCE:,}" in PAGE
    assert f"| {WAITING_MAX:,} |" in row("commands that wait")
    assert f"| {WAITING_MAX:,} |" in row("looks that wait")
    assert f"| {age_questions.QUESTIONS_MAX} |" in row("questions about age bands")
    assert f"| {anomaly_questions.QUESTIONS_MAX} |" in row("questions about [anomalies]")
    assert f"| {CONNECTIONS_MAX} |" in row("HTTP connections")


def test_limits_of_messages_are_those_of_the_code():
    assert f"{event_replay.MESSAGE_BYTES_MAX // 2**20} MiB" in row("answer")
    assert f"| {EVENT_BYTES_MAX:,} bytes" in row("one event")
    assert f"{pages_in_flight.PAGES_AT_ONCE}" == "4"
    assert "four pages" in row("items of a page")
    assert f"| {page_token.PAGE_SIZE_MAX:,}, {page_token.PAGE_SIZE_DEFAULT} unless" in row("rows of a page")
    assert f"| {event_replay.PAGE_SIZE_MAX:,}; {event_replay.SCATTERED_PROVEN_MAX} with" in row("events of a page")
    assert f"| {entry_pages.ROWS_MAX:,}; {attendance_pages.ROWS_MAX:,} |" in row("entries of a page")
    assert f"| {age_questions.PERSONS_MAX:,}:" in row("persons whose birth dates")
    assert f"{token_text.TOKEN_BYTES_MAX // 1024} KiB" in row("token")
    assert f"| {validation.VIOLATIONS_MAX} |" in row("violations named")


def test_every_reason_that_is_a_limit_is_explained():
    for reason in Reason:
        if reason.kind is Kind.LIMITED:
            assert f"| `{reason.name}` |" in PAGE
