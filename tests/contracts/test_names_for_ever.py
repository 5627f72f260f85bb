"""What is fixed for ever is checked before it is first written: the ledger's id and the names of its logs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ledger.log_keeping.signer_folder import origins_of
from ledger.log_keeping.signer_keys import LogKeys
from ledger.settings import Settings
from ledger.transparency.balances_note import ORIGIN_BYTES_MAX, BalancesNote, parse_balances_note
from ledger.transparency.failures import Malformed

LONGEST = "a" * (246 - len("/1023"))
NO_ORIGIN = ["", "hours.example/سجل", "a b", "a+b", "a\nb", "a\x7f", "a" * 247]


def test_the_longest_origin_still_names_the_log_s_balances_notes():
    settings = Settings(log_origin=LONGEST, partitions=1024)
    origin = origins_of(settings)[-1]
    keys = LogKeys.fresh(origin)
    note = BalancesNote(keys.origin, 1, bytes(32), bytes(32), 1023, 1024)
    assert len(note.origin) == ORIGIN_BYTES_MAX
    assert parse_balances_note(note.text()) == note


@pytest.mark.parametrize("wrong", ["a b", "hours.example/سجل", "a+b", LONGEST + "a"])
def test_an_origin_that_some_partition_could_not_use_is_no_setting(wrong):
    with pytest.raises(ValidationError, match="1 to 246 bytes of ASCII"):
        Settings(log_origin=wrong, partitions=1)


@pytest.mark.parametrize("wrong", NO_ORIGIN)
def test_no_keys_are_made_for_a_name_that_no_log_can_have(wrong):
    with pytest.raises(Malformed, match=r"key name|1 to 246 bytes of ASCII"):
        LogKeys.fresh(wrong)


@pytest.mark.parametrize("wrong", ["", "a ledger", "ساعات", "a\n", "a" * 256])
def test_a_ledger_s_id_is_short_plain_text(wrong):
    with pytest.raises(ValidationError, match="1 to 255 ASCII characters"):
        Settings(ledger_id=wrong)
