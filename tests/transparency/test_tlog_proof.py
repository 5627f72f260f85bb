"""Proof files are read strictly and written so that every reader takes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.failures import Malformed
from ledger.transparency.tlog_proof import EXTRA_BYTES_MAX, TlogProof, format_tlog_proof, parse_tlog_proof

HASH = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ="
HEAD = "c2sp.org/tlog-proof@v1\n"
NOTE = "log\n1\nroot\n\n— log AAAAAAE=\n"


def test_the_bytes_of_a_proof_file():
    data = f"{HEAD}extra AQI=\nindex 7\n{HASH}\n{HASH}\n\n{NOTE}".encode()
    proof = parse_tlog_proof(data)
    assert (proof.index, len(proof.hashes), proof.extra, proof.checkpoint) == (7, 2, b"\1\2", NOTE.encode())
    assert format_tlog_proof(proof) == data


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(max_size=200),
)
def test_proof_files_come_back(index, hashes, extra):
    proof = TlogProof(index, tuple(hashes), NOTE.encode(), extra)
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "blank line"),
        (HEAD, "blank line"),
        (f"{HEAD}index 0\n{NOTE[:11]}", "blank line"),
        (f"c2sp.org/tlog-proof@v2\nindex 0\n\n{NOTE}", "first line"),
        (f" {HEAD}index 0\n\n{NOTE}", "first line"),
        (f"{HEAD}\nindex 0\n\n{NOTE}", "index"),
        (f"{HEAD}\n{NOTE}", "index"),
        (f"{HEAD}index 00\n\n{NOTE}", "decimal"),
        (f"{HEAD}index -1\n\n{NOTE}", "decimal"),
        (f"{HEAD}index 9223372036854775808\n\n{NOTE}", "decimal"),
        (f"{HEAD}Index 0\n\n{NOTE}", "index"),
        (f"{HEAD}index 0\nextra AQI=\n\n{NOTE}", "base64"),
        (f"{HEAD}extra AQI=\nextra AQI=\nindex 0\n\n{NOTE}", "index"),
        (f"{HEAD}extra AQJ=\nindex 0\n\n{NOTE}", "canonical"),
        (f"{HEAD}index 0\n{HASH[:-4]}\n\n{NOTE}", "32 bytes"),
        (f"{HEAD}index 0\n{HASH} \n\n{NOTE}", "base64"),
        (f"{HEAD}index 0\n" + f"{HASH}\n" * 64 + f"\n{NOTE}", "at most 63"),
        (f"{HEAD}index 0\r\n\n{NOTE}", "control"),
        (f"{HEAD}index 0\n\n{NOTE}" + "x" * 2_000_000, "at most 2000000 bytes"),
    ],
)
def test_what_is_no_proof_file(text, reason):
    with pytest.raises(Malformed, match=reason):
        parse_tlog_proof(text.encode())


@given(st.text("c2sp.orgtl-f@v1extaind AQI=\n0/—", max_size=120))
def test_what_is_read_is_written_the_same(tail):
    data = (HEAD + tail).encode()
    try:
        proof = parse_tlog_proof(data)
    except Malformed:
        return
    assert format_tlog_proof(proof) == data


def test_what_could_not_be_read_back_is_not_written():
    good = TlogProof(0, (), NOTE.encode())
    assert format_tlog_proof(good)
    for bad in (
        TlogProof(-1, (), NOTE.encode()),
        TlogProof(0, (bytes(31),), NOTE.encode()),
        TlogProof(0, (bytes(32),) * 64, NOTE.encode()),
        TlogProof(0, (), b"\xff"),
        TlogProof(0, (), NOTE.encode(), bytes(EXTRA_BYTES_MAX + 1)),
    ):
        with pytest.raises(Malformed):
            format_tlog_proof(bad)
