"""Checkpoints that a log signed and that do not continue what was cosigned: they are kept, they may be the evidence.

Two roots of one size, both signed by the log, prove that it told two histories. A consistency proof that does not hold
proves less: anybody can send a true checkpoint with a wrong proof.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from pathlib import Path
from typing import Final

from ledger.log_keeping.durable_file import replace_file
from ledger.told_errors import told
from ledger.transparency.checkpoint import Checkpoint
from ledger.transparency.witness_protocol import AddCheckpoint, Decision, Status, format_add_checkpoint
from ledger.witnessing.figures import ALARMS
from ledger.witnessing.witness_folder import FOLDER_MODE, REFUSED_FOLDER

UNPROVEN_MAX: Final = 100
"""More are only logged: strangers must not fill the disk. A proof of two histories is always kept."""

_log = logging.getLogger(__name__)


def keep_refused(folder: Path, request: AddCheckpoint, asked: Checkpoint, decision: Decision, last: Checkpoint) -> None:
    """Log what a refusal may mean, and keep the request of one that tells of two histories."""
    new, old = (f"size {head.size} root {head.root.hex()}" for head in (asked, last))
    heads = f"{asked.origin}: {new}; cosigned was {old}"
    if decision.status is Status.OTHER_SIZE and request.old_size == last.size:
        ALARMS.labels(asked.origin).inc()
        _log.critical("ALARM: the log signed two roots of one size: %s", heads)
        _keep(folder, request, asked, proven=True)
    elif decision.status is Status.NOT_CONSISTENT:
        ALARMS.labels(asked.origin).inc()
        _log.error("ALARM: not shown to continue what was cosigned (%s): %s", decision.reason, heads)
        _keep(folder, request, asked, proven=False)
    elif decision.status is Status.OTHER_SIZE and request.old_size > last.size:
        # Only whoever asks can know: a log that kept our cosignature of that size has the proof of it.
        _log.warning(
            "%s: asked to go on from size %s, remembered is %s: was this folder restored from an older state?",
            asked.origin,
            request.old_size,
            last.size,
        )


def _keep(folder: Path, request: AddCheckpoint, asked: Checkpoint, *, proven: bool) -> None:
    kept = folder / REFUSED_FOLDER
    log_name = sha256(asked.origin.encode()).hexdigest()[:16]
    path = kept / f"{log_name}-{asked.size}-{asked.root.hex()[:16]}"
    try:
        kept.mkdir(mode=FOLDER_MODE, exist_ok=True)
        if path.exists() or (not proven and sum(1 for _ in kept.iterdir()) >= UNPROVEN_MAX):
            return
        replace_file(path, format_add_checkpoint(request))
        _log.error("it is kept in %s", path)
    except OSError as error:
        # The refusal stands all the same.
        _log.error("the refused checkpoint could not be kept in %s: %s", path, told(error))
