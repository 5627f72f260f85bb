"""How a finding shows a value: in words that people read, with a failure's reason to its end."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ledger.auditing.finding import REASON_SHOWN_MAX, SHOWN_MAX, shown
from ledger.domain.hours import apply_entries
from ledger.domain.refusals import InvariantBroken
from ledger.domain.values import Account, Entry
from ledger.transparency.failures import Malformed, StepFailed


def test_a_failure_is_shown_by_its_message_and_whole():
    failed = StepFailed(4, "step " * 50, "the reason stands at the end")
    assert len(str(failed)) > SHOWN_MAX
    assert shown(failed) == str(failed)
    assert shown(Malformed("signed note", "it must have a signature")) == "signed note: it must have a signature"


def test_what_comes_from_a_file_neither_fills_nor_moves_a_terminal():
    told = shown(Malformed("note", "x" * 10_000))
    assert len(told) < REASON_SHOWN_MAX + 100
    assert "\x1b" not in shown(Malformed("note", "\x1b[2J"))
    assert shown("x" * 1_000) == f"{'x' * SHOWN_MAX}… (1000 characters)"


def test_days_and_times_are_shown_as_they_are_stored():
    assert shown(date(2025, 5, 14)) == "2025-05-14"
    assert shown(datetime(2025, 5, 14, 9, 30, tzinfo=UTC)) == "2025-05-14T09:30:00+00:00"
    assert shown(b"\x01\xff") == "01ff"


def test_hours_that_nobody_had_are_told_by_class_and_day():
    taken = Entry(service_date=date(2025, 5, 14), from_class=Account.ATTENDED, to_class=Account.VERIFIED, seconds=3600)
    with pytest.raises(InvariantBroken) as broken:
        apply_entries({}, [taken])
    assert str(broken.value) == "attended hours of 2025-05-14 would fall to -3600 seconds"
