"""Entries are read from stored bytes alone, their bytes are exact, and a chain is that of one list and no other."""

from __future__ import annotations

import importlib
import json
import random
import re
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.event import event_classes
from ledger.domain.streams import partition_of
from ledger.domain.values import Account
from ledger.transparency import event_entries
from ledger.transparency.account_balance import AccountBalance, read_balance
from ledger.transparency.entry_chain import CLASS_NUMBERS, Entry, chain_head, chain_start
from ledger.transparency.event_entries import EventEntries, entries_of_event
from ledger.transparency.event_types import KNOWN, MOVES_HOURS
from ledger.transparency.failures import Malformed
from ledger.transparency.holder_key import account_key, holder_of, partition_of_holder
from ledger.transparency.log_balances import LogPartition, balances_after, entries_by_key
from tests.transparency import naive_balances as naive
from tests.transparency.tiny_ledger import EXAMPLE, TinyLedger, moved, movement, opened, stored

importlib.import_module("ledger.domain.catalogue")  # makes all stored names known
STORED_FORMATS = sorted((Path(__file__).parents[1] / "stored_formats").glob("*.json"))
ATTENDANCE = "volunteers/amal/attendances/a1"
GOOD = moved(
    7, "hours-verified", ATTENDANCE, movement("attended", "verified", 7_200), movement("attended", "reversed", 1)
)


def entries() -> st.SearchStrategy[Entry]:
    classes = st.tuples(st.integers(0, 6), st.integers(1, 6)).filter(lambda pair: pair[0] != pair[1])
    return st.builds(
        lambda pair, day, **rest: Entry(from_class=pair[0], to_class=pair[1], service_date=day.isoformat(), **rest),
        classes,
        st.dates(),
        position=st.integers(1, 3),
        entry_index=st.integers(0, 2),
        seconds=st.integers(1, 2**63 - 1),
        reason=st.text(alphabet="Aا", max_size=2),
        attendance=st.text(alphabet="Aا", max_size=2),
        event_leaf_hash=st.sampled_from([bytes(32), b"\x01" * 32]),
    )


@pytest.mark.parametrize("file", STORED_FORMATS, ids=lambda file: file.stem)
def test_every_stored_format_is_read_and_its_entries_are_those_it_names(file):
    stored_name, data = file.name.split(".")[0], json.loads(file.read_bytes())
    event = stored(9, stored_name, data.get("attendance", "volunteers/v1"), data)
    told = entries_of_event(event)
    assert [entry.to_bytes() for entry in told.entries] == naive.entry_bytes(event)
    assert bool(told.entries) == bool(data.get("entries"))
    assert told.holder == (data["holder"] if stored_name in MOVES_HOURS else "")


def test_all_stored_names_and_classes_are_known():
    assert set(event_classes()) == KNOWN
    assert {name for name, kind in event_classes().items() if "entries" in kind.model_fields} == MOVES_HOURS
    assert {name: number for number, name in enumerate(Account)} == CLASS_NUMBERS


def test_the_bytes_of_an_entry_are_exact():
    leaf = sha256(b"\x00" + GOOD).hexdigest()
    assert entries_of_event(GOOD).entries[1].to_bytes().hex() == (
        "0000000000000007" + "00000001" + "02" + "06" + "0000000000000001" + b"2026-11-20".hex() + leaf
        + "0000" + "001e" + ATTENDANCE.encode().hex()
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"hours-verified"', '"hours-blessed"'),
        ('"schemaversion":1', '"schemaversion":2'),
        ('"schemaversion":1', '"schemaversion":0'),
        ('"specversion":"1.0"', '"specversion":"1.1"'),
        ('"client":"tests"', '"client":"tests","colour":"green"'),
        ('"client":"tests"', '"client":"tests","client":"tests"'),
        ('"client":"tests"', '"client":null'),
        ('"client":"tests",', ""),
        ('"position":7', '"position":0'),
        ('"position":7', '"position":7.0'),
        ('"position":7', '"position":9223372036854775808'),
        ('"position":7', '"position":"7"'),
        ('"partition":0', '"partition":-1'),
        ('"organization":', '"colour":"green","organization":'),
        ('"seconds":7200', '"seconds":0'),
        ('"seconds":7200', '"seconds":-7200'),
        ('"seconds":7200', '"seconds":7200.0'),
        ('"seconds":7200', '"seconds":true'),
        ('"seconds":7200', '"seconds":9223372036854775808'),
        ('"seconds":7200', '"seconds":7200,"seconds":1'),
        ('"seconds":7200', '"seconds":7200,"hidden":1'),
        ('"seconds":7200', '"seconds":7200,"reason":null'),
        ('"seconds":7200', '"seconds":7200,"reason":""'),
        ('"to_class":"verified"', '"to_class":"outside"'),
        ('"to_class":"verified"', '"to_class":"attended"'),
        ('"to_class":"verified"', '"to_class":"blessed"'),
        ('"2026-11-20","from', '"20261120","from'),
        ('"2026-11-20","from', '"2026-W47-5","from'),
        ('"2026-11-20","from', '"2026-02-30","from'),
        ('"2026-11-20","from', '"٢٠٢٦-11-20","from'),
        ('"holder":"volunteers/amal"', '"holder":"volunteers/badr"'),
        ('"holder":"volunteers/amal"', '"holder":"outside"'),
        ('"attendance":"volunteers/amal', '"attendance":"volunteers/badr'),
        ("volunteers/amal/attendances/a1", "volunteers/amal/attendances/a1/x"),
        ('"entries":[', '"entries":{"0":'),
        ('"entries":', '"entrys":'),
        ('"hours-verified"', '"volunteer-checked-in"'),
        ('"hours-verified"', '"shift-updated"'),
        ("tests", "te\\ud800sts"),
        ("tests", "te\x01sts"),
        ('"partition":0', '"partition":-0'),
        ('"organization":', '"appointment":null,"organization":'),
        ('"organization":', '"head_count":-0,"organization":'),
        ('"organization":', '"head_count":6.0,"organization":'),
        ('"organization":', '"head_count":6e0,"organization":'),
        ('"organization":', '"head_count":NaN,"organization":'),
        ('"organization":', '"head_count":9223372036854775808,"organization":'),
        (',"data"', ',\n"data"'),
        (',"data"', ',\r"data"'),
        ("{", "[" * 20_000, ),
        ("tests", "t" * 65_536),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(old, new):
    changed = GOOD.decode().replace(old, new).encode()
    assert changed != GOOD
    with pytest.raises(Malformed):
        entries_of_event(changed)


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"\xff", b"\xef\xbb\xbf" + GOOD, GOOD + b"x", GOOD * 2, GOOD[:-1]]
)
def test_what_is_no_event_is_refused(raw):
    with pytest.raises(Malformed):
        entries_of_event(raw)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw):
    at = len(raw) % len(GOOD)
    for candidate in (raw, GOOD[:at] + raw + GOOD[at:], GOOD[:at] + raw + GOOD[at + len(raw) :]):
        try:
            entries_of_event(candidate)
        except Malformed:
            continue


