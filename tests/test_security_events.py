"""Who was turned away stands in the log: soon, not too often, and never under a name that could be a lie."""

from __future__ import annotations

import logging

import pytest

from ledger import security_events as module
from ledger.metrics import REGISTRY
from ledger.security_events import EVERY_SECONDS, REMEMBERED_MAX, UNKNOWN, SecurityEvent, SecurityLog


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str, int]]:
    return [
        (one.getMessage(), one.__dict__["client"], one.__dict__["cause"], one.__dict__["more"])
        for one in caplog.records
        if one.name == module.__name__
    ]


def counted(kind: SecurityEvent) -> float:
    return REGISTRY.get_sample_value("ledger_security_events_total", {"kind": kind.value}) or 0.0


def test_the_first_is_told_at_once_with_client_and_cause(clock, caplog):
    SecurityLog(clock).tell(SecurityEvent.TOKEN_REFUSED, "ministry", "expired")
    assert told(caplog) == [("security: token-refused", "ministry", "expired", 0)]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_thousand_equal_ones_are_two_lines_and_all_of_them_counted(clock, caplog):
    log, before = SecurityLog(clock), counted(SecurityEvent.FORBIDDEN)
    for _ in range(1_000):
        log.tell(SecurityEvent.FORBIDDEN, "ministry", "NOT_FOUND")
    clock.seconds += EVERY_SECONDS
    log.tell(SecurityEvent.FORBIDDEN, "ministry", "NOT_FOUND")
    assert [more for *_, more in told(caplog)] == [0, 999]
    assert counted(SecurityEvent.FORBIDDEN) == before + 1_001


def test_another_client_or_cause_is_a_line_of_its_own(clock, caplog):
    log = SecurityLog(clock)
    for client, cause in (("a", "expired"), ("b", "expired"), ("a", "alg"), ("a", "expired")):
        log.tell(SecurityEvent.TOKEN_REFUSED, client, cause)
    assert [(client, cause) for _, client, cause, _ in told(caplog)] == [
        ("a", "expired"),
        ("b", "expired"),
        ("a", "alg"),
    ]


@pytest.mark.parametrize("hostile", ["", "a\nb", "\x1b[31m", "A" * 5_000, "eyJhbGciOiJub25lIn0.e30.", "سجل", "a=b"])
def test_what_cannot_be_a_client_or_a_cause_is_not_repeated(clock, caplog, hostile):
    SecurityLog(clock).tell(SecurityEvent.TOKEN_REFUSED, hostile, hostile)
    assert told(caplog) == [("security: token-refused", UNKNOWN, UNKNOWN, 0)]


def test_ever_new_names_neither_fill_the_memory_nor_the_log(clock, caplog):
    log = SecurityLog(clock)
    for number in range(REMEMBERED_MAX + 500):
        log.tell(SecurityEvent.TOKEN_REFUSED, f"client-{number}", "expired")
    assert len(log._lines) <= REMEMBERED_MAX + len(SecurityEvent)
    assert len(told(caplog)) == REMEMBERED_MAX + 1
    clock.seconds += EVERY_SECONDS
    log.tell(SecurityEvent.TOKEN_REFUSED, "another", "expired")
    assert told(caplog)[-1] == ("security: token-refused", "another", "expired", 0)
