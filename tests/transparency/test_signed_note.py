"""Notes and keys are read strictly: one note has one spelling, and hostile bytes end in one kind of error."""

from __future__ import annotations

import random
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.transparency.cosignature import verified_signatures, verify_signature
from ledger.transparency.ed25519_point import is_point
from ledger.transparency.failures import Malformed, SignatureRejected, TransparencyFailure
from ledger.transparency.signed_note import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Note,
    NoteSignature,
    format_note,
    parse_note,
)
from ledger.transparency.signing import SeedSigner
from ledger.transparency.verifier_key import SignatureType, VerifierKey, parse_vkey
from tests.transparency.sample_log import SIGNED_AT, SampleLog, sample_entries

LOG = SampleLog("log.example/hours/0", sample_entries(5))
TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
# The example of the first implementation of signed notes (Go's sumdb).
KNOWN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
KNOWN_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KNOWN_NOTE = TEXT + b"\n" + KNOWN_LINE.encode()
LINE = "— name AAAAAAE=\n"
NEEDS_THE_COFACTOR = (
    "feaf9d07b868cc52786305312c376563c622b0386a10d105e3c1501b28d65f7e"
    "f1bbdc9f4e61aef5c861c12b4984704880042eed7917b2199d394655c751780f"
)


def test_the_known_note():
    note = parse_note(KNOWN_NOTE)
    assert note.text == TEXT
    assert [one.key.line() for one in verified_signatures(note, [parse_vkey(KNOWN_KEY)])] == [KNOWN_KEY]
    assert format_note(note) == KNOWN_NOTE


def test_a_changed_text_or_signature_is_rejected(seed):
    chance = random.Random(seed)
    key = parse_vkey(KNOWN_KEY)
    note = parse_note(KNOWN_NOTE)
    for changed in (Note(TEXT + b"\n", note.signatures), Note(TEXT.replace(b"you", b"You", 1), note.signatures)):
        with pytest.raises(SignatureRejected, match="PeterNeumann"):
            verified_signatures(changed, [key])
    for _ in range(20):
        blob = bytearray(note.signatures[0].signature)
        blob[chance.randrange(64)] ^= 1 << chance.randrange(8)
        line = NoteSignature("PeterNeumann", key.key_id, bytes(blob))
        with pytest.raises(SignatureRejected):
            verified_signatures(Note(TEXT, (line,)), [key])
        # One wrong signature of a known key spoils the note, though a right one stands beside it.
        with pytest.raises(SignatureRejected):
            verified_signatures(Note(TEXT, (*note.signatures, line)), [key])


def test_unknown_keys_mean_nothing_even_if_they_share_a_name_or_an_id():
    key = parse_vkey(KNOWN_KEY)
    lines = (NoteSignature("PeterNeumann", b"\0\0\0\1", bytes(64)), NoteSignature("other", key.key_id, bytes(64)))
    assert verified_signatures(Note(TEXT, lines), [key]) == []


def test_a_key_that_signed_twice_counts_once():
    note = parse_note(KNOWN_NOTE)
    assert len(verified_signatures(Note(TEXT, note.signatures * 2), [parse_vkey(KNOWN_KEY)])) == 1


def test_texts_may_hold_blank_lines_and_any_language():
    note = Note("سجل الساعات\n\n\nè subito sera.\n".encode(), (NoteSignature("ساعات.example", b"1234", b"x"),))
    assert parse_note(format_note(note)) == note


