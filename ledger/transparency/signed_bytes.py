"""Which bytes a signature of each type is made over. Signers and verifiers share this page and nothing else.

Two kinds carry a time, 8 bytes before the signature proper (C2SP tlog-cosignature, timestamped_signature).
"""

from __future__ import annotations

from typing import Final

from ledger.transparency.checkpoint import ORIGIN_BYTES_MAX, Checkpoint
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import SIZE_MAX

TIME_BYTES: Final = 8
ED25519_SIGNATURE_BYTES: Final = 64
ML_DSA_44_SIGNATURE_BYTES: Final = 2_420

_SUBTREE_LABEL: Final = b"subtree/v1\n\0"


def cosignature_bytes(unix_seconds: int, text: bytes) -> bytes:
    """What Ed25519 signs in a cosignature (tlog-cosignature, Ed25519 signed message): two lines, then the whole text.

    Raises Malformed for an impossible time.
    """
    _need_time(unix_seconds)
    return b"cosignature/v1\ntime %d\n%b" % (unix_seconds, text)


def subtree_bytes(signer_name: str, unix_seconds: int, checkpoint: Checkpoint) -> bytes:
    """What ML-DSA-44 signs for a checkpoint (tlog-cosignature, ML-DSA-44 signed message).

    It says less than the text: lines after the root are not in it. So it never stands alone for a text.

    Raises:
        Malformed: a name is too long for its length byte, or the time is impossible.
    """
    _need_time(unix_seconds)
    return b"".join(
        (
            _SUBTREE_LABEL,
            _short(signer_name),
            unix_seconds.to_bytes(TIME_BYTES, "big"),
            _short(checkpoint.origin),
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _short(text: str) -> bytes:
    data = text.encode()
    if not 1 <= len(data) <= ORIGIN_BYTES_MAX:
        raise Malformed("subtree/v1", f"a name must have 1 to {ORIGIN_BYTES_MAX} bytes, not {len(data)}")
    return bytes([len(data)]) + data


def _need_time(unix_seconds: int) -> None:
    if not 0 <= unix_seconds <= SIZE_MAX:
        raise Malformed("cosignature", f"its time must be 0 to 2^63 - 1 seconds, not {unix_seconds}")
