"""Checkpoints are three lines, each value in one spelling; signers sign exactly them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.cosignature import verified_signatures, verify_signature
from ledger.transparency.failures import Malformed, SignatureRejected
from ledger.transparency.signed_bytes import cosignature_bytes, subtree_bytes
from ledger.transparency.signed_note import parse_note
from ledger.transparency.signing import SeedSigner, parse_skey, sign_checkpoint
from ledger.transparency.tree_hash import EMPTY_ROOT
from ledger.transparency.verifier_key import SignatureType
from tests.transparency.sample_log import SIGNED_AT, SampleLog, sample_entries

# The example of the specification.
KNOWN = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT_LINE = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
LOG = SampleLog("log.example/hours/0", sample_entries(5))


def test_the_known_checkpoint():
    checkpoint = parse_checkpoint_text(KNOWN)
    assert (checkpoint.origin, checkpoint.size, checkpoint.extension) == ("example.com/behind-the-sofa", 20_852_163, ())
    assert checkpoint.text() == KNOWN
    assert cosignature_bytes(1_679_315_147, KNOWN) == b"cosignature/v1\ntime 1679315147\n" + KNOWN


def test_the_bytes_ml_dsa_signs():
    head = Checkpoint("log", 0x0102, bytes(range(32)))
    assert subtree_bytes("witness", 0x0304, head) == (
        b"subtree/v1\n\x00" + b"\x07witness" + b"\0\0\0\0\0\0\x03\x04" + b"\x03log"
        + bytes(8) + b"\0\0\0\0\0\0\x01\x02" + bytes(range(32))
    )  # fmt: skip


@given(
    st.text(
        st.characters(exclude_characters="\n", min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=60
    ),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_checkpoints_come_back(origin, size, root):
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint_text(checkpoint.text()) == checkpoint


def test_extension_lines_are_kept():
    assert parse_checkpoint_text(KNOWN + b"more\n").extension == ("more",)
    assert parse_checkpoint_text(KNOWN + b"more\n").text() == KNOWN + b"more\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "three lines"),
        ("log\n1\n", "three lines"),
        (f"log\n1\n{ROOT_LINE}", "three lines"),
        (f"\n1\n{ROOT_LINE}\n", "empty"),
        (f"log\n1\n{ROOT_LINE}\n\n", "empty"),
        (f"log\n1\n{ROOT_LINE}\n\nmore\n", "empty"),
        (f"log\n01\n{ROOT_LINE}\n", "leading zeros"),
        (f"log\n+1\n{ROOT_LINE}\n", "decimal"),
        (f"log\n-1\n{ROOT_LINE}\n", "decimal"),
        (f"log\n1_0\n{ROOT_LINE}\n", "decimal"),
        (f"log\n 1\n{ROOT_LINE}\n", "decimal"),
        (f"log\n١\n{ROOT_LINE}\n", "decimal"),
        (f"log\n9223372036854775808\n{ROOT_LINE}\n", "decimal"),
        (f"log\n{'9' * 5000}\n{ROOT_LINE}\n", "decimal"),
        (f"log\n1\n{ROOT_LINE[:-1]}\n", "base64"),
        (f"log\n1\n{ROOT_LINE[:-4]}\n", "32 bytes"),
        (f"log\n1\n{ROOT_LINE.replace('2I=', '2J=')}\n", "canonical"),
        (f"log\n1\n{ROOT_LINE.replace('/', '_')}\n", "base64"),
        (f"log\n0\n{ROOT_LINE}\n", "empty log"),
        (f"{'x' * 256}\n1\n{ROOT_LINE}\n", "255 bytes"),
        (f"log\n1\r\n{ROOT_LINE}\n", "control"),
    ],
)
def test_what_is_no_checkpoint(text, reason):
    with pytest.raises(Malformed, match=reason):
        parse_checkpoint_text(text.encode())


def test_a_checkpoint_that_could_not_be_read_back_is_not_signed():
    for bad in (
        Checkpoint("", 1, bytes(32)),
        Checkpoint("lo\ng", 1, bytes(32)),
        Checkpoint("log", -1, bytes(32)),
        Checkpoint("log", 2**63, bytes(32)),
        Checkpoint("log", 1, bytes(31)),
        Checkpoint("log", 0, bytes(32)),
        Checkpoint("log", 1, bytes(32), ("",)),
        Checkpoint("\ud800", 1, bytes(32)),
    ):
        with pytest.raises(Malformed):
            sign_checkpoint(bad, LOG.signers, SIGNED_AT)


def test_a_signature_is_of_one_key_one_text_and_one_time():
    note = parse_note(LOG.checkpoint(3))
    other = parse_note(LOG.checkpoint(4)).text
    for signer, line in zip(LOG.signers, note.signatures, strict=True):
        verify_signature(signer.key, note.text, line.signature)
        for wrong in (b"", line.signature[:-1], line.signature + b"\0", line.signature[:8], bytes(len(line.signature))):
            with pytest.raises(SignatureRejected):
                verify_signature(signer.key, note.text, wrong)
        with pytest.raises(SignatureRejected):
            verify_signature(signer.key, other, line.signature)
        if signer.key.type is not SignatureType.ED25519:
            later = (SIGNED_AT + 1).to_bytes(8, "big") + line.signature[8:]
            with pytest.raises(SignatureRejected):
                verify_signature(signer.key, note.text, later)


def test_ml_dsa_signs_no_text_that_is_no_checkpoint():
    with pytest.raises(Malformed, match="checkpoint"):
        LOG.ml_dsa.sign(b"text\n", SIGNED_AT)
    with pytest.raises(SignatureRejected, match="checkpoint"):
        verify_signature(LOG.ml_dsa.key, b"text\n", bytes(8 + 2_420))


def test_impossible_times_are_refused():
    for signer in (LOG.ml_dsa, *LOG.witnesses):
        for seconds in (-1, 2**63):
            with pytest.raises(Malformed, match="time"):
                signer.sign(KNOWN, seconds)
        assert verify_signature(signer.key, KNOWN, signer.sign(KNOWN, 0).signature) == 0


def test_names_that_ml_dsa_cannot_say_are_refused():
    long = SeedSigner("n" * 256, SignatureType.ML_DSA_44, bytes(32))
    with pytest.raises(Malformed, match="255 bytes"):
        long.sign(KNOWN, SIGNED_AT)


@pytest.mark.parametrize("kind", list(SignatureType))
def test_private_keys_come_back_and_do_not_show_themselves(kind):
    signer = SeedSigner("log.example/hours/0", kind, bytes(range(32)))
    again = parse_skey(signer.skey())
    assert again.key == signer.key
    head = Checkpoint("log.example/hours/0", 0, EMPTY_ROOT)
    note = parse_note(sign_checkpoint(head, [again], SIGNED_AT))
    assert [one.key for one in verified_signatures(note, [signer.key])] == [signer.key]
    secret = signer.skey().split("+", 4)[4]
    assert secret not in repr(signer)
    for bad in (secret, signer.skey()[:-1], signer.skey() + "=", signer.skey().replace("PRIVATE", "PUBLIC")):
        with pytest.raises(Malformed) as failure:
            parse_skey(bad)
        assert secret[:20] not in str(failure.value)
        assert failure.value.__cause__ is None


def test_another_name_or_seed_is_no_private_key():
    skey = LOG.ed25519.skey()
    with pytest.raises(Malformed, match="key id"):
        parse_skey(skey.replace("hours/0", "hours/1"))
    with pytest.raises(Malformed, match="type"):
        parse_skey("PRIVATE+KEY+log+00000000+")
    with pytest.raises(Malformed, match="32 bytes"):
        SeedSigner("log", SignatureType.ED25519, bytes(31))