def read_closely(event: bytes) -> EventEntries | None:
    """What the careful way alone makes of it."""
    with mock.patch.object(event_entries, "_members_if_plain", return_value=None):
        return read_or_refused(event)


def read_or_refused(event: bytes) -> EventEntries | None:
    try:
        return entries_of_event(event)
    except Malformed:
        return None


SECOND_SPELLINGS = [
    b" ", b"0", b"00", b"-", b".0", b"e0", b"E+2", b"null", b'"position":7,', b'"x":1.5,', b"1", b"\\u0031", b"\\/",
    b"\xc3\xa9", b"\xff", b"\n", b'"y":[-1],', b'"z":{"z":null},', b"99999999999999999",
]  # fmt: skip


def test_the_quick_way_reads_what_the_careful_one_reads(seed):
    chance = random.Random(seed)
    events = [
        stored(9, file.name.split(".")[0], "volunteers/v1", json.loads(file.read_bytes())) for file in STORED_FORMATS
    ]
    for event in [GOOD, *EXAMPLE, *events]:
        for _ in range(60):
            at, length = chance.randrange(len(event)), chance.choice((0, 0, 1, 2))
            changed = event[:at] + chance.choice(SECOND_SPELLINGS) + event[at + length :]
            assert read_or_refused(changed) == read_closely(changed), changed


@pytest.mark.parametrize("file", STORED_FORMATS, ids=lambda file: file.name)
def test_every_stored_format_is_read_the_quick_way(file):
    data = json.loads(file.read_bytes())
    event = stored(9, file.name.split(".")[0], data.get("attendance", "volunteers/v1"), data)
    event = json.dumps(json.loads(event), ensure_ascii=False, separators=(",", ":")).encode()  # as the ledger writes it
    with mock.patch.object(event_entries, "_members", side_effect=AssertionError("the careful way was taken")):
        entries_of_event(event)


@given(entries(), entries())
def test_different_entries_have_different_bytes(one, other):
    assert (one == other) == (one.to_bytes() == other.to_bytes())


def test_text_cannot_move_between_fields():
    entry = entries_of_event(GOOD).entries[0]
    assert (
        replace(entry, reason="AB", attendance="C").to_bytes() != replace(entry, reason="A", attendance="BC").to_bytes()
    )


def test_the_head_binds_every_field():
    entry = entries_of_event(GOOD).entries[0]
    changed = {
        "position": replace(entry, position=8),
        "entry_index": replace(entry, entry_index=5),
        "from_class": replace(entry, from_class=1),
        "to_class": replace(entry, to_class=4),
        "seconds": replace(entry, seconds=7_201),
        "service_date": replace(entry, service_date="2026-11-21"),
        "reason": replace(entry, reason="X"),
        "attendance": replace(entry, attendance="volunteers/amal/attendances/a2"),
        "event_leaf_hash": replace(entry, event_leaf_hash=sha256(b"another event").digest()),
    }
    assert set(changed) == {field.name for field in fields(Entry)}
    start = chain_start(account_key("volunteers/amal"))
    assert len({chain_head(start, [one]) for one in (entry, *changed.values())}) == 1 + len(changed)