def test_sixteen_signatures_and_more_are_taken():
    lines = tuple(NoteSignature(f"w{number}", b"0000", bytes(4_700)) for number in range(SIGNATURES_MAX))
    assert parse_note(format_note(Note(b"text\n", lines))).signatures == lines
    with pytest.raises(Malformed, match="at most 100 signatures"):
        parse_note(b"text\n\n" + LINE.encode() * 101)
    with pytest.raises(Malformed, match="at most 1000000 bytes"):
        parse_note(b"x" * NOTE_BYTES_MAX + KNOWN_NOTE)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "blank line"),
        ("text\n", "blank line"),
        ("text\n" + LINE, "blank line"),
        ("text\n\n", "at least one signature"),
        ("text\n\n" + LINE[:-1], "newline"),
        ("text\n\n" + LINE + "x", "newline"),
        ("text\n\n" + LINE + "x\n", "em dash"),
        ("text\n\n- name AAAAAAE=\n", "em dash"),
        ("text\n\n—  name AAAAAAE=\n", "key name"),
        ("text\n\n— AAAAAAE=\n", "em dash"),
        ("text\n\n— na+me AAAAAAE=\n", "key name"),
        ("text\n\n— na\u00a0me AAAAAAE=\n", "key name"),
        ("text\n\n— na\u3000me AAAAAAE=\n", "key name"),
        ("text\n\n— name AAAAAAE= \n", "base64"),
        ("text\n\n— name AAAAAAE\n", "base64"),
        ("text\n\n— name AAAAAAF=\n", "canonical"),
        ("text\n\n— name AAAA*AE=\n", "base64"),
        ("text\n\n— name ٠AAAAAE=\n", "base64"),
        ("text\n\n— name AAAAAA==\n", "more than the 4 bytes"),
        ("text\n\n— name \n", "more than the 4 bytes"),
        ("text\r\n\n" + LINE, "control character"),
        ("te\x00xt\n\n" + LINE, "control character"),
        ("te\x1bxt\n\n" + LINE, "control character"),
        ("text\n\n" + LINE.replace("\n", "\t\n"), "control character"),
    ],
)
def test_what_is_no_note(data, reason):
    with pytest.raises(Malformed, match=reason):
        parse_note(data.encode())


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80"])
def test_what_is_no_utf_8(bad):
    with pytest.raises(Malformed, match="UTF-8"):
        parse_note(b"text" + bad + b"\n\n" + LINE.encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@example(b"\n\n" + LINE.encode())
def test_what_is_read_is_written_the_same(data):
    for candidate in (data, data + b"\n\n" + LINE.encode()):
        try:
            note = parse_note(candidate)
        except Malformed:
            continue
        assert format_note(note) == candidate


def test_a_note_that_could_not_be_read_back_is_not_written():
    line = NoteSignature("name", b"0000", b"x")
    for note in (Note(b"text", (line,)), Note(b"text\n", ()), Note(b"te\rxt\n", (line,))):
        with pytest.raises(Malformed):
            format_note(note)
    with pytest.raises(Malformed):
        format_note(Note(b"text\n", (NoteSignature("na me", b"0000", b"x"),)))


@pytest.mark.parametrize("signer", LOG.signers, ids=lambda signer: signer.key.name + signer.key.type.name)
def test_keys_come_back_from_their_lines(signer):
    assert parse_vkey(signer.key.line()) == signer.key
    text = LOG.checkpoint(3, [signer])
    seconds = None if signer.key.type is SignatureType.ED25519 else SIGNED_AT
    (signed,) = verified_signatures(parse_note(text), [signer.key])
    assert (signed.key, signed.unix_seconds) == (signer.key, seconds)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "<name>"),
        ("PeterNeumann", "<name>"),
        ("PeterNeumann+c74f20a3", "<name>"),
        (KNOWN_KEY + "\n", "base64"),
        (" " + KNOWN_KEY, "key name"),
        (KNOWN_KEY.replace("c74f20a3", "c74f20a4"), "must be c74f20a3"),
        (KNOWN_KEY.replace("c74f20a3", "C74F20A3"), "must be c74f20a3"),
        (KNOWN_KEY.replace("Peter", "peter"), "key id"),
        (KNOWN_KEY.replace("+AR", "+AB"), "type"),
        (KNOWN_KEY.replace("+AR", "+BB"), "key id"),
        (KNOWN_KEY.replace("+AR", "+Ah"), "type"),
        ("PeterNeumann+c74f20a3+", "type"),
        ("PeterNeumann+c74f20a3+AQ==", "32 bytes"),
        ("PeterNeumann+c74f20a3+Bg==", "1312 bytes"),
        ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "key name"),
        ("\ud800" + KNOWN_KEY, "UTF-8"),
        ("x" * 5_000, "at most 4096 bytes"),
    ],
)
def test_what_is_no_verifier_key(line, reason):
    with pytest.raises(Malformed, match=reason):
        parse_vkey(line)


@given(st.text(max_size=120))
def test_any_text_as_a_key_ends_in_one_kind_of_error(line):
    with pytest.raises(TransparencyFailure):
        parse_vkey(line)


def test_the_longest_digits_do_not_stop_a_reader():
    # Python refuses to convert longer numbers with an error of its own: it must not be met.
    assert sys.get_int_max_str_digits() in (0, 4300)
    with pytest.raises(Malformed):
        parse_vkey("name+" + "9" * 4_000 + "+AQ==")


def test_a_name_may_be_of_any_script_but_without_spaces():
    for name in ("", "a b", "a+b", "a\u2028b", "a\u0085b", "\t"):
        with pytest.raises(Malformed, match="key name"):
            VerifierKey(name, SignatureType.ED25519, bytes(32))
    assert VerifierKey("ساعات.example/log", SignatureType.ED25519, bytes(32)).line().startswith("ساعات.example/log+")


def test_an_ed25519_key_is_a_point_in_its_one_spelling():
    drawn = random.Random(8032)
    seeds = [SeedSigner("a", SignatureType.ED25519, drawn.randbytes(32)).key.public_key for _ in range(50)]
    assert all(map(is_point, seeds))
    guesses = sum(is_point(drawn.randbytes(31) + bytes([drawn.randrange(128)])) for _ in range(400))
    assert 120 < guesses < 280  # every second y has an x
    prime, sign = 2**255 - 19, 2**255
    for y in (1, prime - 1):  # x is 0
        assert is_point(y.to_bytes(32, "little"))
        assert not is_point((y | sign).to_bytes(32, "little"))
    for other in (2, prime, prime + 1, 2**255 - 1):
        assert not is_point(other.to_bytes(32, "little"))
        for kind in (SignatureType.ED25519, SignatureType.ED25519_COSIGNATURE):
            with pytest.raises(Malformed, match="point of the curve"):
                VerifierKey("a", kind, other.to_bytes(32, "little"))


def test_a_signature_is_one_number_below_the_group_order_and_holds_without_the_cofactor():
    """What RFC 8032 leaves open and docs/transparency.md decides: the library that checks must do just that."""
    signer = SeedSigner("a", SignatureType.ED25519, bytes(range(32)))
    signature = signer.sign(b"text\n", 0).signature
    order = 2**252 + 27_742_317_777_372_353_535_851_937_790_883_648_493
    above = int.from_bytes(signature[32:], "little") + order
    assert verify_signature(signer.key, b"text\n", signature) is None
    # Made so that 8 S B = 8 R + 8 k A holds and S B = R + k A does not: R has a part of order 2.
    cofactored = bytes.fromhex(NEEDS_THE_COFACTOR)
    for wrong in (signature[:32] + above.to_bytes(32, "little"), cofactored, signature + b"x", signature[:63]):
        with pytest.raises(SignatureRejected):
            verify_signature(signer.key, b"text\n", wrong)
