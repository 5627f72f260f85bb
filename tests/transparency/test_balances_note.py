"""The balances note has one spelling, and everything else is refused."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.balances_note import BalancesNote, parse_balances_note
from ledger.transparency.failures import Malformed

NOTE = BalancesNote("log.example/hours/0", 57, bytes(range(32)), b"\xff" * 32, 2, 3)
TEXT = (
    b"log.example/hours/0/balances\n57\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    b"log //////////////////////////////////////////8=\npartition 2 of 3\n"
)


def test_the_text_is_exact_and_read_back():
    assert NOTE.text() == TEXT
    assert parse_balances_note(TEXT) == NOTE
    assert NOTE.origin == "log.example/hours/0/balances"


def test_its_first_three_lines_are_a_checkpoint():
    origin, size, root, *extension = TEXT.decode().removesuffix("\n").split("\n")
    assert (origin, int(size), base64.b64decode(root)) == (NOTE.origin, NOTE.size, NOTE.map_root)
    assert all(extension)


@given(
    st.builds(
        BalancesNote,
        st.from_regex(r"[a-z0-9./:-]{1,60}", fullmatch=True),
        st.integers(1, 2**63 - 1),
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=32, max_size=32),
        st.integers(0, 4),
        st.integers(5, 1024),
    )
)
def test_every_note_is_read_back(note):
    assert parse_balances_note(note.text()) == note


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/balances", b""), (b"/balances", b"/Balances"), (b"log.example/hours/0/balances", b"/balances"),
        (b"log.example", b"log example"), (b"log.example", b"log+example"), (b"log.example", "lög.example".encode()),
        (b"log.example", b"log\texample"), (b"log.example", b"l" * 240), (b"\n57\n", b"\n057\n"), (b"\n57\n", b"\n0\n"),
        (b"\n57\n", b"\n-57\n"), (b"\n57\n", b"\n5_7\n"), (b"\n57\n", b"\n57 \n"),
        (b"\n57\n", b"\n9223372036854775808\n"),
        (b"\n57\n", b"\n99999999999999999999\n"), (b"\n57\n", b"\r\n57\r\n"), (b"\n57\n", b"\n"),
        (b"\n57\n", b"\n57\n\n"),
        (b"\n57\n", "\n٥٧\n".encode()), (b"Hh8=\n", b"Hh8\n"), (b"Hh8=\n", b"Hh9=\n"), (b"Hh8=\n", b"Hh8= \n"),
        (b"AAEC", b"AA-C"), (b"AAEC", b""), (b"AAEC", b"AAECAAEC"), (b"log //", b"Log //"), (b"log //", b"log  //"),
        (b"/8=\n", b"/9=\n"), (b"2 of 3", b"3 of 3"), (b"2 of 3", b"2 of 0"), (b"2 of 3", b"02 of 3"),
        (b"2 of 3", b"2 of 2147483648"), (b"2 of 3", b"2/3"), (b"3\n", b"3"), (b"3\n", b"3\nmore\n"),
        (b"3\n", b"3\n\n"),
    ],
)  # fmt: skip
def test_another_spelling_or_meaning_is_refused(old, new):
    changed = TEXT.replace(old, new, 1) if old != b"3\n" else TEXT.removesuffix(old) + new
    assert changed != TEXT
    with pytest.raises(Malformed):
        parse_balances_note(changed)


@pytest.mark.parametrize(
    "wrong",
    [{"size": 0}, {"size": 2**63}, {"map_root": b""}, {"log_root": bytes(33)}, {"partition": -1}, {"partition": 3},
     {"partitions": 0}, {"partitions": 1025}, {"log_origin": ""}, {"log_origin": "a b"}, {"log_origin": "a\n"},
     {"log_origin": "a" * 247}],
)  # fmt: skip
def test_a_note_that_could_not_be_read_back_is_never_made(wrong):
    with pytest.raises(Malformed):
        replace(NOTE, **wrong)


@given(st.binary(max_size=600))
def test_any_bytes_are_refused(raw):
    with pytest.raises(Malformed):
        parse_balances_note(raw)


@given(st.integers(0, len(TEXT) - 1), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_another_note(at, byte):
    changed = TEXT[:at] + bytes([byte]) + TEXT[at + 1 :]
    try:
        note = parse_balances_note(changed)
    except Malformed:
        return
    assert (note == NOTE) == (changed == TEXT)
    assert note.text() == changed