@given(st.lists(entries(), max_size=6), st.integers(0, 6))
def test_a_chain_can_be_cut_anywhere(some, at):
    start = chain_start(account_key("volunteers/amal"))
    assert chain_head(chain_head(start, some[:at]), some[at:]) == chain_head(start, some)


def test_a_chain_belongs_to_one_holder():
    entry = entries_of_event(GOOD).entries
    heads = {chain_head(chain_start(account_key(name)), entry) for name in ("volunteers/amal", "volunteers/badr")}
    assert len(heads) == 2


def test_balances_equal_the_naive_ones_however_the_log_is_cut():
    told = naive.accounts_of(EXAMPLE)
    for cut in range(len(EXAMPLE) + 1):
        ledger = TinyLedger()
        ledger.add(EXAMPLE[:cut])
        ledger.add(EXAMPLE[cut:])
        assert {key: balance.to_bytes() for key, balance in ledger.balances.items()} == {
            account.key: account.balance for account in told.values()
        }
        assert {balance.value() for balance in ledger.balances.values()} == {account.value for account in told.values()}


def test_a_class_never_falls_below_zero():
    with pytest.raises(Malformed, match=r"position 7, entry 0 takes 7200 s too many from (claimed|attended)$"):
        AccountBalance.without_entries(bytes(32)).after(entries_of_event(GOOD).entries)


def test_a_class_never_holds_what_no_number_can_say():
    full = moved(7, "attendance-recorded", ATTENDANCE, movement("outside", "attended", 2**63 - 1))
    and_back = [movement("outside", "attended", 1), movement("attended", "reversed", 1)]
    more = moved(8, "attendance-corrected", ATTENDANCE, *and_back)
    whole = AccountBalance.without_entries(bytes(32)).after(entries_of_event(full).entries)
    with pytest.raises(Malformed, match="position 8, entry 0 brings attended above 9223372036854775807 s"):
        whole.after(entries_of_event(more).entries)


def test_a_balance_is_read_back():
    balance = AccountBalance(1, 2, 3, 4, 5, 6, 7, b"h" * 32)
    assert read_balance(balance.to_bytes()) == balance
    for raw in (balance.to_bytes()[:-1], balance.to_bytes() + b"x", b"\x80" + balance.to_bytes()[1:]):
        with pytest.raises(Malformed):
            read_balance(raw)
    with pytest.raises(Malformed):
        replace(balance, disputed_seconds=-1).to_bytes()


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([opened(), EXAMPLE[2]], id="a hole"),
        pytest.param([opened(), EXAMPLE[1], EXAMPLE[1]], id="a position twice"),
        pytest.param([opened(partition=1, partitions=2)], id="of another partition"),
    ],
)
def test_only_the_next_event_of_the_partition_is_taken(events):
    with pytest.raises(Malformed, match="must follow"):
        TinyLedger().add(events)


@pytest.mark.parametrize("partition", [0, 1, 2])
def test_a_holder_of_another_partition_is_refused(partition):
    log, own = LogPartition(partition, 3), partition_of("volunteers/amal", 3)
    event = moved(1, "attendance-recorded", ATTENDANCE, movement("outside", "attended", 1), partition=partition)
    if partition == own:
        assert set(entries_by_key(log, 0, [event])) == {account_key("volunteers/amal")}
    else:
        with pytest.raises(Malformed, match="another partition"):
            entries_by_key(log, 0, [event])


@given(st.from_regex("(volunteers|opportunities)/[a-z0-9]{1,9}", fullmatch=True), st.integers(1, 64))
def test_routing_is_that_of_the_streams(holder, partitions):
    assert partition_of_holder(holder, partitions) == partition_of(f"{holder}/attendances/a1", partitions)


def test_nothing_personal_is_in_a_leaf():
    """What the map is made from holds no sealed field, so that a destroyed key changes no byte of it."""
    for file in STORED_FORMATS:
        if file.name.split(".")[0] in MOVES_HOURS:
            assert not re.search(r'"p1\.', file.read_text("utf-8")), file.name
    ledger = TinyLedger()
    ledger.add(EXAMPLE)
    before = ledger.root
    details: dict[str, object] = {"volunteer": "volunteers/amal", "details": {"full_name": "p1.k.n.c"}}
    ledger.add([stored(6, "volunteer-registered", "volunteers/amal", details)])
    assert ledger.root == before


@pytest.mark.parametrize(
    "name",
    ["", "outside", "volunteers", "volunteers/", "volunteers/Amal", "volunteers/a b", "volunteers/a\n", "shifts/a",
     "volunteers/a/attendances/b", "volunteers/" + "a" * 64, "volunteers/-a", "volunteers/a-", "volunteers/é"],
)  # fmt: skip
def test_only_holders_have_keys(name):
    with pytest.raises(Malformed):
        account_key(name)
    with pytest.raises(Malformed):
        holder_of(name if "attendances" not in name else name + "\n")


def test_without_entries_nothing_changes():
    assert balances_after({}, {}) == {}
    quiet = moved(2, "attendance-corrected", ATTENDANCE)
    assert entries_by_key(LogPartition(0, 1), 1, [quiet]) == {}
